// FftAutoScale, and the real Fourier transform and its inverse (kissfft.hpp has their arithmetic).
#pragma once

#include "graven/isa/scalar/kissfft.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/signal.hpp"

#include <bit>

namespace graven::core::scalar_isa {

namespace signal {

// How many bits a number has; of 0 the library says 32.
constexpr int bits_of(std::uint32_t x) { return x == 0 ? 32 : 32 - std::countl_zero(x); }

}  // namespace signal

struct FftShift : PlainKernel {
  static constexpr const char* name = "scalar.fft_shift";
  static constexpr bool serves(const GraphView& g, int value) {
    return g[value].op == op::fft_shift && g.source(g[value]).element == Element::int16;
  }
  static constexpr void run(const Task& task, const Band& band) {
    std::int32_t most = 0;
    for (int c = 0; c < task.in_channels; ++c) {
      const std::int32_t x = load<std::int16_t>(band.rows[0] + 2 * c), size = x < 0 ? -x : x;
      if (size > most) most = size;
    }
    if (most > 32767) most = 32767;
    const int shift = 15 - signal::bits_of(static_cast<std::uint32_t>(most));
    store(band.out[0], static_cast<std::int32_t>(shift > 0 ? shift : 0));
  }
};

struct FftScale : PlainKernel {
  static constexpr const char* name = "scalar.fft_scale";
  static constexpr bool serves(const GraphView& g, int value) {
    return g[value].op == op::fft_scale;
  }
  static constexpr void run(const Task& task, const Band& band) {
    const auto shift = load<std::int32_t>(band.rows[task.rows]);
    for (int c = 0; c < task.out_channels; ++c)
      store(band.out[0] + 2 * c,
            static_cast<std::int16_t>(load<std::int16_t>(band.rows[0] + 2 * c) * (1 << shift)));
  }
};

// Stream: the turns. Scratch: half as many complex numbers as there are samples.
template <class T> struct RealFfts : PlainKernel {
  static constexpr const char* name = "scalar.real_fft";
  static constexpr int size = sizeof(T);
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::real_fft);
  }
  static constexpr int half(const Value& v) { return (v.shape.channels - 2) / 2; }
  static constexpr int scratch(const GraphView&, const Value& v) { return 2 * size * half(v); }
  static constexpr int stream_size(const GraphView&, const Value& v) { return 3 * size * half(v); }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    fft::pack_turns<T>(to, half(v), false);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const int length = task.out_channels - 2, n = length / 2, given = task.in_channels;
    std::byte* data = band.scratch;
    for (int x = 0; x < task.out_width; ++x) {
      const std::byte* in = band.rows[0] + size * x * given;
      for (int k = 0; k < n; ++k) {
        auto sample = [&](int at) -> fft::Wide<T> {
          return at < given ? load<T>(in + size * at) : T{0};
        };
        fft::put<T>(data, fft::place(k, n), {sample(2 * k), sample(2 * k + 1)});
      }
      fft::transform<T>(data, task.stream, n);
      join(data, task.stream + 2 * size * n, n, band.out[0] + size * x * task.out_channels);
    }
  }
  // The transform of real numbers, from that of pairs of them.
  static constexpr void join(const std::byte* data, const std::byte* turns, int n, std::byte* out) {
    auto put = [&](int at, fft::Wide<T> re, fft::Wide<T> im) {
      store(out + 2 * size * at, static_cast<T>(re));
      store(out + 2 * size * at + size, static_cast<T>(im));
    };
    const fft::Complex<T> first = fft::divided(fft::get<T>(data, 0), 2);
    put(0, first.re + first.im, 0);
    put(n, first.re - first.im, 0);
    for (int k = 1; k <= n / 2; ++k) {
      const fft::Complex<T> near = fft::divided(fft::get<T>(data, k), 2);
      const fft::Complex<T> far = fft::divided(fft::conjugate(fft::get<T>(data, n - k)), 2);
      const fft::Complex<T> even = fft::sum(near, far);
      const fft::Complex<T> odd = fft::times(fft::difference(near, far), fft::get<T>(turns, k - 1));
      put(k, fft::half<T>(even.re + odd.re), fft::half<T>(even.im + odd.im));
      put(n - k, fft::half<T>(even.re - odd.re), fft::half<T>(odd.im - even.im));
    }
  }
};

// Stream and scratch as those of RealFfts.
template <class T> struct InverseRealFfts : PlainKernel {
  static constexpr const char* name = "scalar.inverse_real_fft";
  static constexpr int size = sizeof(T);
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::inverse_real_fft);
  }
  static constexpr int half(const Value& v) { return v.shape.channels / 2; }
  static constexpr int scratch(const GraphView&, const Value& v) { return 2 * size * half(v); }
  static constexpr int stream_size(const GraphView&, const Value& v) { return 3 * size * half(v); }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    fft::pack_turns<T>(to, half(v), true);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const int length = task.out_channels, n = length / 2;
    for (int x = 0; x < task.out_width; ++x) {
      part(band.rows[0] + size * x * task.in_channels, task.stream + 2 * size * n, n, band.scratch);
      fft::transform<T, true>(band.scratch, task.stream, n);
      std::byte* out = band.out[0] + size * x * length;
      for (int k = 0; k < length; ++k) {
        T sample = load_aligned<T>(band.scratch + size * k);
        if constexpr (fft::is_real<T>) sample /= static_cast<float>(length);
        store(out + size * k, sample);
      }
    }
  }
  // Pairs of real numbers, of their transform.
  static constexpr void part(const std::byte* in, const std::byte* turns, int n, std::byte* data) {
    auto given = [&](int at) -> fft::Complex<T> {
      return {load<T>(in + 2 * size * at), load<T>(in + 2 * size * at + size)};
    };
    const fft::Complex<T> low = given(0), high = given(n);
    const fft::Complex<T> ends{fft::wrap<T>(low.re + high.re), fft::wrap<T>(low.re - high.re)};
    fft::put(data, 0, fft::divided(ends, 2));
    for (int k = 1; k <= n / 2; ++k) {
      const fft::Complex<T> near = fft::divided(given(k), 2);
      const fft::Complex<T> far = fft::divided(fft::conjugate(given(n - k)), 2);
      const fft::Complex<T> even = fft::sum(near, far);
      const fft::Complex<T> odd = fft::times(fft::difference(near, far), fft::get<T>(turns, k - 1));
      fft::put(data, fft::place(k, n), fft::sum(even, odd));
      fft::put(data, fft::place(n - k, n), fft::conjugate(fft::difference(even, odd)));
    }
  }
};

template <template <class> class K>
using OfSamples = Prefer<K<std::int16_t>, K<std::int32_t>, K<float>>;

}  // namespace graven::core::scalar_isa
