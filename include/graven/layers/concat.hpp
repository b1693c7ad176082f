// Concatenate: the inputs side by side along one axis
//
// TFLite's CONCATENATION for one or more inputs. Inputs whose scale or zero point differs from the
// output's are requantized: the arithmetic is right where TFLM copies the bytes unchanged.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

struct ConcatOptions {
  int axis = 0;  // an Axis
};

template <Axis axis = Axis::channels, Activation activation = Activation::none> struct Concatenate {
  static constexpr const char* op = "CONCATENATION";

  template <At... in> static constexpr Shape output() {
    constexpr At ats[] = {in...};
    constexpr Shape first = ats[0].shape;
    constexpr bool same_height = axis == Axis::height || ((in.shape.height == first.height) && ...);
    constexpr bool same_width = axis == Axis::width || ((in.shape.width == first.width) && ...);
    constexpr bool same_channels =
        axis == Axis::channels || ((in.shape.channels == first.channels) && ...);
    static_assert((same_height && same_width && same_channels) ||
                      error::shape_mismatch<error::at_layer<ats[0].layer>, error::in<Concatenate>>,
                  "Concat: the branches may differ along the joined axis only.");
    if (!same_height || !same_width || !same_channels) return no_shape;
    return {axis == Axis::height ? (0 + ... + in.shape.height) : first.height,
            axis == Axis::width ? (0 + ... + in.shape.width) : first.width,
            axis == Axis::channels ? (0 + ... + in.shape.channels) : first.channels};
  }

  template <At... in, class Lowering, class... Views>
  static constexpr View lower(Lowering& l, Views... views) {
    constexpr At ats[] = {in...};
    View inputs[] = {l.with_rows(views, ats[0].layer)...};
    Value v = l.begin(op::concat, ats[0].layer, output<in...>(), inputs[0]);
    v.options.set(ConcatOptions{static_cast<int>(axis)});
    v.activation = activation;
    int before = 0;  // rows outside of an input come from another one
    for (View& input : inputs) {
      if (axis == Axis::height) input.rows = {.first = -before, .elsewhere = true};
      before += input.shape.height;
    }
    return l.add_many(v, inputs, static_cast<int>(sizeof...(Views)));
  }
};

// The combinator (network.hpp): the joining layer is counted after the branches' layers.
template <class... Branches> struct Concat {
  static constexpr int layers = (1 + ... + detail::count_layers<Branches>());
  static constexpr int views =
      (static_cast<int>(sizeof...(Branches)) + ... + detail::count_views<Branches>());

  template <At in> static constexpr Shape output() {
    return output_of<in>(std::index_sequence_for<Branches...>());
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View view) {
    return lower_all<in>(l, view, std::index_sequence_for<Branches...>());
  }

private:
  static constexpr int before(std::size_t branch) {
    constexpr int counts[] = {detail::count_layers<Branches>()...};
    int sum = 0;
    for (std::size_t k = 0; k < branch; ++k) sum += counts[k];
    return sum;
  }
  template <At in, std::size_t K> static constexpr At start{in.shape, in.layer + before(K)};
  template <At in, std::size_t K>
  static constexpr At end{detail::output<detail::nth<K, Branches...>, start<in, K>>(),
                          in.layer + layers - 1};

  template <At in, std::size_t... K> static constexpr Shape output_of(std::index_sequence<K...>) {
    return detail::output<Concatenate<>, end<in, K>...>();
  }
  template <At in, class Lowering, std::size_t... K>
  static constexpr View lower_all(Lowering& l, View view, std::index_sequence<K...>) {
    const View joined[] = {detail::lower<detail::nth<K, Branches...>, start<in, K>>(l, view)...};
    return detail::lower<Concatenate<>, end<in, K>...>(l, joined[K]...);
  }
};

}  // namespace graven::core
