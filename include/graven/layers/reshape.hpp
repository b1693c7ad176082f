// Reshape, Flatten: the same elements in HWC order under another shape
//
// Nothing is computed: the reader is told the new shape. Only where row boundaries move under a
// reader that works by rows is a copy made (Lowering::with_rows); Dense reads any rows as they are.
#pragma once

#include "graven/network.hpp"

namespace graven {

template <Shape shape> struct Reshape {
  static constexpr const char* op = "RESHAPE";

  template <At in> static constexpr Shape output() {
    static_assert(in.shape.size() == shape.size() ||
                      error::size_mismatch<error::at_layer<in.layer>, error::in<Reshape>,
                                           error::expected<shape.size()>,
                                           error::got<in.shape.size()>>,
                  "Reshape: the new shape has a different number of elements than the incoming "
                  "activation.");
    return shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering&, View input) {
    return {input.value, output<in>()};
  }
};

struct Flatten {
  static constexpr const char* op = "RESHAPE";

  template <At in> static constexpr Shape output() { return {1, 1, in.shape.size()}; }
  template <At in, class Lowering> static constexpr View lower(Lowering&, View input) {
    return {input.value, output<in>()};
  }
};

}  // namespace graven
