// The layers of nano-rust-core 0.2, bit for bit: for models that were quantized for it and must go
// on giving the same answers. New models are better off with Dense, Conv2D, Sigmoid and Softmax.
//
//   nano_rust::Dense     saturate(floor(sum * multiplier / 2^shift) + bias)
//   nano_rust::Conv2D    saturate(saturate(floor(sum * multiplier / 2^shift)) + bias)
//   nano_rust::Sigmoid   table[saturate(floor(x * multiplier / 2^shift))], 127 / (1 + exp(-i / 16))
//   nano_rust::Tanh      the same of 127 * tanh(i / 32)
//   nano_rust::Softmax   127 * e / sum(e), truncated, with e = max(128 + 2 * (x - max), 0)
//
// ReLU, MaxPool and Flatten are the library's own. int8 throughout, zero points of 0; the record
// has `filter` (Dense: output-major, Conv2D: OHWI) and `bias` (int8, in the output's scale). What
// is multiplied and shifted is cut to 32 bits before it saturates.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/graph/window.hpp"

#include <bit>

namespace graven::core {

namespace op {
inline constexpr Op nano_rust_conv{"nano_rust_conv"}, nano_rust_softmax{"nano_rust_softmax"};
}

namespace nano_rust {

// Without calibration: seven bits, and one for each doubling of a sum's length.
constexpr int default_shift(int length) {
  return length < 2 ? 7 : 7 + static_cast<int>(std::bit_width(static_cast<unsigned>(length - 1)));
}

struct ConvOptions {
  int multiplier = 1, shift = 0;
  int saturates_twice = 0;
};

template <class L, At in, bool fits, int shift> constexpr bool is_sound() {
  constexpr bool sound = fits && shift >= 0 && shift < 64;
  static_assert(sound || error::size_mismatch<error::at_layer<in.layer>, error::in<L>>,
                "nano_rust: Dense takes an activation of In elements, Conv2D one of InChannels "
                "that its filter fits into; shifts are 0 to 63.");
  return sound;
}

// What Dense and Conv2D want of their record.
template <int weights, int outputs>
inline constexpr Wanted wanted[] = {{"filter", weights, Element::int8},
                                    {"bias", outputs, Element::int8}};

template <int In, int Out, int multiplier = 1, int shift = default_shift(In)> struct Dense {
  static constexpr const char* op = "NanoRustDense";

  template <At in> static constexpr Shape output() {
    return is_sound<Dense, in, in.shape.size() == In, shift>() ? Shape{1, 1, Out} : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows({input.value, {1, 1, In}, input.first}, in.layer);
    Value v = l.begin(op::nano_rust_conv, in.layer, {1, 1, Out}, input);
    v.options.set(ConvOptions{multiplier, shift});
    v.wanted = Listing<Wanted>(wanted<In * Out, Out>);
    v.macs = std::uint64_t{In} * Out;
    return l.add(v, input);
  }
};

template <int InChannels, int OutChannels, Filter filter, int stride = 1, int padding = 0,
          int multiplier = 1, int shift = default_shift(InChannels* filter.area())>
struct Conv2D {
  static constexpr const char* op = "NanoRustConv2D";
  static constexpr Padding border{padding, padding, padding, padding};

  template <At in> static constexpr Shape output() {
    constexpr Shape out =
        detail::window_output<Conv2D, in, OutChannels, filter, Stride{stride}, 1, border>();
    constexpr bool fits = in.shape.channels == InChannels && detail::has_window(out);
    return is_sound<Conv2D, in, fits, shift>() ? out : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::nano_rust_conv, in.layer, output<in>(), input);
    set_window(v, input, filter, stride, 1, border);
    constexpr int taps = InChannels * filter.area();
    v.options.set(ConvOptions{multiplier, shift, 1});
    v.wanted = Listing<Wanted>(wanted<taps * OutChannels, OutChannels>);
    v.macs = static_cast<std::uint64_t>(v.shape.size()) * taps;
    return l.add(v, input);
  }
};

// A function of 256 elements; F says 127 times it, by the steps of its table.
template <class F, int multiplier, int shift> struct Lookup {
  template <At in> static constexpr Shape output() {
    return is_sound<F, in, (shift < 32), shift>() ? in.shape : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    return detail::lower_map<in>(l, input, {entry}, l.graph.values[input.value].quant);
  }
  static constexpr std::int8_t entry(int q, Quant, Quant) {
    const std::int64_t product = std::int64_t{q} * multiplier;
    const int index = clamp(static_cast<std::int32_t>(product) >> shift, {-128, 127});
    return static_cast<std::int8_t>(core::detail::round_away(F::steps(index)));
  }
};

template <int multiplier = 1, int shift = 0>
struct Sigmoid : Lookup<Sigmoid<multiplier, shift>, multiplier, shift> {
  static constexpr const char* op = "NanoRustSigmoid";
  static constexpr double steps(int i) { return 127 / (1 + floating_point::exp(-i / 16.0)); }
};

template <int multiplier = 1, int shift = 0>
struct Tanh : Lookup<Tanh<multiplier, shift>, multiplier, shift> {
  static constexpr const char* op = "NanoRustTanh";
  static constexpr double steps(int i) { return 127 * floating_point::tanh(i / 32.0); }
};

struct Softmax {
  static constexpr const char* op = "NanoRustSoftmax";

  template <At in> static constexpr Shape output() { return {1, 1, in.shape.size()}; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows({input.value, output<in>(), input.first}, in.layer);
    return l.add(l.begin(op::nano_rust_softmax, in.layer, output<in>(), input), input);
  }
};

}  // namespace nano_rust

}  // namespace graven::core
