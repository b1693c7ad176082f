// Reshape, Flatten: the same elements in HWC order under another shape
//
// Nothing is computed: the reader is told the new shape. Only where row boundaries move under a
// reader that works by rows is a copy made (Lowering::with_rows); Dense reads any rows as they are.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

template <Shape shape> struct Reshape {
  static constexpr const char* op = "RESHAPE";

  template <At in> static constexpr Shape output() {
    static_assert(shape.exists() ||
                      error::out_of_range<error::at_layer<in.layer>, error::in<Reshape>>,
                  "Reshape: height, width and channels must each be at least 1.");
    static_assert(
        !shape.exists() || in.shape.size() == shape.size() ||
            error::size_mismatch<error::at_layer<in.layer>, error::in<Reshape>,
                                 error::expected<shape.size()>, error::got<in.shape.size()>>,
        "Reshape: the new shape has a different number of elements than the incoming "
        "activation.");
    return shape.exists() && in.shape.size() == shape.size() ? shape : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering&, View input) {
    return {input.value, output<in>(), input.first};
  }
};

// A layer that reads its input in the shape `from`, and whose output is read in the shape `to`.
template <class Layer, Shape from, Shape to> struct Reshaped {
  static constexpr const char* op = Layer::op;

  template <At in> static constexpr Shape output() {
    constexpr bool exist = from.exists() && to.exists();
    static_assert(exist || error::out_of_range<error::at_layer<in.layer>, error::in<Reshaped>>,
                  "Reshaped: height, width and channels must each be at least 1.");
    constexpr Shape out = detail::output<Layer, At{exist ? from : no_shape, in.layer}>();
    constexpr bool fits =
        out != no_shape && in.shape.size() == from.size() && out.size() == to.size();
    static_assert(
        out == no_shape || fits ||
            error::size_mismatch<error::at_layer<in.layer>, error::in<Reshaped>,
                                 error::expected<from.size()>, error::got<in.shape.size()>,
                                 error::expected<to.size()>, error::got<out.size()>>,
        "Reshaped: a shape has another number of elements than the activation that is "
        "read in it (of the input, then of the output).");
    return fits ? to : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    const View made =
        Layer::template lower<At{from, in.layer}>(l, View{input.value, from, input.first});
    return {made.value, output<in>(), made.first};
  }
};

struct Flatten {
  static constexpr const char* op = "RESHAPE";

  template <At in> static constexpr Shape output() { return {1, 1, in.shape.size()}; }
  template <At in, class Lowering> static constexpr View lower(Lowering&, View input) {
    return {input.value, output<in>(), input.first};
  }
};

}  // namespace graven::core
