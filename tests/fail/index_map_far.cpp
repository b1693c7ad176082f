// EXPECT: IndexMap: the digits lead outside of the input
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network =
    Sequential<IndexMap<Shape{2, 1, 4}, 0, 0, Digit{2, 2147483647}, Digit{4, 2147483647}>>;
#else
using Network = Sequential<IndexMap<Shape{2, 1, 4}, 0, 0, Digit{2, 4}, Digit{4, 1}>>;
#endif

Model<Network, Shape{2, 1, 4}, params> model;
