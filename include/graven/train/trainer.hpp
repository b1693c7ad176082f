// Trainer: a network that learns where it runs, planned by the compiler.
#pragma once

#include "graven/facts.hpp"
#include "graven/isa/training.hpp"
#include "graven/run/arena.hpp"
#include "graven/run/data.hpp"
#include "graven/train/arrays.hpp"
#include "graven/train/check.hpp"
#include "graven/train/checkpoint.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace graven::core {

// What a step has come to: the loss before it, the mean of its sample's pixels or elements, and how
// many weights would have become infinite or NaN; those were left as they are.
struct Learned {
  float loss = 0;
  int refused = 0;

  constexpr bool is_sound() const { return refused == 0; }
};

// All constants of a trainer, and its operations on a State and an arena of the caller's:
//
//   using Trainer = graven::Trainer<Net, Shape{28, 28, 1}, params, TrainPolicy{...}>;
//   static_assert(Trainer::arena_size <= 12 * 1024 && Trainer::state_size <= 56 * 1024);
//   static Trainer::State state;  // weights and moments; as long as it is new: those of params
//   alignas(Trainer::alignment) static std::byte memory[Trainer::arena_size];
//   Trainer trainer(state, memory);
//   trainer.step(image, label);   // forward, backward, update: one list of row steps
//   trainer.run(image);           // the answer, by the weights of the State
template <class Network, auto Input, const auto& params, TrainPolicy policy = TrainPolicy{},
          class Isa = native>
class Trainer {
  static constexpr auto inputs = detail::input_shapes(Input);
  static constexpr bool sound = detail::CheckTraining<Network, inputs, params, policy, Isa>::passed;
  static_assert(sound || error::reported);
  using Step = detail::CourseOf<Network, inputs, params, policy, Isa, true, sound>;
  using Answer = detail::CourseOf<Network, inputs, params, policy, Isa, false, sound>;
  static constexpr const auto& forward = Step::forward_graph;

  static constexpr const Value& in(int i) { return forward.values[i]; }
  static constexpr int target_value = forward.input_count;
  template <int I> using input_type = typename type_of<in(I).element>::type;

public:
  static constexpr std::size_t alignment = Step::Engine::alignment;
  // Bytes of scratch: of a training step or an answer, whichever takes more; what stays is State.
  static constexpr std::size_t step_size = Step::Engine::state_at;
  static constexpr std::size_t answer_size = Answer::Engine::state_at;
  static constexpr std::size_t arena_size = step_size > answer_size ? step_size : answer_size;
  static constexpr std::size_t arena_bound = static_cast<std::size_t>(Step::Engine::Plan::bound);
  static constexpr int step_count = Step::Engine::steps;
  static constexpr std::uint64_t fingerprint = Step::fingerprint;
  using State = core::State<Step::state_size, fingerprint>;
  static constexpr std::size_t state_size = sizeof(State);
  static_assert(Step::state_size == Answer::state_size);
  static_assert(policy.plan.goal != plan::Goal::within || !sound ||
                    arena_size <= static_cast<std::size_t>(policy.plan.bytes) ||
                    error::does_not_fit<error::limit<policy.plan.bytes>,
                                        error::got<static_cast<long long>(arena_size)>>,
                "Trainer: no plan fits the arena that plan::within allows (limit, and what the "
                "smallest plan needs, in bytes). Raise the limit, set .remake, or shrink the "
                "network.");

  static constexpr Shape output_shape = forward.outputs[0].shape;
  static constexpr std::size_t input_size = static_cast<std::size_t>(inputs[0].size());
  // What step() wants beside the input: a class per pixel, or the output as it should be.
  static constexpr bool takes_labels = policy.loss.kind == LossKind::softmax_cross_entropy;
  using Target = std::conditional_t<takes_labels, std::int32_t, float>;
  static constexpr std::size_t target_size =
      static_cast<std::size_t>(takes_labels ? output_shape.pixels() : output_shape.size());

  // Of the output, here and below: as many floats as the shape has.
  using Data = std::span<const input_type<0>, input_size>;
  using Wanted = std::span<const Target, target_size>;

  constexpr Trainer(State& state, Memory<arena_size, alignment> arena)
      : kept(state), memory(arena.start) {}

  // The rate of the steps to come; schedules (train/schedule.hpp) tell one.
  constexpr void set_rate(float rate) { current_rate = rate; }
  constexpr float rate() const { return current_rate; }

  // Learns from one sample. With TrainPolicy::batch the weights change with the last of a batch.
  Learned step(Data sample, Wanted wanted) {
    start();
    __builtin_memcpy(memory + Step::place(0), sample.data(), sample.size_bytes());
    __builtin_memcpy(memory + Step::place(target_value), wanted.data(), wanted.size_bytes());
    begin_step();
    Step::Engine::run(regions<Step>());
    if constexpr (policy.gathers())
      if (numbers()[StepNumbers::gathered] == batch) finish_batch();
    return {load<float>(memory + Step::place(Step::graph.outputs[0].value)),
            static_cast<int>(numbers()[StepNumbers::refused])};
  }
  Learned step(Data sample, std::int32_t label) requires(takes_labels&& target_size == 1) {
    return step(sample, Wanted(&label, 1));
  }

  // What the network says with the weights as they are.
  auto run(Data sample) {
    start();
    __builtin_memcpy(memory + Answer::place(0), sample.data(), sample.size_bytes());
    Answer::Engine::run(regions<Answer>());
    constexpr std::size_t size = static_cast<std::size_t>(output_shape.size());
    constexpr std::size_t at = Answer::place(Answer::graph.outputs[0].value);
    return std::span<const float, size>(reinterpret_cast<const float*>(memory + at), size);
  }

  // The arrays that learn, in the order in which layers are read, of each the weights, then the
  // bias, as they lie in the State; they may be written. Dense over several rows has for each row
  // of its input the weights of all outputs (an Embedding makes one row of all tokens), all others
  // the order of Parameters::filter.
  static constexpr int array_count = Step::differentiation.array_count;
  static constexpr int layer_of(int array) { return value_of(array).layer; }
  template <int array> auto weights() {
    start();
    return floats<value_of(array).shape.size(), arrays[array].weights>();
  }
  // With a batch or a norm: the sums of a batch's gradients, row by row as the weights.
  template <int array> auto gradients() requires(policy.gathers()) {
    start();
    constexpr int size = value_of(array).shape.size();
    static_assert(arrays[array].rows == 1 || policy.optimizer.moments() == 0);
    return floats<size, arrays[array].moments>();
  }
  // Random weights instead of those of the parameters, and nothing learned.
  constexpr void initialize(Initializer initializer, std::uint64_t seed) {
    reset();
    start();
    detail::initialize(arrays, kept.rows, initializer, Random(seed));
  }
  // Back to the weights of the parameters.
  constexpr void reset() { kept.reset(); }
  // A new sequence: what layers remember from sample to sample begins anew, weights stay.
  constexpr void reset_sequence() {
    start();
    reset_memories(std::make_index_sequence<std::size_t{Step::graph.count}>());
  }

  // Weights and optimizer as bytes, for the same trainer on any core.
  static constexpr std::size_t saved_size = detail::Checkpoint::header + Step::state_size;
  constexpr void save(std::span<std::byte, saved_size> to) {
    start();
    detail::Checkpoint::save(rows(), fingerprint, to.data());
  }
  [[nodiscard]] constexpr Restored restore(std::span<const std::byte, saved_size> from) {
    start();
    return detail::Checkpoint::restore(rows(), fingerprint, from.data());
  }

private:
  static constexpr auto arrays = detail::arrays_of<Step>(forward);
  static constexpr const Value& value_of(int array) {
    return Step::graph.values[Step::differentiation.arrays[array].value];
  }
  template <int size, std::size_t at> auto floats() {
    return std::span<float, static_cast<std::size_t>(size)>(
        reinterpret_cast<float*>(kept.rows + at), static_cast<std::size_t>(size));
  }

  // State that neither learns nor belongs to an optimizer?
  static constexpr bool is_memory(int value) {
    const Value& v = Step::graph.values[value];
    const auto& d = Step::differentiation;
    bool is =
        v.persistent && !v.op.has(Trait::replaces) && v.weights.outputs == 0 && value != d.numbers;
    for (int k = 0; k < array_count; ++k) is = is && value != d.arrays[k].moments;
    return is;
  }
  template <std::size_t... I> constexpr void reset_memories(std::index_sequence<I...>) {
    const bool done[]{reset_memory<static_cast<int>(I)>()...};
    static_cast<void>(done);
  }
  template <int value> constexpr bool reset_memory() {
    if constexpr (is_memory(value)) Step::Engine::template reset_value<value>(regions<Step>());
    return true;
  }

  template <class C> constexpr auto regions() {
    return Regions<C::Engine::state_at>{{memory, kept.rows}};
  }
  constexpr std::span<std::byte> rows() { return {kept.rows, Step::state_size}; }
  constexpr void start() {
    if (kept.runs == 0) Step::Engine::reset(regions<Step>());
    kept.runs = 1;
  }

  static constexpr float batch = static_cast<float>(policy.batch);
  constexpr StepNumbers numbers() {
    return {kept.rows + Step::kept_at(Step::differentiation.numbers)};
  }
  // Of the first sample of a batch: the rate, and Adam's corrections of it.
  constexpr void begin_step() {
    const StepNumbers n = numbers();
    n.set(StepNumbers::refused, 0);
    // More than a batch: the State was restored from a trainer of larger ones.
    if (n[StepNumbers::gathered] >= batch) n.set(StepNumbers::gathered, 0);
    if (n[StepNumbers::gathered] == 0) begin_batch(n);
    n.set(StepNumbers::gathered, n[StepNumbers::gathered] + 1);
  }
  using Gathered = detail::Gathered<policy.optimizer.rule>;
  constexpr void begin_batch(StepNumbers n) {
    detail::begin_batch(n, policy.optimizer, current_rate);
    if constexpr (policy.gathers()) Gathered{arrays, kept.rows}.clear();
  }
  constexpr void finish_batch() {
    Gathered{arrays, kept.rows}.learn(policy.optimizer, policy.clip, 1 / batch, numbers());
  }

  State& kept;
  std::byte* memory;
  float current_rate = policy.optimizer.rate.value();
};

}  // namespace graven::core
