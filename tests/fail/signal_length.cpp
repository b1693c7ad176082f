// EXPECT: Signal: the length of a transform is a power of two from 4 on
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {1.0f, 0}, .element = Element::int16}, {}};
#ifdef GRAVEN_BROKEN
constexpr int length = 500;
#else
constexpr int length = 512;
#endif

Model<RealFft<length>, Shape{1, 1, 480}, params> model;
