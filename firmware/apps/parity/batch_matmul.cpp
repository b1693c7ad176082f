// Products of matrices: all ways round, of many depths, and one matrix for several.
#include "compare.hpp"

namespace parity {

namespace {

template <bool adjoint_x, bool adjoint_y, int depth, Style style> void one() {
  constexpr int rows = 5, columns = 7;
  constexpr Shape x = adjoint_x ? Shape{2, depth, rows} : Shape{2, rows, depth};
  constexpr Shape y = adjoint_y ? Shape{2, columns, depth} : Shape{2, depth, columns};
  using Net = Graph<Node<BatchMatMul<adjoint_x, adjoint_y>, 0, 1>, Outputs<2>>;
  compare<Net, shapes(x, y), style>("product of matrices");
}
template <int depth, Style style> void all() {
  one<false, false, depth, style>();
  one<false, true, depth, style>();
  one<true, false, depth, style>();
  one<true, true, depth, style>();
}

}  // namespace

void check() {
  all<1, centred>();
  all<4, left>();
  all<11, centred>();
  all<32, coarse>();
  all<6, real>();
  using Net = Graph<Node<BatchMatMul<false, true, relu>, 0, 1>, Outputs<2>>;
  compare<Net, shapes(Shape{3, 4, 9}, Shape{1, 6, 9}), centred>("one matrix for all");
}

}  // namespace parity
