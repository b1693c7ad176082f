// Halfwords of two words side by side in one.
#pragma once

#include <cstdint>

namespace graven::core {

// The low, or the high, halfwords: those of a are the low ones of what is made.
#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)
[[gnu::always_inline]] inline std::uint32_t low_halves(std::uint32_t a, std::uint32_t b) {
  std::uint32_t y;
  asm("pkhbt %0, %1, %2, lsl #16" : "=r"(y) : "r"(a), "r"(b));
  return y;
}
[[gnu::always_inline]] inline std::uint32_t high_halves(std::uint32_t a, std::uint32_t b) {
  std::uint32_t y;
  asm("pkhtb %0, %1, %2, asr #16" : "=r"(y) : "r"(b), "r"(a));
  return y;
}
#else
constexpr std::uint32_t low_halves(std::uint32_t a, std::uint32_t b) {
  return (a & 0xffff) | b << 16;
}
constexpr std::uint32_t high_halves(std::uint32_t a, std::uint32_t b) {
  return (b & 0xffff0000u) | a >> 16;
}
#endif

}  // namespace graven::core
