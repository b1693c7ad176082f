// Every plan of many small networks, executed symbolically (plan_check.hpp).
#include "../networks.hpp"
#include "../plan_check.hpp"

#include <doctest/doctest.h>

using namespace test;

// What a search might have found: another direction, other sets of values, another order.
template <> inline constexpr plan::Found plan::found<1>{.from_top = true};
template <> inline constexpr plan::Found plan::found<2>{.whole = {0x5555555555555555u}};

namespace {

constexpr plan::Policy from_top{.found = 1}, from_top_by_rows{.row_input = true, .found = 1};
constexpr plan::Policy other_sets{.found = 2};

template <class C, Element element, plan::Policy policy> void check_plan() {
  using S = Subject<typename C::Network, C::input, element, 7, policy>;
  CHECK(PlanCheck<S>::run() == "");
  CHECK(S::Engine::Plan::bound <= S::Engine::Plan::places.arena);
}

template <plan::Policy policy> void check_all() {
  for_each(All{}, []<class C>(C) {
    CAPTURE(__PRETTY_FUNCTION__);
    check_plan<C, Element::int8, policy>();
  });
}

}  // namespace

TEST_CASE("streaming") { check_all<plan::fastest>(); }
TEST_CASE("some layers whole, the input kept") { check_all<thirds>(); }
TEST_CASE("inspectable") { check_all<plan::inspectable>(); }
TEST_CASE("float rows") {
  for_each(All{}, []<class C>(C) {
    CAPTURE(__PRETTY_FUNCTION__);
    check_plan<C, Element::float32, plan::fastest>();
  });
}
TEST_CASE("from the arena's end") {
  check_all<from_top>();
  check_all<from_top_by_rows>();
}
TEST_CASE("found sets") { check_all<other_sets>(); }

struct Nameless {
  static constexpr const char* name = "";
};
static_assert(plan::choose<Nameless, 1>(plan::smallest).found == 1);
static_assert(plan::choose<Nameless, 1>(plan::fastest).found == 1);
static_assert(plan::choose<scalar, 1>(plan::smallest).found == 0);
static_assert(plan::choose<Nameless, 1>(plan::by_rows).found == 0);
static_assert(plan::choose<Nameless, 1>(plan::inspectable).found == 0);

TEST_CASE("an order found") {
  plan::List<3> list;
  list.count = 3;
  for (int i = 0; i < 3; ++i) list.items[i].bytes = i;
  const std::uint16_t order[] = {2, 0, 1};
  const auto other = plan::reordered(list, order, 3);
  CHECK(other.items[0].bytes == 2);
  CHECK(other.items[2].bytes == 1);
  CHECK(plan::reordered(list, order, 2).items[0].bytes == 0);  // another problem's
}
