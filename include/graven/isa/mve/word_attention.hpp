// Attention of int16: eight products per instruction, four rows side by side.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/attention.hpp"

namespace graven::core::mve_isa {

// Of `count` elements of a vector and four rows, `stride` bytes apart.
struct FourWideSums {
  std::int64_t a = 0, b = 0, c = 0, d = 0;

  [[gnu::always_inline]] FourWideSums(const std::int16_t* vector, const std::byte* rows, int stride,
                                      int count) {
    auto at = [&](int k) { return reinterpret_cast<const std::int16_t*>(rows + k * stride); };
    const std::int16_t *first = at(0), *second = at(1), *third = at(2), *fourth = at(3);
    for (; count >= 8; count -= 8, vector += 8, first += 8, second += 8, third += 8, fourth += 8) {
      const int16x8_t eight = vldrhq_s16(vector);
      a = vmlaldavaq_s16(a, eight, vldrhq_s16(first));
      b = vmlaldavaq_s16(b, eight, vldrhq_s16(second));
      c = vmlaldavaq_s16(c, eight, vldrhq_s16(third));
      d = vmlaldavaq_s16(d, eight, vldrhq_s16(fourth));
    }
    if (count == 0) return;
    const mve_pred16_t some = vctp16q(static_cast<std::uint32_t>(count));
    const int16x8_t eight = vldrhq_z_s16(vector, some);
    a = vmlaldavaq_s16(a, eight, vldrhq_z_s16(first, some));
    b = vmlaldavaq_s16(b, eight, vldrhq_z_s16(second, some));
    c = vmlaldavaq_s16(c, eight, vldrhq_z_s16(third, some));
    d = vmlaldavaq_s16(d, eight, vldrhq_z_s16(fourth, some));
  }
};
inline std::int64_t wide_row_sum(const std::int16_t* vector, const std::byte* row, int count) {
  const auto* x = reinterpret_cast<const std::int16_t*>(row);
  std::int64_t sum = 0;
  for (; count > 0; count -= 8, vector += 8, x += 8) {
    const mve_pred16_t some = vctp16q(static_cast<std::uint32_t>(count));
    sum = vmlaldavaq_s16(sum, vldrhq_z_s16(vector, some), vldrhq_z_s16(x, some));
  }
  return sum;
}

// Scratch: the scores of 64 bits, in place of which lie the high halfwords of exponentials; the low
// ones; the values of a head channel by channel, where the State has not.
struct WordAttentionRule : scalar_isa::AttentionInt16 {
  using scalar_isa::AttentionInt16::AttentionInt16;
  using Glance = scalar_isa::Glance;

  static constexpr bool takes(const GraphView& g, const Value& v) {
    const int bits = shift_of(g, v);
    return AttentionInt16::takes(g, v) && bits >= WordExponentials::fewest &&
           bits <= WordExponentials::most;
  }
  static constexpr int even(int x) { return (x + 1) & ~1; }
  static constexpr int scratch(int moments, const AttentionOptions& o) {
    return 8 * moments + 2 * even(moments) + (o.context > 0 ? 0 : 2 * moments * o.head);
  }
  void arrange(Glance& at, int count, std::byte* scratch) const {
    std::byte* const to = scratch + 8 * at.seen + 2 * even(at.seen);
    put_by_channel<std::int16_t>(to, 2 * at.seen, at, count);
    at.values = to;
    at.moment = 2;
    at.channel = 2 * at.seen;
  }

  void attend(const Glance& at, int count, std::byte* scratch) const {
    const std::int64_t most = put_scores(at, count, scratch);
    auto* const high = reinterpret_cast<std::int16_t*>(scratch);
    auto* const low = reinterpret_cast<std::int16_t*>(scratch + 8 * at.seen);
    const WordExponentials exponential(*this);
    std::int64_t sum = 0;
    for (int j = 0; j < at.seen; ++j) {
      const std::uint32_t e = exponential(most, load_aligned<std::int64_t>(scratch + 8 * j));
      const HalvedExponential halves(e);
      high[j] = static_cast<std::int16_t>(halves.high);
      low[j] = static_cast<std::int16_t>(halves.low);
      sum += e;
    }
    const float factor = ratio / nearest_float(sum);
    const std::byte* value = at.values;
    std::byte* out = at.out;
    auto put = [&](std::int64_t of_high, std::int64_t of_low) {
      put_word(out, of_high * (1 << HalvedExponential::bits) + of_low, factor);
      out += 2;
    };
    for (; count >= 4; count -= 4, value += 4 * at.channel) {
      const FourWideSums x(high, value, at.channel, at.seen), y(low, value, at.channel, at.seen);
      put(x.a, y.a), put(x.b, y.b), put(x.c, y.c), put(x.d, y.d);
    }
    for (; count > 0; --count, value += at.channel)
      put(wide_row_sum(high, value, at.seen), wide_row_sum(low, value, at.seen));
  }

private:
  // The largest.
  std::int64_t put_scores(const Glance& at, int count, std::byte* scores) const {
    std::int64_t most = hidden;
    std::byte* to = scores;
    auto put = [&](std::int64_t score) {
      store_aligned(to, score);
      to += 8;
      if (score > most) most = score;
    };
    const auto* query = reinterpret_cast<const std::int16_t*>(at.query);
    const std::byte* key = at.keys;
    int left = at.seen;
    for (; left >= 4; left -= 4, key += 4 * at.stride) {
      const FourWideSums four(query, key, at.stride, count);
      put(four.a), put(four.b), put(four.c), put(four.d);
    }
    for (; left > 0; --left, key += at.stride) put(wide_row_sum(query, key, count));
    if (at.mask == nullptr) return most;
    return put_masked<1, std::int64_t>(*this, scores, at.mask, at.seen, hidden);
  }
};

struct WordAttentions : scalar_isa::Attention<WordAttentionRule> {
  static constexpr const char* name = "mve.word_attention";
};

}  // namespace graven::core::mve_isa

#endif
