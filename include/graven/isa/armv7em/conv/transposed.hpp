// Transposed convolutions, part by part (shared/transposed.hpp): tiles of two or three pixels.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/plain.hpp"
#include "graven/isa/scalar/transpose_conv.hpp"
#include "graven/isa/shared/transposed.hpp"

namespace graven::core::armv7em_isa {

// In the stream, by remainders of rows and columns.
struct TransposedStream {
  TransposedShape shape;

  constexpr int unroll() const {
    return shape.inputs % 16 == 0 ? 4 : shape.inputs % 8 == 0 ? 2 : 1;
  }
  constexpr int quads(int r, int c) const {  // filled up to whole loops
    return (round4(shape.taps(r, c)) / 4 + unroll() - 1) / unroll() * unroll();
  }
  constexpr int pair_bytes(int r, int c) const { return 24 + 8 * quads(r, c); }
  constexpr int start(int r, int c) const {
    int at = 0;
    for (int y = 0; y < shape.stride.height; ++y)
      for (int x = 0; x < shape.stride.width; ++x)
        if (y < r || (y == r && x < c)) at += (shape.outputs + 1) / 2 * pair_bytes(y, x);
    return at;
  }
};

// Stream: per two outputs as in `plain` (plain.hpp); of an odd number the last one has nobody
// beside it. Results without room go by way of `spare` bytes.
template <TransposedShape shape> struct Transposed : scalar_isa::TransposeConv<scalar_isa::Int8> {
  using General = scalar_isa::TransposeConv<scalar_isa::Int8>;
  static constexpr TransposedStream stream{shape};
  static constexpr int programs = 2, unroll = stream.unroll();
  static constexpr int tile_bytes = 24 * stream.quads(0, 0);
  static constexpr int spare = round4(2 * shape.outputs + 6);
  static constexpr bool by_words = shape.inputs % 4 == 0;

  static constexpr int scratch(const GraphView&, const Value&) {
    return tile_bytes + spare + (by_words ? shape.inputs : 3 * round4(shape.taps(0, 0)));
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int mine = stream.start(shape.stride.height, 0), general = General::stream_size(g, v);
    return mine > general ? mine : general;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (!fits_fast(g, v, p)) return General::pack(g, v, p, to);
    to.program = 1;
    for (int r = 0; r < shape.stride.height; ++r)
      for (int c = 0; c < shape.stride.width; ++c)
        for (int o = 0; o < shape.outputs; o += 2)
          if (!to.skips(stream.pair_bytes(r, c))) pack_pair(g, v, p, r, c, o, to);
  }
  static constexpr void pack_pair(const GraphView& g, const Value& v, const Parameters& p, int r,
                                  int c, int first, Writer& to) {
    Channel channels[2]{};
    channels[1].multiplier = {0, -1};
    for (int i = 0; i < 2 && first + i < shape.outputs; ++i)
      channels[i] = shape.channel(g, v, p, r, c, first + i);
    for (const Channel& channel : channels) to.put(channel.bias);
    for (int k = 0; k < 4 * stream.quads(r, c); k += 4)
      for (int o = first; o < first + 2; ++o)
        for (int i = k; i < k + 4; ++i)
          to.put(static_cast<std::int8_t>(o < shape.outputs ? shape.weight(v, p, r, c, o, i) : 0));
    for (const Channel& channel : channels) {
      to.put(static_cast<std::int32_t>(-channel.multiplier.shift - 1));
      to.put(channel.multiplier.multiplier);
    }
  }

  // All outputs of a tile of `pixels` pixels, `step` bytes apart.
  template <int pixels>
  static void outputs(const std::byte* pairs, const std::byte* tile, std::byte* out, int step,
                      std::byte* spare_bytes, PlainLoop loop, int pair) {
    constexpr int count = shape.outputs;
    const std::byte* const end = pairs + count / 2 * pair;
    loop.pixel_step = step;
    if (count > 1) plain<pixels, unroll, false>(pairs, tile, out, &loop, end);
    if (count % 2 == 0) return;
    loop.pixel_step = 2;
    plain<pixels, unroll, false>(end, tile, spare_bytes, &loop, end + pair);
    for (int i = 0; i < pixels; ++i) out[i * step + count - 1] = spare_bytes[2 * i];
  }
  template <int c> static void run_columns(const Task& task, const Band& all, int r) {
    using Patches = std::conditional_t<by_words, Windows, Bytes<shape.columns(c) * shape.inputs>>;
    constexpr int step = shape.stride.width * shape.outputs;
    const TransposedPart part(shape, task, all, r, c);
    const Task& t = part.task;
    const std::byte* pairs = t.stream + stream.start(r, c);
    const int pair = stream.pair_bytes(r, c);
    std::byte *tile = all.scratch, *room = tile + tile_bytes, *extra = room + spare;
    std::byte* out = all.out[0] + part.first * shape.outputs;
    const PlainLoop loop{step, 1, 2 * t.out_zero + 1, stream.quads(r, c) / unroll};
    Patches::start(t, part.band, extra);
    for (int x = 0; x < part.count;) {
      const int left = part.count - x, pixels = left == 1 ? 2 : tile_pixels(left);
      Patches::gather(t, part.band, tile, extra, x, pixels);
      if (pixels == 3) {
        outputs<3>(pairs, tile, out, step, room, loop, pair);
      } else if (left > 1) {
        outputs<2>(pairs, tile, out, step, room, loop, pair);
      } else {  // the second one is nobody's
        outputs<2>(pairs, tile, room, shape.outputs, room + 2 * shape.outputs, loop, pair);
        armv7em_isa::copy(out, room, shape.outputs);
      }
      x += pixels;
      out += pixels * step;
    }
  }
  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == 0) {
      General::run(task, band);
    } else {
      const int r = (band.step + shape.top) % shape.stride.height;
      [&]<int... c>(std::integer_sequence<int, c...>) { (run_columns<c>(task, band, r), ...); }
      (std::make_integer_sequence<int, shape.stride.width>{});
    }
  }
};

struct TransposedConvs {
  static constexpr const char* name = "armv7em.transpose_conv";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::transpose_conv);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return Transposed<TransposedShape(graph.view(), graph.values[value])>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
