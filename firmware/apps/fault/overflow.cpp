// Recurses without end.
#include "runtime.hpp"

namespace {
[[gnu::noinline]] unsigned recurse(unsigned depth) {
  volatile unsigned frame[16];
  frame[depth % 16] = depth;
  return depth == ~0u ? depth : recurse(depth + 1) + frame[depth % 16];
}
}  // namespace

int main() {
  const unsigned result = recurse(0);
  firmware::print_line("survived ", result);
}
