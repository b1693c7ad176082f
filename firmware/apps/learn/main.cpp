// Handwritten digits, learned from nothing on the device: 1,437 images, then the 360 held-out ones
// are answered. The same weights, bit by bit, on the host and on every core.
#include <graven/graven.hpp>
#include <graven/train.hpp>

#include "held_out.hpp"
#include "training.hpp"

#include <bit>
#include <runtime.hpp>

namespace {
using namespace graven;

using Net = Sequential<Dequantize, Conv2D<1, 8, 3, 1, same, relu>, MaxPool<2>,
                       Conv2D<8, 16, 3, 1, same, relu>, MaxPool<2>, Flatten, Dense<64, 10>>;
constexpr Parameters params[8]{{.output = {1.0f / 255, -128}}};
constexpr TrainPolicy policy{.optimizer = optimizer::momentum(0.02f), .batch = 8, .remake = true};
using Digits = Trainer<Net, Shape{8, 8, 1}, params, policy>;

// The device's budget: weights, momenta and sums of gradients; scratch.
static_assert(Digits::state_size <= 23 * 1024 && Digits::arena_size <= 4 * 1024);

constexpr int epochs = 5;
#ifndef LEARN_SEED  // benchmarks/training.py tries others
#define LEARN_SEED 1
#endif

Digits::State state;
alignas(Digits::alignment) std::byte memory[Digits::arena_size];
std::uint16_t order[training::count];

void shuffle(Random& random) {
  for (std::uint32_t i = training::count - 1; i > 0; --i) {
    const std::uint32_t j = random.below(i + 1);
    const std::uint16_t kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}

metric::Accuracy accuracy_of(Digits& trainer) {
  metric::Accuracy accuracy;
  for (std::size_t i = 0; i < held_out::count; ++i)
    accuracy.add(argmax(trainer.run(held_out::images[i])), held_out::labels[i]);
  return accuracy;
}

void print_part(const char* name, float part) {  // with four digits
  const auto digits = static_cast<std::uint32_t>(part * 10'000 + 0.5f);
  firmware::print_line(name, digits / 10'000, ".", digits / 1000 % 10, digits / 100 % 10,
                       digits / 10 % 10, digits % 10);
}
}  // namespace

int main() {
  Digits trainer(state, memory);
  trainer.initialize(Initializer::he_uniform, LEARN_SEED);
  Random random(LEARN_SEED + 1);
  for (std::uint16_t i = 0; i < training::count; ++i) order[i] = i;
  const schedule::Cosine rates{0.02f, 0.0002f, epochs * training::count};
  std::uint32_t step = 0;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    shuffle(random);
    metric::RunningMean loss;
    for (const std::uint16_t i : order) {
      trainer.set_rate(rates(step++));
      loss.add(trainer.step(training::images[i], training::labels[i]).loss);
    }
    firmware::print("epoch ");
    firmware::print(epoch);
    print_part(" loss ", loss.value);
  }
  const metric::Accuracy accuracy = accuracy_of(trainer);
  firmware::print_line("correct ", accuracy.right, " of ", accuracy.count);
  firmware::print_line("state_bytes ", Digits::state_size, "\narena_bytes ", Digits::arena_size,
                       "\nbound_bytes ", Digits::arena_bound);
  firmware::print("weights ");
  firmware::print_hex(firmware::hash(state.rows));
  firmware::print_line("\nend");
  return 0;
}
