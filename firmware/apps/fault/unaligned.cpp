// Reads a word from an odd address.
#include "runtime.hpp"

int main() {
  static unsigned char bytes[8];
  volatile std::uintptr_t address = reinterpret_cast<std::uintptr_t>(bytes) | 1;
  const auto* const word = reinterpret_cast<const volatile std::uint32_t*>(std::uintptr_t{address});
  firmware::print_line("survived ", std::uint32_t{*word});
}
