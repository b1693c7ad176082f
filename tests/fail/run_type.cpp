// EXPECT: Input: run() takes a span, array or std::array of input_size elements
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
Model<Sequential<ReLU>, Shape{1, 1, 6}, params> model;
#ifdef GRAVEN_BROKEN
using T = float;
#else
using T = std::int8_t;
#endif

int first(std::span<const T, 6> data) { return model.run(data)[0]; }
