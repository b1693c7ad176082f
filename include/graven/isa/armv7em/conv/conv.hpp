// Convolution as a matmul over gathered patches: tiles of three or two pixels against all filters.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/tiles.hpp"
#include "graven/isa/armv7em/row_kind.hpp"

namespace graven::core::armv7em_isa {

// How many quads of inputs the inner loop takes at once: a divisor, so that there is no tail.
constexpr int unroll_of(int quads) {
  for (int u = 16; u > 1; --u)
    if (quads % u == 0) return u;
  return 1;
}

// The stream: pairs of outputs (pairs.hpp) and, of an odd number of channels, the last one by
// itself; or each by itself. `quads`: a quarter of the taps that they are filled up to with zeros.
struct PairStream {
  int quads;

  constexpr explicit PairStream(int all_quads) : quads(all_quads) {}
  constexpr int pair_bytes() const { return 16 + 8 * quads; }
  constexpr int single_bytes() const { return Record::bytes + 4 * quads; }
  constexpr int pairs_bytes(int channels) const { return channels / 2 * pair_bytes() + 8; }
  constexpr int most_bytes(int channels) const {
    const int in_pairs = pairs_bytes(channels) + channels % 2 * single_bytes();
    const int alone = channels * single_bytes();
    return in_pairs > alone ? in_pairs : alone;
  }
  constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to,
                      bool in_pairs) const {
    int o = 0;
    for (; in_pairs && o + 1 < v.shape.channels; o += 2)
      if (!to.skips(pair_bytes())) pack_pair(g, v, p, to, o);
    if (in_pairs) {
      to.put(std::int32_t{0x80});
      to.put(std::int32_t{0});
    }
    for (; o < v.shape.channels; ++o) {
      if (to.skips(single_bytes())) continue;
      Record::put(to, fold(g, v, p, o));
      const Taps taps(v.weights, p, o);
      for (int k = 0; k < 4 * quads; ++k) to.put(static_cast<std::int8_t>(taps[k]));
    }
  }

private:
  constexpr void pack_pair(const GraphView& g, const Value& v, const Parameters& p, Writer& to,
                           int o) const {
    const Channel a = fold(g, v, p, o), b = fold(g, v, p, o + 1);
    const Taps taps[]{{v.weights, p, o}, {v.weights, p, o + 1}};
    to.put(FastChannel::word(a));
    to.put(static_cast<std::uint32_t>(FastChannel::word(b)) + static_cast<std::uint32_t>(a.bias));
    put_pairs<1>(to, taps, 4 * quads);
    to.put(a.multiplier.multiplier);
    to.put(b.multiplier.multiplier);
  }
};

// One output of one pixel of a tile of `pixels`, by its record and weights as bytes.
[[gnu::always_inline]] inline std::byte single_output(const Task& t, const std::byte* stream,
                                                      const std::byte* tile, int pixels,
                                                      int quads) {
  const std::int32_t acc =
      single(stream + Record::bytes, tile, pixels, quads, load_aligned<std::int32_t>(stream));
  return Record::finish(stream, acc, t);
}

// Packing chooses one of three programs:
//   pairs          two outputs per halfword (pairs.hpp); an odd last channel by itself
//   floored_pairs  the same where the zero point is the lowest value, and sums are short
//   singles        each output by itself, with any bias, shift, clamp and weights
template <class Patches, int quads, RowKind rows> struct Conv {
  enum Program { pairs, floored_pairs, singles };
  static constexpr bool planar = rows != RowKind::pixels;
  static constexpr int programs = 3, unroll = unroll_of(quads);
  static constexpr bool holds_weights = true;
  static constexpr int tile_bytes = 24 * quads;  // of three pixels
  static constexpr int single_bytes = PairStream(quads).single_bytes();

  static constexpr int scratch(const GraphView& g, const Value& v) {
    return tile_bytes + Patches::extra(g, v);
  }
  static constexpr int pairs_bytes(int channels) { return PairStream(quads).pairs_bytes(channels); }
  static constexpr int stream_size(const GraphView&, const Value& v) {  // at most
    return PairStream(quads).most_bytes(v.shape.channels);
  }

  static constexpr bool fits_pairs(const GraphView& g, const Value& v, const Parameters& p) {
    return v.shape.channels >= 2 && armv7em_isa::fits_pairs(g, v, p);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const bool in_pairs = fits_pairs(g, v, p);
    to.program = !in_pairs                                       ? singles
                 : unroll == quads && v.quant.zero_point == -128 ? floored_pairs
                                                                 : pairs;
    PairStream(quads).pack(g, v, p, to, in_pairs);
  }

  // The outputs from channel `o` on, one by one. Steps: bytes to the next pixel and channel.
  [[gnu::noinline]] static void run_singles(const Task& t, const std::byte* stream,
                                            const std::byte* tile, int pixels, int o,
                                            std::byte* out, int pixel_step, int channel_step) {
    for (; o < t.out_channels; ++o, stream += single_bytes)
      for (int j = 0; j < pixels; ++j) {
        const std::byte y = single_output(t, stream, tile + 4 * j, pixels, quads);
        out[j * pixel_step + o * channel_step] = planar ? y ^ std::byte{0x80} : y;
      }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    constexpr Store store = planar                     ? Store::planar
                            : program == floored_pairs ? Store::floor
                                                       : Store::any;
    const Task& t = task;  // what stores to `out` is assembler: nothing is read twice for it
    const int width = t.out_width, pitch = width + (rows == RowKind::padded ? 1 : 0);
    const int pixel_step = planar ? 1 : t.out_channels, channel_step = planar ? pitch : 1;
    const PairLoop loop{planar ? channel_step : pixel_step, 2 * t.out_zero + (planar ? 257 : 1),
                        quads / unroll};
    std::byte* out = band.out[0];
    if constexpr (rows == RowKind::padded) {
      for (int c = 0; c <= t.out_channels; ++c) out[c * pitch] = std::byte{0};
      ++out;
    }
    std::byte* tile = band.scratch;
    std::byte* extra = tile + tile_bytes;
    Patches::start(t, band, extra);
    for (int x = 0; x < width;) {
      const int pixels = tile_pixels(width - x);
      Patches::gather(t, band, tile, extra, x, pixels);
      if constexpr (program == singles) {
        run_singles(t, t.stream, tile, pixels, 0, out, pixel_step, channel_step);
      } else {
        if (pixels == 3)
          pairs3<unroll, store, unroll == quads>(t.stream, tile, out, &loop);
        else
          pairs2<unroll, store, unroll == quads>(t.stream, tile, out, &loop);
        if (t.out_channels % 2 != 0)
          run_singles(t, t.stream + pairs_bytes(t.out_channels), tile, pixels, t.out_channels - 1,
                      out, pixel_step, channel_step);
      }
      x += pixels;
      out += pixels * pixel_step;
    }
  }
};

}  // namespace graven::core::armv7em_isa

#endif
