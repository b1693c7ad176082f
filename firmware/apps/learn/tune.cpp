// The head of a frozen int8 network, learned anew on the device: all digits mixed; then 0 to 4, and
// only afterwards 5 to 9, without and with a replay buffer of 8 KB.
#include <graven/graven.hpp>
#include <graven/train.hpp>

#include "digits.hpp"
#include "held_out.hpp"
#include "training.hpp"

#include <algorithm>
#include <runtime.hpp>

namespace {
using namespace graven;

constexpr int frozen = 10;  // of the 12 layers: all but the scores and what becomes of them
using Net = Sequential<Backbone<digits::Network, frozen>, Dequantize, TrainableDense<128, 10>>;
constexpr auto params = backbone_params<digits::params, frozen, 2>;
using Tuned = Trainer<Net, digits::input, params, TrainPolicy{.optimizer = optimizer::sgd(0.05f)}>;

// 5,160 bytes of weights, and at most 1 KB more than the model needs.
constexpr std::size_t weights = 4 * (128 * 10 + 10);
static_assert(Tuned::state_size + Tuned::arena_size <= digits::Model::arena_size + weights + 1024);

struct Sample {
  std::array<std::int8_t, 64> image;
  std::int32_t label;
};

Tuned::State state;
alignas(Tuned::alignment) std::byte memory[Tuned::arena_size];
Replay<Sample, 8192> replay(3);

void learn(Tuned& trainer, int low, int high, bool replays) {
  for (std::size_t i = 0; i < training::count; ++i) {
    const int label = training::labels[i];
    if (label < low || label > high) continue;
    trainer.step(training::images[i], label);
    if (!replays) continue;
    Sample sample{.image = {}, .label = label};
    std::ranges::copy(training::images[i], sample.image.begin());
    replay.add(sample);
    const Sample& old = replay.any();
    trainer.step(old.image, old.label);
  }
}

void answer(Tuned& trainer, const char* name) {
  metric::Accuracy all, old;
  for (std::size_t i = 0; i < held_out::count; ++i) {
    const int label = held_out::labels[i], said = argmax(trainer.run(held_out::images[i]));
    all.add(said, label);
    if (label < 5) old.add(said, label);
  }
  firmware::print_line(name, all.right, " of ", all.count, ", of 0 to 4 ", old.right, " of ",
                       old.count);
}
}  // namespace

int main() {
  Tuned trainer(state, memory);
  trainer.initialize(Initializer::xavier_uniform, 1);
  answer(trainer, "untrained ");
  learn(trainer, 0, 9, false);
  answer(trainer, "mixed ");
  trainer.initialize(Initializer::xavier_uniform, 1);
  learn(trainer, 0, 4, false);
  learn(trainer, 5, 9, false);
  answer(trainer, "one after the other ");
  trainer.initialize(Initializer::xavier_uniform, 1);
  learn(trainer, 0, 4, true);
  learn(trainer, 5, 9, true);
  answer(trainer, "with replay ");
  firmware::print_line("state_bytes ", Tuned::state_size, "\narena_bytes ", Tuned::arena_size,
                       "\nmodel_arena_bytes ", digits::Model::arena_size);
  firmware::print("weights ");
  firmware::print_hex(firmware::hash(state.rows));
  firmware::print_line("\nend");
  return 0;
}
