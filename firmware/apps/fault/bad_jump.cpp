// Jumps to an address where there is nothing.
#include "runtime.hpp"

int main() {
  volatile std::uintptr_t nowhere = 0xf0000001;
  reinterpret_cast<void (*)()>(std::uintptr_t{nowhere})();
  firmware::print_line("survived");
}
