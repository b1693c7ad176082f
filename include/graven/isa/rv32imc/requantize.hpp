// Requantization in three instructions and a shift, and the records that it reads.
#pragma once

#if defined(__riscv_mul) && __riscv_xlen == 32

#include "graven/kernel/fold.hpp"
#include "graven/kernel/task.hpp"

namespace graven::core::rv32imc_isa {

// For right shifts e in [1, 21] and sums below 2^29 the two roundings nest into one floor:
//   out - low = (high(4 * acc * multiplier) + c + (acc < 0 ? -2 : 0)) >> (e + 1)
// where high() are the upper 32 of 64 bits, exact because the rounding's half is a multiple of what
// they leave out, and c = ((2 * (zero_point - low) + 1) << e) + 1. Where the zero point is the
// least output, negative sums are clamped anyway: the sign does not matter.
// A channel's word is its folded bias (24 bits) above e: shifts read its lowest bits only.
struct FastChannel {
  static constexpr bool serves(const Channel& c) {
    return !c.overflows && c.multiplier.shift <= -1 && c.multiplier.shift >= -21 &&
           c.bias >= -(1 << 23) && c.bias < 1 << 23;
  }
  static constexpr std::int32_t word(const Channel& c) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(c.bias) << 8 |
                                     static_cast<std::uint32_t>(-c.multiplier.shift));
  }
};

// Do all channels requantize fast, with sums of so many products that stay below 2^29?
constexpr bool is_fast(const GraphView& g, const Value& v, const Parameters& p, int taps) {
  bool fast = taps < 1 << 14;
  for (int o = 0; o < v.shape.channels && fast; ++o) fast = FastChannel::serves(fold(g, v, p, o));
  return fast;
}

constexpr bool relu_like(const Value& v) { return range_of(v).low == v.quant.zero_point; }

// What requantization needs of a value.
struct Range {
  std::int32_t twice_zero, low, span;

  explicit Range(const Task& t)
      : twice_zero(2 * (t.out_zero - t.low) + 1), low(t.low), span(t.high - t.low) {}
  // All of int8.
  explicit Range(int zero) : twice_zero(2 * (zero + 128) + 1), low(-128), span(255) {}
};

// What it needs of a channel.
struct Scale {
  std::int32_t multiplier, c;
  int shift;

  Scale(std::int32_t m, std::int32_t word, const Range& range)
      : multiplier(m), c((range.twice_zero << (word & 31)) + 1), shift((word & 31) + 1) {}

  template <bool relu>
  [[gnu::always_inline]] std::byte finish(std::int32_t acc, const Range& range) const {
    const auto four = static_cast<std::int32_t>(static_cast<std::uint32_t>(acc) << 2);
    std::int32_t y = static_cast<std::int32_t>((std::int64_t{four} * multiplier) >> 32) + c;
    if constexpr (!relu) y += (four >> 31) * 2;
    y >>= shift;
    if (__builtin_expect(static_cast<std::uint32_t>(y) > static_cast<std::uint32_t>(range.span), 0))
      y = ~(y >> 31) & range.span;
    return static_cast<std::byte>(y + range.low);
  }
};

// The same as an assembler macro, up to the byte: t0 shift, t1 span, t2 low.
#define GRAVEN_RV32IMC_FINISH                                                                      \
  ".macro finish acc, multiplier, c, spare\n"                                                      \
  "slli \\acc, \\acc, 2\n"                                                                         \
  ".if %c[relu]\n"                                                                                 \
  "mulh \\acc, \\acc, \\multiplier\n"                                                              \
  ".else\n"                                                                                        \
  "srai \\spare, \\acc, 31 ;  slli \\spare, \\spare, 1 ;  mulh \\acc, \\acc, \\multiplier\n"       \
  "add \\acc, \\acc, \\spare\n"                                                                    \
  ".endif\n"                                                                                       \
  "add \\acc, \\acc, \\c ;  sra \\acc, \\acc, t0\n"                                                \
  "bgeu t1, \\acc, 9f\n"                                                                           \
  "srai \\acc, \\acc, 31 ;  not \\acc, \\acc ;  and \\acc, \\acc, t1\n"                            \
  "9:\n"                                                                                           \
  "add \\acc, \\acc, t2\n"                                                                         \
  ".endm\n"

}  // namespace graven::core::rv32imc_isa

#endif
