// Every plan of many small networks, executed symbolically (plan_check.hpp).
#include "networks.hpp"
#include "plan_check.hpp"

#include <doctest/doctest.h>

using namespace test;

namespace {

template <class C, Element element, plan::Policy policy> void check_plan() {
  using S = Subject<typename C::Network, C::input, element, 7, policy>;
  CHECK(PlanCheck<S>::run() == "");
  CHECK(S::Engine::Plan::places.bound <= S::Engine::Plan::places.arena);
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
