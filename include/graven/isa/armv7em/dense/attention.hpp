// Attention of int8: scores and sums of values are products of vectors with rows of bytes
// (rows.hpp). Two queries that share a head of keys go together.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dense/rows.hpp"
#include "graven/isa/scalar/attention_integer.hpp"

namespace graven::core::armv7em_isa {

// Heads of a multiple of four channels. What is the same for all scores of a query is left out:
// only their differences matter. Scratch: the scores, moment by moment, which become exponentials;
// queries less their zero point; the values of a head channel by channel, where the State has not.
struct AttentionRule : scalar_isa::AttentionInt8 {
  using scalar_isa::AttentionInt8::AttentionInt8;
  using Glance = scalar_isa::Glance;
  static constexpr bool pairs = true;

  static constexpr int round4(int x) { return (x + 3) & ~3; }
  static constexpr int together(const AttentionOptions& o) {
    return o.heads / o.kv_heads > 1 ? 2 : 1;
  }
  static constexpr bool takes(const GraphView& g, const Value& v) {
    return scalar_isa::AttentionInt8::takes(g, v) &&
           v.options.get<AttentionOptions>().head % 4 == 0 &&
           quantize_multiplier(steps_of(g, v)).shift >= -30;
  }
  static constexpr int scratch(int moments, const AttentionOptions& o) {
    return together(o) * (4 * round4(moments) + 2 * o.head) +
           (o.context > 0 ? 0 : round4(moments) * o.head);
  }
  // Of a head: behind all that `attend` needs.
  void arrange(Glance& at, int queries, int count, std::byte* scratch) const {
    const int row = round4(at.seen);
    std::byte* const to = scratch + (queries > 1 ? 2 : 1) * (4 * row + 2 * count);
    for (int c = 0; c < count; ++c)
      for (int j = 0; j < at.seen; ++j) to[c * row + j] = at.values[j * at.moment + c];
    at.values = to;
    at.moment = 1;
    at.channel = row;
  }

  // n queries, whose channels lie one behind the other.
  template <int n = 1> void attend(const Glance& at, int count, std::byte* scratch) const {
    std::byte* const query = scratch + 4 * n * round4(at.seen);
    const std::uint32_t zeros = (static_cast<std::uint32_t>(zero_q) & 0xffff) * 0x10001u;
    for (int q = 0; q < n; ++q)
      for (int c = 0; c < count; c += 4) {
        const auto four = load<std::uint32_t>(at.query + q * count + c);
        store_aligned(query + half_at<n>(c, q), less_halves(even_bytes(four), zeros));
        store_aligned(query + half_at<n>(c + 1, q), less_halves(odd_bytes(four), zeros));
      }
    Line line[std::size_t{n}];
    put_scores<n>(at, query, count, scratch, line);
    if (octaves.shift > 0)
      put_exponentials<n, true>(scratch, at.seen, line);
    else
      put_exponentials<n, false>(scratch, at.seen, line);
    for (Line& each : line) {
      each.factor = ratio / static_cast<float>(each.sum);
      each.less = zero_v * each.sum;
    }
    put_values<n>(at, count, scratch, line);
  }

private:
  // Of a query: its largest score; the sum of the exponentials; what becomes of a sum of values.
  struct Line {
    std::int32_t most = (std::numeric_limits<std::int32_t>::min)(), sum = 0, less = 0;
    float factor = 0;
  };
  template <int n>
  static void put_scores(const Glance& at, const std::byte* query, int count, std::byte* scores,
                         Line* line) {
    std::int32_t most[2]{line->most, line->most};
    auto take = [&](std::int32_t score, int q) {
      if (score > most[q]) most[q] = score;
    };
    const std::byte* key = at.keys;
    const int stride = at.stride, quads = count / 4;
    int left = at.seen;
    for (; left >= 4 / n; left -= 4 / n, key += 4 / n * stride, scores += 16) {
      std::int32_t a, b, c, d;
      block_sums<n>(query, key, stride, quads, a, b, c, d);
      store_aligned(scores, a), store_aligned(scores + 4, b);
      store_aligned(scores + 8, c), store_aligned(scores + 12, d);
      take(a, 0), take(b, n - 1), take(c, 0), take(d, n - 1);
    }
    for (; left > 0; --left, key += stride)
      for (int q = 0; q < n; ++q, scores += 4) {
        const std::int32_t score = row_sum<n>(query + 8 * q, key, quads);
        store_aligned(scores, score);
        take(score, q);
      }
    for (int q = 0; q < n; ++q) line[q].most = most[q];
  }
  // Exponentials behind the last moment are zeros, and rows of whole words end with something.
  template <int n>
  void put_values(const Glance& at, int count, const std::byte* scratch, const Line* line) const {
    constexpr int rows = 4 / n;
    const int channel = at.channel, seen = at.seen;
    const int quads = channel % 4 == 0 ? (seen + 3) / 4 : seen / 4;
    const Line first = line[0], last = line[n - 1];
    const std::byte* value = at.values;
    std::byte *const out = at.out, *const other = at.out + (n - 1) * count;
    for (int c = 0; c < count; c += rows, value += rows * channel) {
      std::int32_t sums[4];
      block_sums<n>(scratch, value, channel, quads, sums[0], sums[1], sums[2], sums[3]);
      for (int j = 4 * quads; j < seen; ++j)
        for (int k = 0; k < 4; ++k)
          sums[k] += load_aligned<std::int16_t>(scratch + half_at<n>(j, k % n)) *
                     load<std::int8_t>(value + k / n * channel + j);
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) {
        const Line& own = k % n == 0 ? first : last;
        put_fast((k % n == 0 ? out : other) + c + k / n, sums[k] - own.less, own.factor);
      }
    }
  }
  // As `exponential`, without branches: of a distance beyond `least` the shift leaves nothing.
  // steep: one more step of a score may be more than one of an octave.
  template <bool steep> struct Exponentials {
    std::int32_t left, multiplier, half, right, least;
    std::uint32_t down;

    explicit Exponentials(const AttentionInt8& r)
        : left(steep ? r.octaves.shift + 1 : 1), multiplier(r.octaves.multiplier),
          half(r.octaves.shift < 0 ? 1 << (-r.octaves.shift - 1) : 0),
          right(r.octaves.shift < 0 ? -r.octaves.shift : 0), least(r.least),
          down(static_cast<std::uint32_t>(r.down)) {}
    [[gnu::always_inline]] std::uint32_t operator()(std::int32_t below) const {
      if (steep && below > least) below = least;
      const std::int32_t twice = steep ? shift_left(below, left) : below * 2;
      std::uint32_t t;
      asm("usat %0, #15, %1" : "=r"(t) : "r"(shift_right(smmlar(twice, multiplier, half), right)));
      std::uint32_t e;
      asm("lsr %0, %1, %2" : "=r"(e) : "r"(scalar_isa::octave[t & 255]), "r"((t >> 8) + down));
      return e;
    }
  };
  // In place of the scores, as halfwords; and their sums.
  template <int n, bool steep>
  void put_exponentials(std::byte* scores, int seen, Line* line) const {
    const Exponentials<steep> exponential(*this);
    std::byte* to = scores;
    std::int32_t sums[2]{};
    for (int left = seen; left > 0; left -= 4, scores += 16 * n, to += 8 * n) {
      std::uint32_t words[std::size_t{2 * n}];
      for (int q = 0; q < n; ++q) {
        auto one = [&](int i) {
          const auto score = load_aligned<std::int32_t>(scores + 4 * (n * i + q));
          return exponential(line[q].most - score);
        };
        words[2 * q] = one(0) | (left > 2 ? one(2) << 16 : 0);
        words[2 * q + 1] = left > 1 ? one(1) | (left > 3 ? one(3) << 16 : 0) : 0;
        sums[q] = smlad(words[2 * q], 0x10001, smlad(words[2 * q + 1], 0x10001, sums[q]));
      }
      for (int k = 0; k < 2 * n; ++k) store_aligned(to + 4 * k, words[k]);
    }
    for (int q = 0; q < n; ++q) line[q].sum = sums[q];
  }
  // put(): half away from zero is by twice the number, cut off.
  [[gnu::always_inline]] void put_fast(std::byte* out, std::int32_t acc, float factor) const {
#if defined(__ARM_FP) && (__ARM_FP & 4)
    float y = static_cast<float>(acc) * factor;
    asm("vcvt.s32.f32 %0, %0, #1" : "+t"(y));
    std::int32_t twice = std::bit_cast<std::int32_t>(y), byte;
    asm("ssat %0, #16, %0" : "+r"(twice));
    asm("ssat %0, #8, %1" : "=r"(byte) : "r"(((twice + (twice >> 31) + 1) >> 1) + zero_out));
    store(out, static_cast<std::int8_t>(byte));
#else
    put(out, static_cast<float>(acc) * factor);
#endif
  }
};

struct Attentions : scalar_isa::Attention<AttentionRule> {
  static constexpr const char* name = "armv7em.attention";
};

}  // namespace graven::core::armv7em_isa

#endif
