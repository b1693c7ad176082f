// Classifies handwritten digits that the model has never seen: shows the first few as pictures,
// then answers all of them. The last lines, `<name> <value>...`, are for programs: the same on the
// host and on a board, except for what only a board can count.
#include <graven/graven.hpp>

#include "digits.hpp"
#include "held_out.hpp"

#include <algorithm>
#include <runtime.hpp>

namespace {
constexpr int shown = 5;

digits::Model model;

auto image(int index) { return std::span{held_out::images[index]}; }

void draw(std::span<const std::int8_t> pixels) {
  constexpr int width = 8, shades = 10;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const char shade = " .:-=+*#%@"[(pixels[i] + 128) * shades / 256];
    firmware::put(shade);
    firmware::put(shade);  // a character is about twice as high as wide
    if (i % width == width - 1) firmware::print("\n");
  }
}

void show(int index) {
  draw(image(index));
  const int answer = graven::argmax(model.run(image(index)));
  const int label = held_out::labels[static_cast<std::size_t>(index)];
  firmware::print_line("answer ", answer, ", expected ", label, "\n");
}

/// What two machines must agree on.
struct Score {
  int correct = 0;
  std::uint32_t hash = 2166136261u;  // FNV-1a of all output bytes

  void add(std::span<const std::int8_t> output, int answer, int expected) {
    for (const std::int8_t value : output)
      hash = (hash ^ static_cast<std::uint8_t>(value)) * 16777619u;
    correct += answer == expected ? 1 : 0;
  }
};

Score answer_all() {
  Score score;
  firmware::print("answers");
  for (int i = 0; i < held_out::count; ++i) {
    const auto output = model.run(image(i));
    const int answer = graven::argmax(output);
    score.add(output, answer, held_out::labels[static_cast<std::size_t>(i)]);
    firmware::print(" ");
    firmware::print(answer);
  }
  firmware::print("\n");
  return score;
}

void print_accuracy(int correct) {
  const int accuracy = (correct * 10'000 + held_out::count / 2) / held_out::count;
  firmware::print("accuracy ");
  firmware::print(accuracy / 10'000);
  firmware::put('.');
  for (int unit = 1'000; unit > 0; unit /= 10) firmware::print(accuracy / unit % 10);
  firmware::print("\n");
}

/// One inference on the first image.
void print_cost() {
  const firmware::Unit unit = firmware::counter_unit();
  if (unit == firmware::Unit::none) return;
  std::ranges::copy(image(0), model.input().begin());
  const auto run = [](void*) { model.run(); };
  const firmware::Measurement cost = firmware::measure(run, nullptr);
  firmware::print(unit == firmware::Unit::instructions ? "instructions " : "cycles ");
  firmware::print_line(cost.count);
  firmware::print_line("stack_bytes ", cost.stack);
}
}  // namespace

int main() {
  for (int i = 0; i < shown; ++i) show(i);
  const Score score = answer_all();
  firmware::print("outputs ");
  firmware::print_hex(score.hash);
  firmware::print("\n");
  print_accuracy(score.correct);
  firmware::print_line("arena_bytes ", digits::Model::arena_size);
  firmware::print_line("flash_bytes ", digits::Model::flash_size);
  firmware::print_line("macs ", digits::Model::macs);
  print_cost();
  firmware::print_line("end");
  return 0;
}
