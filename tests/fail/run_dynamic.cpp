// EXPECT: Input: run() takes a span, array or std::array of input_size elements
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
Model<Sequential<ReLU>, Shape{1, 1, 6}, params> model;

int first(std::span<const std::int8_t> data) {
#ifdef GRAVEN_BROKEN
  return model.run(data)[0];
#else
  return model.run(data.first<decltype(model)::input_size>())[0];
#endif
}
