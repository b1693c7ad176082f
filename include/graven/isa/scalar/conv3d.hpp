// Row kernel of the convolution of volumes: float32, over the taps that lie inside of the input.
#pragma once

#include "graven/isa/scalar/channels.hpp"
#include "graven/layers/conv3d.hpp"

namespace graven::core::scalar_isa {

// Stream: int32 in, out, filter, stride, dilation, before of the depth, then of the height; then
// low, high and biases, and the weights output by output.
struct Conv3D {
  static constexpr const char* name = "scalar.conv3d";
  static constexpr bool serves(const GraphView& g, int value) {
    return computes<Float32>(g, value, op::conv3d);
  }
  static constexpr bool holds_weights = true;
  static constexpr int numbers = 2 * sizeof(WindowAxis);

  static constexpr int scratch(const GraphView&, const Value&) { return 0; }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return numbers + Float32::header(v.shape.channels) + weight_bytes<Float32>(v.weights.size());
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const VolumeRows rows = volume_rows(v, g.input(v).shape);
    for (const WindowAxis& a : {rows.depth, rows.height})
      for (std::int32_t x : {a.in, a.out, a.filter, a.stride, a.dilation, a.before}) to.put(x);
    Float32::pack(g, v, p, to);
    const FilterLayout layout = v.weights;
    for (int o = 0; o < layout.outputs; ++o)
      copy_weights<Float32>(to, p, layout.index(o, 0), layout.taps, layout.tap_step);
  }

  static constexpr WindowAxis axis(const std::byte* s) {
    auto number = [s](int i) { return load_aligned<std::int32_t>(s + 4 * i); };
    return {number(0), number(1), number(2), number(3), number(4), number(5)};
  }

  // acc + what one row under the window adds; `w`: the weights of its first column.
  static constexpr float add_row(const Task& t, const WindowAxis& width, const std::byte* row,
                                 int x, const std::byte* w, float acc) {
    for (int k = width.begin(x); k < width.end(x); ++k)
      acc = dot<Float32>(row + width.input(x, k) * t.in_channels * 4, w + k * t.in_channels * 4,
                         t.in_channels, acc);
    return acc;
  }

  static constexpr void run(const Task& task, const Band& band) {
    Task t = task;
    const VolumeRows rows{axis(t.stream), axis(t.stream + sizeof(WindowAxis))};
    t.stream += numbers;
    const Float32 channels(t);
    const WindowAxis width{t.in_width,     t.out_width,      t.filter_width,
                           t.stride_width, t.dilation_width, t.left};
    const int first = rows.ends(band.step).before;
    const int z = rows.slice(band.step), y = rows.row(band.step);
    const int line = t.filter_width * t.in_channels * Float32::weight_size;
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x, out += t.out_channels * 4) {
      const std::byte* w = channels.weights();
      for (int o = 0; o < t.out_channels; ++o) {
        float acc = channels.start(o);
        for (int i = rows.depth.begin(z); i < rows.depth.end(z); ++i)
          for (int j = rows.height.begin(y); j < rows.height.end(y); ++j)
            acc = add_row(t, width, band.rows[rows.at(band.step, i, j) - first], x,
                          w + (i * rows.height.filter + j) * line, acc);
        channels.finish(out, o, acc);
        w += rows.depth.filter * rows.height.filter * line;
      }
    }
  }
};

}  // namespace graven::core::scalar_isa
