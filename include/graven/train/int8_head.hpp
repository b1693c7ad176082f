// Int8Head: nano-rust's TrainableDense, bit for bit: a dense layer that learns in int8, behind any
// Model whose output has int8 elements. In * Out + Out bytes are all that it takes.
//
//   graven::Int8Head<128, 10> head;               // zeros; weights and bias may be copied in
//   const auto scores = head.run(backbone.run(image));
//   head.step(backbone.output(), slopes, rate);   // slopes: of the loss, by each output
//
// Sums are shifted right by default_shift(In), rounding down, and saturate once with the bias. The
// step's shifts round down as well, so that weights drift: a new design is better off with
// TrainableDense, which learns in float32 (docs/training.md).
#pragma once

#include "graven/kernel/int8_sgd.hpp"
#include "graven/layers/nano_rust.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace graven::core {

template <int In, int Out> struct Int8Head {
  static_assert((In > 0 && Out > 0) || error::out_of_range<error::got<In>, error::got<Out>>,
                "Int8Head: In and Out must each be at least 1.");
  static constexpr std::size_t inputs = In > 0 ? In : 1, outputs = Out > 0 ? Out : 1;

  std::array<std::int8_t, inputs * outputs> weights{};  // output-major
  std::array<std::int8_t, outputs> bias{};              // in the output's scale

  constexpr std::array<std::int8_t, outputs> run(std::span<const std::int8_t, inputs> x) const {
    std::array<std::int8_t, outputs> y{};
    const std::int8_t* w = weights.data();
    for (std::size_t o = 0; o < outputs; ++o) {
      std::int32_t sum = 0;
      for (const std::int8_t element : x) sum += element * *w++;
      const std::int32_t shifted = sum >> nano_rust::default_shift(In);
      y[o] = static_cast<std::int8_t>(clamp(shifted + bias[o], {-128, 127}));
    }
    return y;
  }
  constexpr void step(std::span<const std::int8_t, inputs> x,
                      std::span<const std::int8_t, outputs> slopes, std::int8_t rate) {
    int8_sgd_step(weights, bias, x, slopes, rate);
  }
};

}  // namespace graven::core
