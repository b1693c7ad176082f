// The instruction set of this target against the specification: many small networks on both, in one
// image. Every row of every layer must be the same, bit for bit.
#pragma once

#include "random_parameters.hpp"
#include "subject.hpp"

namespace parity {

template <class Network, auto input, const auto& params, plan::Policy policy = plan::fastest>
void compare_with(const char* name) {
  constexpr auto shapes = graven::core::detail::input_shapes(input);
  compare(name, SubjectOf<Network, shapes, params, scalar, plan::fastest>::value,
          SubjectOf<Network, shapes, params, native, policy>::value);
}
template <class Network, auto input, Style style, plan::Policy policy = plan::fastest>
void compare(const char* name) {
  constexpr auto shapes = graven::core::detail::input_shapes(input);
  compare_with<Network, input, Source<Network, shapes, style>::params, policy>(name);
}

// What is no network: whether this core has found what the compiler has.
void expect(const char* name, bool equal);

inline constexpr Style trained{}, centred{.in_zero = 5, .out_zero = -9},
    full{.in_zero = 3, .out_zero = -128, .weights = 1}, extreme{.in_zero = -128, .weights = 2},
    left{.out_zero = 7, .weights = 3, .scale = 4.0f, .out_scale = 0.02f},
    tiny{.in_zero = -7, .out_zero = 100, .scale = 3e-9f},
    biased{.in_zero = 127, .scale = 1e-5f, .bias = 400'000'000},
    deep{.in_zero = 11, .scale = 1e-5f, .bias = 4'000'000},
    clamped{.out_zero = -60, .out_scale = 0.03f}, tied{.scale = 0.006f, .one_scale = true},
    real{.real = true}, hybrid{.scale = 0.003f, .real = true, .hybrid = true},
    words{.in_zero = 0, .out_zero = 0, .bias = 3'000'000, .out_scale = 0.0004f, .words = true},
    steep_words{.in_zero = 0, .out_zero = 0, .scale = 9.0f, .out_scale = 0.0004f, .words = true},
    lifted{.weights = 1, .depthwise_zero = 9}, coarse{.weights = 3, .scale = 0.8f, .bias = 100},
    nine_bits{.in_zero = 7, .out_zero = -11, .weights = 5, .scale = 0.004f},
    tied_whole{.in_zero = 11, .out_zero = 20, .scale = 0.006f, .bias = 20'000, .one_scale = true};

// One shape under parameters of every kind.
template <class Network, auto input> void compare_all(const char* name) {
  compare<Network, input, trained>(name);
  compare<Network, input, centred>(name);
  compare<Network, input, full>(name);
  compare<Network, input, extreme>(name);
  compare<Network, input, left>(name);
  compare<Network, input, tiny>(name);
  compare<Network, input, biased>(name);
  compare<Network, input, deep>(name);
  compare<Network, input, clamped>(name);
}

template <int In, int Out, auto filter, auto stride = Stride(1), Padding padding = same,
          Activation activation = none, auto dilation = Dilation(1)>
using C = Conv2D<In, Out, filter, stride, padding, activation, dilation>;
template <int Channels, auto filter, auto stride = Stride(1), Padding padding = same,
          Activation activation = relu, auto dilation = Dilation(1), int multiplier = 1>
using D = DepthwiseConv2D<Channels, multiplier, filter, stride, padding, activation, dilation>;

inline constexpr Extent e1{1}, e2{2}, e3{3}, e5{5};

void check();  // every unit has its own

}  // namespace parity
