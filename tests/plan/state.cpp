// Plans of networks with Variables: a new content is written when all have read the old one.
#include "../plan_check.hpp"

#include <doctest/doctest.h>

using namespace test;

namespace {

template <class Net, plan::Policy policy> struct Planned {
  static constexpr Parameters params[] = {{}, {}, {}, {}, {}, {}, {}, {}};
  static constexpr std::array inputs{Shape{6, 4, 2}};
  static constexpr const auto& graph = graph_of<Net, inputs, params, policy.fuse>;
  using Engine =
      graven::core::Engine<graph_of<Net, inputs, params, policy.fuse>, scalar, params, policy>;
  static constexpr plan::Policy used = policy;
};
template <class Net> void check_plans() {
  CHECK(PlanCheck<Planned<Net, plan::fastest>>::run() == "");
  CHECK(PlanCheck<Planned<Net, plan::inspectable>>::run() == "");
  CHECK(PlanCheck<Planned<Net, plan::Policy{.order = plan::Order::stream}>>::run() == "");
  CHECK(PlanCheck<Planned<Net, plan::Policy{.order = plan::Order::layers}>>::run() == "");
}

using Kept = Variable<Shape{6, 4, 2}>;

}  // namespace

TEST_CASE("readers before and behind the assignment, whole and by windows") {
  check_plans<Graph<Node<Kept>, Node<Assign, 1, 0>, Node<MaxPool<3, Stride(1)>, 1>, Node<ReLU, 1>,
                    Outputs<3, 4>>>();
  check_plans<Graph<Node<Kept>, Node<Add, 0, 1>, Node<Assign, 1, 2>, Node<MaxPool<2>, 1>,
                    Node<ReLU, 4>, Outputs<5>>>();
}
TEST_CASE("a content that depends on all rows of the old one") {
  check_plans<Graph<Node<Kept>, Node<GlobalAvgPool, 1>, Node<Add, 0, 2>, Node<Assign, 1, 3>,
                    Node<ReLU, 3>, Outputs<5>>>();
}
TEST_CASE("variables that change places") {
  check_plans<Graph<Node<Kept>, Node<Kept>, Node<Assign, 1, 2>, Node<Assign, 2, 1>, Node<Add, 1, 0>,
                    Outputs<5>>>();
}
TEST_CASE("a delay line") {
  using Line = Variable<Shape{2, 4, 2}>;
  check_plans<
      Graph<Node<Line>, Node<Concatenate<Axis::height>, 1, 0>, Node<Split<Axis::height, 4>, 2>,
            Node<Assign, 1, Out<3, 3>>, Node<MaxPool<Extent{3, 1}>, 2>, Outputs<5>>>();
}
