// The square root of the audio front end's filter banks.
#pragma once

#include <bit>
#include <cstdint>

namespace graven::core::scalar_isa::signal {

// Rounded to the nearest, of numbers below 2^32 to 16 bits, else to 32: two bits of x are one of
// the root. The rest is at most twice the root, and 32 bits hold four times of it where x < 2^60.
template <class Rest> constexpr std::uint32_t root_in(std::uint64_t x) {
  const auto high = static_cast<std::uint32_t>(x >> 32), low = static_cast<std::uint32_t>(x);
  Rest root = 0, rest = 0;
  const auto take = [&](std::uint32_t word, int from) {
    for (int at = from; at >= 0; at -= 2) {
      rest = rest << 2 | (word >> at & 3);
      root <<= 1;
      if (rest > 2 * root) rest -= 2 * root++ + 1;
    }
  };
  const auto first = [](std::uint32_t word) { return (31 - std::countl_zero(word)) & ~1; };
  if (high != 0) take(high, first(high));
  take(low, high != 0 ? 30 : first(low | 1));
  const Rest most = high != 0 ? 0xffffffff : 0xffff;
  return static_cast<std::uint32_t>(rest > root && root != most ? root + 1 : root);
}
constexpr std::uint32_t square_root(std::uint64_t x) {
  return x >> 60 != 0 ? root_in<std::uint64_t>(x) : root_in<std::uint32_t>(x);
}

}  // namespace graven::core::scalar_isa::signal
