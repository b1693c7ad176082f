// Keywords that are taught where the device is: a frozen int8 network knows eight words, and learns
// two more, one after the other, from ten examples each, all by one speaker. Its features are
// computed once per example; what learns is the last layer behind them, and what is remembered in
// the replay buffer are features as well. The same on every machine.
#include <graven/graven.hpp>
#include <graven/train.hpp>

#include "factory.hpp"
#include "heard.hpp"
#include "keywords.hpp"
#include "same.hpp"
#include "taught.hpp"

#include <algorithm>
#include <array>
#include <runtime.hpp>
#include <span>

namespace {
using namespace graven;

constexpr int frozen = 5, features = 64, words = 10, known = 8;  // layers; the rest are numbers
constexpr auto backbone_records = backbone_params<keywords::params, frozen, 0>;
using Ear = Model<Backbone<keywords::Network, frozen>, keywords::input, backbone_records>;
constexpr Parameters records[]{
    {.output = keywords::params[frozen - 1].output}, {}, keywords::params[frozen + 2]};
using Net = Sequential<Dequantize, TrainableDense<features, words>>;
using Head =
    Trainer<Net, Shape{1, 1, features}, records, TrainPolicy{.optimizer = optimizer::sgd(0.01f)}>;
static_assert(Head::state_size <= 4 * words * (features + 1) + 64 && Head::arena_size <= 512);

using Features = std::array<std::int8_t, features>;
struct Sample {
  Features features;
  std::int32_t label;
};
using Memory = Replay<Sample, 8192>;

Ear ear;
Head::State state;
alignas(Head::alignment) std::byte memory[Head::arena_size];

template <class Image> Features hear(const Image& image) {
  Features to;
  std::ranges::copy(ear.run(std::span(image)), to.begin());
  return to;
}

// Of the samples with labels from `low` to below `high`, how many are answered right?
template <std::size_t count, class Images, class Labels>
metric::Accuracy right(Head& head, const Images& images, const Labels& labels, int low, int high) {
  metric::Accuracy accuracy;
  for (std::size_t i = 0; i < count; ++i)
    if (labels[i] >= low && labels[i] < high)
      accuracy.add(argmax(head.run(hear(images[i]))), labels[i]);
  return accuracy;
}
void answer(Head& head, const char* name) {
  const auto others = [&](int low, int high) {
    return right<heard::count>(head, heard::images, heard::labels, low, high);
  };
  const auto own = [&](int word) {
    return right<same::count>(head, same::images, same::labels, word, word + 1);
  };
  const metric::Accuracy old = others(0, known), stop = own(known), go = own(known + 1),
                         fresh = others(known, words);
  firmware::print_line(name, " known ", old.right, " of ", old.count, ", stop ", stop.right, " of ",
                       stop.count, ", go ", go.right, " of ", go.count, ", both by others ",
                       fresh.right, " of ", fresh.count);
}

// `rounds` times all examples of the word, each followed by something from memory, if there is one.
constexpr int rounds = 20;
void teach(Head& head, int word, Memory* remembered) {
  std::array<Features, taught::count> examples;
  std::size_t count = 0;
  for (std::size_t i = 0; i < taught::count; ++i)
    if (taught::labels[i] == word) examples[count++] = hear(taught::images[i]);
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < count; ++i) {
      head.step(examples[i], word);
      for (int n = 0; remembered != nullptr && n < 4; ++n) {
        const Sample& old = remembered->any();
        head.step(old.features, old.label);
      }
    }
  for (std::size_t i = 0; remembered != nullptr && i < count; ++i)
    remembered->add({examples[i], word});
}
}  // namespace

int main() {
  static Memory replay(1);
  Head head(state, memory);
  for (std::size_t i = 0; i < factory::count; ++i)
    replay.add({hear(factory::images[i]), factory::labels[i]});
  answer(head, "as it came:");
  teach(head, known, nullptr);
  answer(head, "taught stop:");
  teach(head, known + 1, nullptr);
  answer(head, "then go:");
  head.reset();
  teach(head, known, &replay);
  answer(head, "with replay, stop:");
  teach(head, known + 1, &replay);
  answer(head, "with replay, then go:");
  firmware::print_line("state_bytes ", Head::state_size, "\narena_bytes ", Head::arena_size,
                       "\near_arena_bytes ", Ear::arena_size, "\nreplay_bytes ", sizeof(replay));
  firmware::print("hash ");
  firmware::print_hex(firmware::hash(state.rows));
  firmware::print_line("\nend");
  return 0;
}
