// A keyword spotter with a memory: an int8 GRU over a second of sound. Each second is heard all at
// once and moment by moment, as it comes from the microphone; both must say the same, bit for bit.
#include <graven/graven.hpp>
#include <graven/train/metrics.hpp>

#include "gru.hpp"
#include "heard.hpp"
#include "keywords.hpp"

#include <algorithm>
#include <array>
#include <runtime.hpp>
#include <span>

namespace {
using namespace graven;

constexpr int moments = 32, bands = 16, units = 48, words = 10;
// Without the reshapes around the cell, which a sequence of moments needs not.
constexpr Parameters records[]{spotter::params[0], spotter::params[2], spotter::params[4]};
template <bool stateful>
using Net = Sequential<GRU<units, Recurrence{.return_sequences = false, .stateful = stateful}>,
                       Dense<units, words>>;
using Whole = Model<Net<false>, Shape{moments, 1, bands}, records>;
using Stream = Model<Net<true>, Shape{1, 1, bands}, records>;
static_assert(Stream::arena_size <= 512 && Stream::state_size <= 256);

Whole whole;
Stream stream;

using Second = std::array<std::int8_t, std::size_t{moments * bands}>;
Second second_of(std::size_t sample) {  // in the scale of this network's input
  constexpr Quant from = keywords::params[0].output;
  Second second{};
  for (std::size_t i = 0; i < second.size(); ++i)
    second[i] = Stream::quantize(static_cast<float>(heard::images[sample][i] - from.zero_point) *
                                 from.scale);
  return second;
}
auto listen(const Second& second) {
  stream.reset();
  std::array<std::int8_t, words> scores{};
  for (std::size_t m = 0; m < std::size_t{moments}; ++m)
    std::ranges::copy(stream.run(std::span(second).subspan(m * bands).first<bands>()),
                      scores.begin());
  return scores;
}
}  // namespace

int main() {
  core::metric::Accuracy accuracy;
  int equal = 0;
  std::array<std::int8_t, std::size_t{heard::count * words}> said{};
  for (std::size_t i = 0; i < heard::count; ++i) {
    const Second second = second_of(i);
    const auto at_once = whole.run(second);
    const auto scores = listen(second);
    equal += std::ranges::equal(at_once, scores) ? 1 : 0;
    accuracy.add(argmax(std::span(scores)), heard::labels[i]);
    std::ranges::copy(scores, said.begin() + static_cast<std::ptrdiff_t>(i * words));
  }
  static Second second = second_of(0);
  const auto cost = firmware::measure(
      [](void* from) { static_cast<void>(listen(*static_cast<Second*>(from))); }, &second);
  firmware::print_line("correct ", accuracy.right, " of ", accuracy.count, "\nequal ", equal,
                       "\narena_bytes ", Stream::arena_size, "\nstate_bytes ", Stream::state_size,
                       "\nwhole_arena_bytes ", Whole::arena_size);
  if (firmware::counter_unit() == firmware::Unit::instructions)
    firmware::print_line("instructions_per_moment ", cost.count / moments, "\nmacs_per_moment ",
                         Stream::macs);
  firmware::print(equal == heard::count ? "hash " : "error ");
  firmware::print_hex(firmware::hash(std::as_bytes(std::span(said))));
  firmware::print_line("\nend");
  return 0;
}
