// EXPECT: graven needs a little-endian core: packed weights and rows lie in this order. Leave
// BROKEN: -Wno-builtin-macro-redefined -U__BYTE_ORDER__ -D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};

Model<Sequential<ReLU>, Shape{1, 1, 6}, params> model;
