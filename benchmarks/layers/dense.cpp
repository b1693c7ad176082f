#include "bench.hpp"

using namespace bench;

void add_benchmarks() {
  add_layer<Dense<16, 16>, Shape{1, 1, 16}>("dense/16-16");
  add_layer<Dense<128, 128>, Shape{1, 1, 128}>("dense/128-128");
  add_layer<Dense<4000, 4>, Shape{1, 1, 4000}>("dense/4000-4");
}
