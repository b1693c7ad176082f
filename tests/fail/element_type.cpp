// EXPECT: Element type: this layer has no kernel for the element types of its input and
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr Parameters params[] = {{.output = {0.1f, 0}, .element = Element::uint8}, {}};
#else
constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
#endif

Model<Sequential<Softmax>, Shape{4, 4, 1}, params> model;
