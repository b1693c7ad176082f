// Pools, sixteen or eight channels at a time.
#pragma once

#if __ARM_FEATURE_MVE

#include <arm_mve.h>

#include "graven/isa/scalar/pool.hpp"

namespace graven::mve_isa {

inline const std::int8_t* elements(const std::byte* at) {
  return reinterpret_cast<const std::int8_t*>(at);
}
inline mve_pred16_t first_bytes(int count) { return vctp8q(static_cast<std::uint32_t>(count)); }
inline mve_pred16_t first_halves(int count) { return vctp16q(static_cast<std::uint32_t>(count)); }

// The columns of the input that lie in the window of output pixel `x`.
struct Columns {
  int from, to;

  Columns(const Task& t, int x) : from(x * t.stride_width - t.left), to(from + t.filter_width) {
    if (from < 0) from = 0;
    if (to > t.in_width) to = t.in_width;
  }
};

struct MaxPool : PlainKernel {
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int channels = t.in_channels;
    auto* out = reinterpret_cast<std::int8_t*>(band.out[0]);
    for (int x = 0; x < t.out_width; ++x, out += channels) {
      const Columns columns(t, x);
      for (int c = 0; c < channels; c += 16) {
        const mve_pred16_t some = first_bytes(channels - c);
        int8x16_t most = vdupq_n_s8(static_cast<std::int8_t>(t.low));
        for (int ky = 0; ky < t.rows; ++ky) {
          if (band.rows[ky] == nullptr) continue;
          const std::int8_t* at = elements(band.rows[ky]) + columns.from * channels + c;
          for (int column = columns.from; column < columns.to; ++column, at += channels)
            most = vmaxq_s8(most, vldrbq_z_s8(at, some));
        }
        most = vminq_s8(most, vdupq_n_s8(static_cast<std::int8_t>(t.high)));
        vstrbq_p_s8(out + c, most, some);
      }
    }
  }
};

// The average of up to 255 elements: sums fit 16 bits. Reducing, they lie in scratch.
template <bool Reduces> struct AveragePool : PlainKernel {
  static constexpr int scratch(const GraphView&, const Value& v) {
    return Reduces ? 2 * v.shape.row() : 0;
  }

  // sum + `columns` elements, `channels` apart, of eight channels.
  static int16x8_t add(int16x8_t sum, const std::int8_t* at, int columns, int channels,
                       mve_pred16_t some) {
    if (some == 0xffff)
      for (; columns > 0; --columns, at += channels) sum = vaddq_s16(sum, vldrbq_s16(at));
    for (; columns > 0; --columns, at += channels) sum = vaddq_s16(sum, vldrbq_z_s16(at, some));
    return sum;
  }
  static void finish(const Task& t, std::byte* out, int16x8_t sum, int count, int channels) {
    std::int16_t sums[8];
    vst1q_s16(sums, sum);
    for (int c = 0; c < channels && c < 8; ++c)
      scalar_isa::store_clamped<std::int8_t>(out + c, t, scalar_isa::rounded_mean(sums[c], count));
  }

  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int channels = t.in_channels, rows = Reduces ? 1 : t.rows;
    int real_rows = Reduces ? t.in_height : 0;
    for (int ky = 0; ky < rows && !Reduces; ++ky) real_rows += band.rows[ky] != nullptr ? 1 : 0;
    auto* sums = reinterpret_cast<std::int16_t*>(band.scratch);
    for (int x = 0; x < t.out_width; ++x, sums += channels) {
      const Columns columns(t, x);
      const int width = columns.to - columns.from;
      for (int c = 0; c < channels; c += 8) {
        const mve_pred16_t some = first_halves(channels - c);
        int16x8_t sum = vdupq_n_s16(0);
        if (Reduces && !band.first) sum = vldrhq_z_s16(sums + c, some);
        for (int ky = 0; ky < rows; ++ky)
          if (band.rows[ky] != nullptr)
            sum = add(sum, elements(band.rows[ky]) + columns.from * channels + c, width, channels,
                      some);
        if (!Reduces || band.last)
          finish(t, band.out[0] + x * channels + c, sum, real_rows * width, channels - c);
        else
          vstrhq_p_s16(sums + c, sum, some);
      }
    }
  }
};

}  // namespace graven::mve_isa

#endif
