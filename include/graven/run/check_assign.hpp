// The checks of what gives a Variable its new content (check.hpp has all others).
#pragma once

#include "graven/error.hpp"
#include "graven/graph/lowering.hpp"

namespace graven::core::detail {

template <const auto& graph, int value> struct CheckAssign {
  static constexpr GraphView g = graph.view();
  static constexpr const Value& v = graph.values[value];
  static constexpr const Value& variable = g.source(v, 1);
  using Where = error::at_layer<v.layer>;

  static constexpr bool is_variable = variable.op == op::state;
  static constexpr bool alike =
      !is_variable || (variable.element == v.element && variable.quant == v.quant);
  static constexpr bool once = [] {
    for (int other = 0; other < value; ++other)
      if (g[other].op == op::assign && g.input(g[other], 1).value == g.input(v, 1).value)
        return !is_variable;
    return true;
  }();

  static constexpr bool passed() {
    static_assert(is_variable || error::unsupported<Where>,
                  "Assign: the first value that the node names must be that of a Variable; the "
                  "second is its new content.");
    static_assert(alike || error::unsupported<Where>,
                  "Assign: the new content has another element type, scale or zero point than the "
                  "Variable. Give both records the same `output`, or put a Quantize before it.");
    static_assert(once || error::unsupported<Where>,
                  "Assign: the Variable has its new content from another Assign already; a run "
                  "may assign it once.");
    return is_variable && alike && once;
  }
};

}  // namespace graven::core::detail
