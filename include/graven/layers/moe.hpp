// MoE: a mixture of experts, of which each pixel is given to the `Top` that its router prefers
//
//   Node<Dense<Dim, Experts>, 0>, Node<MoE<Dim, Hidden, Experts, Top>, 0, 1>   // x, logits
//
// out = the sum over the chosen experts e of share[e] * down[e] (SiLU(gate[e] x) * up[e] x), where
// shares are the softmax of the chosen logits (Mixtral's; of equal logits the first expert counts
// first). Only the chosen ones are computed; scratch is one expert's, whichever it is. The record
// has by name `gate` and `up`, expert by expert Hidden x Dim, and `down`, Dim x Hidden: float32;
// or, of int8 and int16 activations, int8 or int4 weights of one scale each. Sums of products with
// x are exact then, and what is left is float, the same bits on every core.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op moe{"moe"};
}

struct MoEOptions {
  int hidden = 0, experts = 0, top = 0;
  int bits = 32;  // of a weight
};

template <int Dim, int Hidden, int Experts, int Top> struct MoE {
  static constexpr const char* op = "MOE";

  template <At x, At router> static constexpr Shape output() {
    constexpr bool sized = Dim > 0 && Hidden > 0 && Top > 0 && Top <= Experts;
    static_assert(sized || error::out_of_range<error::at_layer<x.layer>, error::in<MoE>>,
                  "MoE: Dim, Hidden and Top must each be at least 1, and Top at most Experts.");
    constexpr bool channels = x.shape.channels == Dim;
    static_assert(channels ||
                      error::channel_mismatch<error::at_layer<x.layer>, error::in<MoE>,
                                              error::expected<Dim>, error::got<x.shape.channels>>,
                  "MoE: the first input has another number of channels than Dim.");
    constexpr Shape scores{x.shape.height, x.shape.width, Experts};
    static_assert(scores == router.shape ||
                      error::shape_mismatch<error::at_layer<x.layer>, error::in<MoE>>,
                  "MoE: the second input is the router's, a number per pixel and expert.");
    return sized && channels && scores == router.shape ? x.shape : no_shape;
  }
  template <At x, At router, class Lowering>
  static constexpr View lower(Lowering& l, View input, View logits) {
    input = l.with_rows(input, x.layer);
    logits = l.with_rows(logits, x.layer);
    Value v = l.begin(op::moe, x.layer, x.shape, input);
    const Parameters& p = l.record(v.record);
    const int gate = p.find("gate");
    const bool nibbles = gate >= 0 && p.constants[gate].data.element == Element::int4;
    const Element weights = v.element == Element::float32 ? Element::float32
                            : nibbles                     ? Element::int4
                                                          : Element::int8;
    v.options.set(MoEOptions{Hidden, Experts, Top, nibbles ? 4 : 8 * size_of(weights)});
    v.wanted = weights == Element::float32 ? Listing<Wanted>(wanted<Element::float32>)
               : nibbles                   ? Listing<Wanted>(wanted<Element::int4>)
                                           : Listing<Wanted>(wanted<Element::int8>);
    v.macs = std::uint64_t{3} * static_cast<unsigned>(x.shape.size()) * unsigned{Hidden * Top};
    return l.add(v, input, logits);
  }

private:
  static constexpr int size = Experts * Hidden * Dim;
  template <Element e>
  static constexpr Wanted wanted[]{{"gate", size, e, e != Element::float32},
                                   {"up", size, e, e != Element::float32},
                                   {"down", size, e, e != Element::float32}};
};

}  // namespace graven::core
