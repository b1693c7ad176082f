// EXPECT: Input: run() takes a span, array or std::array of input_size elements
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
Model<Sequential<ReLU>, Shape{1, 1, 6}, params> model;
#ifdef GRAVEN_BROKEN
constexpr int size = 7;
#else
constexpr int size = 6;
#endif

int first(const std::int8_t (&data)[size]) { return model.run(data)[0]; }
