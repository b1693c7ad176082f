// Single instructions (and pairs) of Armv7E-M's DSP extension, and requantization in six of them.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/shared/attributes.hpp"
#include "graven/isa/shared/halves.hpp"
#include "graven/kernel/fold.hpp"
#include "graven/kernel/task.hpp"

// Runs the assembler's macro `quad` as often as the register n says, or %[n], `unroll` of them per
// branch, what is left singly.
#define GRAVEN_ARMV7EM_QUADS_OF(n, unroll)                                                         \
  "subs " n ", #" #unroll " ;  blt 2f\n"                                                           \
  "1:\n"                                                                                           \
  ".rept " #unroll "\n"                                                                            \
  "quad\n"                                                                                         \
  ".endr\n"                                                                                        \
  "subs " n ", #" #unroll " ;  bge.w 1b\n"                                                         \
  "2:\n"                                                                                           \
  "adds " n ", #" #unroll " ;  beq 4f\n"                                                           \
  "3:\n"                                                                                           \
  "quad\n"                                                                                         \
  "subs " n ", #1 ;  bne 3b\n"                                                                     \
  "4:\n"                                                                                           \
  ".purgem quad\n"
#define GRAVEN_ARMV7EM_QUADS(unroll) GRAVEN_ARMV7EM_QUADS_OF("%[n]", unroll)

// Assembler macros for `tile` (2 or 3) pixels: a word of inputs of each into r2, r3 and r12; a word
// of weights' products with them to sums.
#define GRAVEN_ARMV7EM_TILE_PRODUCTS(tile, weights)                                                \
  ".macro inputs\n"                                                                                \
  ".if " tile " == 3 ;  ldm r1!, {r2, r3, r12} ;  .else ;  ldm r1!, {r2, r3} ;  .endif\n"          \
  ".endm\n"                                                                                        \
  ".macro add_products a, b, c\n"                                                                  \
  "smlad \\a, " weights ", r2, \\a ;  smlad \\b, " weights ", r3, \\b\n"                           \
  ".if " tile " == 3 ;  smlad \\c, " weights ", r12, \\c ;  .endif\n"                              \
  ".endm\n"

namespace graven::core::armv7em_isa {

// Bytes 0 and 2, or 1 and 3, as two signed halfwords.
[[gnu::always_inline]] inline std::uint32_t even_bytes(std::uint32_t x) {
  std::uint32_t y;
  asm("sxtb16 %0, %1" : "=r"(y) : "r"(x));
  return y;
}
[[gnu::always_inline]] inline std::uint32_t odd_bytes(std::uint32_t x) {
  std::uint32_t y;
  asm("sxtb16 %0, %1, ror #8" : "=r"(y) : "r"(x));
  return y;
}
// acc + two bytes as halfwords.
[[gnu::always_inline]] inline std::uint32_t add_even(std::uint32_t acc, std::uint32_t x) {
  std::uint32_t y;
  asm("sxtab16 %0, %1, %2" : "=r"(y) : "r"(acc), "r"(x));
  return y;
}
[[gnu::always_inline]] inline std::uint32_t add_odd(std::uint32_t acc, std::uint32_t x) {
  std::uint32_t y;
  asm("sxtab16 %0, %1, %2, ror #8" : "=r"(y) : "r"(acc), "r"(x));
  return y;
}
// The larger of each byte.
[[gnu::always_inline]] inline std::uint32_t larger(std::uint32_t a, std::uint32_t b) {
  std::uint32_t y;
  asm("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(y) : "r"(a), "r"(b) : "cc");
  return y;
}
// acc, or x where that is larger, of each byte; nothing is moved.
[[gnu::always_inline]] inline void keep_larger(std::uint32_t& acc, std::uint32_t x) {
  std::uint32_t difference;
  asm("ssub8 %1, %2, %0\n\tsel %0, %2, %0" : "+r"(acc), "=&r"(difference) : "r"(x) : "cc");
}
// The smaller of each byte.
[[gnu::always_inline]] inline std::uint32_t smaller(std::uint32_t a, std::uint32_t b) {
  std::uint32_t y;
  asm("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(y) : "r"(a), "r"(b) : "cc");
  return y;
}
// The larger of each unsigned byte.
[[gnu::always_inline]] inline std::uint32_t larger_unsigned(std::uint32_t a, std::uint32_t b) {
  std::uint32_t y;
  asm("usub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(y) : "r"(a), "r"(b) : "cc");
  return y;
}
// Each unsigned halfword of x, plus that of `above` if it is no less than the one of `least`, else
// plus that of `below`.
[[gnu::always_inline]] inline std::uint32_t add_chosen(std::uint32_t x, std::uint32_t least,
                                                       std::uint32_t above, std::uint32_t below) {
  std::uint32_t y;
  asm("usub16 %0, %1, %2\n\tsel %0, %3, %4\n\tuadd16 %0, %0, %1"
      : "=&r"(y)
      : "r"(x), "r"(least), "r"(above), "r"(below)
      : "cc");
  return y;
}
// Both halfwords of x less those of y.
[[gnu::always_inline]] inline std::uint32_t less_halves(std::uint32_t x, std::uint32_t y) {
  std::uint32_t z;
  asm("ssub16 %0, %1, %2" : "=r"(z) : "r"(x), "r"(y) : "cc");
  return z;
}
// acc + both products of halfwords.
[[gnu::always_inline]] inline std::int32_t smlad(std::uint32_t a, std::uint32_t b,
                                                 std::int32_t acc) {
  std::int32_t y;
  asm("smlad %0, %1, %2, %3" : "=r"(y) : "r"(a), "r"(b), "r"(acc));
  return y;
}
// acc + the product of the low, or the high, halfwords.
[[gnu::always_inline]] inline std::int32_t smlabb(std::uint32_t a, std::uint32_t b,
                                                  std::int32_t acc) {
  std::int32_t y;
  asm("smlabb %0, %1, %2, %3" : "=r"(y) : "r"(a), "r"(b), "r"(acc));
  return y;
}
[[gnu::always_inline]] inline std::int32_t smlatt(std::uint32_t a, std::uint32_t b,
                                                  std::int32_t acc) {
  std::int32_t y;
  asm("smlatt %0, %1, %2, %3" : "=r"(y) : "r"(a), "r"(b), "r"(acc));
  return y;
}
// acc + the product of the low halfword of a and the high one of b.
[[gnu::always_inline]] inline std::int32_t smlabt(std::uint32_t a, std::uint32_t b,
                                                  std::int32_t acc) {
  std::int32_t y;
  asm("smlabt %0, %1, %2, %3" : "=r"(y) : "r"(a), "r"(b), "r"(acc));
  return y;
}
// The product of the low, or the high, halfwords.
[[gnu::always_inline]] inline std::int32_t smulbb(std::uint32_t a, std::uint32_t b) {
  std::int32_t y;
  asm("smulbb %0, %1, %2" : "=r"(y) : "r"(a), "r"(b));
  return y;
}
[[gnu::always_inline]] inline std::int32_t smultt(std::uint32_t a, std::uint32_t b) {
  std::int32_t y;
  asm("smultt %0, %1, %2" : "=r"(y) : "r"(a), "r"(b));
  return y;
}
// Both halfwords, doubled.
[[gnu::always_inline]] inline std::uint32_t twice(std::uint32_t x) {
  std::uint32_t y;
  asm("sadd16 %0, %1, %1" : "=r"(y) : "r"(x) : "cc");
  return y;
}
// acc + round(a * b / 2^32)
[[gnu::always_inline]] inline std::int32_t smmlar(std::int32_t a, std::int32_t b,
                                                  std::int32_t acc) {
  std::int32_t y;
  asm("smmlar %0, %1, %2, %3" : "=r"(y) : "r"(a), "r"(b), "r"(acc));
  return y;
}
// x less 1 if `of` is negative. A constant x is kept in a register: the shift then costs nothing.
[[gnu::always_inline]] inline std::int32_t plus_sign(std::int32_t x, std::int32_t of) {
  std::int32_t y;
  asm("add %0, %1, %2, asr #31" : "=r"(y) : "r"(x), "r"(of));
  return y;
}
[[gnu::always_inline]] inline std::int32_t smmulr(std::int32_t a, std::int32_t b) {
  std::int32_t y;
  asm("smmulr %0, %1, %2" : "=r"(y) : "r"(a), "r"(b));
  return y;
}
// Shifts by the low byte of a register: no masking of what lies above it.
[[gnu::always_inline]] inline std::int32_t shift_left(std::int32_t x, std::int32_t by) {
  std::int32_t y;
  asm("lsl %0, %1, %2" : "=r"(y) : "r"(x), "r"(by));
  return y;
}
[[gnu::always_inline]] inline std::int32_t shift_right(std::int32_t x, std::int32_t by) {
  std::int32_t y;
  asm("asr %0, %1, %2" : "=r"(y) : "r"(x), "r"(by));
  return y;
}
[[gnu::always_inline]] inline std::int32_t saturate_half(std::int32_t x) {  // int8(x / 2)
  std::int32_t y;
  asm("ssat %0, #8, %1, asr #1" : "=r"(y) : "r"(x));
  return y;
}

[[gnu::always_inline]] inline std::int32_t saturate_int16(std::int32_t x) {
  std::int32_t y;
  asm("ssat %0, #16, %1" : "=r"(y) : "r"(x));
  return y;
}

template <int by> [[gnu::always_inline]] inline std::uint32_t saturate(std::int32_t x) {
  std::uint32_t y;  // int8(x / 2^by)
  asm("ssat %0, #8, %1, asr %2" : "=r"(y) : "r"(x), "i"(by));
  return y;
}
// int16(x / 2^by)
template <int by> [[gnu::always_inline]] inline std::int32_t saturate_word(std::int32_t x) {
  std::int32_t y;
  asm("ssat %0, #16, %1, asr %2" : "=r"(y) : "r"(x), "i"(by));
  return y;
}
// 2 * x, at most 2^31 - 1
[[gnu::always_inline]] inline std::int32_t saturated_twice(std::int32_t x) {
  std::int32_t y;
  asm("qadd %0, %1, %1" : "=r"(y) : "r"(x) : "cc");
  return y;
}
[[gnu::always_inline]] inline std::uint32_t two_words(std::int32_t low, std::int32_t high) {
  return low_halves(static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(high));
}
template <int at>
[[gnu::always_inline]] inline std::uint32_t insert_byte(std::uint32_t word, std::uint32_t x) {
  asm("bfi %0, %1, %2, #8" : "+r"(word) : "r"(x), "i"(8 * at));
  return word;
}

inline bool are_aligned(const std::byte* a, const std::byte* b, const std::byte* c) {  // to words
  return ((reinterpret_cast<std::uintptr_t>(a) | reinterpret_cast<std::uintptr_t>(b) |
           reinterpret_cast<std::uintptr_t>(c)) &
          3) == 0;
}

constexpr std::uint32_t four_times(int x) {
  return static_cast<std::uint32_t>(x & 0xff) * 0x01010101u;
}
// Clamps four int8, if any value of int8 is to be clamped.
template <bool clamps> struct FourClamp {
  std::uint32_t low, high;

  explicit FourClamp(const Task& t) : low(four_times(t.low)), high(four_times(t.high)) {}
  [[gnu::always_inline]] std::uint32_t operator()(std::uint32_t four) const {
    return clamps ? smaller(larger(four, low), high) : four;
  }
};

// The fast requantization serves right shifts e in [1, 22] and the whole range of int8:
//   out = saturate((round(acc * 2 * multiplier / 2^32) + c + (acc < 0 ? -1 : 0)) >> e)
// with c = (2 * zero_point + 1) << (e - 1), which is the half to round with and the zero point.
// A channel's word is its folded bias (24 bits) above e - 1 (8 bits): both are used undecoded.
struct FastChannel {
  static constexpr int lowest_bias = -(1 << 23) + 1;  // -2^23 ends a stream

  static constexpr bool serves(const Channel& c) {
    return c.multiplier.shift <= -1 && c.multiplier.shift >= -22 && c.bias >= lowest_bias &&
           c.bias < 1 << 23;
  }
  static constexpr std::int32_t word(const Channel& c) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(c.bias) << 8 |
                                     static_cast<std::uint32_t>(-c.multiplier.shift - 1));
  }
};

// `word`: any word with e - 1 in its low byte; `c` = twice_zero << (e - 1).
[[gnu::always_inline]] inline std::byte requantize_fast(std::int32_t acc, std::int32_t multiplier,
                                                        std::int32_t word, std::int32_t c) {
  const std::int32_t y = smmlar(acc * 2, multiplier, c + (acc >> 31));
  return static_cast<std::byte>(saturate_half(shift_right(y, word)));
}

// A record of the general path: any bias, shift and clamp.
struct Record {
  static constexpr int bytes = 12;

  static constexpr void put(Writer& to, const Channel& c) {
    to.put(c.bias);
    to.put(c.multiplier.multiplier);
    to.put(static_cast<std::int32_t>(c.multiplier.shift));
  }
  static std::byte finish(const std::byte* record, std::int32_t acc, const Task& t) {
    const Multiplier m{load_aligned<std::int32_t>(record + 4),
                       static_cast<int>(load_aligned<std::int32_t>(record + 8))};
    return static_cast<std::byte>(clamp(requantize(acc, m) + t.out_zero, {t.low, t.high}));
  }
};

}  // namespace graven::core::armv7em_isa

#endif
