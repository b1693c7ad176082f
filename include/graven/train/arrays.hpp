// The arrays of a State that learn: where each lies, and what is done to all of them at once.
#pragma once

#include "graven/isa/scalar/training/updates.hpp"
#include "graven/random.hpp"
#include "graven/train/policy.hpp"

#include <cstdint>
#include <span>

namespace graven::core {

enum class Initializer : std::uint8_t { he_uniform, he_normal, xavier_uniform, xavier_normal };

namespace detail {

// One of them, in bytes from the State's first row. Rows lie one behind the other; each row of
// moments is the gradient's sum, if sums are kept, and the optimizer's moments.
struct LearningArray {
  std::uint32_t weights = 0, moments = 0;
  std::uint16_t rows = 0;
  bool is_bias = false;
  std::int32_t count = 0;                // per row
  std::int32_t fan_in = 0, fan_out = 0;  // of initializers: those of a weight; 0: of a gamma
};

// Biases become 0, gammas 1, weights random with the variance 2 / fan_in (He) or 2 / (fan_in +
// fan_out) (Xavier, also called Glorot).
constexpr void initialize(std::span<const LearningArray> arrays, std::byte* state,
                          Initializer initializer, Random random) {
  const bool is_he =
      initializer == Initializer::he_uniform || initializer == Initializer::he_normal;
  const bool is_normal =
      initializer == Initializer::he_normal || initializer == Initializer::xavier_normal;
  for (const LearningArray& a : arrays) {
    const int fan = is_he ? a.fan_in : a.fan_in + a.fan_out;
    const float deviation = fan == 0 ? 0 : floating_point::sqrt(2 / static_cast<float>(fan));
    const float range = deviation * 1.73205081f;  // of a uniform distribution: sqrt(3)
    std::byte* w = state + a.weights;
    for (int i = a.rows * a.count; i > 0; --i, w += 4)
      store(w, a.is_bias   ? 0.0f
               : fan == 0  ? 1.0f
               : is_normal ? deviation * random.normal()
                           : range * (2 * random.uniform() - 1));
  }
}

// The numbers of a step of the optimizer: the rate, and Adam's corrections of it.
constexpr void begin_batch(StepNumbers n, const Optimizer& o, float rate) {
  n.set(StepNumbers::rate, rate);
  n.set(StepNumbers::scaled_rate, rate);
  n.set(StepNumbers::root_scale, 1);
  if (o.moments() < 2) return;
  auto advance = [&](StepNumbers::Number power, float beta) {  // 1 - beta^(t + 1)
    n.set(power, 1 - beta * (1 - n[power]));
    return n[power];
  };
  n.set(StepNumbers::scaled_rate, rate / advance(StepNumbers::power1, o.momentum.value()));
  const float second = advance(StepNumbers::power2, o.second.value());
  n.set(StepNumbers::root_scale, 1 / floating_point::sqrt(second));
}

// Gradients that are complete: their norm, and the step that they make.
template <Rule rule> struct Gathered {
  std::span<const LearningArray> arrays;
  std::byte* state;
  static constexpr int slots = 1 + Optimizer{.rule = rule}.moments();

  // Calls each(array, weights of a row, its gradient).
  template <class Each> constexpr void each_row(Each each) const {
    for (const LearningArray& a : arrays)
      for (int r = 0; r < a.rows; ++r)
        each(a, state + a.weights + 4 * r * a.count, state + a.moments + 4 * slots * r * a.count);
  }
  constexpr float norm(float scale) const {
    float sum = 0;
    each_row([&](const LearningArray& a, std::byte*, std::byte* gradient) {
      for (int i = 0; i < a.count; ++i) {
        const float g = load<float>(gradient + 4 * i) * scale;
        sum += g * g;
      }
    });
    return floating_point::sqrt(sum);
  }
  // Every weight learns from its gradient times `scale`; none, if one of them is not finite.
  constexpr void learn(const Optimizer& optimizer, const Clip& clip, float scale,
                       StepNumbers numbers) const {
    const float all = norm(scale), limit = clip.norm.value();
    if (!scalar_isa::is_finite(all)) {
      int count = 0;
      for (const LearningArray& a : arrays) count += a.rows * a.count;
      numbers.set(StepNumbers::refused, static_cast<float>(count));
    } else {
      if (limit > 0 && all > limit) scale *= limit / all;
      each_row([&](const LearningArray& a, std::byte* weights, std::byte* gradient) {
        const scalar_isa::Trained<rule> row{optimizer, clip.value.value(),     numbers,
                                            weights,   gradient + 4 * a.count, a.count};
        const scalar_isa::Learner<rule> learner = row.learner();
        for (int i = 0; i < a.count; ++i) row(i, load<float>(gradient + 4 * i) * scale, learner);
      });
    }
  }
  constexpr void clear() const {
    each_row([](const LearningArray& a, std::byte*, std::byte* gradient) {
      scalar_isa::clear(gradient, a.count);
    });
  }
};

}  // namespace detail

}  // namespace graven::core
