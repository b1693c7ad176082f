#include "bench.hpp"

using namespace bench;

template <Shape shape> void add_sum(const char* name) {
  add_layer<Graph<Node<Add, 0, 1>, Outputs<2>>, shapes(shape, shape)>(name);
}

void add_benchmarks() {
  add_sum<Shape{32, 32, 16}>("add/32x32x16");
  add_sum<Shape{8, 8, 64}>("add/8x8x64");
}
