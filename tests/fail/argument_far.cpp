// EXPECT: Network: sides, strides, dilations, paddings and shapes among a layer's template
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = MaxPool<2, 2147483647>;
#else
using Layer = MaxPool<2, 65534>;
#endif
constexpr Parameters params[] = {{}, {}};

Model<Sequential<Layer>, Shape{8, 8, 1}, params> model;
