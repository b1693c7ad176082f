// Attention: of int8 four rows side by side (rows.hpp); of float32 four moments or channels at a
// time, each of which adds its products in the order of scalar: the same bits, but for subnormal
// numbers, which Helium takes for zero.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/rows.hpp"
#include "graven/isa/scalar/attention_real.hpp"
#include "graven/isa/shared/score_masks.hpp"

namespace graven::core::mve_isa {

inline mve_pred16_t first_words(int count) { return vctp32q(static_cast<std::uint32_t>(count)); }

// Values of a head, T each, in one piece per channel, `row` bytes apart.
template <class T>
inline void put_by_channel(std::byte* to, int row, const scalar_isa::Glance& at, int channels) {
  constexpr int size = sizeof(T);
  int c = 0;
  if (8 * row < 1 << 16)  // offsets are halfwords
    for (const uint16x8_t places = vmulq_n_u16(vidupq_n_u16(0, 1), static_cast<std::uint16_t>(row));
         c < channels; c += 8) {
      const mve_pred16_t some = vctp16q(static_cast<std::uint32_t>(channels - c));
      const std::byte* from = at.values + c * size;
      std::byte* put = to + c * row;
      for (int j = 0; j < at.seen; ++j, from += at.moment, put += size)
        if constexpr (size == 1)
          vstrbq_scatter_offset_p_s16(
              reinterpret_cast<std::int8_t*>(put), places,
              vldrbq_z_s16(reinterpret_cast<const std::int8_t*>(from), some), some);
        else
          vstrhq_scatter_offset_p_s16(
              reinterpret_cast<std::int16_t*>(put), places,
              vldrhq_z_s16(reinterpret_cast<const std::int16_t*>(from), some), some);
    }
  for (; c < channels; ++c)
    for (int j = 0; j < at.seen; ++j)
      store(to + c * row + j * size, load<T>(at.values + j * at.moment + c * size));
}

// What a mask of booleans or reals makes of scores, four at a time. The largest of them.
template <class Rule>
inline std::int32_t put_masked_by_four(const Rule& rule, std::byte* scores, const std::byte* mask,
                                       int seen) {
  const bool real = rule.mask.element == static_cast<int>(Element::float32);
  const int32x4_t hidden = vdupq_n_s32(Rule::hidden);
  constexpr float limit = static_cast<float>(Rule::most_steps), far = 1e25f;
  std::int32_t most = Rule::hidden;
  for (; seen > 0; seen -= 4, scores += 16, mask += real ? 16 : 4) {
    auto* const to = reinterpret_cast<std::int32_t*>(scores);
    const mve_pred16_t some = first_words(seen);
    int32x4_t score = vldrwq_s32(to);
    if (real) {
      const float32x4_t added = vldrwq_z_f32(reinterpret_cast<const float*>(mask), some);
      const float32x4_t bounded = vminnmq_f32(added, vdupq_n_f32(far));
      const float32x4_t steps = vmulq_n_f32(bounded, rule.mask.factor);
      const int32x4_t whole = vpselq_s32(vdupq_n_s32(Rule::most_steps), vcvtq_s32_f32(steps),
                                         vcmpgeq_n_f32(steps, limit));
      const mve_pred16_t shown = vcmpgtq_m_n_f32(steps, -limit, vcmpgtq_n_f32(added, -far));
      score = vpselq_s32(vaddq_s32(score, whole), hidden, shown);
    } else {
      const int32x4_t shown = vldrbq_z_s32(reinterpret_cast<const std::int8_t*>(mask), some);
      score = vpselq_s32(score, hidden, vcmpneq_s32(shown, vdupq_n_s32(0)));
    }
    vstrwq_s32(to, score);
    most = vmaxvq_p_s32(most, score, some);
  }
  return most;
}

// Scores of a query with the keys, elements T. The largest of them, if above `most`.
template <class T, class Sum = typename EightOf<T>::Sum>
inline Sum put_scores(const scalar_isa::Glance& at, const std::int16_t* query, int count,
                      std::byte* scores, Sum most) {
  auto put = [&](Sum score) {
    store_aligned(scores, score);
    scores += sizeof(Sum);
    if (score > most) most = score;
  };
  const std::byte* key = at.keys;
  int left = at.seen;
  for (; left >= 4; left -= 4, key += 4 * at.stride) {
    const FourSums<T> four(query, key, at.stride, count);
    put(four.a), put(four.b), put(four.c), put(four.d);
  }
  for (; left > 0; --left, key += at.stride) put(row_sum<T>(query, key, count));
  return most;
}

// Scratch: the scores, which become exponentials, as halfwords; a query; the values of a head
// channel by channel, where the State has not. `Base`: AttentionInt8, or AttentionMasked.
template <class Base> struct AttentionRule : Base {
  using Base::Base;
  using Glance = scalar_isa::Glance;
  static constexpr bool masked = !std::is_same_v<Base, scalar_isa::AttentionInt8>;
  static constexpr int most_head = masked ? 2048 : 16384;  // hidden scores are far below all others

  static constexpr bool takes(const GraphView& g, const Value& v) {
    return Base::takes(g, v) && (v.inputs == 4) == masked &&
           v.options.get<AttentionOptions>().head <= most_head;
  }
  static constexpr int round4(int x) { return (x + 3) & ~3; }
  static constexpr int scratch(int moments, const AttentionOptions& o, int) {
    return 4 * round4(moments) + round4(2 * o.head) + (o.context > 0 ? 0 : moments * o.head);
  }
  void arrange(Glance& at, int count, std::byte* scratch) const {
    std::byte* const to = scratch + 4 * round4(at.seen) + round4(2 * count);
    put_by_channel<std::int8_t>(to, at.seen, at, count);
    at.values = to;
    at.moment = 1;
    at.channel = at.seen;
  }

  void attend(const Glance& at, int count, std::byte* scratch) const {
    auto* const query = reinterpret_cast<std::int16_t*>(scratch + 4 * round4(at.seen));
    put_halves(query, at.query, count, this->zero_q);
    std::int32_t most = put_scores<std::int8_t>(at, query, count, scratch,
                                                (std::numeric_limits<std::int32_t>::min)());
    if constexpr (masked) most = put_masks(scratch, at.mask, at.seen);
    const std::int32_t sum = put_exponentials(scratch, at.seen, most);
    const auto* e = reinterpret_cast<const std::int16_t*>(scratch);
    const float factor = this->ratio / static_cast<float>(sum);
    const std::int32_t less = this->zero_v * sum;
    const std::byte* value = at.values;
    std::byte* out = at.out;
    for (; count >= 4; count -= 4, value += 4 * at.channel, out += 4) {
      const FourSums<std::int8_t> four(e, value, at.channel, at.seen);
      const std::int32_t sums[]{four.a, four.b, four.c, four.d};
      put_four(out, vsubq_n_s32(vldrwq_s32(sums), less), factor);
    }
    for (; count > 0; --count, value += at.channel, ++out)
      this->put(out, static_cast<float>(row_sum<std::int8_t>(e, value, at.seen) - less) * factor);
  }

private:
  std::int32_t put_masks(std::byte* scores, const std::byte* mask, int seen) const {
    const std::int32_t hidden = Base::hidden;
    return this->mask.element == static_cast<int>(Element::int8)
               ? put_masked<1>(*this, scores, mask, seen, hidden)
               : put_masked_by_four(*this, scores, mask, seen);
  }
  std::int32_t put_exponentials(std::byte* scratch, int seen, std::int32_t most) const {
    const auto* score = reinterpret_cast<const std::int32_t*>(scratch);
    auto* to = reinterpret_cast<std::uint16_t*>(scratch);
    const int left = this->octaves.shift > 0 ? this->octaves.shift : 0;
    const int right = this->octaves.shift < 0 ? this->octaves.shift : 0;
    std::uint32_t sum = 0;
    for (; seen > 0; seen -= 4, score += 4, to += 4) {
      const int32x4_t below = vsubq_s32(vdupq_n_s32(most), vldrwq_s32(score));
      const int32x4_t high = vqrdmulhq_n_s32(vshlq_r_s32(below, left), this->octaves.multiplier);
      const int32x4_t t = vrshlq_s32(high, vdupq_n_s32(right));
      const uint32x4_t place = vreinterpretq_u32_s32(vandq_s32(t, vdupq_n_s32(255)));
      uint32x4_t e = vldrhq_gather_shifted_offset_u32(scalar_isa::octave.data(), place);
      e = vshlq_u32(e, vsubq_s32(vdupq_n_s32(-this->down), vshrq_n_s32(t, 8)));
      const uint32x4_t end = vdupq_n_u32(static_cast<std::uint32_t>(this->least));
      const mve_pred16_t near = vcmphiq_m_u32(end, vreinterpretq_u32_s32(below), first_words(seen));
      e = vpselq_u32(e, vdupq_n_u32(0), near);
      sum = vaddvaq_u32(sum, e);
      vstrhq_u32(to, e);
    }
    return static_cast<std::int32_t>(sum);
  }
  void put_four(std::byte* out, int32x4_t acc, float factor) const {
    const int32x4_t steps = vcvtaq_s32_f32(vmulq_n_f32(vcvtq_f32_s32(acc), factor));
    const int32x4_t whole = vqaddq_n_s32(steps, this->zero_out);
    const int32x4_t bounded = vmaxq_s32(vminq_s32(whole, vdupq_n_s32(127)), vdupq_n_s32(-128));
    vstrbq_s32(reinterpret_cast<std::int8_t*>(out), bounded);
  }
};

// exp(x) of numbers up to 0, by floating_point::exp's steps; 0 below -87.
inline float32x4_t exponentials(float32x4_t x) {
  namespace real = floating_point;
  const float32x4_t whole = vdupq_n_f32(real::no_halves<float>), one = vdupq_n_f32(1);
  const float32x4_t shifted = vaddq_f32(vmulq_n_f32(x, real::octaves<float>), whole);
  const float32x4_t count = vsubq_f32(shifted, whole);
  const float32x4_t r = vsubq_f32(vsubq_f32(x, vmulq_n_f32(count, real::log2_high<float>)),
                                  vmulq_n_f32(count, real::log2_low<float>));
  float32x4_t tail = one;
#pragma GCC unroll 5
  for (int k = 7; k > 2; --k)
    tail = vaddq_f32(one, vmulq_n_f32(vmulq_f32(r, tail), 1 / static_cast<float>(k)));
  const float32x4_t part = vmulq_n_f32(vmulq_f32(vmulq_f32(r, r), tail), 0.5f);
  const float32x4_t y = vaddq_f32(one, vaddq_f32(r, part));
  const int32x4_t bits =
      vaddq_s32(vreinterpretq_s32_f32(y), vshlq_n_s32(vreinterpretq_s32_f32(shifted), 23));
  const float32x4_t near = vreinterpretq_f32_s32(bits);
  const float32x4_t far = vpselq_f32(vdupq_n_f32(0), x, vcmpleq_n_f32(x, -87.0f));  // or NaN
  return vpselq_f32(near, far, vcmpgtq_n_f32(x, -87.0f));
}

struct RealAttentionRule : scalar_isa::AttentionFloat32 {
  using scalar_isa::AttentionFloat32::AttentionFloat32;
  using Glance = scalar_isa::Glance;

  static constexpr int scratch(int moments, const AttentionOptions&, int) {
    return 4 * ((moments + 3) & ~3);
  }
  void attend(const Glance& at, int count, std::byte* scratch) const {
    auto* const scores = reinterpret_cast<float*>(scratch);
    const float most = put_scores(at, count, scores);
    float sum = 0;
    for (int j = 0; j < at.seen; j += 4) {
      vstrwq_f32(scores + j, exponentials(vsubq_f32(vldrwq_f32(scores + j), vdupq_n_f32(most))));
      for (int i = j; i < j + 4 && i < at.seen; ++i) sum += scores[i];
    }
    const std::byte* values = at.values;
    std::byte* out = at.out;
    for (; count >= 16; count -= 16) put_values<4>(at, scores, sum, 16, values, out);
    for (; count > 0; count -= 4)
      put_values<1>(at, scores, sum, count < 4 ? count : 4, values, out);
  }

private:
  // The largest.
  float put_scores(const Glance& at, int count, float* scores) const {
    float most = -floating_point::infinity<float>;
    const std::byte *key = at.keys, *mask = at.mask;
    const uint32x4_t four = vmulq_n_u32(vidupq_n_u32(0, 1), static_cast<std::uint32_t>(at.stride));
    auto put = [&](float32x4_t sums, int left) {
      const mve_pred16_t some = first_words(left);
      sums = vmulq_n_f32(sums, scale);
      if (mask != nullptr) {
        sums = vaddq_f32(sums, vldrwq_z_f32(reinterpret_cast<const float*>(mask), some));
        mask += 16;
      }
      vstrwq_f32(scores, sums);
      scores += 4;
      most = vmaxnmvq_p_f32(most, sums, some);
    };
    const auto* query = reinterpret_cast<const float*>(at.query);
    int left = at.seen;
    for (; left >= 8; left -= 8, key += 8 * at.stride) {
      float32x4_t a = vdupq_n_f32(0), b = a;
      const auto *first = reinterpret_cast<const float*>(key),
                 *second = reinterpret_cast<const float*>(key + 4 * at.stride);
      for (int c = 0; c < count; ++c) {
        a = vaddq_f32(a, vmulq_n_f32(vldrwq_gather_offset_f32(first + c, four), query[c]));
        b = vaddq_f32(b, vmulq_n_f32(vldrwq_gather_offset_f32(second + c, four), query[c]));
      }
      put(a, 4), put(b, 4);
    }
    for (; left > 0; left -= 4, key += 4 * at.stride) {
      float32x4_t a = vdupq_n_f32(0);
      const auto* first = reinterpret_cast<const float*>(key);
      for (int c = 0; c < count; ++c) {
        const float32x4_t keys = vldrwq_gather_offset_z_f32(first + c, four, first_words(left));
        a = vaddq_f32(a, vmulq_n_f32(keys, query[c]));
      }
      put(a, left);
    }
    return most;
  }
  // Of `channels` channels, n vectors: what the exponentials make of the values, by their sum.
  template <int n>
  static void put_values(const Glance& at, const float* e, float sum, int channels,
                         const std::byte*& values, std::byte*& out) {
    const mve_pred16_t some = n == 1 ? first_words(channels) : first_words(4);
    float32x4_t y[std::size_t{n}];
    for (float32x4_t& each : y) each = vdupq_n_f32(0);
    const std::byte* value = values;
    for (int j = 0; j < at.seen; ++j, value += at.moment) {
      const auto* x = reinterpret_cast<const float*>(value);
#pragma GCC unroll 4
      for (int k = 0; k < n; ++k) {
        const float32x4_t four = n == 1 ? vldrwq_z_f32(x, some) : vldrwq_f32(x + 4 * k);
        y[k] = vaddq_f32(y[k], vmulq_n_f32(four, e[j]));
      }
    }
    float found[std::size_t{4 * n}];
    for (int k = 0; k < n; ++k) vstrwq_f32(found + 4 * k, y[k]);
    for (int c = 0; c < channels; ++c, out += 4) store(out, found[c] / sum);
    values += 4 * channels;
  }
};

struct Attentions : scalar_isa::Attention<AttentionRule<scalar_isa::AttentionInt8>> {
  static constexpr const char* name = "mve.attention";
};
struct MaskedAttentions : scalar_isa::Attention<AttentionRule<scalar_isa::AttentionMasked>> {
  static constexpr const char* name = "mve.masked_attention";
};
struct RealAttentions : scalar_isa::Attention<RealAttentionRule> {
  static constexpr const char* name = "mve.real_attention";
};

}  // namespace graven::core::mve_isa

#endif
