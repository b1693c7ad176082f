// Inverted bottlenecks (expand, depthwise, project, add): the expanded tensor never exists whole.
#include "../plan_check.hpp"
#include "../policies.hpp"

using namespace test;

namespace {

template <int In, int Expanded, int Out, int stride>
using Inverted =
    Sequential<Conv2D<In, Expanded, 1, 1, valid, relu6>,
               DepthwiseConv2D<Expanded, 1, 3, stride, same, relu6>, Conv2D<Expanded, Out, 1>>;
using Blocks =
    Case<Sequential<Conv2D<3, 8, 3, 2, same, relu6>, Residual<Inverted<8, 48, 8, 1>>,
                    Inverted<8, 48, 12, 2>, Residual<Inverted<12, 72, 12, 1>>, GlobalAvgPool>,
         Shape{32, 32, 3}>;

template <plan::Policy policy>
using Planned = Subject<Blocks::Network, Blocks::input, Element::int8, 8, policy>;
using Streamed = Planned<plan::fastest>;
using ByLayers = Planned<by_layers>;

// Most rows of a value that are alive at one step.
template <class S> int alive(int v) {
  using Plan = typename S::Engine::Plan;
  int most = 0;
  for (int t = 0; t < Plan::steps; ++t) {
    int rows = 0;
    for (int r = 0; r < Plan::problem.values[v].rows; ++r) {
      const int row = Plan::schedule.first_row[v] + r;
      rows += Plan::schedule.birth[row] <= t && t <= Plan::schedule.death[row] ? 1 : 0;
    }
    most = rows > most ? rows : most;
  }
  return most;
}

constexpr int expanded = 16 * 16 * 48;  // bytes of what the first depthwise layer reads

// The input and a few rows of each value, against an expanded tensor and what it is made from.
static_assert(Streamed::OnArena::arena_size < 32 * 32 * 3 + expanded / 2);
static_assert(ByLayers::OnArena::arena_size > expanded);
static_assert(Streamed::OnArena::macs == ByLayers::OnArena::macs);
static_assert(Streamed::OnArena::step_count == ByLayers::OnArena::step_count);  // nothing twice

}  // namespace

TEST_CASE("three rows of what depthwise reads, one row of what it makes") {
  int expansions = 0;
  for (int v = Streamed::Engine::first_value; v < Streamed::Engine::values; ++v) {
    const Value& value = Streamed::graph.values[v];
    if (value.op != op::depthwise) continue;
    ++expansions;
    const int expand = Streamed::graph.views[value.first_input].value;
    CHECK(alive<Streamed>(expand) == 3);
    CHECK(alive<Streamed>(v) == 1);
    CHECK(alive<ByLayers>(expand) == Streamed::graph.values[expand].shape.height);
  }
  CHECK(expansions == 3);
  MESSAGE("arena: ", Streamed::OnArena::arena_size, " bytes; value after value ",
          ByLayers::OnArena::arena_size);
}

TEST_CASE("with the same outputs") {
  CHECK(PlanCheck<Streamed>::run() == "");
  check_policy<Blocks, Element::int8, plan::fastest, 8>();
}
