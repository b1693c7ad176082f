// Models in constant expressions, and the class that an output means.
#pragma once

#include "graven/kernel/bytes.hpp"
#include "graven/shape.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace graven::core {

// Runs a model in a constant expression (or anywhere): std::array in, std::array out.
template <class M, class In, std::size_t N>
constexpr auto evaluate(const std::array<In, N>& input) {
  typename M::Twin model;
  const std::span<std::byte> bytes = model.input_bytes(0);
  static_assert(N == static_cast<std::size_t>(M::input_shape().size()),
                "evaluate: the input array has a different size than the model's input.");
  for (std::size_t i = 0; i < N; ++i) store(bytes.data() + i * sizeof(In), input[i]);
  model.run_in_place();
  using Out = typename type_of<M::output_element()>::type;
  std::array<Out, static_cast<std::size_t>(M::output_shape().size())> output{};
  for (std::size_t i = 0; i < output.size(); ++i)
    output[i] = load<Out>(model.output_bytes(0).data() + i * sizeof(Out));
  return output;
}

// The index of the largest element; the first one wins.
template <class Range> constexpr int argmax(const Range& values) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < values.size(); ++i)
    if (values[i] > values[best]) best = i;
  return static_cast<int>(best);
}

}  // namespace graven::core
