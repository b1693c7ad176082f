// EXPECT: Element type: this layer has no kernel for the element types
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}, .element = Element::int16},
                                 {.output = {0.1f, 0}, .element = Element::int16}};
#ifdef GRAVEN_BROKEN
constexpr int rows = 256;  // 65,536 times -32,768, and what rounds it, is less than an int32
#else
constexpr int rows = 255;
#endif

Model<Sequential<Mean<Axis::height | Axis::width>>, Shape{rows, 256, 1}, params> model;
