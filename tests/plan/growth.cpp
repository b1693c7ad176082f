// Networks of many rows and of many layers are planned within the compilers' own limits, and no
// worse than by a simple order.
#include "../policies.hpp"

using namespace graven;

namespace {

constexpr Padding same = Padding::same;
using Convolution = Conv2D<2, 2, 3, 1, same>;
using Two = Sequential<Convolution, ReLU6>;
using Eight = Sequential<Two, Two, Two, Two>;
using Deep = Sequential<Eight, Eight, Eight, Eight>;  // 64 layers, 1,560 rows
using Maps = Sequential<Tanh, ReLU6, Tanh, ReLU6, Tanh, ReLU6, Tanh, ReLU6>;
using Many = Sequential<Maps, Maps, Maps, Maps, Maps, Maps, Maps, Maps>;

constexpr plan::Policy streaming{.order = plan::Order::stream};
template <class Net, plan::Policy policy>
using Subject = test::Subject<Net, Shape{24, 3, 2}, Element::int8, 5, policy>;

template <class Net> void compare() {
  using Best = typename Subject<Net, plan::fastest>::OnArena;
  using Streaming = typename Subject<Net, streaming>::OnArena;
  static_assert(Best::arena_bound <= Streaming::arena_bound);
  static test::GuardedArena<Best> memory(std::byte{0x5a});
  static test::GuardedArena<Streaming> other(std::byte{0x33});
  Best best(memory.arena());
  Streaming second(other.arena());
  test::fill_inputs(best, 3);
  test::fill_inputs(second, 3);
  best.run_in_place();
  second.run_in_place();
  CHECK(test::outputs_of(best) == test::outputs_of(second));
  CHECK(memory.guards_are_whole());
}

}  // namespace

TEST_CASE("many rows") { compare<Deep>(); }
TEST_CASE("many layers") { compare<Many>(); }
