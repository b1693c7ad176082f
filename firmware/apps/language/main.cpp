// Writes on where a prompt ends, character by character. The last lines, `<name> <value>...`, are
// for programs: the same on the host and on a board, except for what only a board can count.
#include <graven/graven.hpp>
#include <graven/sampling.hpp>

#include "language.hpp"

#include <runtime.hpp>

namespace {
// The memory of keys and values, and all else that a run needs.
static_assert(sizeof(language::Model::State) <= 37'000);
static_assert(language::Model::arena_size <= 2048);

constexpr char prompt[] = "In the beginning";
constexpr int characters = 240;
constexpr graven::Sampling how{.temperature = 0.7f, .top_k = 40, .top_p = 0.95f};

language::Model model;
graven::Sampler<128> sampler;

auto logits_after(int character) {
  model.input()[0] = character;
  return model.run();
}

// FNV-1a of what has been written.
std::uint32_t write_text() {
  graven::Random random(20);
  std::uint32_t hash = 2166136261u;
  int character = '\n';
  for (const char next : prompt) {
    const auto logits = logits_after(character);
    character = next != '\0' ? next : sampler(logits, model.output_quant(), how, random);
    firmware::put(static_cast<char>(character));
  }
  for (int i = 0; i < characters; ++i) {
    hash = (hash ^ static_cast<std::uint32_t>(character)) * 16777619u;
    const auto logits = logits_after(character);
    character = sampler(logits, model.output_quant(), how, random);
    firmware::put(static_cast<char>(character));
  }
  firmware::print("\n");
  return hash;
}

// Of one more character, while the memory is full.
void print_cost() {
  const firmware::Unit unit = firmware::counter_unit();
  if (unit == firmware::Unit::none) return;
  const firmware::Measurement cost = firmware::measure([](void*) { logits_after(' '); }, nullptr);
  firmware::print(unit == firmware::Unit::instructions ? "instructions " : "cycles ");
  firmware::print_line(cost.count);
  firmware::print_line("stack_bytes ", cost.stack);
}
}  // namespace

int main() {
  const std::uint32_t hash = write_text();
  firmware::print("text ");
  firmware::print_hex(hash);
  firmware::print("\n");
  firmware::print_line("arena_bytes ", language::Model::arena_size);
  firmware::print_line("state_bytes ", sizeof(language::Model::State));
  firmware::print_line("weight_bytes ", language::Model::weight_size);  // each read once a token
  firmware::print_line("macs ", language::Model::macs);
  print_cost();
  firmware::print_line("end");
  return 0;
}
