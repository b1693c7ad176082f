// Add, max pool, and resize by whole pixels.
#pragma once

#if defined(__riscv_mul) && __riscv_xlen == 32

#include "graven/isa/rv32imc/requantize.hpp"
#include "graven/isa/scalar/add.hpp"
#include "graven/isa/scalar/elementwise.hpp"
#include "graven/isa/scalar/pool.hpp"
#include "graven/isa/scalar/resize.hpp"

namespace graven::rv32imc_isa {

// ADD of equal shapes: the right shifts of both operands and of the sum. A term of shift 0 is half
// its operand exactly: its multiplier is 2^30.
struct AddShifts {
  int a, b, out;

  static constexpr AddShifts of(const GraphView& g, const Value& v) {
    const AddMultipliers m = scalar_isa::AddInt8::multipliers(g, v);
    return {-m.inputs[0].shift, -m.inputs[1].shift, -m.sum.shift};
  }
  static constexpr bool serves(const GraphView& g, const Value& v) {
    if (!scalar_isa::AddInt8::is_plain(g, v)) return false;
    const AddShifts s = of(g, v);
    return s.a >= 0 && s.a <= 21 && s.b >= 0 && s.b <= 21 && s.out >= 1 && s.out <= 21;
  }
};

// Stream: per operand -zero << 22 (or 19) and its multiplier; the output's multiplier.
template <int shift_a, int shift_b, int shift_out, bool relu> struct Add : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 20; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const AddMultipliers m = scalar_isa::AddInt8::multipliers(g, v);
    for (int k = 0; k < 2; ++k) {
      const bool exact = (k == 0 ? shift_a : shift_b) == 0;
      to.put(
          static_cast<std::int32_t>(-g.source(v, k).quant.zero_point * (1 << (exact ? 19 : 22))));
      to.put(m.inputs[k].multiplier);
    }
    to.put(m.sum.multiplier);
  }

  // An operand's share of the sum, in 2^-20.
  template <int shift>
  [[gnu::always_inline]] static std::int32_t term(std::int32_t x, std::int32_t zero,
                                                  std::int32_t multiplier) {
    if constexpr (shift == 0) {
      return x * (1 << 19) + zero;
    } else {
      const std::int32_t four = x * (1 << 22) + zero;
      const auto high = static_cast<std::int32_t>((std::int64_t{four} * multiplier) >> 32);
      return (high + (four >> 31) * 2 + (1 << shift) + 1) >> (shift + 1);
    }
  }

  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const Range range(t);
    Reader from{t.stream};
    const auto zero_a = from.next<std::int32_t>(), multiplier_a = from.next<std::int32_t>();
    const auto zero_b = from.next<std::int32_t>(), multiplier_b = from.next<std::int32_t>();
    const Scale scale(from.next<std::int32_t>(), shift_out, range);
    const std::byte *a = band.rows[0], *b = band.rows[t.rows];
    std::byte* out = band.out[0];
    for (std::byte* const end = out + t.out_width * t.out_channels; out != end; ++a, ++b, ++out) {
      const std::int32_t sum = term<shift_a>(load<std::int8_t>(a), zero_a, multiplier_a) +
                               term<shift_b>(load<std::int8_t>(b), zero_b, multiplier_b);
      *out = scale.finish<relu>(sum, range);
    }
  }
};

// Windows of two by two, the most frequent ones, without loops; others as scalar does them.
struct MaxPool2 : scalar_isa::Pool<std::int8_t, scalar_isa::Largest<std::int8_t>, false> {
  using General = scalar_isa::Pool<std::int8_t, scalar_isa::Largest<std::int8_t>, false>;

  static constexpr bool serves(const GraphView& g, const Value& v) {
    const Clamp range = activation_range(v.activation, v.quant, v.element);
    return v.op == Op::max_pool && !v.reduces && range.low == -128 && range.high == 127 &&
           v.filter == Extent(2) && v.left == 0 &&
           (v.shape.width - 1) * v.stride.width + 2 <= g.input(v).shape.width;
  }
  static void run(const Task& task, const Band& band) {
    const std::byte *top = band.rows[0], *bottom = band.rows[1];
    if (top == nullptr || bottom == nullptr) return General::run(task, band);
    const int channels = task.in_channels, skip = (task.stride_width - 1) * channels;
    std::byte* out = band.out[0];
    for (int x = task.out_width; x > 0; --x, top += skip, bottom += skip)
      for (std::byte* const end = out + channels; out != end; ++top, ++bottom) {
        const auto a = load<std::int8_t>(top), b = load<std::int8_t>(top + channels);
        const auto c = load<std::int8_t>(bottom), d = load<std::int8_t>(bottom + channels);
        const std::int8_t upper = a > b ? a : b, lower = c > d ? c : d;
        store(out++, upper > lower ? upper : lower);
      }
  }
};

struct Nearest : scalar_isa::Nearest {
  // In words where everything is a multiple of one.
  static void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const int pixel = from.next<std::int32_t>();
    const std::byte* row = band.rows[0];
    std::byte* out = band.out[0];
    const auto low_bits = reinterpret_cast<std::uintptr_t>(row) |
                          reinterpret_cast<std::uintptr_t>(out) |
                          static_cast<std::uintptr_t>(pixel);
    for (int x = task.out_width; x > 0; --x) {
      const std::byte* at = row + from.next<std::uint16_t>() * pixel;
      std::byte* const end = out + pixel;
      if (low_bits % 4 == 0)
        for (; out != end; out += 4, at += 4) store_aligned(out, load_aligned<std::uint32_t>(at));
      else
        while (out != end) *out++ = *at++;
    }
  }
};

}  // namespace graven::rv32imc_isa

#endif
