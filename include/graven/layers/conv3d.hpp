// Conv3D: out[z][y][x][o] = act(bias[o] + sum over the window of in[...][c] * filter[...][c][o])
//
// TFLite's CONV_3D: float32, activations DHWC, filters DHWIO. An activation has three axes, so that
// the layer says how many slices the input has: its `depth * height` rows lie slice behind slice,
// {depth * height, width, channels}, and those of the output as well. Padding is `valid`, or `same`
// along all three axes; for other numbers put a Pad before it.
//
// Rows stream through: an output row reads, of filter.depth slices, filter.height rows each, and
// (filter.depth - 1) slices and filter.height rows are in memory at once.
//
// Conv5D is the same layer: some engines name it by the axes of its tensors, NDHWC.
#pragma once

#include "graven/graph/window.hpp"

#include <array>

namespace graven::core {

namespace op {
inline constexpr Op conv3d{"conv3d", Trait::clamps | Trait::weights | Trait::numbered};
}

// A depth, a height and a width; `3` means {3, 3, 3}.
struct Extent3 {
  int depth = 1, height = 1, width = 1;

  constexpr Extent3(int side) : depth(side), height(side), width(side) {}
  constexpr Extent3(int deep, int tall, int wide) : depth(deep), height(tall), width(wide) {}
  constexpr int volume() const {
    return saturated(std::int64_t{saturated(std::int64_t{depth} * height)} * width);
  }
  constexpr Extent plane() const { return {height, width}; }
  constexpr bool operator==(const Extent3&) const = default;
};
constexpr bool is_near_argument(Extent3 e) {
  return is_near(e.depth) && is_near_argument(e.plane());
}

// One axis of a window: output o reads input(o, k) for all k from begin(o) to below end(o), which
// are the taps inside of the input.
struct WindowAxis {
  int in = 1, out = 1, filter = 1, stride = 1, dilation = 1, before = 0;

  constexpr int input(int o, int k) const { return o * stride - before + k * dilation; }
  constexpr int begin(int o) const {
    const int beyond = before - o * stride;
    return beyond > 0 ? (beyond + dilation - 1) / dilation : 0;
  }
  constexpr int end(int o) const {
    const int taps = (in - input(o, 0) + dilation - 1) / dilation;
    return input(o, 0) >= in ? 0 : taps < filter ? taps : filter;
  }
};

// The rows that an output row reads, whose number counts slices of `height.out` rows.
struct VolumeRows {
  WindowAxis depth, height;

  constexpr int slice(int step) const { return step / height.out; }
  constexpr int row(int step) const { return step % height.out; }
  constexpr int at(int step, int i, int j) const {
    return depth.input(slice(step), i) * height.in + height.input(row(step), j);
  }
  // From the first row to the last, of those that exist; a dilated window may have none.
  constexpr Ends ends(int step) const {
    const int i = depth.begin(slice(step)), last_i = depth.end(slice(step)) - 1;
    const int j = height.begin(row(step)), last_j = height.end(row(step)) - 1;
    return i > last_i || j > last_j ? Ends{} : Ends{at(step, i, j), at(step, last_i, last_j)};
  }
};

struct Conv3DOptions {
  WindowAxis depth;
  int top = 0;
};
// Of a value of op::conv3d, which says the other numbers of the height itself.
constexpr VolumeRows volume_rows(const Value& v, Shape in) {
  const auto o = v.options.get<Conv3DOptions>();
  return {o.depth,
          {in.height / o.depth.in, v.shape.height / o.depth.out, v.filter.height, v.stride.height,
           v.dilation.height, o.top}};
}

template <int depth, int InChannels, int OutChannels, Extent3 filter, Extent3 stride = 1,
          Padding padding = Padding::valid, Activation activation = Activation::none,
          Extent3 dilation = 1>
struct Conv3D {
  static constexpr const char* op = "CONV_3D";

  template <At in> static constexpr Shape output() {
    using Where = error::at_layer<in.layer>;
    constexpr bool slices = depth > 0 && in.shape.height % (depth > 0 ? depth : 1) == 0;
    static_assert(slices || error::size_mismatch<Where, error::in<Conv3D>, error::expected<depth>,
                                                 error::got<in.shape.height>>,
                  "Conv3D: the rows of the incoming activation do not fall into `depth` slices; "
                  "its shape is {depth * height, width, channels}.");
    static_assert(in.shape.channels == InChannels ||
                      error::channel_mismatch<Where, error::in<Conv3D>, error::expected<InChannels>,
                                              error::got<in.shape.channels>>,
                  "Conv3D: the incoming activation has a different channel count than InChannels. "
                  "Check the layer before it, or swap <in, out>.");
    constexpr bool named = padding == Padding::valid || padding == Padding::same;
    static_assert(named || error::out_of_range<Where, error::in<Conv3D>>,
                  "Conv3D: the padding is `valid` or `same`; for other numbers put a Pad before "
                  "the layer.");
    if constexpr (slices && named && in.shape.channels == InChannels)
      return volume<in>();
    else
      return no_shape;
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::conv3d, in.layer, output<in>(), input);
    describe<in>(v);
    input.rows = listed(starts<in>, reach<in>);
    constexpr int taps = saturated(std::int64_t{filter.volume()} * InChannels);
    v.weights = {OutChannels, taps, 1, OutChannels};
    v.activation = activation;
    v.macs = std::uint64_t(v.shape.size()) * taps;
    return l.add(v, input);
  }

private:
  // One slice, and the depth as the height of an image of one column.
  template <At in> static constexpr At slice_of() {
    return {{in.shape.height / depth, in.shape.width, InChannels}, in.layer};
  }
  template <At in> static constexpr At depth_of() { return {{depth, 1, InChannels}, in.layer}; }

  // Behind a mistake in the plane nothing more is said.
  template <At in, bool mistaken> static constexpr Shape outputs_along() {
    if constexpr (mistaken)
      return no_shape;
    else
      return detail::window_output<Conv3D, depth_of<in>(), OutChannels, Extent{filter.depth, 1},
                                   Extent{stride.depth, 1}, Extent{dilation.depth, 1}, padding>();
  }
  template <At in> static constexpr Shape volume() {
    constexpr Shape plane =
        detail::window_output<Conv3D, slice_of<in>(), OutChannels, filter.plane(), stride.plane(),
                              dilation.plane(), padding>();
    constexpr Shape along = outputs_along<in, plane == no_shape>();
    constexpr bool fits = detail::has_window(plane) && detail::has_window(along);
    static_assert(
        fits || error::size_mismatch<error::at_layer<in.layer>, error::in<Conv3D>,
                                     error::expected<filter.depth>, error::got<depth>,
                                     error::expected<filter.height>,
                                     error::got<in.shape.height / depth>>,
        "Conv3D: the filter is larger than the incoming activation. Use padding `same`, a smaller "
        "filter, or less pooling before it.");
    if (!fits || plane == no_shape || along == no_shape) return no_shape;
    return {saturated(std::int64_t{along.height} * plane.height), plane.width, OutChannels};
  }

  template <At in> static constexpr void describe(Value& v) {
    Value deep{};
    View along{.shape = depth_of<in>().shape}, plane{.shape = slice_of<in>().shape};
    set_window(deep, along, {filter.depth, 1}, {stride.depth, 1}, {dilation.depth, 1}, padding);
    set_window(v, plane, filter.plane(), stride.plane(), dilation.plane(), padding);
    const int slices =
        window_shape(along.shape, 1, deep.filter, deep.stride, deep.dilation, padding).height;
    v.shape = volume<in>();
    v.options.set(Conv3DOptions{
        {depth, slices, filter.depth, stride.depth, dilation.depth, -along.rows.first},
        -plane.rows.first});
  }

  template <At in>
  static constexpr VolumeRows rows = [] {
    Value v{};
    describe<in>(v);
    return volume_rows(v, in.shape);
  }();
  template <At in>
  static constexpr auto starts = [] {
    std::array<std::uint16_t, std::size_t(volume<in>().height)> first{};
    for (std::size_t s = 0; s < first.size(); ++s)
      first[s] = static_cast<std::uint16_t>(rows<in>.ends(static_cast<int>(s)).before);
    return first;
  }();
  template <At in>
  static constexpr int reach = [] {
    int most = 1;
    for (int step = 0; step < volume<in>().height; ++step) {
      const Ends ends = rows<in>.ends(step);
      if (ends.after - ends.before + 1 > most) most = ends.after - ends.before + 1;
    }
    return most;
  }();
};

template <int depth, int InChannels, int OutChannels, Extent3 filter, Extent3 stride = 1,
          Padding padding = Padding::valid, Activation activation = Activation::none,
          Extent3 dilation = 1>
using Conv5D =
    Conv3D<depth, InChannels, OutChannels, filter, stride, padding, activation, dilation>;

}  // namespace graven::core
