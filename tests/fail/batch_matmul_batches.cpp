// EXPECT: BatchMatMul: the operands have different numbers of matrices
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}, {}};
using Network = Graph<Node<BatchMatMul<false, true>, 0, 1>, Outputs<2>>;

#ifdef GRAVEN_BROKEN
constexpr int matrices = 3;
#else
constexpr int matrices = 2;
#endif

Model<Network, shapes(Shape{2, 4, 3}, Shape{matrices, 5, 3}), params> model;
