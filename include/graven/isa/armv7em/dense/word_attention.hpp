// Attention of int16: two products per instruction into 64 bits. Two queries that share a head of
// keys go together, as in attention.hpp.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dsp.hpp"
#include "graven/isa/shared/score_masks.hpp"
#include "graven/isa/shared/word_attention.hpp"

namespace graven::core::armv7em_isa {

// Sums of products of a vector with three rows, `stride` bytes apart, four elements per quad.
inline void add_rows(const std::byte* vector, const std::byte* row, int stride, int quads,
                     std::int64_t* sums) {
  std::int64_t x = 0, y = 0, z = 0;
  std::uint32_t a, b, two;
  asm volatile(R"(
  .macro two_by vector
    ldr %[two], [%[row], %[stride], lsl #1] ;  smlald %Q[z], %R[z], \vector, %[two]
    ldr %[two], [%[row], %[stride]] ;          smlald %Q[y], %R[y], \vector, %[two]
    ldr %[two], [%[row]], #4 ;                 smlald %Q[x], %R[x], \vector, %[two]
  .endm
  .macro quad
    ldrd %[a], %[b], [%[v]], #8
    two_by %[a] ;  two_by %[b]
  .endm
  )" GRAVEN_ARMV7EM_QUADS(4) ".purgem two_by\n"
               : [v] "+r"(vector), [row] "+r"(row), [n] "+r"(quads), [x] "+r"(x), [y] "+r"(y),
                 [z] "+r"(z), [a] "=&r"(a), [b] "=&r"(b), [two] "=&r"(two)
               : [stride] "r"(stride)
               : "cc", "memory");
  sums[0] = x, sums[1] = y, sums[2] = z;
}
// The same of `n` vectors, whose words take turns, and one row.
template <int n>
inline void add_row(const std::byte* vector, const std::byte* row, int quads, std::int64_t* sums) {
  std::int64_t x = 0, y = 0;
  std::uint32_t a, b, two;
  asm volatile(R"(
  .macro quad
    .if %c[vectors] > 1
    ldr %[two], [%[row]], #4 ;  ldrd %[a], %[b], [%[v]], #8
    smlald %Q[x], %R[x], %[a], %[two] ;  smlald %Q[y], %R[y], %[b], %[two]
    .else
    ldr %[two], [%[row]], #4 ;  ldr %[a], [%[v]], #4
    smlald %Q[x], %R[x], %[a], %[two]
    .endif
  .endm
  )" GRAVEN_ARMV7EM_QUADS(4)
               : [v] "+r"(vector), [row] "+r"(row), [n] "+r"(quads), [x] "+r"(x), [y] "+r"(y),
                 [a] "=&r"(a), [b] "=&r"(b), [two] "=&r"(two)
               : [vectors] "i"(n)
               : "cc", "memory");
  sums[0] = x;
  if constexpr (n > 1) sums[1] = y;
}

// Heads of a multiple of four channels. Scratch: the scores of 64 bits, which become exponentials:
// of two moments the high halfwords, then the low ones; the queries, two channels of each in turn;
// the values of a head channel by channel, where the State has not.
struct WordAttentionRule : scalar_isa::AttentionInt16 {
  using scalar_isa::AttentionInt16::AttentionInt16;
  using Glance = scalar_isa::Glance;
  static constexpr bool pairs = true;

  static constexpr int even(int x) { return (x + 1) & ~1; }
  static constexpr bool takes(const GraphView& g, const Value& v) {
    const int bits = shift_of(g, v);
    return AttentionInt16::takes(g, v) && v.options.get<AttentionOptions>().head % 4 == 0 &&
           bits >= WordExponentials::fewest && bits <= WordExponentials::most &&
           scalar_isa::most_moments(g, v) < 1 << 16;
  }
  static constexpr int scratch(int moments, const AttentionOptions& o, int queries) {
    return queries * (8 * even(moments) + 2 * o.head) +
           (o.context > 0 ? 0 : 2 * even(moments) * o.head);
  }
  void arrange(Glance& at, int count, std::byte* scratch) const {
    const int row = 2 * even(at.seen);
    std::byte* const to = scratch + 2 * (4 * row + 2 * count);
    for (int j = 0; j < at.seen; ++j) {
      const std::byte* from = at.values + j * at.moment;
      std::byte* put = to + 2 * j;
      for (int c = 0; c < count; ++c, from += 2, put += row) store(put, load<std::int16_t>(from));
    }
    at.values = to;
    at.moment = 2;
    at.channel = row;
  }

  template <int n = 1> void attend(const Glance& at, int count, std::byte* scratch) const {
    std::byte* const query = scratch + 8 * n * even(at.seen);
    for (int q = 0; q < n; ++q)
      for (int c = 0; c < count; c += 2)
        store_aligned(query + 2 * n * c + 4 * q,
                      load<std::uint32_t>(at.query + q * at.apart + 2 * c));
    std::int64_t most[std::size_t{n}];
    put_scores<n>(at, query, count, scratch, most);
    float factor[std::size_t{n}];
    put_exponentials<n>(scratch, at.seen, most, factor);
    put_values<n>(at, count, scratch, factor);
  }

private:
  template <int n>
  void put_scores(const Glance& at, const std::byte* query, int count, std::byte* to,
                  std::int64_t* most) const {
    std::byte* const scores = to;
    for (int q = 0; q < n; ++q) most[q] = (std::numeric_limits<std::int64_t>::min)();
    const std::byte* key = at.keys;
    auto put = [&](std::int64_t score, int q) {
      store_aligned(to, score);
      if (score > most[q]) most[q] = score;
      to += 8;
    };
    int left = at.seen;
    std::int64_t sums[3];
    if constexpr (n == 1)
      for (; left >= 3; left -= 3, key += 3 * at.stride) {
        add_rows(query, key, at.stride, count / 4, sums);
        put(sums[0], 0), put(sums[1], 0), put(sums[2], 0);
      }
    for (; left > 0; --left, key += at.stride) {
      add_row<n>(query, key, count / 2, sums);
      for (int q = 0; q < n; ++q) put(sums[q], q);
    }
    if (at.mask != nullptr || at.unseen > 0) {
      most[0] = put_masked<n, std::int64_t>(*this, scores, at.mask, at.seen - at.unseen, hidden);
      if constexpr (n > 1)
        most[1] = put_masked<n, std::int64_t>(*this, scores + 8, at.other_mask, at.seen, hidden);
    }
    if (n > 1 && at.unseen > 0) store_aligned(to - 16, most[0] - least);
  }
  // In place of the scores; and what becomes of a sum of values.
  template <int n>
  void put_exponentials(std::byte* scores, int seen, const std::int64_t* most,
                        float* factor) const {
    const WordExponentials exponential(*this);
    if (seen % 2 > 0)
      for (int q = 0; q < n; ++q) store_aligned(scores + 8 * (n * seen + q), most[q] - least);
    for (int q = 0; q < n; ++q)
      factor[q] = ratio / nearest_float(put_line<n>(scores + 8 * q, seen, most[q], exponential));
  }
  // Of one query. Their sum.
  template <int n>
  static std::int64_t put_line(std::byte* scores, int seen, std::int64_t most,
                               const WordExponentials exponential) {
    std::int32_t high = 0, low = 0;
    std::byte* to = scores;
    for (const std::byte* const end = scores + 8 * n * even(seen); scores != end;
         scores += 16 * n, to += 8 * n) {
      const HalvedExponential first(exponential(most, load_aligned<std::int64_t>(scores)));
      const HalvedExponential second(exponential(most, load_aligned<std::int64_t>(scores + 8 * n)));
      const std::uint32_t upper = first.high | second.high << 16;
      const std::uint32_t lower = first.low | second.low << 16;
      store_aligned(to, upper);
      store_aligned(to + 4, lower);
      high = smlad(upper, 0x10001, high);
      low = smlad(lower, 0x10001, low);
    }
    return std::int64_t{high} * (1 << HalvedExponential::bits) + low;
  }
  // Sums of values, of two channels or of two queries.
  struct Sums {
    std::int64_t a = 0, b = 0;

    // Of up to `most_pairs` times two moments; those of low halfwords have 32 bits.
    static constexpr int most_pairs = 64;
    template <int n>
    [[gnu::always_inline]] void add(const std::byte* e, const std::byte* value, int next,
                                    int moments) {
      std::int64_t high = 0, other_high = 0;
      std::int32_t low = 0, other_low = 0;
      std::uint32_t first, second, two;
      int pairs = moments / 2;
      asm volatile(R"(
      .macro quad
        ldrd %[first], %[second], [%[e]], #8
        .if %c[queries] == 1
        ldr %[two], [%[value], %[next]]
        smlald %Q[y], %R[y], %[first], %[two] ;  smlad %[v], %[second], %[two], %[v]
        ldr %[two], [%[value]], #4
        smlald %Q[x], %R[x], %[first], %[two] ;  smlad %[u], %[second], %[two], %[u]
        .else
        ldr %[two], [%[value]], #4
        smlald %Q[x], %R[x], %[first], %[two] ;  smlad %[u], %[second], %[two], %[u]
        ldrd %[first], %[second], [%[e]], #8
        smlald %Q[y], %R[y], %[first], %[two] ;  smlad %[v], %[second], %[two], %[v]
        .endif
      .endm
      )" GRAVEN_ARMV7EM_QUADS(4)
                   : [e] "+r"(e), [value] "+r"(value), [n] "+r"(pairs), [x] "+r"(high),
                     [y] "+r"(other_high), [u] "+r"(low), [v] "+r"(other_low), [first] "=&r"(first),
                     [second] "=&r"(second), [two] "=&r"(two)
                   : [next] "r"(next), [queries] "i"(n)
                   : "cc", "memory");
      a += high * (1 << HalvedExponential::bits) + low;
      b += other_high * (1 << HalvedExponential::bits) + other_low;
    }
  };
  template <int n>
  void put_values(const Glance& at, int count, const std::byte* scratch,
                  const float* factor) const {
    const std::byte* value = at.values;
    std::byte* out = at.out;
    for (int c = 0; c < count; c += 2 / n, value += 2 / n * at.channel, out += 4 / n) {
      Sums sums;
      int j = 0;
      while (j + 1 < at.seen) {
        const int moments = (std::min)((at.seen - j) & ~1, 2 * Sums::most_pairs);
        sums.add<n>(scratch + 4 * n * j, value + 2 * j, at.channel, moments);
        j += moments;
      }
      if (j < at.seen) {
        const std::byte* const e = scratch + 4 * n * j;
        sums.a += one(e) * load<std::int16_t>(value + 2 * j);
        sums.b += n == 1 ? one(e) * load<std::int16_t>(value + at.channel + 2 * j)
                         : one(e + 8) * load<std::int16_t>(value + 2 * j);
      }
      put_word(out, sums.a, factor[0]);
      put_word(n == 1 ? out + 2 : out + at.apart, sums.b, factor[n - 1]);
    }
  }
  // The first exponential of two moments.
  static std::int64_t one(const std::byte* e) {
    return load_aligned<std::int16_t>(e) * (1 << HalvedExponential::bits) +
           load_aligned<std::int16_t>(e + 4);
  }
};

struct WordAttentions : scalar_isa::Attention<WordAttentionRule> {
  static constexpr const char* name = "armv7em.word_attention";
};

}  // namespace graven::core::armv7em_isa

#endif
