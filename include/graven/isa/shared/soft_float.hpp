// Float32 where no FPU is: a sum of products on integers, whose mantissa and exponent stay apart
// from one product to the next, without calls of the compiler's library. Every product and every
// sum is rounded to the nearest, ties to even, so that bits are those of scalar. Generic, above the
// instruction sets: how two mantissas are multiplied is the core's business.
#pragma once

#include "graven/isa/scalar/conv.hpp"
#include "graven/isa/shared/real_windows.hpp"

namespace graven::core {

// The fields of a float32.
struct Fields {
  static constexpr std::uint32_t hidden = 1u << 23, negative = 1u << 31;
  static constexpr int exponent_of(std::uint32_t bits) {
    return static_cast<int>(bits >> 23 & 255);
  }
  static constexpr std::uint32_t mantissa_of(std::uint32_t bits) {
    return (bits & (hidden - 1)) | hidden;
  }
  static constexpr bool has_usual(int exponent) { return exponent > 0 && exponent < 255; }
};

// A number that is normal, or 0: mantissa * 2^(exponent - 150), the mantissa in [2^23, 2^24).
struct Unpacked : Fields {
  std::uint32_t mantissa = 0;
  int exponent = 0;
  std::uint32_t sign = 0;  // 0 or `negative`

  static constexpr Unpacked of(std::uint32_t bits) {
    Unpacked found;
    found.mantissa = mantissa_of(bits);
    found.exponent = exponent_of(bits);
    found.sign = bits & negative;
    return found;
  }
  constexpr std::uint32_t bits() const {
    return sign | static_cast<std::uint32_t>(exponent) << 23 | (mantissa & (hidden - 1));
  }
  constexpr bool is_zero() const { return mantissa == 0; }

  [[gnu::always_inline]] constexpr void set_product(std::uint32_t bits, int at,
                                                    std::uint32_t signs) {
    set_rounded(bits, at);
    sign = signs & negative;
  }
  // From `bits` in [1, 2^32), of which 2^31 is the exponent's place.
  [[gnu::always_inline]] constexpr void set_rounded(std::uint32_t bits, int at) {
    while (bits >> 31 == 0) {
      bits <<= 1;
      --at;
    }
    mantissa = bits >> 8;
    mantissa += (bits & 255) + (mantissa & 1) > 128 ? 1u : 0u;
    exponent = at;
    if (mantissa == 2 * hidden) {
      mantissa = hidden;
      ++exponent;
    }
  }
  // Neither is 0.
  [[gnu::always_inline]] constexpr void add(Unpacked term) {
    if (exponent < term.exponent) {
      const Unpacked self = *this;
      *this = term;
      term = self;
    }
    const int lower = exponent - term.exponent;
    const std::uint32_t large = mantissa << 7, all = term.mantissa << 7;
    std::uint32_t small = lower < 31 ? all >> lower : 0;
    if (lower >= 31 || small << lower != all) small |= 1;
    std::uint32_t bits = large + small;
    if (sign != term.sign) {
      bits = large - small;
      if (bits == 0) {
        *this = {};
        return;
      }
      if (small > large) {
        bits = small - large;
        sign = term.sign;
      }
    }
    set_rounded(bits, exponent + 1);
  }
};

// The same where a core counts zeros: value * 2^(exponent - 156), of which |value| is a mantissa
// with `guard` zeros behind it. A sum of both signs needs no branch, and is normalized by one
// shift.
struct Signed : Fields {
  static constexpr int guard = 6;
  std::int32_t value = 0;
  int exponent = 0;

  static constexpr Signed of(std::uint32_t bits) {
    Signed found;
    found.value = with_sign(mantissa_of(bits) << guard, static_cast<std::int32_t>(bits) >> 31);
    found.exponent = exponent_of(bits);
    return found;
  }
  constexpr std::uint32_t bits() const {
    const std::int32_t sign = value >> 31;
    return (static_cast<std::uint32_t>(sign) & negative) |
           static_cast<std::uint32_t>(exponent) << 23 | (size(value) >> guard & (hidden - 1));
  }
  constexpr bool is_zero() const { return value == 0; }

  [[gnu::always_inline]] constexpr void set_product(std::uint32_t bits, int at,
                                                    std::uint32_t signs) {
    set_rounded(bits, at, bits >> 31 == 0 ? 1 : 0, static_cast<std::int32_t>(signs) >> 31);
  }
  // Neither is 0.
  [[gnu::always_inline]] constexpr void add(Signed term) {
    if (exponent < term.exponent) {
      const Signed self = *this;
      *this = term;
      term = self;
    }
    const int lower = exponent - term.exponent;
    if (lower > 26) return;  // less than a quarter of the last place: even a difference stays
    std::int32_t small = term.value >> lower;
    if (small << lower != term.value) small |= 1;
    const std::int32_t total = value + small;
    if (total == 0) {
      *this = {};
      return;
    }
    const std::uint32_t bits = size(total);
    set_rounded(bits, exponent + 2, std::countl_zero(bits), total >> 31);
  }

private:
  // `sign`: 0, or -1 for what is below 0.
  static constexpr std::int32_t with_sign(std::uint32_t size, std::int32_t sign) {
    return (static_cast<std::int32_t>(size) ^ sign) - sign;
  }
  static constexpr std::uint32_t size(std::int32_t value) {
    const std::int32_t sign = value >> 31;
    return static_cast<std::uint32_t>((value ^ sign) - sign);
  }
  // From `bits` in [1, 2^32), of which 2^31 is the exponent's place; `zeros` lie above them.
  [[gnu::always_inline]] constexpr void set_rounded(std::uint32_t bits, int at, int zeros,
                                                    std::int32_t sign) {
    bits <<= zeros;
    const std::uint32_t up = bits + 127 + (bits >> 8 & 1);  // half to even
    const bool carries = up < bits;
    value = with_sign((carries ? hidden : up >> 8) << guard, sign);
    exponent = at - zeros + (carries ? 1 : 0);
  }
};

// Two mantissas in [2^23, 2^24) -> the upper 32 of the product's 48 bits; the lowest of these is 1
// where one of the others is. By products of 32 bits alone, of half mantissas.
struct NarrowMantissas {
  using Sum = Unpacked;
  static constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
    const std::uint32_t a1 = a >> 12, a0 = a & 0xfff, b1 = b >> 12, b0 = b & 0xfff;
    const std::uint32_t low = a0 * b0, middle = a1 * b0 + a0 * b1 + (low >> 12);
    const std::uint32_t lost = (middle & 15) | (low & 0xfff);
    return ((a1 * b1 << 8) + (middle >> 4)) | (lost != 0 ? 1u : 0u);
  }
};
// By a long product.
struct WideMantissas {
  using Sum = Unpacked;
  static constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
    const std::uint64_t whole = std::uint64_t{a << 8} * (b << 8);
    const auto lost = static_cast<std::uint32_t>(whole);
    return static_cast<std::uint32_t>(whole >> 32) | (lost != 0 ? 1u : 0u);
  }
};
// On a core that counts zeros, too.
struct CountedMantissas : WideMantissas {
  using Sum = Signed;
};

template <class Mantissas> struct SoftFloat32 : scalar_isa::Float32 {
  using scalar_isa::Float32::Float32;
  using Sum = typename Mantissas::Sum;

  static constexpr float dot(const std::byte* a, const std::byte* b, int count, float acc) {
    return add({&a, 0, 1, count}, b, acc);
  }
  // acc + the products of a window. Where something is no number, infinite or below the normal
  // range, scalar's way.
  static constexpr float add(const RealWindow& window, const std::byte* weights, float acc) {
    const auto start = std::bit_cast<std::uint32_t>(acc);
    const bool usual = Fields::has_usual(Fields::exponent_of(start));
    if (!usual && start != 0) return add_scalar(window, weights, acc);
    Sum sum = usual ? Sum::of(start) : Sum{};
    const std::byte* w = weights;
    for (int row = 0; row < window.rows; ++row, w += 4 * window.taps)
      if (!add_row(sum, window.inputs[row] + window.offset, w, window.taps)) [[unlikely]]
        return add_scalar(window, weights, acc);
    return sum.is_zero() ? 0.0f : std::bit_cast<float>(sum.bits());
  }
  // A function of its own, since its loop needs all registers.
  [[gnu::noinline]] static constexpr bool add_row(Sum& kept, const std::byte* x, const std::byte* w,
                                                  int count) {
    Sum sum = kept;
    for (const std::byte* const end = x + 4 * count; x != end; x += 4, w += 4)
      if (!step(sum, load_aligned<std::uint32_t>(x), load_aligned<std::uint32_t>(w))) [[unlikely]]
        return false;
    kept = sum;
    return true;
  }
  [[gnu::noinline]] static constexpr float add_scalar(const RealWindow& window,
                                                      const std::byte* weights, float acc) {
    for (int row = 0; row < window.rows; ++row, weights += 4 * window.taps)
      acc = scalar_isa::dot<scalar_isa::Float32>(window.inputs[row] + window.offset, weights,
                                                 window.taps, acc);
    return acc;
  }
  [[gnu::always_inline]] static constexpr bool step(Sum& sum, std::uint32_t x, std::uint32_t w) {
    const int m = Fields::exponent_of(x), n = Fields::exponent_of(w);
    if (!Fields::has_usual(m) || !Fields::has_usual(n))
      return (x << 1 == 0 || w << 1 == 0) && Fields::exponent_of(x | w) != 255;
    Sum term;
    term.set_product(Mantissas::product(Fields::mantissa_of(x), Fields::mantissa_of(w)),
                     m + n - 126, x ^ w);
    if (!Fields::has_usual(term.exponent)) return false;
    if (sum.is_zero()) {
      sum = term;
      return true;
    }
    sum.add(term);
    return sum.is_zero() || Fields::has_usual(sum.exponent);
  }

  // As clamp(x, range); numbers are ordered as integers are, but for those that are none.
  constexpr void put(std::byte* out, float x, Scale) const {
    const int at = order_of(x), low = order_of(range.low);
    if (at < low)
      x = clamped(x, range.low);
    else if (at > order_of(range.high))
      x = clamped(x, range.high);
    store_aligned(out, x);
  }
  constexpr void finish(std::byte* out, int o, float x) const { put(out + 4 * o, x, {}); }

private:
  static constexpr int order_of(float x) {
    const auto bits = std::bit_cast<std::int32_t>(x);
    return bits < 0 ? -(bits & 0x7fffffff) : bits;
  }
  static constexpr float clamped(float x, float limit) {
    const bool is_number = (std::bit_cast<std::uint32_t>(x) & 0x7fffffff) <= 0x7f800000;
    return is_number ? limit : x;
  }
};

// Convolutions and Dense.
template <class Mantissas> struct SoftConv : scalar_isa::Conv<SoftFloat32<Mantissas>> {
  static constexpr const char* name = "soft.conv";

  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const SoftFloat32<Mantissas> channels(t);
    std::byte* out = band.out[0];
    each_real_window(
        t, band,
        [&](float*, const RealWindow& window) {
          const std::byte* w = channels.weights();
          const int bytes = 4 * window.rows * window.taps;
          for (int o = 0; o < t.out_channels; ++o, w += bytes)
            channels.finish(out, o, channels.add(window, w, channels.start(o)));
        },
        [&](std::byte*, const float*) { out += 4 * t.out_channels; });
  }
};
template <class Mantissas>
struct SoftGroupedConv : scalar_isa::GroupedConv<SoftFloat32<Mantissas>> {
  static constexpr const char* name = "soft.grouped_conv";
};
template <class Mantissas> struct SoftDense : scalar_isa::DenseRows<SoftFloat32<Mantissas>> {
  static constexpr const char* name = "soft.dense";
};
template <class Mantissas>
using SoftFloats = Prefer<SoftConv<Mantissas>, SoftGroupedConv<Mantissas>, SoftDense<Mantissas>>;

}  // namespace graven::core
