// EXPECT: BatchMatMul: the rows of the first matrix and the columns of the second have
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}, {}};
#ifdef GRAVEN_BROKEN
using Network = Graph<Node<BatchMatMul<>, 0, 1>, Outputs<2>>;
#else
using Network = Graph<Node<BatchMatMul<false, true>, 0, 1>, Outputs<2>>;
#endif

Model<Network, shapes(Shape{1, 4, 3}, Shape{1, 5, 3}), params> model;
