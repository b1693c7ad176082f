// Attention of int8: scores of four moments side by side, two products per instruction; sums of
// eight channels of the values.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dsp.hpp"
#include "graven/isa/scalar/attention.hpp"

namespace graven::core::armv7em_isa {

// Heads of a multiple of eight channels. What is the same for all scores of a query is left out:
// only their differences matter.
struct AttentionRule : scalar_isa::AttentionInt8 {
  using scalar_isa::AttentionInt8::AttentionInt8;
  using Glance = scalar_isa::Glance;
  static constexpr int most_head = 64;

  static constexpr bool takes(const GraphView& g, const Value& v) {
    const int head = v.options.get<AttentionOptions>().head;
    return scalar_isa::AttentionInt8::takes(g, v) && head % 8 == 0 && head <= most_head;
  }

  // A query less its zero point: channels 0 and 2, then 1 and 3 of each four.
  struct Query {
    std::uint32_t words[std::size_t{most_head / 2}];

    Query(const std::byte* from, int count, std::int32_t zero) {
      auto both = [&](int a, int b) {
        const std::int32_t low = load<std::int8_t>(from + a) - zero;
        const std::int32_t high = load<std::int8_t>(from + b) - zero;
        return (static_cast<std::uint32_t>(low) & 0xffff) | static_cast<std::uint32_t>(high) << 16;
      };
      for (int c = 0; c < count; c += 4) {
        words[c / 2] = both(c, c + 2);
        words[c / 2 + 1] = both(c + 1, c + 3);
      }
    }
  };
  [[gnu::always_inline]] static std::int32_t add_four(const std::byte* key, std::uint32_t even,
                                                      std::uint32_t odd, std::int32_t sum) {
    const auto four = load<std::uint32_t>(key);
    return smlad(odd_bytes(four), odd, smlad(even_bytes(four), even, sum));
  }
  static std::int32_t score_all(const Glance& at, const Query& query, int count,
                                std::byte* scores) {
    std::int32_t most = (std::numeric_limits<std::int32_t>::min)();
    auto put = [&](int j, std::int32_t score) {
      store_aligned(scores + 4 * j, score);
      if (score > most) most = score;
    };
    const std::byte* key = at.keys;
    int j = 0;
    for (; j + 4 <= at.seen; j += 4, key += 4 * at.stride) {
      std::int32_t a = 0, b = 0, c = 0, d = 0;
      const std::byte *second = key + at.stride, *third = second + at.stride;
      const std::byte* fourth = third + at.stride;
      for (int i = 0; i < count; i += 4) {
        const std::uint32_t even = query.words[i / 2], odd = query.words[i / 2 + 1];
        a = add_four(key + i, even, odd, a);
        b = add_four(second + i, even, odd, b);
        c = add_four(third + i, even, odd, c);
        d = add_four(fourth + i, even, odd, d);
      }
      put(j, a), put(j + 1, b), put(j + 2, c), put(j + 3, d);
    }
    for (; j < at.seen; ++j, key += at.stride) {
      std::int32_t sum = 0;
      for (int i = 0; i < count; i += 4)
        sum = add_four(key + i, query.words[i / 2], query.words[i / 2 + 1], sum);
      put(j, sum);
    }
    return most;
  }

  void attend(const Glance& at, int count, std::byte* scores) const {
    const std::int32_t most = score_all(at, Query(at.query, count, zero_q), count, scores);
    std::int32_t sum = 0;
    for (int j = 0; j < at.seen; ++j) {
      const std::int32_t e = exponential(most - load_aligned<std::int32_t>(scores + 4 * j));
      store_aligned(scores + 4 * j, e);
      sum += e;
    }
    const float factor = ratio / static_cast<float>(sum);
    for (int c = 0; c < count; c += 8) put_eight(at, c, scores, zero_v * sum, factor);
  }

private:
  void put_eight(const Glance& at, int first, const std::byte* scores, std::int32_t less,
                 float factor) const {
    std::int32_t y[8]{};
    const std::byte* value = at.values + first;
    const std::byte* const end = scores + 4 * at.seen;
    for (; scores != end; scores += 4, value += at.stride) {
      const auto e = load_aligned<std::uint32_t>(scores);
      const auto low = load<std::uint32_t>(value), high = load<std::uint32_t>(value + 4);
      const std::uint32_t even = even_bytes(low), odd = odd_bytes(low);
      y[0] = smlabb(e, even, y[0]), y[2] = smlabt(e, even, y[2]);
      y[1] = smlabb(e, odd, y[1]), y[3] = smlabt(e, odd, y[3]);
      const std::uint32_t more_even = even_bytes(high), more_odd = odd_bytes(high);
      y[4] = smlabb(e, more_even, y[4]), y[6] = smlabt(e, more_even, y[6]);
      y[5] = smlabb(e, more_odd, y[5]), y[7] = smlabt(e, more_odd, y[7]);
    }
    for (int c = 0; c < 8; ++c) put(at.out + first + c, static_cast<float>(y[c] - less) * factor);
  }
};

struct Attentions : scalar_isa::Attention<AttentionRule> {
  static constexpr const char* name = "armv7em.attention";
};

}  // namespace graven::core::armv7em_isa

#endif
