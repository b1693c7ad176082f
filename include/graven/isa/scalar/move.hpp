// Row kernels that move elements and compute nothing: parts of rows, transposed axes.
#pragma once

#include "graven/kernel/prefer.hpp"
#include "graven/layers/split.hpp"
#include "graven/layers/transpose.hpp"

namespace graven::core::scalar_isa {

// Stream: int32 pieces per row, bytes of a piece in the output, in the input, before it.
struct Slice : PlainKernel {
  static constexpr const char* name = "scalar.slice";
  static constexpr bool serves(const GraphView& g, int value) { return makes(g, value, op::slice); }
  static constexpr int stream_size(const GraphView&, const Value&) { return 16; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const auto options = v.options.get<SliceOptions>();
    const bool by_pixel = has(options.axis, Axis::channels);
    const Shape in = g.input(v).shape;
    const int size = size_of(v.element);
    to.put<std::int32_t>(by_pixel ? v.shape.width : 1);
    to.put<std::int32_t>((by_pixel ? v.shape.channels : v.shape.row()) * size);
    to.put<std::int32_t>((by_pixel ? in.channels : in.row()) * size);
    to.put<std::int32_t>(options.first * (by_pixel ? 1 : in.channels) * size);
  }
  static constexpr void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const int pieces = from.next<std::int32_t>(), bytes = from.next<std::int32_t>();
    const int pitch = from.next<std::int32_t>();
    const std::byte* in = band.rows[0] + from.next<std::int32_t>();
    std::byte* out = band.out[0];
    for (int k = 0; k < pieces; ++k, in += pitch, out += bytes) copy_bytes(out, in, bytes);
  }
};

// Where an element comes from: row and byte of the input move with the output's row, pixel and
// channel. Stream: int32 rows per row, pixel, channel; bytes per row, pixel, channel.
template <int size> struct Transposed : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 24; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const auto options = v.options.get<TransposeOptions>();
    const bool streams = options.from[0] == 0;  // the step's row is the only one
    const int bytes[3] = {0, g.input(v).shape.channels * size, size};
    for (const int axis : options.from) to.put<std::int32_t>(axis == 0 && !streams ? 1 : 0);
    for (const int axis : options.from) to.put<std::int32_t>(bytes[axis]);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const int row_y = from.next<std::int32_t>(), row_x = from.next<std::int32_t>();
    const int row_c = from.next<std::int32_t>(), byte_y = from.next<std::int32_t>();
    const int byte_x = from.next<std::int32_t>(), byte_c = from.next<std::int32_t>();
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x)
      for (int c = 0; c < t.out_channels; ++c, out += size) {
        const std::byte* row = band.rows[band.step * row_y + x * row_x + c * row_c];
        copy_bytes(out, row + band.step * byte_y + x * byte_x + c * byte_c, size);
      }
  }
};

struct Transposes {
  static constexpr const char* name = "scalar.transpose";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes(g, value, op::transpose);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return Transposed<size_of(graph.values[value].element)>{};
  }
};

}  // namespace graven::core::scalar_isa
