// EXPECT: IndexMap: the digits' counts must multiply to the output's elements
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network =
    Sequential<IndexMap<Shape{2, 1, 4}, 0, 0, Digit{2147483647, 1}, Digit{2147483647, 1}>>;
#else
using Network = Sequential<IndexMap<Shape{2, 1, 4}, 0, 0, Digit{2, 4}, Digit{4, 1}>>;
#endif

Model<Network, Shape{2, 1, 4}, params> model;
