// int16 without weights, two elements at a time: sums, differences, products and bounds of two
// rows, either of which may be broadcast; functions by tables with interpolation.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/elementwise/word_runs.hpp"
#include "graven/isa/scalar/add.hpp"
#include "graven/isa/scalar/binaries.hpp"
#include "graven/isa/scalar/mul.hpp"
#include "graven/isa/scalar/words.hpp"
#include "graven/layers/sigmoid.hpp"
#include "graven/layers/tanh.hpp"

namespace graven::core::armv7em_isa {

// Products, doubled, with the right shift known: Products of binary.hpp has the formula. Stream:
// the multiplier.
template <int shift> struct WordProducts {
  static constexpr int bytes = 4;
  std::int32_t multiplier;

  explicit WordProducts(Reader& from) : multiplier(from.next<std::int32_t>()) {}
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    to.put(scalar_isa::MulQuantized<std::int16_t>::multiplier(g, v).multiplier);
  }
  [[gnu::always_inline]] std::uint32_t two(std::uint32_t a, std::uint32_t b) const {
    return two_words(finish(smulbb(a, b)), finish(smultt(a, b)));
  }

private:
  [[gnu::always_inline]] std::int32_t finish(std::int32_t product) const {
    const std::int32_t twice = saturated_twice(product);
    return saturate_word<shift>(smmlar(twice, multiplier, plus_sign(1 << (shift - 1), twice)));
  }
};
struct WordMuls {
  static constexpr const char* name = "armv7em.int16_mul";
  static constexpr bool serves(const GraphView& g, int value) {
    if (!are_words(g, value, op::mul)) return false;
    const Multiplier m = scalar_isa::MulQuantized<std::int16_t>::multiplier(g, g[value]);
    return m.shift <= -1 && m.shift >= -30 && serves_largest(m);
  }
  // Twice the largest product, of -32768 and itself, is saturated: is its result the same?
  static constexpr bool serves_largest(Multiplier m) {
    constexpr std::int64_t twice = 0x7fffffff;
    const std::int64_t high = (twice * m.multiplier + (std::int64_t{1} << 31)) >> 32;
    const std::int64_t found = (high + (1 << (-m.shift - 1))) >> -m.shift;
    const int exact = requantize(1 << 30, m);
    return found == exact || (found >= 32767 && exact >= 32767);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr int shift =
        -scalar_isa::MulQuantized<std::int16_t>::multiplier(graph.view(), graph.values[value])
             .shift;
    return words_in_runs<WordProducts<shift>, graph, value>();
  }
};

// Sums and differences of two terms, in twice their units, with all right shifts known (0: half the
// operand). Stream: the multipliers of both operands and of the sum.
template <int shift_a, int shift_b, int shift_out, bool minus> struct WordTerms {
  static constexpr int bytes = 12;
  // Is just one of the operands scaled, the first or the second?
  static constexpr bool has_eights = (shift_a == 0) != (shift_b == 0), first = shift_b == 0;
  std::int32_t multiplier_a, multiplier_b, multiplier;

  explicit WordTerms(Reader& from)
      : multiplier_a(from.next<std::int32_t>()), multiplier_b(from.next<std::int32_t>()),
        multiplier(from.next<std::int32_t>()) {}
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    const AddMultipliers m = scalar_isa::AddInt16::multipliers(g, v);
    for (const Multiplier& input : m.inputs) to.put(input.multiplier);
    to.put(m.sum.multiplier);
  }
  [[gnu::always_inline]] std::uint32_t two(std::uint32_t a, std::uint32_t b) const {
    return two_words(finish(a << 16, b << 16), finish(a & 0xffff0000u, b & 0xffff0000u));
  }
  // Eight elements `count` times. An operand that is half its term without a rounding of its own is
  // multiplied by +-2^14, in the low half of a register that counts in the high one.
  [[gnu::noinline]] void eights(const std::byte* a, const std::byte* b, std::byte* out,
                                int count) const {
    const std::byte *from = first ? a : b, *other = first ? b : a;
    const std::int32_t scaled = first ? multiplier_a : multiplier_b;
    constexpr int shift = shift_a + shift_b;
    for (int most; count > 0; count -= most) {
      most = count < 0x7fff ? count : 0x7fff;
      int half = (most - 1) << 16 | (minus && first ? 0xc000 : 0x4000);
      std::int32_t x, z, y, s, t;
      asm volatile(R"(
        .macro one at x to
        add %[t], %[round], \x, asr #31 ;  smmlar %[t], \x, %[scaled], %[t]
        smul\at\()b \to, %[y], %[half]
        .if %c[less] ;  sub \to, \to, %[t], asr %[shift]
        .else ;  add \to, \to, %[t], asr %[shift] ;  .endif
        lsl \to, \to, #1 ;  add %[t], %[last], \to, asr #31
        smmlar \to, \to, %[multiplier], %[t] ;  ssat \to, #16, \to, asr %[shift_out]
        .endm
        .macro two x
        ldr %[y], [%[other]], #4
        lsl %[s], \x, #16
        one b, %[s], %[s]
        bfc \x, #0, #16
        one t, \x, \x
        pkhbt \x, %[s], \x, lsl #16
        .endm
      1:
        .rept 2
        ldrd %[x], %[z], [%[from]], #8
        two %[x]
        two %[z]
        strd %[x], %[z], [%[out]], #8
        .endr
        subs %[half], %[half], #0x10000
        bge 1b
        .purgem one ;  .purgem two
      )"
                   : [from] "+r"(from), [other] "+r"(other), [out] "+r"(out), [half] "+r"(half),
                     [x] "=&r"(x), [z] "=&r"(z), [y] "=&r"(y), [s] "=&r"(s), [t] "=&r"(t)
                   : [scaled] "r"(scaled), [multiplier] "r"(multiplier),
                     [round] "r"(1 << (shift - 1)), [last] "r"(1 << (shift_out - 1)),
                     [shift] "i"(shift), [shift_out] "i"(shift_out), [less] "i"(minus && !first)
                   : "cc", "memory");
    }
  }

private:
  // Of 2^16 times the operand.
  template <int shift>
  [[gnu::always_inline]] static std::int32_t term(std::uint32_t bits, std::int32_t multiplier) {
    const auto x = static_cast<std::int32_t>(bits);
    if constexpr (shift == 0)
      return x >> 1;
    else
      return ((smmlar(x, multiplier, 1 << (shift - 1)) + (x >> 31)) >> shift) * 2;
  }
  [[gnu::always_inline]] std::int32_t finish(std::uint32_t a, std::uint32_t b) const {
    const std::int32_t x = term<shift_a>(a, multiplier_a), y = term<shift_b>(b, multiplier_b);
    const std::int32_t twice = minus ? x - y : x + y;
    return saturate_word<shift_out>(
        smmlar(twice, multiplier, plus_sign(1 << (shift_out - 1), twice)));
  }
};
template <bool minus> struct WordSums {
  static constexpr const char* name = minus ? "armv7em.int16_sub" : "armv7em.int16_add";
  static constexpr bool serves(const GraphView& g, int value) {
    return are_words(g, value, minus ? op::sub : op::add) &&
           scalar_isa::AddShifts::of<scalar_isa::AddInt16>(g, g[value]).within(30);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr auto shifts =
        scalar_isa::AddShifts::of<scalar_isa::AddInt16>(graph.view(), graph.values[value]);
    return words_in_runs<WordTerms<shifts.a, shifts.b, shifts.out, minus>, graph, value>();
  }
};

// Minimum and Maximum.
template <bool least> struct WordExtremes {
  static constexpr int bytes = 0;

  explicit WordExtremes(Reader&) {}
  static constexpr void pack(const GraphView&, const Value&, Writer&) {}
  [[gnu::always_inline]] static std::uint32_t two(std::uint32_t a, std::uint32_t b) {
    std::uint32_t y;
    if constexpr (least)
      asm("ssub16 %0, %1, %2\n sel %0, %2, %1" : "=&r"(y) : "r"(a), "r"(b) : "cc");
    else
      asm("ssub16 %0, %1, %2\n sel %0, %1, %2" : "=&r"(y) : "r"(a), "r"(b) : "cc");
    return y;
  }
};
template <bool least> struct WordBounds {
  static constexpr const char* name = least ? "armv7em.int16_minimum" : "armv7em.int16_maximum";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::bounds_as_is<std::int16_t, least>(g, value);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return words_in_runs<WordExtremes<least>, graph, value>();
  }
};

// out[i] = int16(function(in[i])), `together` at a time.
template <int together, class F>
[[gnu::always_inline]] inline void each_word(const Task& task, const Band& band, F function) {
  const std::byte* in = band.rows[0];
  std::byte* out = band.out[0];
  const auto at = [&](int i) {
    store(out + i, static_cast<std::int16_t>(function(load<std::int16_t>(in + i))));
  };
  const int count = task.out_width * task.out_channels;
  std::byte* const end = out + 2 * count;
  for (std::byte* const before = out + 2 * (count - count % together); out != before;) {
#pragma GCC unroll 4
    for (int i = 0; i < together; ++i) at(2 * i);
    in += 2 * together;
    out += 2 * together;
  }
  for (; out != end; in += 2, out += 2) at(0);
}

// An entry and the next in one word, both times their share: 128 - part and part.
struct TabledWords : scalar_isa::TabledWords {
  static constexpr const char* name = "armv7em.tabled_words";
  static void run(const Task& task, const Band& band) {
    const std::byte* const middle = task.stream + 2 * 256;
    each_word<4>(task, band, [&](std::int32_t q) {
      const std::uint32_t part = static_cast<std::uint32_t>(q) & 0x7f;
      const auto entries = load<std::uint32_t>(middle + 2 * (q >> 7));
      return smlad(entries, part * 0xffff + 128, 64) >> 7;
    });
  }
};

// fixed_point::logistic16 and tanh16 of scaled inputs. Entries are unsigned, and less 2^15 here.
template <class F> struct WordSigmoids : scalar_isa::MapWord<F::wide> {
  static constexpr bool tanh = std::is_same_v<F, Tanh>;
  static constexpr const char* name = tanh ? "armv7em.int16_tanh" : "armv7em.int16_sigmoid";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int16_t>(g, value, op::map) && is_same(g[value].function.wide, F::wide);
  }
  [[gnu::always_inline]] static std::int32_t at(std::int32_t x) {
    constexpr int bits = tanh ? 8 : 9;
    constexpr std::uint32_t one = 1 << bits;
    const std::int32_t sign = x >> 31;
    const std::uint32_t size =
        static_cast<std::uint32_t>(x ^ sign) + (static_cast<std::uint32_t>(x) >> 31);
    const std::uint32_t place = size >> bits;
    std::int32_t y = (tanh ? 0xffff << 8 : 0x7fff << 10) - (tanh ? 1 << 23 : 0);
    if (place < 255) {
      const auto* table = reinterpret_cast<const std::byte*>(fixed_point::logistic_table);
      const std::uint32_t entries = load<std::uint32_t>(table + 2 * place) ^ 0x80008000u;
      const std::uint32_t part = size & (one - 1);
      y = smlad(entries, part * 0xffff + one, tanh ? 0 : 1 << 24);
    }
    if constexpr (tanh) return ((y ^ sign) + 128) >> 8;
    return ((y ^ sign) + 512 + (sign & (1 << 25))) >> 10;
  }
  static void run(const Task& task, const Band& band) {
    const auto multiplier = load_aligned<std::int32_t>(task.stream);
    const auto shift = load_aligned<std::int32_t>(task.stream + 4);
    const int half = shift > 0 ? 1 << (shift - 1) : 0;
    each_word<2>(task, band,
                 [&](std::int32_t q) { return at(shift_right(q * multiplier + half, shift)); });
  }
};

using WordElements =
    Prefer<WordMuls, WordSums<false>, WordSums<true>, WordBounds<true>, WordBounds<false>,
           TabledWords, WordSigmoids<Sigmoid>, WordSigmoids<Tanh>>;

}  // namespace graven::core::armv7em_isa

#endif
