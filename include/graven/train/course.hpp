// A Trainer's two graphs, each with its plan and its loop.
#pragma once

#include "graven/graph/lower.hpp"
#include "graven/isa/training.hpp"
#include "graven/run/engine.hpp"
#include "graven/run/state.hpp"
#include "graven/train/arrays.hpp"
#include "graven/train/differentiate.hpp"
#include "graven/train/frozen.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace graven::core::detail {

// `steps`: that of a training step, else of an answer.
template <const auto& forward, const auto& params, TrainPolicy policy, class Isa, bool steps>
struct Course {
  static constexpr const auto& forward_graph = forward;
  static constexpr const auto& differentiation = differentiated<forward, params, policy, steps>;
  static constexpr const auto& graph = learning_graph<forward, params, policy, steps>;
  static constexpr auto scope = scope_of(forward, policy.learns);
  using Engine = core::Engine<learning_graph<forward, params, policy, steps>, Training<Isa>, params,
                              policy.plan>;
  static constexpr std::size_t state_size = Engine::arena_size - Engine::state_at;
  // Moments of one rule are not those of another, nor one layer's weights another's, though they be
  // as many.
  static constexpr std::uint64_t fingerprint = [] {
    std::uint64_t hash = fingerprint_of<learning_graph<forward, params, policy, steps>,
                                        Training<Isa>, typename Engine::Plan>();
    auto mix = [&](int number) { hash = (hash ^ static_cast<unsigned>(number)) * 0x100000001b3; };
    mix(static_cast<int>(policy.optimizer.rule));
    mix(policy.gathers());
    hash = FrozenHash<forward, params, scope>{hash}.all();
    for (int k = 0; k < differentiation.array_count; ++k) mix(differentiation.arrays[k].forward);
    return hash;
  }();

  static constexpr std::size_t place(int value) {
    return static_cast<std::size_t>(Engine::Tables::place(value, 0));
  }
  // In the State.
  static constexpr std::size_t kept_at(int value) { return place(value) - Engine::state_at; }
};

// What is done to all arrays that learn wants to know of each.
template <class Course, class Graph> constexpr auto arrays_of(const Graph& forward) {
  constexpr int count = Course::differentiation.array_count;
  std::array<LearningArray, std::size_t{count}> all{};
  for (int k = 0; k < count; ++k) {
    const Learning& from = Course::differentiation.arrays[k];
    const Value &array = Course::graph.values[from.value], &layer = forward.values[from.forward];
    LearningArray& a = all[static_cast<std::size_t>(k)];
    a.weights = static_cast<std::uint32_t>(Course::kept_at(from.value));
    if (from.moments >= 0) a.moments = static_cast<std::uint32_t>(Course::kept_at(from.moments));
    a.rows = static_cast<std::uint16_t>(array.shape.height);
    a.count = array.shape.row();
    a.is_bias = from.is_bias;
    const Fans fans = fans_of(forward.view(), layer);
    a.fan_in = fans.in;
    a.fan_out = fans.out;
  }
  return all;
}

// Behind a mistake, of which somebody has spoken: that of a single weight.
inline constexpr Parameters of_nothing[2]{};

template <class Network, auto inputs, const auto& params, TrainPolicy policy, class Isa, bool steps,
          bool sound>
constexpr auto course_of() {
  if constexpr (sound)
    return Course<graph_of<Network, inputs, params, policy.plan.fuse>, params, policy, Isa,
                  steps>{};
  else
    return Course<graph_of<Dense<1, 1>, std::array{Shape{}}, of_nothing, true>, of_nothing,
                  TrainPolicy{.loss = loss::mse}, Isa, steps>{};
}
template <class Network, auto inputs, const auto& params, TrainPolicy policy, class Isa, bool steps,
          bool sound>
using CourseOf = decltype(course_of<Network, inputs, params, policy, Isa, steps, sound>());

}  // namespace graven::core::detail
