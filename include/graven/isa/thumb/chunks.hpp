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

#include "graven/fold.hpp"
#include "graven/kernel.hpp"

namespace graven::thumb_isa {

inline constexpr std::uint32_t half_ones = 0x00ff00ff, half_bias = 0x00800080;
inline constexpr int most_chunks = 4095, chunk_bytes = 12;

constexpr int chunks_of(int taps) { return (taps + 3) / 4; }
constexpr int taps_of(const GraphView& g, const Value& v) {
  return v.filter.area() * g.input(v).shape.channels;
}

// What the kernels do without: other layers are left to the general path.
constexpr bool whole_range(const Value& v) {
  const Clamp range = activation_range(v.activation, v.quant, v.element);
  return range.low == -128 && range.high == 127;
}
// The most that a channel's sum can be, or less than 0 where a weight is -128.
constexpr std::int64_t reach(const FilterLayout& layout, const Parameters& p, int output,
                             std::int32_t bias) {
  const std::int8_t* w = p.filter.int8 + layout.index(output, 0);
  std::int64_t sum = 0;
  for (int k = 0; k < layout.taps; ++k, w += layout.tap_step) {
    if (*w == -128) return -1;
    sum += *w < 0 ? -*w : *w;
  }
  return 128 * sum + (bias < 0 ? -std::int64_t{bias} : bias);
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
inline constexpr std::int32_t end_of_stream = std::numeric_limits<std::int32_t>::min();

// Packing chooses: `proven` where no sum leaves the Core's range, `clamped` where sums beyond it
// saturate the output, and `general`, which is scalar's.
enum Program { proven, clamped, general };

template <class Core>
constexpr Program program_of(const GraphView& g, const Value& v, const Parameters& p) {
  if (!whole_range(v)) return general;
  const FilterLayout layout = filter_layout(g, v);
  Program program = proven;
  for (int o = 0; o < layout.outputs; ++o) {
    const Channel channel = fold(g, v, p, o);
    const std::int64_t most = reach(layout, p, o, channel.bias);
    if (most < 0 || !fits_word(channel)) return general;
    if (most < Core::most_sum) continue;
    if (!Core::saturates(channel.multiplier, v.quant.zero_point)) return general;
    program = clamped;
  }
  return program;
}

// A chunk of one output's weights, cut to what is exact. Only x[k] and x[k + 1], the low halves,
// are ever corrected: the other two weights sum to 254 at most.
struct WeightChunk {
  int w[4]{}, rest[2]{};

  constexpr WeightChunk(const FilterLayout& layout, const Parameters& p, int output, int first) {
    const std::int8_t* from = p.filter.int8 + layout.index(output, first);
    int excess = -255;
    for (int i = 0; i < 4 && first + i < layout.taps; ++i, from += layout.tap_step) {
      w[i] = *from;
      excess += w[i] < 0 ? -w[i] : w[i];
    }
    for (int i = 0; i < 2 && excess > 0; ++i) {
      const int most = w[i] < 0 ? -w[i] : w[i], cut = excess < most ? excess : most;
      rest[i] = w[i] < 0 ? -cut : cut;
      w[i] -= rest[i];
      excess -= cut;
    }
  }
  constexpr std::uint32_t word() const {
    return static_cast<std::uint32_t>(w[2] + 128) | static_cast<std::uint32_t>(w[3] + 128) << 8 |
           static_cast<std::uint32_t>(w[0] + 128) << 16 |
           static_cast<std::uint32_t>(w[1] + 128) << 24;
  }
};

constexpr void put_weights(Writer& to, const FilterLayout& layout, const Parameters& p,
                           int output) {
  for (int k = 0; k < layout.taps; k += 4)
    to.put(static_cast<std::int32_t>(WeightChunk(layout, p, output, k).word()));
}
constexpr int count_corrections(const FilterLayout& layout, const Parameters& p, int output) {
  int count = 0;
  for (int k = 0; k < layout.taps; k += 4) {
    const WeightChunk chunk(layout, p, output, k);
    count += (chunk.rest[0] != 0 ? 1 : 0) + (chunk.rest[1] != 0 ? 1 : 0);
  }
  return count;
}
// A correction: the weight above 16 bits, of which 12 are the chunk and 4 the byte in it.
constexpr void put_corrections(Writer& to, const FilterLayout& layout, const Parameters& p,
                               int output) {
  for (int k = 0; k < layout.taps; k += 4) {
    const WeightChunk chunk(layout, p, output, k);
    for (int i = 0; i < 2; ++i)
      if (chunk.rest[i] != 0) to.put(chunk.rest[i] * 65536 + k * 4 + 4 + 4 * i);
  }
}

// ---- chunks of inputs -------------------------------------------------------------------------

[[gnu::always_inline]] inline void put_chunk(std::byte* to, std::uint32_t bytes) {
  const std::uint32_t biased = bytes ^ 0x80808080u;
  const std::uint32_t even = (biased & half_ones) - half_bias;
  const std::uint32_t odd = (biased >> 8 & half_ones) - half_bias;
  store_aligned(to, 0x8000u - half_bias * (even + odd));
  store_aligned(to + 4, even);
  store_aligned(to + 8, odd);
}

// `count` chunks from bytes, `step` bytes apart; returns the end.
template <bool unaligned_loads>
[[gnu::noinline]] std::byte* spread(std::byte* to, const std::byte* from, int count, int step) {
  std::byte* const end = to + count * step;
  if (unaligned_loads) {
    for (; to != end; to += step, from += 4) put_chunk(to, load<std::uint32_t>(from));
  } else if ((reinterpret_cast<std::uintptr_t>(from) & 3) == 0) {
    for (; to != end; to += step, from += 4) put_chunk(to, load_aligned<std::uint32_t>(from));
  } else {
    for (; to != end; to += step, from += 4) put_chunk(to, load<std::uint32_t>(from));
  }
  return to;
}
// The same chunk again and again: four bytes of padding.
inline std::byte* spread_padding(std::byte* to, int zero, int count, int step) {
  std::byte* const end = to + count * step;
  const std::uint32_t four = 0x01010101u * static_cast<std::uint8_t>(zero);
  for (; to != end; to += step) put_chunk(to, four);
  return to;
}

}  // namespace graven::thumb_isa
