#include "bench.hpp"

using namespace bench;

void add_benchmarks() {
  add_layer<DepthwiseConv2D<64, 1, 3, 1, same>, Shape{25, 5, 64}>("depthwise/3x3/25x5x64");
  add_layer<DepthwiseConv2D<16, 1, 3, 2, same>, Shape{48, 48, 16}>("depthwise/3x3s2/48x48x16");
  add_layer<DepthwiseConv2D<32, 1, 5, 1, same>, Shape{16, 16, 32}>("depthwise/5x5/16x16x32");
  add_layer<DepthwiseConv2D<1, 8, 3, 2, same>, Shape{96, 96, 1}>("depthwise/3x3s2x8/96x96x1");
}
