#include "compare.hpp"

int main() {
  using namespace parity;
  check_convolutions();
  check_shapes();
  check_depthwises();
  check_pools();
  check_reals();
  check_resizes();
  firmware::print_line(native::name, " against scalar: ", cases, " runs, ", failures, " differ");
  return failures == 0 ? 0 : 1;
}
