// What lasts from run to run: nothing computes it, rows are copied into it.
#pragma once

#include "graven/isa/scalar/elementwise.hpp"
#include "graven/layers/variable.hpp"

namespace graven::core::scalar_isa {

// Stream: the elements after a reset, where they are no real zeros.
struct State : PlainKernel {
  static constexpr const char* name = "scalar.state";
  static constexpr bool serves(const GraphView& g, int value) { return g[value].op == op::state; }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return v.options.get<ConstantOptions>().index < 0 ? 0 : v.shape.size() * size_of(v.element);
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters& p, Writer& to) {
    pack_constant(v, p, to);
  }
  static constexpr void run(const Task&, const Band&) {}
};

struct Assigns : Copy {
  static constexpr const char* name = "scalar.assign";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes(g, value, op::assign);
  }
};

}  // namespace graven::core::scalar_isa
