// Attention of int16: eight products per instruction, four rows side by side.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/attention.hpp"
#include "graven/isa/shared/word_attention.hpp"

namespace graven::core::mve_isa {

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
  static constexpr int scratch(int moments, const AttentionOptions& o, int) {
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
    const auto* query = reinterpret_cast<const std::int16_t*>(at.query);
    std::int64_t most = put_scores<std::int16_t>(at, query, count, scratch, hidden);
    if (at.mask != nullptr)
      most = put_masked<1, std::int64_t>(*this, scratch, at.mask, at.seen, hidden);
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
      const FourSums<std::int16_t> x(high, value, at.channel, at.seen),
          y(low, value, at.channel, at.seen);
      put(x.a, y.a), put(x.b, y.b), put(x.c, y.c), put(x.d, y.d);
    }
    for (; count > 0; --count, value += at.channel)
      put(row_sum<std::int16_t>(high, value, at.seen), row_sum<std::int16_t>(low, value, at.seen));
  }
};

struct WordAttentions : scalar_isa::Attention<WordAttentionRule> {
  static constexpr const char* name = "mve.word_attention";
};

}  // namespace graven::core::mve_isa

#endif
