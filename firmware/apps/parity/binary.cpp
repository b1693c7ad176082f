// Two operands, element by element, of one shape and broadcast.
#include "compare.hpp"

namespace parity {

namespace {

// Operands of one scale, and of two with the larger one on either side: a sum has one of its own.
template <class Layer, auto a, auto b, Style style> void scales(const char* name) {
  using Alike = Graph<Node<Layer, 0, 1>, Outputs<2>>;
  using First = Graph<Node<Add, 0, 0>, Node<Layer, 2, 1>, Outputs<3>>;
  using Second = Graph<Node<Add, 1, 1>, Node<Layer, 0, 2>, Outputs<3>>;
  compare<Alike, shapes(a, b), style>(name);
  compare<First, shapes(a, b), style>(name);
  compare<Second, shapes(a, b), style>(name);
}
template <class Layer, class Clamped> void sums(const char* name) {
  constexpr Shape whole{3, 5, 7};
  scales<Layer, whole, whole, centred>(name);
  scales<Layer, whole, Shape{1, 1, 7}, centred>(name);
  scales<Clamped, Shape{3, 5, 1}, Shape{3, 1, 7}, clamped>(name);
  scales<Layer, Shape{1, 1, 1}, whole, centred>(name);
  scales<Clamped, whole, Shape{3, 1, 1}, trained>(name);
}

// Sums and differences of many elements may look one operand up in a table.
template <class Layer> void broadcast_tables(const char* name) {
  constexpr Shape whole{12, 15, 13};
  scales<Layer, whole, Shape{1, 1, 13}, centred>(name);
  scales<Layer, Shape{12, 15, 1}, whole, clamped>(name);
}
void tables() {
  broadcast_tables<Add>("add, broadcast, by table");
  broadcast_tables<SubWith<relu6>>("sub, broadcast, by table");
  using Left = Graph<Node<Add, 0, 0>, Node<Sub, 1, 0>, Outputs<2>>;
  using Right = Graph<Node<Add, 0, 0>, Node<SubWith<relu6>, 0, 1>, Outputs<2>>;
  compare<Left, Shape{12, 15, 13}, centred>("sub by table");
  compare<Right, Shape{12, 15, 13}, clamped>("sub by table, relu6");
  compare<Right, Shape{12, 15, 13}, clamped, plan::smallest>("sub, relu6, small");
}

template <class Layer> void extremes(const char* name) {
  compare<Graph<Node<Layer, 0, 1>, Outputs<2>>, shapes(Shape{3, 5, 7}, Shape{3, 5, 7}), centred>(
      name);
  compare<Graph<Node<Layer, 0, 1>, Outputs<2>>, shapes(Shape{3, 5, 9}, Shape{1, 1, 9}), centred>(
      name);
  compare<Graph<Node<Layer, 0, 1>, Outputs<2>>, shapes(Shape{1, 1, 1}, Shape{2, 5, 3}), centred>(
      name);
}

}  // namespace

void check() {
  sums<Add, AddWith<relu6>>("add");
  sums<Sub, SubWith<relu6>>("sub");
  sums<Mul, MulWith<relu>>("mul");
  tables();
  extremes<Minimum>("minimum");
  extremes<Maximum>("maximum");
}

}  // namespace parity
