// Two int8 rows, four elements at a time; either may be broadcast over pixels, channels or both.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dsp.hpp"
#include "graven/isa/scalar/add.hpp"
#include "graven/isa/scalar/binaries.hpp"
#include "graven/isa/scalar/mul.hpp"
#include "graven/isa/shared/attributes.hpp"
#include "graven/isa/shared/runs.hpp"

namespace graven::core::armv7em_isa {

// Math makes four outputs of operands First and Second, which it takes from four bytes each.
template <class Math, bool each_a, bool each_b, bool clamps> struct InRuns : RunsKernel<Math> {
  static std::uint32_t part(const std::byte* from, int count) {  // one to three bytes
    std::uint32_t four = load<std::uint8_t>(from);
    if (count > 1) four |= static_cast<std::uint32_t>(load<std::uint8_t>(from + 1)) << 8;
    if (count > 2) four |= static_cast<std::uint32_t>(load<std::uint8_t>(from + 2)) << 16;
    return four;
  }
  // One run of both operands; behind it.
  [[gnu::always_inline]] static std::byte* one_run(const Math& math, const FourClamp<clamps>& clamp,
                                                   const std::byte* a, const std::byte* b,
                                                   std::byte* out, int length) {
    const auto first = math.stays_first(each_a ? 0 : load<std::uint8_t>(a));
    const auto second = math.stays_second(each_b ? 0 : load<std::uint8_t>(b));
    const auto four = [&](std::uint32_t x, std::uint32_t y) {
      if constexpr (each_a && each_b)
        return clamp(math.four(math.first(x), math.second(y)));
      else if constexpr (each_a)
        return clamp(math.four(math.first(x), second));
      else if constexpr (each_b)
        return clamp(math.four(first, math.second(y)));
      else
        return clamp(math.four(first, second));
    };
    const auto at = [&](int i) {
      const std::uint32_t x = each_a ? load<std::uint32_t>(a + i) : 0;
      store(out + i, four(x, each_b ? load<std::uint32_t>(b + i) : 0));
    };
    const auto on = [&](int bytes) {
      if (each_a) a += bytes;
      if (each_b) b += bytes;
      out += bytes;
    };
    std::byte* const end = out + (length & ~3);
    if constexpr (Math::light) {
      std::byte* const before = out + (length & ~15);
      while (out != before) at(0), at(4), at(8), at(12), on(16);
    }
    while (out != end) at(0), on(4);
    const int rest = length & 3;
    if (rest == 0) return out;
    std::uint32_t last = four(each_a ? part(a, rest) : 0, each_b ? part(b, rest) : 0);
    for (std::byte* const after = out + rest; out != after; last >>= 8)
      *out++ = static_cast<std::byte>(last);
    return out;
  }
  GRAVEN_OPTIMIZE("no-schedule-insns") static void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    int runs = from.next<std::int32_t>();
    const int length = from.next<std::int32_t>();
    const int step_a = from.next<std::int32_t>(), step_b = from.next<std::int32_t>();
    const Math math(from);
    const FourClamp<clamps> clamp(task);
    const std::byte *a = band.rows[0], *b = band.rows[task.rows];
    std::byte* out = band.out[0];
    for (; runs > 0; --runs, a += step_a, b += step_b)
      out = one_run(math, clamp, a, b, out, length);
  }
};

template <class Math, const auto& graph, int value> constexpr auto in_runs() {
  constexpr const Value& v = graph.values[value];
  constexpr Runs runs(graph.view(), v);
  return InRuns<Math, runs.each[0], runs.each[1], !whole_range(v)>{};
}

// Two int8 less their zero point, times a power of two, in halfwords: bytes 0 and 2, 1 and 3.
struct Halves {
  std::uint32_t even, odd;
};

// Products, doubled, with the right shift known. Stream: both zero points, negative and twice in a
// word; the multiplier, and (2 * zero + 1) << (shift - 1).
template <int shift> struct Products {
  static constexpr int bytes = 16;
  static constexpr bool light = false;
  std::uint32_t zero_a, zero_b;
  std::int32_t multiplier, c;

  explicit Products(Reader& from)
      : zero_a(from.next<std::uint32_t>()), zero_b(from.next<std::uint32_t>()),
        multiplier(from.next<std::int32_t>()), c(from.next<std::int32_t>()) {}
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    for (int k = 0; k < 2; ++k)
      to.put((static_cast<std::uint32_t>(-g.source(v, k).quant.zero_point) & 0xffff) * 0x10001u);
    to.put(scalar_isa::MulQuantized<std::int8_t>::multiplier(g, v).multiplier);
    to.put(static_cast<std::int32_t>((2 * v.quant.zero_point + 1) * (1 << (shift - 1))));
  }

  [[gnu::always_inline]] Halves first(std::uint32_t four) const {
    return {add_even(zero_a, four), add_odd(zero_a, four)};
  }
  [[gnu::always_inline]] Halves second(std::uint32_t four) const {
    return {twice(add_even(zero_b, four)), twice(add_odd(zero_b, four))};
  }
  [[gnu::always_inline]] Halves stays_first(std::uint32_t byte) const {
    return first(byte * 0x01010101u);
  }
  [[gnu::always_inline]] Halves stays_second(std::uint32_t byte) const {
    return second(byte * 0x01010101u);
  }
  [[gnu::always_inline]] std::uint32_t four(Halves a, Halves b) const {
    std::uint32_t out = finish(smulbb(a.even, b.even));
    out = insert_byte<1>(out, finish(smulbb(a.odd, b.odd)));
    out = insert_byte<2>(out, finish(smultt(a.even, b.even)));
    return insert_byte<3>(out, finish(smultt(a.odd, b.odd)));
  }

private:
  [[gnu::always_inline]] std::uint32_t finish(std::int32_t twice) const {
    return saturate<shift>(smmlar(twice, multiplier, c + (twice >> 31)));
  }
};
struct Muls {
  static constexpr const char* name = "armv7em.mul";
  static constexpr bool serves(const GraphView& g, int value) {
    if (!makes<std::int8_t>(g, value, op::mul)) return false;
    const int shift = -scalar_isa::MulQuantized<std::int8_t>::multiplier(g, g[value]).shift;
    return shift >= 1 && shift <= 22;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr int shift =
        -scalar_isa::MulQuantized<std::int8_t>::multiplier(graph.view(), graph.values[value]).shift;
    return in_runs<Products<shift>, graph, value>();
  }
};

// Minimum and Maximum.
template <bool least> struct Extremes {
  static constexpr int bytes = 0;
  static constexpr bool light = true;  // worth two in a loop

  explicit Extremes(Reader&) {}
  static constexpr void pack(const GraphView&, const Value&, Writer&) {}
  [[gnu::always_inline]] std::uint32_t first(std::uint32_t four) const { return four; }
  [[gnu::always_inline]] std::uint32_t second(std::uint32_t four) const { return four; }
  [[gnu::always_inline]] std::uint32_t stays_first(std::uint32_t byte) const {
    return byte * 0x01010101u;
  }
  [[gnu::always_inline]] std::uint32_t stays_second(std::uint32_t byte) const {
    return byte * 0x01010101u;
  }
  [[gnu::always_inline]] std::uint32_t four(std::uint32_t a, std::uint32_t b) const {
    return least ? smaller(a, b) : larger(a, b);
  }
};
template <bool least> struct Bounds {
  static constexpr const char* name = least ? "armv7em.minimum" : "armv7em.maximum";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::bounds_as_is<std::int8_t, least>(g, value);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return in_runs<Extremes<least>, graph, value>();
  }
};

// Sums and differences of two terms, in twice their units, with all right shifts known (0: half the
// operand). Stream: per operand -zero times what it is multiplied with, and its multiplier; the
// sum's multiplier, and (2 * zero + 1) << (shift - 1).
template <int shift_a, int shift_b, int shift_out, bool minus> struct Terms {
  static constexpr int bytes = 24;
  static constexpr bool light = false;
  std::int32_t zero_a, multiplier_a, zero_b, multiplier_b, multiplier, c;

  explicit Terms(Reader& from)
      : zero_a(from.next<std::int32_t>()), multiplier_a(from.next<std::int32_t>()),
        zero_b(from.next<std::int32_t>()), multiplier_b(from.next<std::int32_t>()),
        multiplier(from.next<std::int32_t>()), c(from.next<std::int32_t>()) {}
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    const AddMultipliers m = scalar_isa::AddInt8::multipliers(g, v);
    for (int k = 0; k < 2; ++k) {
      const int left = (k == 0 ? shift_a : shift_b) == 0 ? 20 : 21;
      to.put(static_cast<std::int32_t>(-g.source(v, k).quant.zero_point * (1 << left)));
      to.put(m.inputs[k].multiplier);
    }
    to.put(m.sum.multiplier);
    to.put(static_cast<std::int32_t>((2 * v.quant.zero_point + 1) * (1 << (shift_out - 1))));
  }

  // Of an operand that stays where it is the term, else the bytes: registers are few.
  [[gnu::always_inline]] std::uint32_t first(std::uint32_t four) const { return four; }
  [[gnu::always_inline]] std::uint32_t second(std::uint32_t four) const { return four; }
  [[gnu::always_inline]] std::int32_t stays_first(std::uint32_t byte) const { return term_a(byte); }
  [[gnu::always_inline]] std::int32_t stays_second(std::uint32_t byte) const {
    return term_b(byte);
  }
  template <class A, class B> [[gnu::always_inline]] std::uint32_t four(A a, B b) const {
    std::uint32_t out = finish<0>(a, b);
    out = insert_byte<1>(out, finish<1>(a, b));
    out = insert_byte<2>(out, finish<2>(a, b));
    return insert_byte<3>(out, finish<3>(a, b));
  }

private:
  template <int shift>
  [[gnu::always_inline]] static std::int32_t term(std::int32_t x, std::int32_t zero,
                                                  std::int32_t multiplier) {
    if constexpr (shift == 0) {
      return x * (1 << 20) + zero;
    } else {
      const std::int32_t s = x * (1 << 21) + zero;
      return ((smmlar(s, multiplier, 1 << (shift - 1)) + (s >> 31)) >> shift) * 2;
    }
  }
  [[gnu::always_inline]] std::int32_t term_a(std::uint32_t byte) const {
    return term<shift_a>(static_cast<std::int8_t>(byte), zero_a, multiplier_a);
  }
  [[gnu::always_inline]] std::int32_t term_b(std::uint32_t byte) const {
    return term<shift_b>(static_cast<std::int8_t>(byte), zero_b, multiplier_b);
  }
  template <int i, class A, class B> [[gnu::always_inline]] std::uint32_t finish(A a, B b) const {
    std::int32_t x, y;
    if constexpr (std::is_same_v<A, std::int32_t>)
      x = a;
    else
      x = term_a(a >> (8 * i));
    if constexpr (std::is_same_v<B, std::int32_t>)
      y = b;
    else
      y = term_b(b >> (8 * i));
    const std::int32_t twice = minus ? x - y : x + y;
    return saturate<shift_out>(smmlar(twice, multiplier, c + (twice >> 31)));
  }
};
template <bool minus> struct Sums {
  static constexpr const char* name = minus ? "armv7em.sub" : "armv7em.add_broadcast";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, minus ? op::sub : op::add) &&
           scalar_isa::AddShifts::of(g, g[value]).within(22);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr auto shifts = scalar_isa::AddShifts::of(graph.view(), graph.values[value]);
    return in_runs<Terms<shifts.a, shifts.b, shifts.out, minus>, graph, value>();
  }
};

}  // namespace graven::core::armv7em_isa

#endif
