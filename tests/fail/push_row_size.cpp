// EXPECT: Input: run() takes a span, array or std::array of input_size elements
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
Model<Sequential<ReLU>, Shape{2, 1, 6}, params, native, plan::by_rows> model;
#ifdef GRAVEN_BROKEN
constexpr int size = 12;
#else
constexpr int size = 6;
#endif

void feed(std::span<const std::int8_t, size> row) { model.push_row(row); }
