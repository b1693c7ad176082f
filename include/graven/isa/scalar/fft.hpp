// FftAutoScale, and the real Fourier transform of int16 samples, as kissfft computes it in fixed
// point: every stage halves or quarters its values, products are rounded to 15 bits.
#pragma once

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

namespace fft {

inline constexpr double pi = 3.14159265358979323846;

// cos and sin of part / whole of a turn, exact to the last bits: within an eighth of a turn a few
// terms of the series do.
constexpr double series(double x, double term, int n) {
  double sum = 0;
  for (; n < 24; n += 2) {
    sum += term;
    term *= -x * x / ((n + 1) * (n + 2));
  }
  return sum;
}
constexpr double cos_of(int part, int whole) {
  part %= whole;
  if (2 * part > whole) part = whole - part;                          // to half a turn
  if (4 * part > whole) return -cos_of(whole - 2 * part, 2 * whole);  // to a quarter
  const double x = 2 * pi * part / whole;
  if (8 * part <= whole) return series(x, 1, 0);
  const double y = 2 * pi * (whole - 4 * part) / (4.0 * whole);  // from a quarter turn down
  return series(y, y, 1);
}
// In Q15: floor(1/2 + 32767 * value).
constexpr std::int16_t q15(double value) {
  const double scaled = 0.5 + 32767 * value;
  const int whole = static_cast<int>(scaled);
  return static_cast<std::int16_t>(whole > scaled ? whole - 1 : whole);
}

struct Complex {
  std::int32_t re, im;
};

constexpr std::int32_t wrap(std::int32_t x) { return static_cast<std::int16_t>(x); }
constexpr std::int32_t rounded(std::int32_t x) { return wrap((x + (1 << 14)) >> 15); }
constexpr Complex divided(Complex a, std::int32_t share) {
  return {rounded(a.re * share), rounded(a.im * share)};
}
constexpr Complex times(Complex a, Complex b) {
  return {rounded(a.re * b.re - a.im * b.im), rounded(a.re * b.im + a.im * b.re)};
}
constexpr Complex sum(Complex a, Complex b) { return {wrap(a.re + b.re), wrap(a.im + b.im)}; }
constexpr Complex difference(Complex a, Complex b) {
  return {wrap(a.re - b.re), wrap(a.im - b.im)};
}
constexpr Complex get(const std::byte* from, int at) {
  return {load_aligned<std::int16_t>(from + 4 * at), load_aligned<std::int16_t>(from + 4 * at + 2)};
}
constexpr void put(std::byte* to, int at, Complex a) {
  store_aligned(to + 4 * at, static_cast<std::int16_t>(a.re));
  store_aligned(to + 4 * at + 2, static_cast<std::int16_t>(a.im));
}

// The stages of a transform of n: 4 as long as it divides, then 2. Where the sample `at` stands
// before the first of them.
constexpr int place(int at, int n) {
  int result = 0;
  for (int left = n; left > 1;) {
    const int radix = left % 4 == 0 ? 4 : 2;
    left /= radix;
    result += at % radix * left;
    at /= radix;
  }
  return result;
}

// One stage in place: `blocks` blocks of radix * rest values.
constexpr void stage2(std::byte* data, const std::byte* turns, int blocks, int rest) {
  for (int block = 0; block < blocks; ++block)
    for (int k = 0; k < rest; ++k) {
      const int at = 2 * rest * block + k;
      const Complex a = divided(get(data, at), 32767 / 2);
      const Complex b = times(divided(get(data, at + rest), 32767 / 2), get(turns, k * blocks));
      put(data, at, sum(a, b));
      put(data, at + rest, difference(a, b));
    }
}
constexpr void stage4(std::byte* data, const std::byte* turns, int blocks, int rest) {
  for (int block = 0; block < blocks; ++block)
    for (int k = 0; k < rest; ++k) {
      const int at = 4 * rest * block + k;
      auto turned = [&](int n) {
        return times(divided(get(data, at + n * rest), 32767 / 4), get(turns, n * k * blocks));
      };
      const Complex a = divided(get(data, at), 32767 / 4), b = turned(1), c = turned(2),
                    d = turned(3);
      const Complex less = difference(a, c), more = sum(a, c), other = difference(b, d),
                    total = sum(b, d);
      put(data, at, sum(more, total));
      put(data, at + rest, {wrap(less.re + other.im), wrap(less.im - other.re)});
      put(data, at + 2 * rest, difference(more, total));
      put(data, at + 3 * rest, {wrap(less.re - other.im), wrap(less.im + other.re)});
    }
}

constexpr void transform(std::byte* data, const std::byte* turns, int n) {
  int done = n;  // the stages run from the shortest blocks on
  int rest = 1;
  const bool odd = (n & 0x2aaaaaaa) != 0;  // twice a power of 4: the innermost stage has radix 2
  if (odd) {
    done /= 2;
    stage2(data, turns, done, rest);
    rest = 2;
  }
  while (done > 1) {
    done /= 4;
    stage4(data, turns, done, rest);
    rest *= 4;
  }
}

}  // namespace fft

// Stream: exp(-2 pi i k / half) for all k < half, then exp(-pi i ((k + 1) / half + 1/2)) for k <
// half / 2, in Q15. Scratch: the half complex numbers.
struct RealFfts : PlainKernel {
  static constexpr const char* name = "scalar.real_fft";
  static constexpr bool serves(const GraphView& g, int value) {
    return g[value].op == op::real_fft && g.source(g[value]).element == Element::int16;
  }
  static constexpr int half(const Value& v) { return (v.shape.channels - 2) / 2; }
  static constexpr int scratch(const GraphView&, const Value& v) { return 4 * half(v); }
  static constexpr int stream_size(const GraphView&, const Value& v) { return 6 * half(v); }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    const int n = half(v);
    auto put = [&](int part, int whole) {  // exp(-2 pi i part / whole)
      if (to.skips(4)) return;
      to.put(fft::q15(fft::cos_of(part, whole)));
      to.put(fft::q15(-fft::cos_of(part + 3 * whole / 4, whole)));
    };
    for (int k = 0; k < n; ++k) put(2 * k, 2 * n);
    for (int k = 0; k < n / 2; ++k) put(k + 1 + n / 2, 2 * n);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const int length = task.out_channels - 2, n = length / 2, given = task.in_channels;
    std::byte* data = band.scratch;
    for (int x = 0; x < task.out_width; ++x) {
      const std::byte* in = band.rows[0] + 2 * x * given;
      for (int k = 0; k < n; ++k) {
        auto sample = [&](int at) -> std::int32_t {
          return at < given ? load<std::int16_t>(in + 2 * at) : std::int16_t{0};
        };
        fft::put(data, fft::place(k, n), {sample(2 * k), sample(2 * k + 1)});
      }
      fft::transform(data, task.stream, n);
      join(data, task.stream + 4 * n, n, band.out[0] + 2 * x * task.out_channels);
    }
  }
  // The transform of real numbers, from that of pairs of them.
  static constexpr void join(const std::byte* data, const std::byte* turns, int n, std::byte* out) {
    auto put = [&](int at, std::int32_t re, std::int32_t im) {
      store(out + 4 * at, static_cast<std::int16_t>(re));
      store(out + 4 * at + 2, static_cast<std::int16_t>(im));
    };
    const fft::Complex first = fft::divided(fft::get(data, 0), 32767 / 2);
    put(0, first.re + first.im, 0);
    put(n, first.re - first.im, 0);
    for (int k = 1; k <= n / 2; ++k) {
      const fft::Complex near = fft::divided(fft::get(data, k), 32767 / 2);
      const fft::Complex there = fft::get(data, n - k);
      const fft::Complex far = fft::divided({there.re, fft::wrap(-there.im)}, 32767 / 2);
      const fft::Complex even = fft::sum(near, far);
      const fft::Complex odd = fft::times(fft::difference(near, far), fft::get(turns, k - 1));
      put(k, (even.re + odd.re) >> 1, (even.im + odd.im) >> 1);
      put(n - k, (even.re - odd.re) >> 1, (odd.im - even.im) >> 1);
    }
  }
};

}  // namespace graven::core::scalar_isa
