#include "compare.hpp"

#include <type_traits>

// Flags under which the headers take another instruction set would prove that one.
static_assert(std::is_same_v<graven::native, graven::GRAVEN_ISA>);

int main() {
  using namespace parity;
  check();
  firmware::print_line(native::name, " against scalar: ", cases, " runs, ", failures, " differ");
  return failures == 0 ? 0 : 1;
}
