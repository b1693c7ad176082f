#include "bench.hpp"

using namespace bench;

void add_benchmarks() {
  add_layer<AvgPool<2>, Shape{32, 32, 16}>("avg_pool/2x2/32x32x16");
  add_layer<AvgPool<3, 2, same>, Shape{24, 24, 32}>("avg_pool/3x3s2/24x24x32");
  add_layer<AvgPool<Window{25, 5}>, Shape{25, 5, 64}>("avg_pool/global/25x5x64");
}
