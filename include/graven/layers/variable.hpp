// Variable, Assign: what lasts from run to run
//
//   using Net = graven::Graph<Node<Variable<Shape{2, 1, 40}>>,   // value 1: the last two rows
//                             Node<Concatenate<height>, 1, 0>,   // value 2: and the new one
//                             ..., Node<Assign, 1, 4>>
//
// A Variable is its content as the run before has left it, or after a reset() real zeros or the
// constant `initial` of its record, which gives element type, scale and zero point as well. Assign
// gives it the content of the next run, of the same shape; the layers that read the Variable all
// see the old one. TFLite's READ_VARIABLE and ASSIGN_VARIABLE.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

template <Shape shape> struct Variable {
  static constexpr const char* op = "READ_VARIABLE";
  static constexpr bool is_source = true;

  template <At at> static constexpr Shape output() { return shape; }
  template <At at, class Lowering> static constexpr View lower(Lowering& l, View nothing) {
    Value v = l.begin(op::state, at.layer, shape, nothing);
    if (!l.has_quant(at.layer) && v.element != Element::int8) v.quant = {};
    v.options.set(ConstantOptions{l.record(v.record).find("initial")});
    v.persistent = true;
    return l.add(v);
  }
};

// Node<Assign, variable, content>; what it yields is the content.
struct Assign {
  static constexpr const char* op = "ASSIGN_VARIABLE";

  template <At variable, At in> static constexpr Shape output() {
    constexpr Shape to = variable.shape, from = in.shape;
    static_assert(to == from || error::shape_mismatch<error::at_layer<in.layer>, error::in<Assign>>,
                  "Assign: the new content has another shape than the Variable.");
    return to == from ? from : no_shape;
  }
  template <At variable, At in, class Lowering>
  static constexpr View lower(Lowering& l, View old, View content) {
    // Of two variables that change places, one has to be copied first.
    if (l.graph.values[content.value].op == op::state) {
      Value copy = l.begin(op::copy, in.layer, in.shape, content);
      content = l.copied(copy, content);
    }
    Value v = l.begin(op::assign, in.layer, in.shape, content);
    v.persistent = true;
    const View made = l.copied(v, content);
    l.graph.views[l.graph.view_count++] = old;  // behind the content: whose rows these are
    ++l.graph.values[made.value].inputs;
    return {content.value, in.shape, content.first};
  }
};

}  // namespace graven::core
