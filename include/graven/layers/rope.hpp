// RoPE: rotary position embedding, https://arxiv.org/abs/2104.09864
//
//   {a, b} -> {a * cos(t) - b * sin(t), a * sin(t) + b * cos(t)}
//   t = position * Base^(-2 i / HeadDim)
//
// of pair i < HeadDim / 2 in each run of HeadDim channels, a head. `half_split` pairs channel i
// with i + HeadDim / 2 (GPT-NeoX, Llama's checkpoints on Hugging Face), `interleaved` 2 i with
// 2 i + 1 (Llama, GPT-J). Moments are the rows, and in them the pixels. Their positions go on from
// run to run, from 0 after a reset(); modulo 2^32, angles are exact at any of them. int8: rotated
// as reals.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op rope{"rope"};
}

enum class Pairs { half_split, interleaved };
using enum Pairs;

struct RoPEOptions {
  int head = 0;  // channels
  Pairs pairs = half_split;
  float base = 10000;
};

template <int HeadDim, Pairs pairs = half_split, Real Base = 10000.0f> struct RoPE {
  static constexpr const char* op = "ROPE";
  static constexpr int views = 5;

  template <At in> static constexpr Shape output() {
    constexpr bool even = HeadDim > 0 && HeadDim % 2 == 0, sound = Base.value() > 0;
    static_assert(
        even ||
            error::out_of_range<error::at_layer<in.layer>, error::in<RoPE>, error::got<HeadDim>>,
        "RoPE: HeadDim, the channels of a head, must be even and at least 2.");
    static_assert(sound || error::out_of_range<error::at_layer<in.layer>, error::in<RoPE>>,
                  "RoPE: Base must be positive.");
    constexpr bool whole = in.shape.channels % (even ? HeadDim : 1) == 0;
    static_assert(
        whole || error::channel_mismatch<error::at_layer<in.layer>, error::in<RoPE>,
                                         error::expected<HeadDim>, error::got<in.shape.channels>>,
        "RoPE: the channels must be a multiple of HeadDim: one head after the other.");
    return even && sound && whole ? in.shape : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::rope, in.layer, in.shape, input);
    View position = l.state(in.layer, {1, 1, 1}, Element::int32);
    position.rows = {.step = 0};
    v.options.set(RoPEOptions{HeadDim, pairs, Base.value()});
    v.carries = true;  // its steps count
    return l.add(v, input, position);
  }
};

}  // namespace graven::core
