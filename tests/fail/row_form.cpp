// EXPECT: Instruction set: row_form() lays the rows of this layer's input (its number) in a form
#include <graven/graven.hpp>

using namespace graven;

// The ReLU's kernel reads pixels.
struct Planar : scalar {
#ifdef GRAVEN_BROKEN
  static constexpr graven::core::RowForm row_form(const graven::core::GraphView& graph, int value) {
    graven::core::RowForm form = scalar::row_form(graph, value);
    if (graph[value].op == graven::core::op::conv) form.layout = graven::core::Layout::planar;
    return form;
  }
#endif
};

constexpr float filter[4] = {};
constexpr Parameters params[] = {{}, {.filter = filter}, {}};

Model<Sequential<Conv2D<1, 1, 2, 1, valid>, Sigmoid>, Shape{4, 4, 1}, params, Planar> model;
