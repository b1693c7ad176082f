// float32 layers with weights. Every output adds its products in the order of scalar: the same
// bits, except where there is FMA, whose products are not rounded.
#pragma once

#if defined(__AVX2__)

#include "graven/isa/avx2/conv.hpp"
#include "graven/isa/scalar/conv.hpp"

namespace graven::core::avx2_isa {

inline __m256 load_floats(const std::byte* from) {
  return _mm256_loadu_ps(reinterpret_cast<const float*>(from));
}
// Lanes below `count`.
inline __m256i float_mask(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline __m256 load_floats(const std::byte* from, __m256i mask) {
  return _mm256_maskload_ps(reinterpret_cast<const float*>(from), mask);
}
inline void store_floats(std::byte* to, __m256 value, int count) {
  float* const at = reinterpret_cast<float*>(to);
  if (count >= 8)
    _mm256_storeu_ps(at, value);
  else
    _mm256_maskstore_ps(at, float_mask(count), value);
}

// acc + a * b, with two roundings where there is no FMA.
[[gnu::always_inline]] inline __m256 multiply_add(__m256 acc, __m256 a, __m256 b) {
#if defined(__FMA__)
  return _mm256_fmadd_ps(a, b, acc);
#else
  return _mm256_add_ps(acc, _mm256_mul_ps(a, b));
#endif
}

// A table is eight biases.
struct FloatTable {
  static constexpr int bytes = 32;

  static constexpr void choose(const GraphView&, const Value&, const Parameters&, Writer&) {}
  static constexpr void put(const Writer& to, int lane, const GraphView&, const Value& v,
                            const Parameters& p, int o, int) {
    const bool exists = o < v.shape.channels && p.bias.size > 0;
    to.ahead(4 * lane).put(exists ? p.bias.float32[o] : 0.0f);
  }
};

struct FloatClamp {
  __m256 low, high;

  explicit FloatClamp(const std::byte* range)
      : low(_mm256_set1_ps(load_aligned<float>(range))),
        high(_mm256_set1_ps(load_aligned<float>(range + 4))) {}
  [[gnu::always_inline]] __m256 operator()(__m256 x) const {
    return _mm256_min_ps(high, _mm256_max_ps(low, x));  // a NaN stays, as in clamp()
  }
};

struct Floats {
  static constexpr const char* conv = "avx2.real_conv";
  using Vector = __m256;
  using Weight = float;
  using Limits = FloatClamp;
  using Table = FloatTable;
  static constexpr int lanes = 8, group = 1, element = 4, weight_bytes = 32, out_element = 4;
  static constexpr int slack = 0, header = 32;

  static constexpr const Weight* filter(const Parameters& p) { return p.filter.float32; }
  static constexpr void put_limits(const Value& v, Writer to) {
    to.put(real_range(v.activation).low);
    to.put(real_range(v.activation).high);
  }
  static Limits limits(const Task& t) { return Limits(t.stream + 8); }
  static constexpr int widest(int width) { return width <= 2 ? 4 : 2; }
  static constexpr int pixels(int vectors) { return vectors == 1 ? 8 : vectors == 2 ? 6 : 2; }
  static constexpr int channel(int, int vector, int lane) { return lanes * vector + lane; }

  template <int> struct Scale {
    Limits clamp;
    [[gnu::always_inline]] Scale(const std::byte*, const Limits& limits) : clamp(limits) {}
    [[gnu::always_inline]] Vector operator()(Vector x) const { return clamp(x); }
  };

  [[gnu::always_inline]] static Vector start(const std::byte* table) { return load_floats(table); }
  [[gnu::always_inline]] static Vector weights(const std::byte* from) { return load_floats(from); }
  [[gnu::always_inline]] static Vector inputs(const std::byte* from) {
    return _mm256_set1_ps(load<float>(from));
  }
  [[gnu::always_inline]] static Vector add(Vector acc, Vector x, Vector w) {
    return multiply_add(acc, x, w);
  }
  static void widen(std::byte* to, const std::byte* from, int count) {
    copy_bytes(to, from, 4 * count);
  }
  static void fill(std::byte* to, int, int count) { fill_bytes(to, std::byte{0}, 4 * count); }

  template <int vectors>
  [[gnu::always_inline]] static void put(std::byte* out, const Vector (&y)[std::size_t{vectors}],
                                         int left, const Limits&) {
    unroll<vectors>([&](auto j) {
      if (left > lanes * j) store_floats(out + 32 * j, y[j], left - lanes * j);
    });
  }
};

// The stream of scalar; eight channels at a time.
struct FloatDepthwise : scalar_isa::Depthwise<scalar_isa::Float32> {
  static constexpr const char* name = "avx2.real_depthwise";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::depthwise) && keeps_channels(g, g[value]);
  }

  [[gnu::flatten]] static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int channels = t.out_channels, pixel = 4 * channels;
    const FloatClamp clamp(t.stream);
    const std::byte* bias = t.stream + 8;
    const std::byte* weights = bias + pixel;
    for (int x = 0; x < t.out_width; ++x)
      for (int c = 0; c < channels; c += 8) {
        const __m256i mask = float_mask(channels - c);
        __m256 acc = load_floats(bias + 4 * c, mask);
        for (int ky = 0; ky < t.rows; ++ky) {
          if (band.rows[ky] == nullptr) continue;
          const std::byte* w = weights + ky * t.filter_width * pixel + 4 * c;
          int column = x * t.stride_width - t.left;
          for (int kx = t.filter_width; kx > 0; --kx, w += pixel, column += t.dilation_width)
            if (column >= 0 && column < t.in_width)
              acc = multiply_add(acc, load_floats(band.rows[ky] + column * pixel + 4 * c, mask),
                                 load_floats(w, mask));
        }
        store_floats(band.out[0] + x * pixel + 4 * c, clamp(acc), channels - c);
      }
  }
};

}  // namespace graven::core::avx2_isa

#endif
