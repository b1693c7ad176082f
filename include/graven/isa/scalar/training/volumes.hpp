// Conv3D and TransposeConv2D that learn: forward, back, and what their weights learn. One kernel of
// each kind walks over the pairs of taps.hpp, one way or the other; a convolution of fewer axes is
// one of which some have the extent 1.
#pragma once

#include "graven/isa/scalar/training/forward.hpp"
#include "graven/isa/scalar/training/taps.hpp"
#include "graven/isa/scalar/training/updates.hpp"

namespace graven::core::scalar_isa {

// Stream: the window's axes, of each in, out, filter, stride, dilation, before; first, step and per
// of the rows that are read.
struct VolumeStream {
  static constexpr int size = 4 * (VolumeWindow::numbers + 3);
  VolumeWindow window{};
  Rows rows{};

  template <bool back> static constexpr void pack(const VolumeWindow& w, Writer& to) {
    for (const WindowAxis& a : {w.depth, w.height, w.width})
      for (const std::int32_t x : {a.in, a.out, a.filter, a.stride, a.dilation, a.before})
        to.put(x);
    const Rows met = rows_met<back>(w);
    for (const std::int32_t x : {met.first, met.step, met.per}) to.put(x);
  }
  explicit constexpr VolumeStream(const std::byte* stream) {
    Reader from{stream};
    for (WindowAxis* a : {&window.depth, &window.height, &window.width})
      for (int* x : {&a->in, &a->out, &a->filter, &a->stride, &a->dilation, &a->before})
        *x = from.next<std::int32_t>();
    for (int* x : {&rows.first, &rows.step, &rows.per}) *x = from.next<std::int32_t>();
  }
  // Calls each(pixel, tap) for each pixel that meets the one at `column` of row `step`; `first`:
  // the rows that the step reads, of pixels of so many bytes.
  template <bool back, class Each>
  constexpr void each_pixel(int step, int column, const std::byte* const* first, int bytes,
                            Each each) const {
    const int start = rows.start(step);
    each_pair<back>(window, step, column,
                    [&](int row, int x, int tap) { each(first[row - start] + x * bytes, tap); });
  }
};

template <bool is_transposed> struct Volume {
  static constexpr const Op& forward = is_transposed ? op::tuned_transpose : op::tuned_volume;
  static constexpr VolumeWindow window(const GraphView& g, const Value& v) {
    return volume_window(g, tuned_of(g, v, forward), is_transposed);
  }
};

// Stream: low, high; VolumeStream.
template <bool is_transposed> struct TunedVolume : Tuned {
  static constexpr const char* name = Volume<is_transposed>::forward.name;
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, Volume<is_transposed>::forward);
  }
  static constexpr int stream_size(const GraphView&, const Value&) {
    return 8 + VolumeStream::size;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    Tuned::pack(g, v, p, to);
    VolumeStream::pack<is_transposed>(volume_window(g, v, is_transposed), to);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const RealClamp clamped = range(t);
    const VolumeStream s(t.stream + 8);
    const int pixel = 4 * t.in_channels, filter = s.window.taps() * pixel;
    const std::byte *weights = band.rows[t.rows], *bias = band.rows[t.rows + 1];
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x, out += 4 * t.out_channels) {
      copy_bytes(out, bias, 4 * t.out_channels);
      s.each_pixel<is_transposed>(band.step, x, band.rows, pixel,
                                  [&](const std::byte* in, int tap) {
                                    const std::byte* w = weights + tap * pixel;
                                    for (int o = 0; o < t.out_channels; ++o, w += filter)
                                      add(out + 4 * o, product(in, w, t.in_channels));
                                  });
      for (int o = 0; o < t.out_channels; ++o)
        store(out + 4 * o, clamp(load<float>(out + 4 * o), clamped));
    }
  }
};

// Stream: VolumeStream.
template <bool is_transposed> struct VolumeGradient : PlainKernel {
  static constexpr const Op& made = is_transposed ? op::transpose_gradient : op::volume_gradient;
  static constexpr const char* name = made.name;
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, made);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return VolumeStream::size; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    VolumeStream::pack<!is_transposed>(Volume<is_transposed>::window(g, v), to);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const VolumeStream s(t.stream);
    const int pixel = 4 * t.out_channels, filter = s.window.taps() * pixel;
    const std::byte* weights = band.rows[t.rows];
    std::byte* out = band.out[0];
    clear(out, t.out_width * t.out_channels);
    for (int x = 0; x < t.out_width; ++x, out += pixel)
      s.each_pixel<!is_transposed>(band.step, x, band.rows, 4 * t.in_channels,
                                   [&](const std::byte* g, int tap) {
                                     const std::byte* w = weights + tap * pixel;
                                     for (int o = 0; o < t.in_channels; ++o, w += filter)
                                       add_scaled(out, w, t.out_channels, load<float>(g + 4 * o));
                                   });
  }
};

// Inputs as of ConvUpdate. Stream behind the optimizer: int32 channels of x, rows of it that are
// read; VolumeStream. Scratch: the gradients, unless they are gathered.
template <Rule rule, bool gathers, bool is_transposed>
struct VolumeUpdate : Updates<rule, gathers> {
  using Base = Updates<rule, gathers>;
  static constexpr int stream_size(const GraphView&, const Value&) {
    return Base::header + 8 + VolumeStream::size;
  }
  static constexpr int scratch(const GraphView&, const Value& v) {
    return gathers ? 0 : 4 * (v.shape.size() + v.weights.outputs);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    Base::pack_optimizer(v, to);
    to.put<std::int32_t>(g.input(v, 2).shape.channels);
    to.put<std::int32_t>(g.rows(v, 2).count);
    VolumeStream::pack<is_transposed>(Volume<is_transposed>::window(g, v), to);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader numbers{t.stream + Base::header};
    const int channels = numbers.next<std::int32_t>(), rows = numbers.next<std::int32_t>();
    const VolumeStream s(numbers.at);
    const int outputs = t.in_channels, filter = s.window.taps() * channels;
    const auto arrays = Base::both(t, band, band.rows + 2 + rows, outputs * filter, outputs);
    const auto sums = Base::sums_of(band, band.scratch, arrays);
    const std::byte* g = band.rows[0];
    for (int x = 0; x < t.in_width; ++x, g += 4 * outputs) {
      s.each_pixel<is_transposed>(band.step, x, band.rows + 2, 4 * channels,
                                  [&](const std::byte* in, int tap) {
                                    std::byte* to = sums.weights + 4 * tap * channels;
                                    for (int o = 0; o < outputs; ++o, to += 4 * filter)
                                      add_scaled(to, in, channels, load<float>(g + 4 * o));
                                  });
      add_scaled(sums.bias, g, outputs, 1);
    }
    if (band.last) Base::finish(arrays, sums);
  }
};
template <Rule rule, bool gathers> using Conv3DUpdate = VolumeUpdate<rule, gathers, false>;
template <Rule rule, bool gathers> using TransposeUpdate = VolumeUpdate<rule, gathers, true>;

}  // namespace graven::core::scalar_isa
