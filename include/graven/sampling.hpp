// Sampling: the next token from the logits of all of them, on the device
//
//   graven::Sampler<128> sampler;
//   graven::Random random(1);
//   const int token = sampler(model.run(), Model::output_quant(),
//                             {.temperature = 0.8f, .top_k = 40, .top_p = 0.95f}, random);
//
// A token has the probability exp(logit / temperature) over the sum of all. top_k keeps the k most
// probable ones (0: all), of these top_p the fewest whose probabilities add up to p; equal logits
// count in the order of their tokens. What is kept is drawn by its cumulative sum. temperature 0,
// and top_k 1, is the argmax, which draws nothing. The same numbers on every core: sums and
// products of float, our own exp, and a generator of 64 bits of state.
#pragma once

#include "graven/evaluate.hpp"
#include "graven/floating_point.hpp"
#include "graven/quant.hpp"
#include "graven/random.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace graven::core {

struct Sampling {
  float temperature = 1;
  int top_k = 0;
  float top_p = 1;
};

// As real numbers: what a model's output of T says.
template <class T> constexpr float real_of(T value, Quant quant) {
  if constexpr (std::is_same_v<T, float>)
    return value;
  else
    return dequantize(value, quant);
}

// Six bytes of working memory per token.
template <int Tokens> class Sampler {
  static_assert(Tokens > 0 && Tokens <= 65536,
                "Sampler: Tokens, the number of logits, must be from 1 to 65536.");
  static constexpr std::size_t tokens = std::size_t{Tokens > 0 ? Tokens : 1};
  float weight[tokens]{};
  std::uint16_t heap[tokens]{};  // then, from its end on, what has been taken out
  int left = 0;

  constexpr bool before(int a, int b) const {
    return weight[a] > weight[b] || (!(weight[a] < weight[b]) && a < b);
  }
  constexpr void sink(int at) {
    for (int child = 2 * at + 1; child < left; child = 2 * at + 1) {
      if (child + 1 < left && before(heap[child + 1], heap[child])) ++child;
      if (before(heap[at], heap[child])) return;
      const std::uint16_t other = heap[at];
      heap[at] = heap[child];
      heap[child] = other;
      at = child;
    }
  }
  // The most probable one that is left.
  constexpr int take() {
    const std::uint16_t best = heap[0];
    heap[0] = heap[--left];
    heap[left] = best;
    sink(0);
    return best;
  }

public:
  template <class T>
  constexpr int operator()(std::span<const T, tokens> logits, Quant quant, Sampling how,
                           Random& random) {
    const int first = argmax(logits);
    if (!(how.temperature > 0) || how.top_k == 1) return first;
    const float most = real_of(logits[static_cast<std::size_t>(first)], quant);
    float total = 0;
    for (int i = 0; i < Tokens; ++i) {
      const float logit = real_of(logits[static_cast<std::size_t>(i)], quant);
      weight[i] = floating_point::exp((logit - most) / how.temperature);
      heap[i] = static_cast<std::uint16_t>(i);
      total += weight[i];
    }
    left = Tokens;
    for (int at = Tokens / 2; at-- > 0;) sink(at);
    const int kept = how.top_k > 0 && how.top_k < Tokens ? how.top_k : Tokens;
    return drawn(kept, how.top_p, total, random);
  }

private:
  constexpr int drawn(int kept, float top_p, float total, Random& random) {
    if (kept < Tokens) {  // top_p is of what top_k has left
      total = 0;
      for (int i = 0; i < kept; ++i) total += weight[take()];
      left = Tokens;
      for (int at = Tokens / 2; at-- > 0;) sink(at);
    }
    float sum = 0;
    int count = 0;
    while (count < kept && (count == 0 || sum < top_p * total)) {
      sum += weight[take()];
      ++count;
    }
    const float point = random.uniform() * sum;
    float passed = 0;
    for (int i = 0; i < count; ++i) {  // as they were taken: from the heap's end
      const int token = heap[Tokens - 1 - i];
      passed += weight[token];
      if (point < passed) return token;
    }
    return heap[Tokens - count];
  }
};

}  // namespace graven::core

namespace graven {
using core::Random;
using core::Sampler;
using core::Sampling;
}  // namespace graven
