// EXPECT: Instruction set: band() must be 1 for this layer
#include <graven/graven.hpp>

using namespace graven;

struct TwoRows : scalar {
#ifdef GRAVEN_BROKEN
  static constexpr int band(const graven::core::GraphView& graph, int value) {
    return graph[value].op == graven::core::op::conv ? 2 : 1;
  }
#endif
};

constexpr float filter[4] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};

Model<Sequential<Conv2D<1, 1, 2, 1, valid, none, 2>>, Shape{4, 4, 1}, params, TwoRows> model;
