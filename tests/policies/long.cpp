// A second of audio: 16,000 rows at the input, thousands in between. Long values lie in blocks and
// rings (plan/schedule.hpp, most_places); every plan gives the same bits, and the tables stay
// small.
#include "../policies.hpp"

#include <algorithm>

using namespace graven;

using namespace graven::core;

namespace {

constexpr Padding same = Padding::same;
using Audio =
    Sequential<Conv2D<1, 4, Extent{80, 1}, Extent{4, 1}, same>, ReLU, MaxPool<Extent{4, 1}>,
               Residual<Conv2D<4, 4, Extent{3, 1}, 1, same>>, MaxPool<Extent{4, 1}>,
               Conv2D<4, 6, Extent{3, 1}, Extent{2, 1}>, GlobalAvgPool, Dense<6, 3>>;
template <plan::Policy policy>
using Second = test::Subject<Audio, Shape{16000, 1, 1}, Element::int8, 3, policy>;

test::Bytes sound() {
  test::Bytes samples;
  std::uint32_t seed = 5;
  for (int i = 0; i < 16000; ++i)
    samples.push_back(static_cast<std::byte>(test::next_random(seed)));
  return samples;
}

template <plan::Policy policy> test::Bytes answer() {
  using M = typename Second<policy>::OnArena;
  static test::GuardedArena<M> memory(std::byte{0x5a});
  M model(memory.arena());
  const test::Bytes samples = sound();
  if constexpr (M::row_input) {
    model.begin();
    for (const std::byte& sample : samples) model.push_row_bytes(&sample);
  } else {
    std::ranges::copy(samples, model.input_bytes(0).begin());
    model.run_in_place();
  }
  CHECK(memory.guards_are_whole());
  return test::outputs_of(model);
}

}  // namespace

TEST_CASE("16,000 rows") {
  const test::Bytes expected = answer<test::by_layers>();
  CHECK(answer<plan::fastest>() == expected);
  CHECK(answer<plan::by_rows>() == expected);
}

TEST_CASE("what the rows cost") {
  using Resident = Second<plan::fastest>::OnArena;
  using Fed = Second<plan::by_rows>::OnArena;
  CHECK(Resident::arena_size < 16000 + 800);
  CHECK(Fed::arena_size < 1000);
  // a byte of flash per step, and no place per row
  CHECK(Resident::table_size < Resident::step_count + 2200);
}
