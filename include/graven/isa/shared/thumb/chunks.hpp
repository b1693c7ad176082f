// Two products per multiplication, for cores without SIMD: with X = x0 + x1 * 2^16 and
// W = w1 + w0 * 2^16, (2^15 + X * W) >> 16 is x0 * w0 + x1 * w1. Two such words of inputs and
// weights are a chunk: four taps. Exact while the absolute weights of a chunk sum to 255 at most;
// what is more of a weight goes to a list of corrections behind the weights of its output.
//
// Weights are bytes biased by 128, so that a mask makes two words of four. That adds
// 0x00800080 * (X0 + X1) to the products of a chunk, and so a chunk of inputs is three words:
//   2^15 - 0x00800080 * (X0 + X1),  X0 = x[k] + x[k + 2] * 2^16,  X1 = x[k + 1] + x[k + 3] * 2^16
// A tile holds the chunks of its pixels side by side.
#pragma once

#include "graven/kernel/fold.hpp"
#include "graven/kernel/task.hpp"

namespace graven::core::thumb_isa {

inline constexpr std::uint32_t half_bias = 0x00800080;
inline constexpr int most_chunks = 5461, chunk_bytes = 12;

constexpr int chunks_of(int taps) { return (taps + 3) / 4; }

// The most that a channel's sum can be, or less than 0 where a weight is -128.
constexpr std::int64_t reach(const FilterLayout& layout, const Parameters& p, int output,
                             std::int32_t bias) {
  Channel c;
  if (p.folded != nullptr)
    c = p.folded[output];
  else
    c.extremes = extremes_of<std::int8_t>(p.filter.int8 + layout.index(output, 0), layout.taps,
                                          layout.tap_step);
  return c.has_lowest() ? -1 : 128 * c.magnitude() + (bias < 0 ? -std::int64_t{bias} : bias);
}

// A channel's word: its folded bias (24 bits) above its right shift - 1 (8 bits). -2^31 ends a
// stream.
constexpr bool fits_word(const Channel& c) {
  return c.multiplier.shift <= -1 && c.multiplier.shift >= -22 && !c.overflows &&
         c.bias > -(1 << 23) && c.bias < 1 << 23;
}
constexpr std::int32_t channel_word(const Channel& c) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(c.bias) << 8 |
                                   static_cast<std::uint32_t>(-c.multiplier.shift - 1));
}
inline constexpr std::int32_t end_of_stream = (std::numeric_limits<std::int32_t>::min)();

// The part of a weight that makes the sum of its chunk too large by `excess`.
constexpr int cut(int& w, int& excess) {
  const int size = w < 0 ? -w : w, most = excess < size ? excess : size;
  const int part = excess <= 0 ? 0 : w < 0 ? -most : most;
  w -= part;
  excess -= most;
  return part;
}

// A word per four weights of one output, cut to what is exact. Of the inputs only x[k] and
// x[k + 1], the low halves, are ever corrected: the other two weights sum to 254 at most.
// Calls `correct(word, weight, chunk)` with word 0 or 1 of the chunk; weights are put where `to` is
// given.
template <class Correct>
constexpr void cut_weights(Writer* to, const FilterLayout& layout, const Parameters& p, int output,
                           Correct correct) {
  const int step = layout.tap_step, end = layout.taps;
  const std::int8_t* const weights = p.filter.int8 + layout.index(output, 0);
  for (int k = 0; k < end; k += 4) {
    const std::int8_t* const w = weights + k * step;
    int a = w[0], b = k + 1 < end ? w[step] : 0;
    const int c = k + 2 < end ? w[2 * step] : 0, d = k + 3 < end ? w[3 * step] : 0;
    int excess = (a < 0 ? -a : a) + (b < 0 ? -b : b) + (c < 0 ? -c : c) + (d < 0 ? -d : d) - 255;
    if (excess > 0) {
      const bool second_alone = (a < 0 ? -a : a) < excess && (b < 0 ? -b : b) >= excess;
      if (!second_alone)
        if (const int part = cut(a, excess); part != 0) correct(0, part, k / 4);
      if (const int part = cut(b, excess); part != 0) correct(1, part, k / 4);
    }
    if (to == nullptr) continue;
    to->put(static_cast<std::uint32_t>(c + 128) | static_cast<std::uint32_t>(d + 128) << 8 |
            static_cast<std::uint32_t>(a + 128) << 16 | static_cast<std::uint32_t>(b + 128) << 24);
  }
}

// How many corrections an output has: those of first words above those of second words.
struct Corrections {
  int first = 0, second = 0;

  static constexpr Corrections of(const Channel& c) { return {c.note & 0xffff, c.note >> 16}; }
  constexpr int note() const { return first | second << 16; }
  constexpr bool fit() const { return first <= 255 && second <= 255; }
  constexpr int packed() const { return first | second << 8; }
};
constexpr Corrections put_weights(Writer* to, const FilterLayout& layout, const Parameters& p,
                                  int output) {
  Corrections count;
  cut_weights(to, layout, p, output,
              [&](int word, int, int) { ++(word == 0 ? count.first : count.second); });
  return count;
}
// A correction: the weight in the highest byte; the chunk's place in a tile of one pixel in the
// lower half.
constexpr void put_corrections(Writer& to, const FilterLayout& layout, const Parameters& p,
                               int output) {
  for (int wanted = 0; wanted < 2; ++wanted)
    cut_weights(nullptr, layout, p, output, [&](int word, int w, int chunk) {
      if (word == wanted) to.put(w * (1 << 24) + chunk * chunk_bytes);
    });
}

// Packing chooses: `proven` where no sum leaves the Core's range, `clamped` where sums beyond it
// saturate the output, and `general`, which is scalar's.
enum Program { proven, clamped, general };

template <class Core>
constexpr Program program_of(const GraphView& g, const Value& v, const Parameters& p) {
  const FilterLayout layout = v.weights;
  if (!whole_range(v) || chunks_of(layout.taps) > most_chunks) return general;
  Program program = proven;
  for (int o = 0; o < layout.outputs; ++o) {
    const Channel channel = fold(g, v, p, o);
    const std::int64_t most = reach(layout, p, o, channel.bias);
    if (most < 0 || !fits_word(channel)) return general;
    if (!Corrections::of(channel).fit()) return general;
    if (most < Core::most_sum) continue;
    if (!Core::saturates(channel.multiplier, v.quant.zero_point)) return general;
    program = clamped;
  }
  return program;
}

// ---- chunks of inputs -------------------------------------------------------------------------

// Chunks of padding.
[[gnu::noinline]] inline void spread_padding(std::byte* to, int zero, int count) {
  const std::uint32_t pair = 0x00010001u * static_cast<std::uint32_t>(zero);
  for (std::byte* const end = to + count * chunk_bytes; to != end; to += chunk_bytes) {
    store_aligned(to, 0x8000u - half_bias * 2 * pair);
    store_aligned(to + 4, pair);
    store_aligned(to + 8, pair);
  }
}

}  // namespace graven::core::thumb_isa
