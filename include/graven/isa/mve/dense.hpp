// Dense over several rows: running sums in scratch, four outputs at a time.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/conv/conv.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/dense.hpp"

#include <arm_mve.h>

namespace graven::core::mve_isa {

// Stream: int32 bias[C], multiplier[C], shift[C]; then per row of the input and four outputs, 16
// weights of each at a time (at the end of a row, what is left of each). 16 bytes more may be read.
// `nibbles`: of weights of four bits, bytes hold those of two outputs (conv/tiles.hpp).
template <bool nibbles> struct RunningDense {
  static constexpr const char* name = nibbles ? "mve.int4_dense" : "mve.dense";
  static constexpr bool serves(const GraphView& g, int value) {
    return nibbles ? scalar_isa::computes<scalar_isa::Int8x4>(g, value, op::dense)
                   : makes<std::int8_t>(g, value, op::dense);
  }
  static constexpr bool holds_weights = true;

  static constexpr int rounded(const Value& v) { return (v.shape.channels + 3) & ~3; }
  static constexpr int scratch(const GraphView&, const Value& v) { return 4 * rounded(v); }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return 12 * rounded(v) + rounded(v) * g.input(v).shape.size() / (nibbles ? 2 : 1) + 16;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const Shape in = g.input(v).shape;
    const int count = rounded(v), outputs = v.shape.channels;
    Writer bias = to, multiplier = to.ahead(4 * count), shift = to.ahead(8 * count);
    for (int o = 0; o < count; ++o) {
      const Channel channel = o < outputs ? fold(g, v, p, o) : Channel{};
      bias.put(channel.bias);
      multiplier.put(channel.multiplier.multiplier);
      shift.put(static_cast<std::int32_t>(channel.multiplier.shift));
    }
    to.at += 12 * count;
    for (int row = 0; row < in.height; ++row)
      for (int group = 0; group < count; group += 4)
        for (int k = to.skips((nibbles ? 2 : 4) * in.row()) ? in.row() : 0; k < in.row(); k += 16)
          for (int o = group; o < group + 4; o += nibbles ? 2 : 1)
            for (int i = k; i < k + 16 && i < in.row(); ++i) {
              const auto weight = [&](int output) {
                return output < outputs ? p.filter.int8[output * in.size() + row * in.row() + i]
                                        : std::int8_t{0};
              };
              to.put(nibbles ? two_nibbles(weight(o), weight(o + 1)) : weight(o));
            }
    for (int i = 0; i < 16; ++i) to.put(std::int8_t{0});
  }

  static void add(std::int32_t (&sums)[4], const std::int8_t* x, const std::int8_t* w, int count) {
    for (; count > 0; count -= 16, x += 16) {
      const int step = count < 16 ? count : 16;
      const int8x16_t in = vldrbq_z_s8(x, vctp8q(static_cast<std::uint32_t>(count)));
      if constexpr (nibbles) {
        for (int i = 0; i < 4; i += 2, w += step) {
          const int8x16_t two = vldrbq_s8(w);
          sums[i] += vmladavq_s8(in, vshlq_n_s8(two, 4)) >> 4;
          sums[i + 1] = vmladavaq_s8(sums[i + 1], in, vshrq_n_s8(two, 4));
        }
        continue;
      }
      for (std::int32_t& sum : sums) {
        sum = vmladavaq_s8(sum, in, vldrbq_s8(w));
        w += step;
      }
    }
  }

  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int count = (t.out_channels + 3) & ~3, length = t.in_width * t.in_channels;
    const auto* x = reinterpret_cast<const std::int8_t*>(band.rows[0]);
    const auto* w = reinterpret_cast<const std::int8_t*>(t.stream) + 12 * count +
                    band.step * count * length / (nibbles ? 2 : 1);
    for (int group = 0; group < count; group += 4, w += (nibbles ? 2 : 4) * length) {
      const std::byte* before = (band.first ? t.stream : band.scratch) + 4 * group;
      std::int32_t sums[4];
      for (int i = 0; i < 4; ++i) sums[i] = load_aligned<std::int32_t>(before + 4 * i);
      add(sums, x, w, length);
      for (int i = 0; i < 4; ++i) store_aligned(band.scratch + 4 * (group + i), sums[i]);
    }
    if (!band.last) return;
    for (int o = 0; o < t.out_channels; ++o) {
      const std::byte* record = t.stream + 4 * (count + o);
      const Multiplier m{load_aligned<std::int32_t>(record),
                         static_cast<int>(load_aligned<std::int32_t>(record + 4 * count))};
      const auto sum = load_aligned<std::int32_t>(band.scratch + 4 * o);
      band.out[0][o] =
          static_cast<std::byte>(clamp(requantize(sum, m) + t.out_zero, {t.low, t.high}));
    }
  }
};

using DenseRows = RunningDense<false>;

}  // namespace graven::core::mve_isa

#endif
