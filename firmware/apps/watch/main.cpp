// The watch that fits itself to its wearer: seven exercises, told apart by a network that nine
// other people have taught. Its last layer learns on the device from the first windows of each
// recording of the wearer; the rest of them are answered before and after. The same on every
// machine.
#include <graven/graven.hpp>
#include <graven/train.hpp>

#include "first.hpp"
#include "rest.hpp"
#include "watch.hpp"

#include <array>
#include <runtime.hpp>
#include <utility>

namespace {
using namespace graven;

constexpr TrainPolicy policy{.learns = learns::head};
using Watch = Trainer<watch::Network, watch::input, watch::params, policy>;

// The device's budget: the last layer's weights in RAM, and little more than the network takes.
constexpr std::size_t weights = 4 * (32 * 7 + 7);
static_assert(Watch::state_size <= weights + 64 &&
              Watch::arena_size <= watch::Model::arena_size + 512);

constexpr std::uint32_t rounds = 20, steps = rounds * first::count;
constexpr schedule::Cosine rates{0.02f, 0.0f, steps};

Watch::State state;
alignas(Watch::alignment) std::byte memory[Watch::arena_size];

void learn(Watch& trainer) {
  std::array<std::uint16_t, first::count> order;
  for (std::uint16_t i = 0; i < first::count; ++i) order[i] = i;
  Random random(1);
  for (std::uint32_t step = 0; step < steps; ++step) {
    const std::uint32_t at = step % first::count;  // shuffled as it is read, Fisher and Yates
    std::swap(order[at], order[at + random.below(first::count - at)]);
    trainer.set_rate(rates(step));
    trainer.step(first::images[order[at]], first::labels[order[at]]);
  }
}

void answer(Watch& trainer, const char* name) {
  metric::Accuracy accuracy;
  for (std::size_t i = 0; i < rest::count; ++i)
    accuracy.add(argmax(trainer.run(rest::images[i])), rest::labels[i]);
  firmware::print_line(name, accuracy.right, " of ", accuracy.count);
}
}  // namespace

int main() {
  Watch trainer(state, memory);
  answer(trainer, "as_it_came ");
  const auto cost = firmware::measure([](void* to) { learn(*static_cast<Watch*>(to)); }, &trainer);
  answer(trainer, "fitted ");
  firmware::print_line("state_bytes ", Watch::state_size, "\narena_bytes ", Watch::arena_size,
                       "\nmodel_arena_bytes ", watch::Model::arena_size);
  if (firmware::counter_unit() == firmware::Unit::instructions)
    firmware::print_line("instructions_per_step ", cost.count / steps);
  firmware::print("weights ");
  firmware::print_hex(firmware::hash(state.rows));
  firmware::print_line("\nend");
  return 0;
}
