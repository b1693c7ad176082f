// LogicalNot: !x
//
// TFLite's LOGICAL_NOT, of booleans.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op logical_not{"logical_not"};
}

struct LogicalNot {
  static constexpr const char* op = "LOGICAL_NOT";

  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(core::op::logical_not, in.layer, in.shape, input);
    v.elementwise = true;
    return l.add(v, input);
  }
};

}  // namespace graven::core
