// Sums of values and of inputs.
#include "compare.hpp"

namespace parity {

namespace {

// Operands of one scale and of two, the larger one on either side.
void sums() {
  using First = C<3, 3, e1>;
  using Left = Graph<Node<First, 0>, Node<Add, 0, 1>, Outputs<2>>;
  using Right = Graph<Node<First, 0>, Node<AddWith<relu>, 1, 0>, Outputs<2>>;
  compare_all<Left, Shape{3, 5, 3}>("add");
  compare_all<Right, Shape{3, 5, 3}>("add, relu");
  compare<Graph<Node<Add, 0, 0>, Outputs<1>>, Shape{3, 5, 3}, centred>("add, twice the same");
  compare<Left, Shape{3, 5, 3}, centred, plan::smallest>("add, small");
  compare<Right, Shape{3, 5, 3}, full, plan::smallest>("add, relu, small");
}

// Sums of many elements may look one operand up in a table.
void tables() {
  using Second = C<13, 13, e1>;
  using Left = Graph<Node<Second, 0>, Node<Add, 0, 1>, Outputs<2>>;
  using Right = Graph<Node<Second, 0>, Node<AddWith<relu6>, 1, 0>, Outputs<2>>;
  compare<Left, Shape{12, 15, 13}, centred>("add by table");
  compare<Left, Shape{12, 15, 13}, clamped>("add by table");
  compare<Right, Shape{12, 15, 13}, centred>("add by table, relu6");
  compare<Right, Shape{12, 15, 13}, clamped>("add by table, relu6");
  compare<Right, Shape{12, 15, 13}, clamped, plan::smallest>("add, relu6, small");
}

// A result of a scale that is far below its operands': its right shift is a small one.
constexpr Parameters steep[] = {
    {.output = {0.9f, 3}}, {.output = {0.7f, -5}}, {.output = {0.01f, 1}}};

void chains() {
  using Sum =
      Graph<Node<C<4, 4, e1>, 0>, Node<Add, 0, 1>, Node<Add, 1, 0>, Node<Add, 2, 3>, Outputs<4>>;
  compare_all<Sum, Shape{3, 5, 4}>("add");
  using Operands = Graph<Node<Add, 0, 1>, Outputs<2>>;
  compare<Operands, shapes(Shape{3, 5, 3}, Shape{3, 5, 3}), centred>("add inputs");
  compare<Operands, shapes(Shape{3, 5, 3}, Shape{1, 1, 3}), centred>("add broadcast");
  compare_with<Operands, shapes(Shape{3, 5, 3}, Shape{3, 5, 3}), steep>("add, steep");
}

}  // namespace

void check() {
  sums();
  tables();
  chains();
}

}  // namespace parity
