#include "bench.hpp"

using namespace bench;

void add_benchmarks() {
  add_layer<Softmax, Shape{1, 1, 12}>("softmax/12");
  add_layer<Softmax, Shape{1, 1, 1000}>("softmax/1000");
  add_layer<Softmax, Shape{16, 16, 4}>("softmax/16x16x4");
}
