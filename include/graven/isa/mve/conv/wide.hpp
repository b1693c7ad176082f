// Convolutions and Dense of int8 with weights of nine bits, which uint8 models have: eight products
// per instruction, four outputs at a time.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/conv/words.hpp"

namespace graven::core::mve_isa {

// Stream: scalar's header; per four outputs and eight inputs the weights of each.
template <bool dense> struct WideConv : scalar_isa::Conv<scalar_isa::Int8x16<dense>> {
  using N = scalar_isa::Int8x16<dense>;
  static constexpr const char* name = dense ? "mve.uint8_dense" : "mve.uint8";

  static constexpr int fours(int channels) { return (channels + 3) / 4; }
  static constexpr int scratch(const GraphView&, const Value& v) {
    return 8 * eights_of(v.weights.taps);
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    const int channels = v.shape.channels;
    return N::header(channels) + fours(channels) * 64 * eights_of(v.weights.taps);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    N::pack(g, v, p, to);
    const FilterLayout layout = v.weights;
    for (int first = 0; first < layout.outputs; first += 4)
      for (int k = 0; k < 8 * eights_of(layout.taps); k += 8)
        for (int o = first; o < first + 4; ++o)
          for (int i = k; i < k + 8; ++i)
            to.put(o < layout.outputs && i < layout.taps ? N::weights(p)[layout.index(o, i)]
                                                         : std::int16_t{0});
  }

  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const N channels(t);
    const int eights = eights_of(t.rows * t.filter_width * t.in_channels), count = t.out_channels;
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x, out += count) {
      armv7em_isa::collect<VectorCopies>(t, band, band.scratch, x);
      const std::byte* weights = channels.weights();
      for (int o = 0; o < count; o += 4, weights += 64 * eights) {
        std::int32_t sums[4];
        vstrwq_s32(sums, FourWords::sums<true>(band.scratch, weights, eights));
        for (int i = 0; i < 4 && o + i < count; ++i)
          channels.finish(out, o + i, channels.start(o + i) + sums[i]);
      }
    }
  }
};
using WideConvs = Prefer<WideConv<false>, WideConv<true>>;

}  // namespace graven::core::mve_isa

#endif
