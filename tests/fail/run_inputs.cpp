// EXPECT: run: this model has several inputs.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {.output = {0.1f, 0}}, {}};
constexpr Shape six{1, 1, 6};
Model<Graph<Node<Add, 0, 1>, Outputs<2>>, shapes(six, six), params> model;

int first(std::span<const std::int8_t, 6> data) {
#ifdef GRAVEN_BROKEN
  return model.run(data)[0];
#else
  for (int i = 0; i < 6; ++i) model.input<0>()[i] = model.input<1>()[i] = data[i];
  return model.run()[0];
#endif
}
