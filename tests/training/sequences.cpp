// What a Trainer remembers from sample to sample: recurrent layers, frozen or learning, and
// embeddings; tests/generator/test_training judges their gradients at the start of a sequence.
#include "graven/graven.hpp"
#include "graven/train.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace {

using namespace graven;

template <class T> struct Held {
  typename T::State state;
  alignas(T::alignment) std::byte memory[T::arena_size];
  T trainer{state, memory};
};
template <std::size_t size> struct Sample {
  float x[size];
  explicit Sample(std::uint64_t seed) {
    Random random(seed);
    for (float& value : x) value = random.normal();
  }
};

constexpr Parameters none[3]{};
template <Reset reset> using Cell = GRU<3, Recurrence{.return_sequences = false}, reset>;
template <Reset reset>
using Spotter = Trainer<Sequential<Cell<reset>, Dense<3, 2>>, Shape{4, 1, 2}, none,
                        TrainPolicy{.loss = loss::mse, .batch = 2}>;
using OneByOne = Trainer<Sequential<Cell<Reset::after>, Dense<3, 2>>, Shape{4, 1, 2}, none,
                         TrainPolicy{.loss = loss::mse}>;

// The loss of the second sample of a sequence; gradients of both in the State.
template <class T> float second_loss(Held<T>& held) {
  const float wanted[]{0.5f, -0.25f};
  held.trainer.reset_sequence();
  held.trainer.step(Sample<8>(1).x, wanted);
  return held.trainer.step(Sample<8>(2).x, wanted).loss;
}

// The state that a sample begins with is a constant: a gradient does not go back into the sample
// before. So differences of the second loss are taken with the state that the first has left.
template <Reset reset> float largest_error() {
  using T = Spotter<reset>;
  static Held<T> held;
  held.trainer.initialize(Initializer::xavier_uniform, 5);
  held.trainer.set_rate(0);
  const float wanted[]{0.5f, -0.25f};
  held.trainer.step(Sample<8>(1).x, wanted);
  const typename T::State before = held.state;  // one gradient, and the state after one sample
  const std::vector<float> first(held.trainer.template gradients<0>().begin(),
                                 held.trainer.template gradients<0>().end());
  held.trainer.step(Sample<8>(2).x, wanted);
  std::vector<float> second(held.trainer.template gradients<0>().begin(),
                            held.trainer.template gradients<0>().end());
  float error = 0, largest = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    float loss[2];
    for (int sign = 0; sign < 2; ++sign) {
      held.state = before;
      held.trainer.template weights<0>()[i] += sign == 0 ? 0.01f : -0.01f;
      loss[sign] = held.trainer.step(Sample<8>(2).x, wanted).loss;
    }
    const float slope = (loss[0] - loss[1]) / 0.02f, found = second[i] - first[i];
    error = std::fmax(error, std::fabs(slope - found));
    largest = std::fmax(largest, std::fabs(slope));
  }
  return error / largest;
}

TEST_CASE("a GRU learns in the middle of a sequence, from the state that it began with") {
  CHECK(largest_error<Reset::after>() < 3e-3f);
  CHECK(largest_error<Reset::before>() < 3e-3f);
}

TEST_CASE("reset_sequence() begins a new one, and weights stay") {
  static Held<Spotter<Reset::after>> held;
  held.trainer.initialize(Initializer::xavier_uniform, 5);
  held.trainer.set_rate(0);
  const float loss = second_loss(held);
  CHECK(second_loss(held) == loss);
  const float wanted[]{0.5f, -0.25f};
  held.trainer.reset_sequence();
  CHECK(held.trainer.step(Sample<8>(2).x, wanted).loss != loss);
  CHECK(held.trainer.template weights<0>()[0] != 0);
}

TEST_CASE("NaN in a sample stays in what a recurrent layer remembers until reset_sequence()") {
  static Held<OneByOne> held;
  held.trainer.initialize(Initializer::xavier_uniform, 5);
  const float wanted[]{0.5f, -0.25f};
  CHECK(held.trainer.step(Sample<8>(2).x, wanted).is_sound());
  const float learned = held.trainer.weights<0>()[3];
  Sample<8> bad(2);
  bad.x[1] = std::numeric_limits<float>::quiet_NaN();
  CHECK(!held.trainer.step(bad.x, wanted).is_sound());
  CHECK(!held.trainer.step(Sample<8>(2).x, wanted).is_sound());
  CHECK(held.trainer.weights<0>()[3] == learned);
  held.trainer.reset_sequence();
  CHECK(held.trainer.step(Sample<8>(2).x, wanted).is_sound());
  CHECK(held.trainer.weights<0>()[3] != learned);
}

// Before, the states of frozen layers were reset with the weights alone.
constexpr float in[3 * 2]{0.5f, -1, 2, 0.25f, 1, -2}, own[3 * 3]{1, 0.5f, -1}, bias[3]{};
constexpr float hidden[]{0};
constexpr Constant cell[]{{.name = "input_to_new", .data = in},
                          {.name = "recurrent_to_new", .data = own},
                          {.name = "new_bias", .data = bias},
                          {.name = "hidden", .data = hidden}};
constexpr Parameters frozen[]{{}, {.constants = cell}, {}};
using Head =
    Trainer<Sequential<SimpleRNN<3, Recurrence{.return_sequences = false}>, TrainableDense<3, 2>>,
            Shape{4, 1, 2}, frozen>;

TEST_CASE("a frozen recurrent layer begins a new sequence, and what was learned stays") {
  static Held<Head> held;
  held.trainer.initialize(Initializer::xavier_uniform, 5);
  for (std::uint64_t i = 0; i < 9; ++i) held.trainer.step(Sample<8>(i).x, 1);
  const float learned = held.trainer.weights<0>()[2];
  held.trainer.reset_sequence();
  const float said = held.trainer.run(Sample<8>(1).x)[0];
  CHECK(held.trainer.run(Sample<8>(1).x)[0] != said);
  held.trainer.reset_sequence();
  CHECK(held.trainer.run(Sample<8>(1).x)[0] == said);
  CHECK(held.trainer.weights<0>()[2] == learned);
}

// An embedding, a GRU and an output learn which token came first.
constexpr float table[4 * 3]{};
constexpr Constant tables[]{{.name = "table", .data = table}};
constexpr Parameters of_tokens[]{
    {.element = Element::int32}, {.constants = tables, .element = Element::float32}, {}, {}};
template <Optimizer rule> float remembered() {
  using Net =
      Sequential<Embedding<4, 3>, GRU<8, Recurrence{.return_sequences = false, .stateful = false}>,
                 Dense<8, 4>>;
  using T = Trainer<Net, Shape{5, 1, 1}, of_tokens, TrainPolicy{.optimizer = rule}>;
  static Held<T> held;
  held.trainer.initialize(Initializer::xavier_uniform, 3);
  Random random(2);
  metric::Accuracy accuracy;
  for (int n = 0; n < 3000; ++n) {
    std::int32_t tokens[5];
    for (std::int32_t& token : tokens) token = static_cast<std::int32_t>(random.below(4));
    if (n >= 2800) accuracy.add(argmax(held.trainer.run(tokens)), tokens[0]);
    held.trainer.step(tokens, tokens[0]);
  }
  return accuracy.value();
}
TEST_CASE("an embedding and a GRU learn to remember the first of five tokens") {
  CHECK(remembered<optimizer::adam(0.01f)>() > 0.95f);
  CHECK(remembered<optimizer::sgd(0.2f)>() > 0.9f);
}

}  // namespace
