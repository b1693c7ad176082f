// SVDF: out[u] = act(bias[u] + sum over r, t of time[f][t] * feature f of the input t runs ago)
//
// with f = u * Rank + r; feature f is the sum over i of in[i] * filter[f][i]. TFLite's SVDF, a
// filter bank along time: a run brings one moment, the state keeps the features of the last Memory
// ones. The record has `filter` (feature by feature), one `scale` for all of it, and perhaps `bias`
// (one per unit); by name `time` (feature by feature, the oldest first), and `state`: one number,
// the zero point, whose element type, scale and zero point are the features'. int8: TFLM's
// arithmetic, which rounds features to the state's int16 or int8 and leaves the activation out.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op svdf{"svdf"};
}

struct SvdfOptions {
  int rank = 1, memory = 1;
};

template <int Units, int Rank, int Memory, Activation activation = Activation::none> struct SVDF {
  static constexpr const char* op = "SVDF";

  template <At in> static constexpr Shape output() {
    constexpr bool sound = Units > 0 && Rank > 0 && Memory > 0;
    static_assert(sound || error::out_of_range<error::at_layer<in.layer>, error::in<SVDF>>,
                  "SVDF: Units, Rank and Memory must each be at least 1.");
    return sound ? Shape{1, 1, Units} : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows({input.value, {1, 1, in.shape.size()}, input.first}, in.layer);
    Value v = l.begin(op::svdf, in.layer, {1, 1, Units}, input);
    v.activation = activation;
    v.options.set(SvdfOptions{Rank, Memory});
    const View state = l.state(in.layer, "state", {1, 1, features * Memory});
    const Element kept = l.graph.values[state.value].element;
    v.wanted = v.element == Element::float32 ? Listing<Wanted>(wanted<in.shape.size(), float32>)
               : kept == Element::int16      ? Listing<Wanted>(wanted<in.shape.size(), int16>)
                                             : Listing<Wanted>(wanted<in.shape.size(), int8>);
    v.macs = std::uint64_t{features} * static_cast<unsigned>(in.shape.size() + Memory);
    return l.add(v, input, state);
  }

private:
  static constexpr unsigned features = static_cast<unsigned>(Units * Rank);
  static constexpr Element float32 = Element::float32, int16 = Element::int16, int8 = Element::int8;
  template <int In, Element element>
  static constexpr Wanted wanted[] = {
      {"filter", int{features} * In, element == float32 ? float32 : int8, element != float32},
      {"bias", Units, element == float32 ? float32 : Element::int32, false, true},
      {"time", int{features} * Memory, element, element != float32},
      {"state", 1, element, element != float32}};
};

}  // namespace graven::core
