// Depthwise convolution with windows of any size and rows of any width, of int8 with weights of
// four, eight and (of uint8 models) sixteen bits, and of int16: eight channels at a time in 32-bit
// sums. columns.hpp is better at what it takes.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/armv7em/conv/words.hpp"
#include "graven/isa/mve/requantize.hpp"
#include "graven/isa/scalar/conv.hpp"

#include <arm_mve.h>
#include <type_traits>

namespace graven::core::mve_isa {

// Eight halfwords that eight inputs less their zero point, or their weights, are. Channels beyond
// `some` are not read; their products are nobody's.
template <class T>
int16x8_t eight_inputs(const std::byte* at, std::int16_t zero, mve_pred16_t some) {
  if constexpr (sizeof(T) == 2)
    return vldrhq_z_s16(reinterpret_cast<const std::int16_t*>(at), some);
  else
    return vsubq_n_s16(vldrbq_z_s16(reinterpret_cast<const std::int8_t*>(at), some), zero);
}
template <class N> int16x8_t eight_weights(const std::byte* at, mve_pred16_t some) {
  if constexpr (N::weight_size == 2)
    return vldrhq_z_s16(reinterpret_cast<const std::int16_t*>(at), some);
  const auto* w = reinterpret_cast<const std::int8_t*>(at);
  if constexpr (!scalar_isa::has_nibbles<N>) return vldrbq_z_s16(w, some);
  const int32x4_t pairs = vldrbq_s32(w);  // to the upper ends of both halves of each word
  const int32x4_t ends = vsliq_n_s32(vshlq_n_s32(pairs, 12), pairs, 24);
  return vshrq_n_s16(vreinterpretq_s16_s32(ends), 12);
}

// One output per input channel. Stream: of int8 scalar's header, of int16 int32 bias[C], factor[C];
// then the weights tap by tap, those of four bits in bytes of their own. Up to three bytes behind
// these are read, twelve behind the header.
template <class N> struct ByEights : scalar_isa::Depthwise<N> {
  using General = scalar_isa::Depthwise<N>;
  using typename General::Inside;
  using T = typename N::Element;
  static constexpr const char* name = "mve.depthwise";
  static constexpr bool words = sizeof(T) == 2, nibbles = scalar_isa::has_nibbles<N>;
  static constexpr int programs = words ? 2 : 1;

  static constexpr int header(int channels) { return words ? 8 * channels : N::header(channels); }
  static constexpr int tap_bytes(int channels) { return scalar_isa::weight_bytes<N>(channels); }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int channels = v.shape.channels;
    const int weights = v.filter.area() * tap_bytes(channels) + (nibbles ? 3 : 0);
    const int mine = header(channels) + (weights > 12 ? weights : 12);
    return words && General::stream_size(g, v) > mine ? General::stream_size(g, v) : mine;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if constexpr (words) {
      if (!armv7em_isa::fits_words(g, v, p)) return General::pack(g, v, p, to);
      to.program = 1;
      const int channels = v.shape.channels;
      for (int o = 0; o < channels; ++o) to.put(armv7em_isa::WordChannel(g, v, p, o).bias);
      for (int o = 0; o < channels; ++o) to.put(armv7em_isa::WordChannel(g, v, p, o).factor);
    } else {
      N::pack(g, v, p, to);
    }
    for (int tap = 0; tap < v.filter.area(); ++tap) {
      scalar_isa::copy_weights<N>(to, p, tap * v.shape.channels, v.shape.channels);
      to.end_nibbles();
    }
    for (int i = 0; i < 3 && nibbles; ++i) to.put(std::int8_t{0});
  }

  // The weights of a window's first tap.
  static const std::byte* weights_of(const Task& t, const Inside& window) {
    const N channels(t);
    if constexpr (nibbles)
      return window.w.bytes + window.w.at / t.out_channels * tap_bytes(t.out_channels);
    else
      return window.w - N::header(t.out_channels) + header(t.out_channels);
  }
  static void finish(const Task& t, std::byte* out, int o, int32x4_t sums) {
    const int count = t.out_channels, left = count - o;
    const std::byte* record = t.stream + 4 * o;
    sums = vaddq_s32(sums, words_at(record));
    int32x4_t y;
    if constexpr (words)
      y = vrmulhq_s32(sums, words_at(record + 4 * count));
    else
      y = vaddq_n_s32(
          requantize(sums, words_at(record + 4 * count),
                     vldrbq_s32(reinterpret_cast<const std::int8_t*>(t.stream + 8 * count + o))),
          t.out_zero);
    put_four<T>(out + o * static_cast<int>(sizeof(T)), y, {t.low, t.high}, left);
  }

  [[gnu::noinline]] static void run_pixel(const Task& task, const Inside& inside, std::byte* out) {
    const Task t = task;
    const Inside window = inside;
    constexpr int size = sizeof(T);
    const int count = t.out_channels, taps = window.taps, apart = tap_bytes(count);
    const int step = size * t.dilation_width * count, rest = (t.filter_width - taps) * apart;
    const auto zero = static_cast<std::int16_t>(t.in_zero);
    const std::byte* weights = weights_of(t, window);
    for (int c = 0; c < count; c += 8, weights += tap_bytes(8)) {
      const mve_pred16_t some = vctp16q(static_cast<std::uint32_t>(count - c));
      int32x4x2_t sums{{vdupq_n_s32(0), vdupq_n_s32(0)}};  // of even channels, of odd ones
      const std::byte* w = weights;
      for (int y = 0; y < window.row_count; ++y, w += rest) {
        const std::byte* x = window.rows[y] + window.offset + size * c;
        for (int tap = taps; tap > 0; --tap, x += step, w += apart) {
          const int16x8_t in = eight_inputs<T>(x, zero, some), by = eight_weights<N>(w, some);
          sums.val[0] = vaddq_s32(sums.val[0], vmullbq_int_s16(in, by));
          sums.val[1] = vaddq_s32(sums.val[1], vmulltq_int_s16(in, by));
        }
      }
      std::int32_t in_order[8];
      vst2q_s32(in_order, sums);
      finish(t, out, c, vldrwq_s32(in_order));
      if (count - c > 4) finish(t, out, c + 4, vldrwq_s32(in_order + 4));
    }
  }
  template <int program = 1> static void run(const Task& task, const Band& band) {
    if constexpr (words && program == 0)
      General::run(task, band);
    else
      General::template each_pixel<&run_pixel>(task, band);
  }
};

struct AnyDepthwise {
  static constexpr const char* name = "mve.depthwise";
  template <class N> static constexpr bool takes(const GraphView& g, int value) {
    return scalar_isa::computes<N>(g, value, op::depthwise) &&
           g[value].shape.channels == g.input(g[value]).shape.channels;
  }
  static constexpr bool serves(const GraphView& g, int value) {
    return takes<scalar_isa::Int8>(g, value) || takes<scalar_isa::Int8x4>(g, value) ||
           takes<scalar_isa::Int8x16<false>>(g, value) || takes<scalar_isa::Int16x8>(g, value);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr GraphView g = graph.view();
    if constexpr (takes<scalar_isa::Int16x8>(g, value))
      return ByEights<scalar_isa::Int16x8>{};
    else if constexpr (takes<scalar_isa::Int8x4>(g, value))
      return ByEights<scalar_isa::Int8x4>{};
    else if constexpr (takes<scalar_isa::Int8x16<false>>(g, value))
      return ByEights<scalar_isa::Int8x16<false>>{};
    else
      return ByEights<scalar_isa::Int8>{};
  }
};

}  // namespace graven::core::mve_isa

#endif
