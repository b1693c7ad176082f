// EXPECT: Element type: this layer has no kernel for the element types of its input and
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
#ifdef GRAVEN_BROKEN
constexpr int channels = 32769;
#else
constexpr int channels = 32768;
#endif

Model<Sequential<L2Normalization>, Shape{1, 1, channels}, params> model;
