// Sums of two and four outputs of one pixel: four inputs at a time, which they share.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/tiles.hpp"

namespace graven::core::armv7em_isa {

// Sums of two pairs of outputs (pairs.hpp): `high` is 256 times the second output's plus the
// first's.
struct FourSums {
  std::int32_t high_a, low_a, high_b, low_b;
};

// The end of a macro `quad`: products of r4, r5, r6 and r8 with %[even] and %[odd].
#define GRAVEN_ARMV7EM_FOUR_PRODUCTS                                                               \
  "smlad %[ha], r4, %[even], %[ha] ;  sxtb16 r4, r4 ;  smlad %[la], r4, %[even], %[la]\n"          \
  "smlad %[hb], r5, %[even], %[hb] ;  sxtb16 r5, r5 ;  smlad %[lb], r5, %[even], %[lb]\n"          \
  "smlad %[ha], r6, %[odd], %[ha] ;   sxtb16 r6, r6 ;  smlad %[la], r6, %[odd], %[la]\n"           \
  "smlad %[hb], r8, %[odd], %[hb] ;   sxtb16 r8, r8 ;  smlad %[lb], r8, %[odd], %[lb]\n"           \
  ".endm\n"

// The same in C++, for g++ without optimisation, which has no register left over.
inline void add_four_products(FourSums& s, const std::byte* w, std::uint32_t even,
                              std::uint32_t odd) {
  auto add = [&](int at, std::uint32_t two, std::int32_t& high, std::int32_t& low) {
    const auto weights = load_aligned<std::uint32_t>(w + at);
    high = smlad(weights, two, high);
    low = smlad(even_bytes(weights), two, low);
  };
  add(0, even, s.high_a, s.low_a);
  add(4, even, s.high_b, s.low_b);
  add(8, odd, s.high_a, s.low_a);
  add(12, odd, s.high_b, s.low_b);
}

// Adds `quads` times four inputs. Weights: per four inputs the words of k, k + 2 of both pairs,
// then those of k + 1, k + 3. (Not r7: without optimisation it points to the frame.)
[[gnu::always_inline]] inline void add_quads(FourSums& s, const std::byte*& w, const std::byte*& x,
                                             int quads) {
#if defined(__clang__) || defined(__OPTIMIZE__)
  std::uint32_t even, odd;
  asm volatile(R"(
  .macro quad
    ldr %[even], [%[x]], #4
    ldm %[w]!, {r4-r6, r8}
    sxtb16 %[odd], %[even], ror #8
    sxtb16 %[even], %[even]
  )" GRAVEN_ARMV7EM_FOUR_PRODUCTS GRAVEN_ARMV7EM_QUADS(4)
               : [w] "+r"(w), [x] "+r"(x), [n] "+r"(quads), [ha] "+r"(s.high_a), [la] "+r"(s.low_a),
                 [hb] "+r"(s.high_b), [lb] "+r"(s.low_b), [even] "=&r"(even), [odd] "=&r"(odd)
               :
               : "r4", "r5", "r6", "r8", "cc", "memory");
#else
  for (; quads > 0; --quads, x += 4, w += 16) {
    const auto inputs = load<std::uint32_t>(x);
    add_four_products(s, w, even_bytes(inputs), odd_bytes(inputs));
  }
#endif
}

// The same of inputs as halfwords, of which each four are two words.
[[gnu::always_inline]] inline void add_halves(FourSums& s, const std::byte*& w, const std::byte* x,
                                              int quads) {
#if defined(__clang__) || defined(__OPTIMIZE__)
  std::uint32_t even, odd;
  asm volatile(R"(
  .macro quad
    ldrd %[even], %[odd], [%[x]], #8
    ldm %[w]!, {r4-r6, r8}
  )" GRAVEN_ARMV7EM_FOUR_PRODUCTS GRAVEN_ARMV7EM_QUADS(8)
               : [w] "+r"(w), [x] "+r"(x), [n] "+r"(quads), [ha] "+r"(s.high_a), [la] "+r"(s.low_a),
                 [hb] "+r"(s.high_b), [lb] "+r"(s.low_b), [even] "=&r"(even), [odd] "=&r"(odd)
               :
               : "r4", "r5", "r6", "r8", "cc", "memory");
#else
  for (; quads > 0; --quads, x += 8, w += 16)
    add_four_products(s, w, load_aligned<std::uint32_t>(x), load_aligned<std::uint32_t>(x + 4));
#endif
}

// The same for two outputs. Weights: per four inputs the words of k, k + 2 and of k + 1, k + 3.
struct PairSums {
  std::int32_t high, low;
};
[[gnu::always_inline]] inline void add_quads(PairSums& s, const std::byte*& w, const std::byte*& x,
                                             int quads) {
  std::uint32_t even, odd;
  asm volatile(R"(
    adds %[n], #1 ;  lsrs %[n], #1 ;  bcc 2f
  1:
    ldr %[even], [%[x]], #4
    ldm %[w]!, {r4, r5}
    sxtb16 %[odd], %[even], ror #8
    sxtb16 %[even], %[even]
    smlad %[h], r4, %[even], %[h] ;  sxtb16 r4, r4 ;  smlad %[l], r4, %[even], %[l]
    smlad %[h], r5, %[odd], %[h] ;   sxtb16 r5, r5 ;  smlad %[l], r5, %[odd], %[l]
  2:
    ldr %[even], [%[x]], #4
    ldm %[w]!, {r4, r5}
    sxtb16 %[odd], %[even], ror #8
    sxtb16 %[even], %[even]
    smlad %[h], r4, %[even], %[h] ;  sxtb16 r4, r4 ;  smlad %[l], r4, %[even], %[l]
    smlad %[h], r5, %[odd], %[h] ;   sxtb16 r5, r5 ;  smlad %[l], r5, %[odd], %[l]
    subs %[n], #1 ;  bne 1b
  )"
               : [w] "+r"(w), [x] "+r"(x), [n] "+r"(quads), [h] "+r"(s.high), [l] "+r"(s.low),
                 [even] "=&r"(even), [odd] "=&r"(odd)
               :
               : "r4", "r5", "cc", "memory");
}

// The same for one output. Weights: bytes.
[[gnu::always_inline]] inline void add_quads(std::int32_t& sum, const std::byte*& w,
                                             const std::byte*& x, int quads) {
  std::uint32_t even, odd;
  asm volatile(R"(
    adds %[n], #1 ;  lsrs %[n], #1 ;  bcc 2f
  1:
    ldr %[even], [%[x]], #4 ;  ldr r5, [%[w]], #4
    sxtb16 %[odd], %[even], ror #8 ;  sxtb16 %[even], %[even]
    sxtb16 r4, r5 ;  sxtb16 r5, r5, ror #8
    smlad %[s], r4, %[even], %[s] ;  smlad %[s], r5, %[odd], %[s]
  2:
    ldr %[even], [%[x]], #4 ;  ldr r5, [%[w]], #4
    sxtb16 %[odd], %[even], ror #8 ;  sxtb16 %[even], %[even]
    sxtb16 r4, r5 ;  sxtb16 r5, r5, ror #8
    smlad %[s], r4, %[even], %[s] ;  smlad %[s], r5, %[odd], %[s]
    subs %[n], #1 ;  bne 1b
  )"
               : [w] "+r"(w), [x] "+r"(x), [n] "+r"(quads), [s] "+r"(sum), [even] "=&r"(even),
                 [odd] "=&r"(odd)
               :
               : "r4", "r5", "cc", "memory");
}

// A row of inputs: whole quads in place, and what is left as a word filled up with zeros.
struct Inputs {
  const std::byte* at;
  int quads, left;
  std::uint32_t rest = 0;

  Inputs(const std::byte* from, int count) : at(from), quads(count / 4), left(count % 4) {
    for (int i = 0; i < left; ++i) rest |= static_cast<std::uint32_t>(from[4 * quads + i]) << 8 * i;
  }

  template <class Sums> [[gnu::always_inline]] void add(Sums& s, const std::byte* w) const {
    const std::byte* x = at;
    if (quads > 0) add_quads(s, w, x, quads);
    if (left == 0) return;
    std::byte word[4];
    store(word, rest);
    x = word;
    add_quads(s, w, x, 1);
  }
  std::int32_t single(const std::byte* w, std::int32_t acc) const {
    const std::byte* x = at;
    if (quads > 0) add_quads(acc, w, x, quads);
    return left != 0 ? product(rest, w, acc) : acc;
  }
  [[gnu::always_inline]] static std::int32_t product(std::uint32_t x, const std::byte* weights,
                                                     std::int32_t acc) {
    const auto w = load_aligned<std::uint32_t>(weights);
    return smlad(odd_bytes(w), odd_bytes(x), smlad(even_bytes(w), even_bytes(x), acc));
  }
};

// A row of inputs as the halfwords that SXTB16 makes of four bytes, filled up with zeros.
struct WideInputs {
  const std::byte* at;
  int quads;

  WideInputs(const std::byte* from, int count, std::byte* room) : at(room), quads((count + 3) / 4) {
    const auto put = [&](std::uint32_t x) {
      store_aligned(room, even_bytes(x));
      store_aligned(room + 4, odd_bytes(x));
      room += 8;
    };
    for (const std::byte* const end = from + (count & ~3); from != end; from += 4)
      put(load<std::uint32_t>(from));
    std::uint32_t rest = 0;
    for (int i = 0; i < (count & 3); ++i) rest |= static_cast<std::uint32_t>(from[i]) << 8 * i;
    if ((count & 3) != 0) put(rest);
  }
  [[gnu::always_inline]] void add(FourSums& s, const std::byte* w) const {
    add_halves(s, w, at, quads);
  }
};

}  // namespace graven::core::armv7em_isa

#endif
