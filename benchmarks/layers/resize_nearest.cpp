#include "bench.hpp"

using namespace bench;

void add_benchmarks() {
  add_layer<ResizeNearest<32, 32>, Shape{16, 16, 16}>("resize_nearest/16x16x16-32x32");
  add_layer<ResizeNearest<12, 12>, Shape{40, 40, 8}>("resize_nearest/40x40x8-12x12");
}
