#include "bench.hpp"

using namespace bench;

void add_benchmarks() {
  add_layer<Conv2D<8, 16, 1>, Shape{48, 48, 8}>("conv2d/1x1/48x48x8-16");
  add_layer<Conv2D<64, 64, 1>, Shape{25, 5, 64}>("conv2d/1x1/25x5x64-64");
  add_layer<Conv2D<128, 128, 1>, Shape{6, 6, 128}>("conv2d/1x1/6x6x128-128");
  add_layer<Conv2D<3, 16, 3, 1, same>, Shape{32, 32, 3}>("conv2d/3x3/32x32x3-16");
  add_layer<Conv2D<16, 16, 3, 1, same>, Shape{32, 32, 16}>("conv2d/3x3/32x32x16-16");
  add_layer<Conv2D<16, 32, 3, 2, same>, Shape{32, 32, 16}>("conv2d/3x3s2/32x32x16-32");
  add_layer<Conv2D<1, 64, Filter{10, 4}, 2, same>, Shape{49, 10, 1}>("conv2d/10x4s2/49x10x1-64");
}
