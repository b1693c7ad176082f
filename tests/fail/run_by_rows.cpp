// EXPECT: run: this model takes its input row by row
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
Model<Sequential<ReLU>, Shape{2, 1, 6}, params, native, plan::by_rows> model;

void feed(std::span<const std::int8_t, 6> row) {
#ifdef GRAVEN_BROKEN
  model.run(row);
#else
  model.push_row(row);
#endif
}
