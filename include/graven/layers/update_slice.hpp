// UpdateSlice: the first input with a box of it replaced by the second one, where the third says
//
//   UpdateSlice<Renewed{8, 1}, Renewed{4, 4}>   // one of eight rows of four elements
//
// TFLite's DYNAMIC_UPDATE_SLICE. Renewed{n, k}: an axis of the input has n elements, k of them new.
// The third input, int32 or int64, has the first index of the box along each axis, moved so that
// the box lies inside. A step makes all of it.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op update_slice{"update_slice"};
}

struct Renewed {
  int extent = 1, fresh = 1;
};

inline constexpr int max_renewed = 6;

struct UpdateSliceOptions {
  int axes = 0, packed[max_renewed]{};  // extent and fresh, 16 bits each
};

template <Renewed... axes> struct UpdateSlice {
  static constexpr const char* op = "DYNAMIC_UPDATE_SLICE";

  template <At in, At fresh, At first> static constexpr Shape output() {
    constexpr bool sound =
        count >= 1 && count <= max_renewed &&
        (... && (axes.fresh > 0 && axes.fresh <= axes.extent && axes.extent < 32768));
    static_assert(sound || error::out_of_range<error::at_layer<in.layer>, error::in<UpdateSlice>>,
                  "UpdateSlice: there are one to six axes; each has 1 to 32767 elements, of which "
                  "at least one and at most all are new.");
    constexpr bool fits = in.shape.size() == (1 * ... * axes.extent) &&
                          fresh.shape.size() == (1 * ... * axes.fresh) &&
                          first.shape.size() == count;
    static_assert(
        !sound || fits ||
            error::size_mismatch<error::at_layer<in.layer>, error::in<UpdateSlice>,
                                 error::got<in.shape.size()>, error::got<fresh.shape.size()>,
                                 error::got<first.shape.size()>>,
        "UpdateSlice: the inputs are not as large as the axes say: all elements, the new "
        "ones, and an index per axis.");
    return sound && fits ? in.shape : no_shape;
  }

  template <At in, At fresh, At first, class Lowering>
  static constexpr View lower(Lowering& l, View input, View part, View where) {
    View inputs[]{l.with_rows(input, in.layer), l.with_rows(part, in.layer),
                  l.with_rows(where, in.layer)};
    for (View& each : inputs) each.rows = {.first = 0, .step = 0, .count = each.shape.height};
    constexpr int pixels = in.shape.height * in.shape.width;
    Value v = l.begin(core::op::update_slice, in.layer, {1, pixels, in.shape.channels}, inputs[0]);
    v.element = l.graph.values[inputs[0].value].element;
    v.quant = l.graph.values[inputs[0].value].quant;
    v.options.set(UpdateSliceOptions{count, {(axes.extent << 16 | axes.fresh)...}});
    return {l.add_many(v, inputs, 3).value, in.shape};
  }

private:
  static constexpr int count = sizeof...(axes);
};

}  // namespace graven::core
