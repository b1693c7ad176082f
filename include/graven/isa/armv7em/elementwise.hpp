// Add, pools and resizes on four channels at a time.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/tiles.hpp"
#include "graven/isa/scalar/add.hpp"
#include "graven/isa/scalar/elementwise.hpp"
#include "graven/isa/scalar/pool.hpp"
#include "graven/isa/scalar/resize.hpp"

namespace graven::armv7em_isa {

// ADD of equal shapes. With the right shifts of both operands and of the sum known, a term is
//   (round(s * 2 * m / 2^32) + half + (s < 0 ? -1 : 0)) >> shift, s = (x - zero) << 20,
// and that of the operand with the larger scale (m = 2^30, shift = 0) is s / 2 exactly.
struct AddShifts {
  int a, b, out;

  static constexpr AddShifts of(const GraphView& g, const Value& v) {
    const AddMultipliers m = scalar_isa::AddInt8::multipliers(g, v);
    return {-m.inputs[0].shift, -m.inputs[1].shift, -m.sum.shift};
  }
  constexpr bool fast() const {
    return a >= 0 && a <= 22 && b >= 0 && b <= 22 && out >= 1 && out <= 22;
  }
};

// Stream: per operand -zero << 20 (or 21) and its multiplier; the output's multiplier, and
// (2 * zero + 1) << (shift - 1).
template <int shift_a, int shift_b, int shift_out> struct Add : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 24; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const AddMultipliers m = scalar_isa::AddInt8::multipliers(g, v);
    for (int k = 0; k < 2; ++k) {
      const bool exact = (k == 0 ? shift_a : shift_b) == 0;
      const int zero = g.source(v, k).quant.zero_point;
      to.put(static_cast<std::int32_t>(-zero * (1 << (exact ? 19 : 21))));
      to.put(m.inputs[k].multiplier);
    }
    to.put(m.sum.multiplier);
    to.put(static_cast<std::int32_t>((2 * v.quant.zero_point + 1) * (1 << (shift_out - 1))));
  }

  template <int shift>
  [[gnu::always_inline]] static std::int32_t term(std::int32_t x, std::int32_t zero,
                                                  std::int32_t multiplier) {
    if constexpr (shift == 0) {
      return x * (1 << 19) + zero;
    } else {
      const std::int32_t s = x * (1 << 21) + zero;
      return (smmlar(s, multiplier, 1 << (shift - 1)) + (s >> 31)) >> shift;
    }
  }

  [[gnu::optimize("no-schedule-insns")]] static void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const auto zero_a = from.next<std::int32_t>(), multiplier_a = from.next<std::int32_t>();
    const auto zero_b = from.next<std::int32_t>(), multiplier_b = from.next<std::int32_t>();
    const auto multiplier = from.next<std::int32_t>(), c = from.next<std::int32_t>();
    const std::byte *a = band.rows[0], *b = band.rows[task.rows];
    std::byte* out = band.out[0];
    for (std::byte* const end = out + task.out_width * task.out_channels; out != end;) {
      const std::int32_t sum = term<shift_a>(load<std::int8_t>(a++), zero_a, multiplier_a) +
                               term<shift_b>(load<std::int8_t>(b++), zero_b, multiplier_b);
      const std::int32_t y = smmlar(sum * 2, multiplier, c + (sum >> 31));
      *out++ = static_cast<std::byte>(saturate_half(y >> (shift_out - 1)));
    }
  }
};

// acc + two bytes as halfwords.
[[gnu::always_inline]] inline std::uint32_t add_even(std::uint32_t acc, std::uint32_t x) {
  std::uint32_t y;
  asm("sxtab16 %0, %1, %2" : "=r"(y) : "r"(acc), "r"(x));
  return y;
}
[[gnu::always_inline]] inline std::uint32_t add_odd(std::uint32_t acc, std::uint32_t x) {
  std::uint32_t y;
  asm("sxtab16 %0, %1, %2, ror #8" : "=r"(y) : "r"(acc), "r"(x));
  return y;
}

// The mean of each channel, row by row. Scratch: per four channels two words of halfword sums.
// `unrolled`: the width of the input, where it is small; else 0.
template <int unrolled> struct GlobalAverage : PlainKernel {
  static constexpr bool serves(const GraphView& g, const Value& v) {
    const Shape in = g.input(v).shape;
    return v.op == Op::average_pool && v.reduces && v.shape.width == 1 && v.left == 0 &&
           v.filter.width >= in.width && in.height * in.width <= 255 && in.channels % 4 == 0;
  }
  static constexpr int scratch(const GraphView&, const Value& v) { return 2 * v.shape.channels; }

  static void finish(const Task& t, const std::byte* sums, std::byte* out) {
    const int count = t.in_height * t.in_width;
    constexpr int order[4]{0, 4, 2, 6};
    for (int c = 0; c < t.in_channels; c += 4, sums += 8, out += 4)
      for (int i = 0; i < 4; ++i) {
        const int sum = load_aligned<std::int16_t>(sums + order[i]);
        scalar_isa::store_clamped<std::int8_t>(out + i, t, scalar_isa::rounded_mean(sum, count));
      }
  }
  static void run(const Task& task, const Band& band) {
    const int channels = task.in_channels, width = unrolled > 0 ? unrolled : task.in_width;
    const std::byte* const row = band.rows[0];
    const bool first = band.first;
    std::byte* sums = band.scratch;
    for (int c = 0; c < channels; c += 4, sums += 8) {
      std::uint32_t even = 0, odd = 0;
      if (!first) {
        even = load_aligned<std::uint32_t>(sums);
        odd = load_aligned<std::uint32_t>(sums + 4);
      }
      const std::byte* x = row + c;
#pragma GCC unroll 8
      for (int left = width; left > 0; --left, x += channels) {
        const auto four = load<std::uint32_t>(x);
        even = add_even(even, four);
        odd = add_odd(odd, four);
      }
      store_aligned(sums, even);
      store_aligned(sums + 4, odd);
    }
    if (band.last) finish(Task(task), band.scratch, band.out[0]);
  }
};

// The larger of each byte.
[[gnu::always_inline]] inline std::uint32_t larger(std::uint32_t a, std::uint32_t b) {
  std::uint32_t y;
  asm("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(y) : "r"(a), "r"(b) : "cc");
  return y;
}

struct MaxPool : PlainKernel {
  static constexpr bool serves(const GraphView& g, const Value& v) {
    return v.op == Op::max_pool && !v.reduces && whole_range(v) &&
           g.input(v).shape.channels % 4 == 0;
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int channels = t.in_channels;
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x) {
      int from = x * t.stride_width - t.left, to = from + t.filter_width;
      if (from < 0) from = 0;
      if (to > t.in_width) to = t.in_width;
      for (int c = 0; c < channels; c += 4, out += 4) {
        std::uint32_t most = 0x80808080u;
        for (int ky = 0; ky < t.rows; ++ky) {
          const std::byte* at = band.rows[ky];
          if (at == nullptr) continue;
          at += from * channels + c;
          for (int left = to - from; left > 0; --left, at += channels)
            most = larger(load<std::uint32_t>(at), most);
        }
        store(out, most);
      }
    }
  }
};

struct Nearest : scalar_isa::Nearest {
  static void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const int pixel = from.next<std::int32_t>(), width = task.out_width;
    const std::byte* row = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = 0; x < width; ++x)
      out = copy(out, row + from.next<std::uint16_t>() * pixel, pixel);
  }
};

}  // namespace graven::armv7em_isa

#endif
