// Add and resize by whole pixels for cores without SIMD. Generic, above the instruction sets.
#pragma once

#include "graven/isa/scalar/add.hpp"
#include "graven/isa/scalar/resize.hpp"

namespace graven::core {

// The products of Add on cores that multiply to 64 bits at once.
struct WideProducts {
  static constexpr int lead = 22;  // operands come shifted left

  // floor(x * m / 2^32) and floor(x * m / 2^30)
  static std::int32_t of_operand(std::int32_t x, std::int32_t m) {
    return static_cast<std::int32_t>((std::int64_t{x} * m) >> 32);
  }
  static std::int32_t of_sum(std::int32_t x, std::int32_t m) { return of_operand(x * 4, m); }
};
// The same on cores that multiply to 32 bits: the multiplier in parts, each sum cut to what counts.
struct NarrowProducts {
  static constexpr int lead = 0;

  // floor(x * m / 2^10), abs(x) < 2^9
  static std::int32_t of_operand(std::int32_t x, std::int32_t m) {
    return x * (m >> 10) + ((x * (m & 1023)) >> 10);
  }
  // floor(x * m / 2^30), abs(x) < 2^28
  static std::int32_t of_sum(std::int32_t x, std::int32_t m) {
    const std::int32_t high = x >> 14, low = x & 0x3fff, above = m >> 16, below = m & 0xffff;
    const std::int32_t rest = high * below + ((low * below) >> 14);
    return high * above + ((low * above + (rest >> 2)) >> 14);
  }
};

// Two roundings nest into one floor: round(round(x * m / 2^31) / 2^e), the latter half away from
// zero, is (floor(x * m / 2^30) + (x < 0 ? -2 : 0) + 2^e + 1) >> (e + 1). Stream: per operand
// -zero << lead (or 19) and its multiplier; the output's multiplier and what is added to the sum.
// `relu`: the zero point is the least output, so that negative sums are clamped however rounded.
template <class Products, int shift_a, int shift_b, int shift_out, bool relu = false>
struct AddBytes : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 24; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    constexpr scalar_isa::AddShifts shifts{shift_a, shift_b, shift_out};
    shifts.pack(g, v, to, Products::lead);
    const Clamp range = range_of(v);
    const int twice_zero = 2 * (v.quant.zero_point - range.low);
    to.put(static_cast<std::int32_t>((twice_zero + 1) * (1 << shift_out) + 1));
  }

  // An operand's share of the sum, in 2^-20.
  template <int shift>
  [[gnu::always_inline]] static std::int32_t term(std::int32_t x, std::int32_t zero,
                                                  std::int32_t multiplier) {
    if constexpr (shift == 0) {
      return x * (1 << 19) + zero;
    } else {
      const std::int32_t s = x * (1 << Products::lead) + zero;
      const std::int32_t rounding = (1 << shift) + 1 + (s >> 31) * 2;
      return (Products::of_operand(s, multiplier) + rounding) >> (shift + 1);
    }
  }

  static void run(const Task& task, const Band& band) {
    const int low = task.low, span = task.high - task.low;
    Reader from{task.stream};
    const auto zero_a = from.next<std::int32_t>(), multiplier_a = from.next<std::int32_t>();
    const auto zero_b = from.next<std::int32_t>(), multiplier_b = from.next<std::int32_t>();
    const auto multiplier = from.next<std::int32_t>(), rounding = from.next<std::int32_t>();
    const std::byte *a = band.rows[0], *b = band.rows[task.rows];
    std::byte* out = band.out[0];
    for (std::byte* const end = out + task.out_width * task.out_channels; out != end; ++a, ++b) {
      const std::int32_t sum = term<shift_a>(load<std::int8_t>(a), zero_a, multiplier_a) +
                               term<shift_b>(load<std::int8_t>(b), zero_b, multiplier_b);
      std::int32_t y = Products::of_sum(sum, multiplier) + rounding;
      if constexpr (!relu) y += (sum >> 31) * 2;
      y >>= shift_out + 1;
      if (__builtin_expect(static_cast<std::uint32_t>(y) > static_cast<std::uint32_t>(span), 0))
        y = ~(y >> 31) & span;
      *out++ = static_cast<std::byte>(y + low);
    }
  }
};

template <class Products> struct BytewiseAdds {
  static constexpr const char* name = "shared.add";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::add) && scalar_isa::AddInt8::is_plain(g, g[value]) &&
           scalar_isa::AddShifts::of(g, g[value]).within(21);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr auto shifts = scalar_isa::AddShifts::of(graph.view(), v);
    constexpr Clamp range = range_of(v);
    constexpr bool relu = range.low == v.quant.zero_point;
    return AddBytes<Products, shifts.a, shifts.b, shifts.out, relu>{};
  }
};

// In words where everything is a multiple of one.
struct NearestInWords : scalar_isa::Nearest {
  static constexpr const char* name = "shared.nearest";
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

}  // namespace graven::core
