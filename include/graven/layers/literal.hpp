// Literal: a constant of the record, `value`, as an activation
//
//   using Net = graven::Graph<Node<Literal<Shape{1, 1, 5}>>, Node<Concatenate<>, 1, 0>, ...>;
//
// Its element type, scale and zero point are the constant's. It stays in flash; as an output of the
// model it is copied. TFLite has no name for it: its operators read constants as they are.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

template <Shape shape> struct Literal {
  static constexpr const char* op = "LITERAL";
  static constexpr bool is_source = true;

  template <At at> static constexpr Shape output() {
    static_assert(shape.exists() || error::out_of_range<error::at_layer<at.layer>>,
                  "Literal: height, width and channels must each be at least 1.");
    return shape.exists() ? shape : no_shape;
  }
  template <At at, class Lowering> static constexpr View lower(Lowering& l, View) {
    return l.constant(at.layer, "value", shape);
  }
};

}  // namespace graven::core
