// Attention of int8: scores and sums of values are products of vectors with rows of bytes
// (rows.hpp). Two queries that share a head of keys go together: of two heads, or of two moments.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dense/by_channel.hpp"
#include "graven/isa/armv7em/dense/scores.hpp"
#include "graven/isa/shared/score_masks.hpp"

namespace graven::core::armv7em_isa {

// Heads of a multiple of four channels. What is the same for all scores of a query is left out:
// only their differences matter. Scratch: the scores, moment by moment, which become exponentials;
// queries less their zero point; the values of a head channel by channel, where the State has not.
// `Base`: AttentionInt8, or AttentionMasked.
template <class Base> struct AttentionRule : Base {
  using Base::Base;
  using Glance = scalar_isa::Glance;
  static constexpr bool pairs = true, masked = !std::is_same_v<Base, scalar_isa::AttentionInt8>;
  static constexpr bool pairs_remembered = !masked;
  static constexpr int most_head = masked ? 2048 : 16384;  // hidden scores are far below all others

  static constexpr int round4(int x) { return (x + 3) & ~3; }
  // Beyond a shift of 16, `least`, which has a limit of its own, would leave an exponential.
  static constexpr bool takes(const GraphView& g, const Value& v) {
    const int head = v.options.get<AttentionOptions>().head;
    return Base::takes(g, v) && (v.inputs == 4) == masked && head % 4 == 0 && head <= most_head &&
           quantize_multiplier(Base::steps_of(g, v)).shift >= -16;
  }
  static constexpr int scratch(int moments, const AttentionOptions& o, int queries) {
    return queries * (4 * round4(moments) + 2 * o.head) +
           (o.context > 0 ? 0 : round4(moments) * o.head);
  }
  // Of a head: behind all that `attend` needs.
  void arrange(Glance& at, int count, std::byte* scratch) const {
    const int row = round4(at.seen);
    std::byte* const to = scratch + 2 * (4 * row + 2 * count);
    put_by_channel(to, row, at, count);
    at.values = to;
    at.moment = 1;
    at.channel = row;
  }

  template <int n = 1> void attend(const Glance& at, int count, std::byte* scratch) const {
    std::byte* const query = scratch + 4 * n * round4(at.seen);
    const std::uint32_t zeros = (static_cast<std::uint32_t>(this->zero_q) & 0xffff) * 0x10001u;
    for (int q = 0; q < n; ++q) {
      const std::byte* from = at.query + q * at.apart;
      std::byte* to = query + half_at<n>(0, q);
      for (const std::byte* const end = from + count; from != end; from += 4, to += 8 * n) {
        const auto four = load<std::uint32_t>(from);
        store_aligned(to, less_halves(even_bytes(four), zeros));
        store_aligned(to + 4, less_halves(odd_bytes(four), zeros));
      }
    }
    Line line[std::size_t{n}];
    put_scores<n>(at, query, count, scratch, line);
    if (hidden() != near || this->octaves.shift > 0)
      put_exponentials<n, true>(scratch, at.seen, line);
    else
      put_exponentials<n, false>(scratch, at.seen, line);
    for (Line& each : line) {
      each.factor = this->ratio / static_cast<float>(each.sum);
      each.less = this->zero_v * each.sum;
    }
    put_values<n>(at, count, scratch, line);
  }

private:
  // What a mask of booleans hides is far enough below all scores, and their distances fit an int32
  // when doubled; what others add may be anything up to 2^30.
  static constexpr std::int32_t near = -(3 << 28);
  std::int32_t hidden() const {
    if constexpr (masked)
      if (this->mask.element != static_cast<int>(Element::boolean)) return Base::hidden;
    return near;
  }
  // Of a query: its largest score; the sum of the exponentials; what becomes of a sum of values.
  struct Line {
    std::int32_t most, sum, less;
    float factor;
  };
  template <int n>
  void put_scores(const Glance& at, const std::byte* query, int count, std::byte* to,
                  Line* line) const {
    constexpr int rows = 4 / n;
    std::byte* const first = to;
    const std::int32_t least = (std::numeric_limits<std::int32_t>::min)();
    Scores scores{query, at.keys, count / 4, at.stride, {{least, least}}};
    scores.put<n>(to, to + at.seen / rows * 16);
    for (int left = at.seen % rows; left > 0; --left) scores.put_one<n>(to);
    for (int q = 0; q < n; ++q) line[q].most = scores.largest.of[q];
    if constexpr (masked) {
      line[0].most = put_masked<n>(*this, first, at.mask, at.seen - at.unseen, hidden());
      if constexpr (n > 1)
        line[1].most = put_masked<n>(*this, first + 4, at.other_mask, at.seen, hidden());
    } else if constexpr (n > 1) {
      if (at.unseen > 0) replace(first, to, to - 8, least, line[0].most);
      if (at.old_key != nullptr)
        replace(first, to, first + 8 * at.slot, row_sum<2>(query, at.old_key, count / 4),
                line[0].most);
    }
    if (n > 1 && at.unseen > 0) store_aligned(to - 8, below(line[0].most));
  }
  // One score of the first of two queries, and their largest.
  static void replace(std::byte* first, const std::byte* end, std::byte* score,
                      std::int32_t replacement, std::int32_t& most) {
    const bool largest = load_aligned<std::int32_t>(score) == most;
    store_aligned(score, replacement);
    if (largest) most = (std::numeric_limits<std::int32_t>::min)(), score = first;
    for (const std::byte* const last = largest ? end : score + 8; score != last; score += 8)
      most = (std::max)(most, load_aligned<std::int32_t>(score));
  }
  // A score whose exponential is 0.
  std::int32_t below(std::int32_t most) const {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(most) -
                                     static_cast<std::uint32_t>(this->least));
  }
  // Exponentials behind the last moment are zeros, and rows of whole words end with something.
  template <int n>
  void put_values(const Glance& at, int count, const std::byte* scratch, const Line* line) const {
    constexpr int rows = 4 / n;
    const int channel = at.channel, seen = at.seen;
    const int quads = channel % 4 == 0 ? (seen + 3) / 4 : seen / 4;
    const Line first = line[0], last = line[n - 1];
    const std::int32_t above = 2 * this->zero_out + 1;
    const std::byte* value = at.values;
    std::byte *const out = at.out, *const other = at.out + (n - 1) * at.apart;
    const std::int32_t share = load_aligned<std::int16_t>(scratch + half_at<n>(at.slot));
    TwoByTwo block{
        {}, {scratch, value, channel, quads, {-first.less, -last.less, -first.less, -last.less}}};
    for (int c = 0; c < count; c += rows, value += rows * channel) {
      std::int32_t* const sums = block.sums;
      if constexpr (n == 1) {
        for (int k = 0; k < 4; ++k) sums[k] = -first.less;
        block_sums<1>(scratch, value, channel, quads, sums[0], sums[1], sums[2], sums[3]);
      } else {
        block.job.row = value;
        if (at.old_key != nullptr)  // with the share that the first query gives to the other value
          for (int k = 0; k < 2; ++k)
            block.job.first[2 * k] = share * (load<std::int8_t>(at.old_value + c + k) -
                                              load<std::int8_t>(value + k * channel + at.slot)) -
                                     first.less;
        two_by_two(&block.job);
      }
      for (int j = 4 * quads; j < seen; ++j)
#pragma GCC unroll 4
        for (int k = 0; k < 4; ++k)
          sums[k] += load_aligned<std::int16_t>(scratch + half_at<n>(j, k % n)) *
                     load<std::int8_t>(value + k / n * channel + j);
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) {
        const Line& own = k % n == 0 ? first : last;
        put_fast((k % n == 0 ? out : other) + c + k / n, sums[k], own.factor, above);
      }
    }
  }
  // As `exponential`, without branches: of a distance beyond `least` the shift leaves nothing.
  // steep: one more step of a score may be more than one of an octave, or scores lie as far from
  // each other as a mask of numbers puts them.
  template <bool steep> struct Exponentials {
    std::int32_t left, multiplier, half, right, least;

    explicit Exponentials(const scalar_isa::AttentionInt8& r)
        : left(steep && r.octaves.shift > 0 ? r.octaves.shift + 1 : 1),
          multiplier(r.octaves.multiplier),
          half(r.octaves.shift < 0 ? 1 << (-r.octaves.shift - 1) : 0),
          right(r.octaves.shift < 0 ? -r.octaves.shift : 0), least(r.least) {
      half += r.down << (8 + right);  // so many octaves more
    }
    // What operator() wants of the largest score.
    std::int32_t top(std::int32_t most) const { return steep ? most : twice(most); }
    // Around 2^32: distances of what is hidden fit again.
    static std::int32_t twice(std::int32_t x) {
      return static_cast<std::int32_t>(2 * static_cast<std::uint32_t>(x));
    }
    [[gnu::always_inline]] std::uint32_t operator()(std::int32_t top, std::int32_t score) const {
      std::int32_t shifted;
      if constexpr (steep) {
        const auto apart = static_cast<std::uint32_t>(top) - static_cast<std::uint32_t>(score);
        const bool far = apart > static_cast<std::uint32_t>(least);
        shifted = shift_left(far ? least : static_cast<std::int32_t>(apart), left);
      } else {
        shifted = static_cast<std::int32_t>(static_cast<std::uint32_t>(top) -
                                            2 * static_cast<std::uint32_t>(score));
      }
      const std::int32_t rounded = shift_right(smmlar(shifted, multiplier, half), right);
      std::uint32_t t, e;
      asm("usat %0, #15, %1" : "=r"(t) : "r"(rounded));
      asm("lsr %0, %1, %2" : "=r"(e) : "r"(scalar_isa::octave[t & 255]), "r"(t >> 8));
      return e;
    }
#if defined(__OPTIMIZE__) && !defined(__clang__)
    // Those of one query, not steep. It takes all registers but one, as put_values does.
    GRAVEN_OPTIMIZE("omit-frame-pointer")
    [[gnu::noinline]] std::int32_t put_line(std::byte* scores, std::byte* end,
                                            std::int32_t top) const {
      std::byte* to = scores;
      std::int32_t sum = 0;
      std::uint32_t a, b, t;
      asm volatile(
          R"(
  .macro exponential x
    sub \x, %[top], \x, lsl #1 ;  smmlar \x, \x, %[multiplier], %[half]
    asr \x, \x, %[right] ;        usat \x, #15, \x
    uxtb %[t], \x ;               ldrh %[t], [%[octave], %[t], lsl #1]
    lsr \x, \x, #8 ;              lsr \x, %[t], \x
  .endm
  .macro two
    exponential %[a] ;  exponential %[b]
    orr %[a], %[a], %[b], lsl #16 ;  str %[a], [%[to]], #4
    smlad %[sum], %[a], %[ones], %[sum]
  .endm
  1:
    ldr %[a], [%[from]], #4 ;   ldr %[b], [%[from], #4] ;   two
    ldr %[a], [%[from]], #12 ;  ldr %[b], [%[from], #-4] ;  two
    cmp %[to], %[end] ;  bne 1b
  .purgem two
  .purgem exponential
  )"
          : [from] "+r"(scores), [to] "+r"(to), [sum] "+r"(sum), [a] "=&r"(a), [b] "=&r"(b),
            [t] "=&r"(t)
          : [end] "r"(end), [top] "r"(top), [multiplier] "r"(multiplier), [half] "r"(half),
            [right] "r"(right), [octave] "r"(scalar_isa::octave.data()), [ones] "r"(0x10001)
          : "cc", "memory");
      return sum;
    }
#endif
  };
  // In place of the scores, as halfwords; and their sums.
  template <int n, bool steep>
  void put_exponentials(std::byte* scores, int seen, Line* line) const {
    const Exponentials<steep> exponential(*this);
    std::byte *to = scores, *const end = scores + 2 * n * round4(seen);
    for (int i = n * seen; i < n * round4(seen); ++i)  // whose exponentials are 0
      store_aligned(scores + 4 * i, below(line[i % n].most));
#if defined(__OPTIMIZE__) && !defined(__clang__)
    if constexpr (n == 1 && !steep) {
      line[0].sum = exponential.put_line(scores, end, exponential.top(line[0].most));
      return;
    }
#endif
    const std::int32_t first = exponential.top(line[0].most),
                       last = exponential.top(line[n - 1].most);
    std::int32_t sum = 0, other = 0;
    auto get = [&](int i) { return load_aligned<std::int32_t>(scores + 4 * i); };
    auto put = [&](int k, std::int32_t top, std::int32_t low, std::int32_t high,
                   std::int32_t& acc) {
      const std::uint32_t two = exponential(top, low) | exponential(top, high) << 16;
      store_aligned(to + 4 * k, two);
      acc = smlad(two, 0x10001, acc);
    };
    for (; to != end; scores += 16 * n, to += 8 * n) {
      const std::int32_t a = get(1), b = get(3);  // where the first words go
      put(0, first, get(0), get(2 * n), sum);
      put(1, first, n > 1 ? get(2) : a, n > 1 ? get(6) : b, sum);
      if constexpr (n > 1) put(2, last, a, get(5), other), put(3, last, b, get(7), other);
    }
    line[0].sum = sum;
    if (n > 1) line[n - 1].sum = other;
  }
  // put(): half away from zero is by twice the number, cut off.
  [[gnu::always_inline]] void put_fast(std::byte* out, std::int32_t acc, float factor,
                                       [[maybe_unused]] std::int32_t above) const {
#if defined(__ARM_FP) && (__ARM_FP & 4)
    float y = static_cast<float>(acc) * factor;
    asm("vcvt.s32.f32 %0, %0, #1" : "+t"(y));
    std::int32_t twice = std::bit_cast<std::int32_t>(y), byte;
    asm("ssat %0, #16, %0" : "+r"(twice));
    asm("ssat %0, #8, %1, asr #1" : "=r"(byte) : "r"(twice + (twice >> 31) + above));
    store(out, static_cast<std::int8_t>(byte));
#else
    this->put(out, static_cast<float>(acc) * factor);
#endif
  }
};

struct Attentions : scalar_isa::Attention<AttentionRule<scalar_isa::AttentionInt8>> {
  static constexpr const char* name = "armv7em.attention";
};
struct MaskedAttentions : scalar_isa::Attention<AttentionRule<scalar_isa::AttentionMasked>> {
  static constexpr const char* name = "armv7em.masked_attention";
};

}  // namespace graven::core::armv7em_isa

#endif
