// float32 without weights, four elements at a time: two operands, of which one may be broadcast,
// pools, and what becomes float or another scale.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/binary.hpp"
#include "graven/isa/mve/pool.hpp"
#include "graven/isa/mve/requantize.hpp"
#include "graven/isa/scalar/add.hpp"
#include "graven/isa/scalar/pool.hpp"
#include "graven/isa/scalar/rescale.hpp"

#include <arm_mve.h>

namespace graven::core::mve_isa {

template <class T> int32x4_t four_integers(const std::byte* at, mve_pred16_t some) {
  if constexpr (sizeof(T) == 1)
    return vldrbq_z_s32(reinterpret_cast<const std::int8_t*>(at), some);
  else
    return vldrhq_z_s32(reinterpret_cast<const std::int16_t*>(at), some);
}
inline mve_pred16_t some_of(int count) { return vctp32q(static_cast<std::uint32_t>(count)); }

// int8 and int16 in another scale.
template <class From, class To> struct Rescale : scalar_isa::Rescale<From, To> {
  static constexpr const char* name = sizeof(From) == 1 ? "mve.widen"
                                      : sizeof(To) == 1 ? "mve.narrow"
                                                        : "mve.rescale";
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const Multiplier m = multiplier_at(t.stream);
    const int32x4_t multiplier = vdupq_n_s32(m.multiplier), shift = vdupq_n_s32(m.shift);
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int left = t.out_width * t.out_channels; left > 0; left -= 4) {
      const int32x4_t x = vsubq_n_s32(four_integers<From>(in, some_of(left)), t.in_zero);
      put_four<To>(out, vaddq_n_s32(requantize(x, multiplier, shift), t.out_zero), {t.low, t.high},
                   left);
      in += 4 * sizeof(From);
      out += 4 * sizeof(To);
    }
  }
};
using Rescales = Prefer<Rescale<std::int16_t, std::int16_t>, Rescale<std::int8_t, std::int16_t>,
                        Rescale<std::int16_t, std::int8_t>>;

#if __ARM_FEATURE_MVE & 2

inline float32x4_t floats_at(const std::byte* at, mve_pred16_t some) {
  return vldrwq_z_f32(reinterpret_cast<const float*>(at), some);
}

// As clamp(x, RealClamp).
inline float32x4_t clamped(float32x4_t x, float32x4_t low, float32x4_t high) {
  const float32x4_t z = vpselq_f32(low, x, vcmpltq_f32(x, low));
  return vpselq_f32(high, z, vcmpgtq_f32(z, high));
}

template <class T> struct Dequantize : scalar_isa::DequantizeBytes<T> {
  static constexpr const char* name = sizeof(T) == 1 ? "mve.dequantize" : "mve.dequantize_words";
  static void run(const Task& task, const Band& band) {
    const auto scale = load_aligned<float>(task.stream);
    const int zero = task.in_zero;
    const std::byte* in = band.rows[0];
    auto* out = reinterpret_cast<float*>(band.out[0]);
    for (int left = task.out_width * task.out_channels; left > 0; left -= 4, out += 4) {
      const mve_pred16_t some = some_of(left);
      const int32x4_t x = vsubq_n_s32(four_integers<T>(in, some), zero);
      vstrwq_p_f32(out, vmulq_n_f32(vcvtq_f32_s32(x), scale), some);
      in += 4 * sizeof(T);
    }
  }
};

// As Combine is of two numbers.
template <class Combine> float32x4_t combined(float32x4_t a, float32x4_t b) {
  if constexpr (std::is_same_v<Combine, scalar_isa::Sum>)
    return vaddq_f32(a, b);
  else if constexpr (std::is_same_v<Combine, scalar_isa::Difference>)
    return vsubq_f32(a, b);
  else if constexpr (std::is_same_v<Combine, scalar_isa::Product>)
    return vmulq_f32(a, b);
  else if constexpr (std::is_same_v<Combine, scalar_isa::Least>)
    return vpselq_f32(a, b, vcmpltq_f32(a, b));
  else
    return vpselq_f32(a, b, vcmpgtq_f32(a, b));
}

// Stream: low and high.
template <class Combine> struct Reals {
  static constexpr int bytes = 8, size = 4;
  float low, high;

  Reals(const Task&, Reader& from) : low(from.next<float>()), high(from.next<float>()) {}
  static constexpr void pack(const GraphView&, const Value& v, Writer& to) {
    const scalar_isa::Range<float> range(v.activation);
    to.put(range.low);
    to.put(range.high);
  }
  template <bool each_a, bool each_b>
  void run(const std::byte* a, const std::byte* b, std::byte* out, int count) const {
    const float32x4_t least = vdupq_n_f32(low), most = vdupq_n_f32(high);
    float32x4_t x = vdupq_n_f32(load_aligned<float>(a)), y = vdupq_n_f32(load_aligned<float>(b));
    for (; count > 0; count -= 4, out += 16) {
      const mve_pred16_t some = some_of(count);
      if constexpr (each_a) {
        x = floats_at(a, some);
        a += 16;
      }
      if constexpr (each_b) {
        y = floats_at(b, some);
        b += 16;
      }
      const float32x4_t z = clamped(combined<Combine>(x, y), least, most);
      vstrwq_p_f32(reinterpret_cast<float*>(out), z, some);
    }
  }
};
template <const Op& made, class Combine> struct RealPairs {
  static constexpr auto text = scalar_isa::joined_name<made>("mve.real_");
  static constexpr const char* name = text.data();
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, made) && g[value].inputs == 2;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return in_runs<Reals<Combine>, graph, value>();
  }
};

// Of a pixel four channels at a time, each in the order of scalar.
template <class Rule, bool Reduces> struct RealPool : scalar_isa::Pool<float, Rule, Reduces> {
  static float32x4_t add(float32x4_t sums, float32x4_t x) {
    if constexpr (std::is_same_v<Rule, scalar_isa::Largest<float>>)
      return vpselq_f32(x, sums, vcmpgtq_f32(x, sums));
    else
      return vaddq_f32(sums, x);
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    std::byte* out = band.out[0];
    const int rows = Reduces ? 1 : t.rows, pixel = 4 * t.in_channels;
    int real_rows = Reduces ? t.in_height : 0;
    for (int ky = 0; ky < rows && !Reduces; ++ky) real_rows += band.rows[ky] != nullptr ? 1 : 0;
    auto* sums = reinterpret_cast<float*>(band.scratch);
    for (int x = 0; x < t.out_width; ++x) {
      const Columns columns(t, x);
      for (int left = t.in_channels, at = 0; left > 0; left -= 4, at += 16) {
        const mve_pred16_t some = some_of(left);
        const int count = left < 4 ? left : 4;
        float32x4_t acc = vdupq_n_f32(Rule::start());
        if (Reduces && !band.first) acc = vldrwq_z_f32(sums, some);
        for (int ky = 0; ky < rows; ++ky) {
          if (band.rows[ky] == nullptr) continue;
          const std::byte* in = band.rows[ky] + columns.from * pixel + at;
          for (int n = columns.to - columns.from; n > 0; --n, in += pixel)
            acc = add(acc, floats_at(in, some));
        }
        if (Reduces && !band.last) {
          vstrwq_p_f32(sums, acc, some);
        } else {
          float all[4];
          vstrwq_f32(all, acc);
          for (int i = 0; i < count; ++i, out += 4)
            Rule::finish(out, t, all[i], real_rows * (columns.to - columns.from));
        }
        if constexpr (Reduces) sums += count;
      }
    }
  }
};
template <const Op& made, class Rule> struct RealPools {
  static constexpr auto text = scalar_isa::joined_name<made>("mve.real_");
  static constexpr const char* name = text.data();
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, made) && g[value].shape.channels >= 2;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return RealPool<Rule, graph.values[value].reduces>{};
  }
};

using RealKernels =
    Prefer<Dequantize<std::int8_t>, Dequantize<std::int16_t>, RealPairs<op::add, scalar_isa::Sum>,
           RealPairs<op::sub, scalar_isa::Difference>, RealPairs<op::mul, scalar_isa::Product>,
           RealPairs<op::minimum, scalar_isa::Least>, RealPairs<op::maximum, scalar_isa::Greatest>,
           RealPools<op::max_pool, scalar_isa::Largest<float>>,
           RealPools<op::average_pool, scalar_isa::Average<float, float>>>;

#else

using RealKernels = Prefer<>;

#endif

}  // namespace graven::core::mve_isa

#endif
