// Sums of two int8 rows of one shape; of any two where a table pays.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/winograd.hpp"
#include "graven/isa/armv7em/elementwise/binary.hpp"
#include "graven/isa/scalar/add.hpp"
#include "graven/isa/shared/attributes.hpp"
#include "graven/layers/binary.hpp"

#include <array>
#include <cstddef>

namespace graven::core::armv7em_isa {

// What makes an output of the sum of two terms. Stream: the multiplier, and
// (2 * zero + 1) << (shift - 1). `clamps`: to less than int8 holds.
template <int shift, bool clamps> struct FinishedSum {
  static constexpr int bytes = 8;
  std::int32_t multiplier, c;

  explicit FinishedSum(const std::byte* stream)
      : multiplier(load_aligned<std::int32_t>(stream)), c(load_aligned<std::int32_t>(stream + 4)) {}
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    to.put(scalar_isa::AddInt8::multipliers(g, v).sum.multiplier);
    to.put(static_cast<std::int32_t>((2 * v.quant.zero_point + 1) * (1 << (shift - 1))));
  }
  // `signed_alike` has the sign of the sum.
  [[gnu::always_inline]] std::uint32_t of(std::int32_t twice, std::int32_t signed_alike) const {
    return saturate<shift>(smmlar(twice, multiplier, c + (signed_alike >> 31)));
  }
  // out = element(a, b), of which the low byte counts, for the elements at a and b.
  template <class Element>
  [[gnu::always_inline]] static void all(const Task& t, const Band& band, Element element) {
    const std::byte *a = band.rows[0], *b = band.rows[t.rows];
    std::byte* out = band.out[0];
    const int count = t.out_width * t.out_channels;
    const FourClamp<clamps> clamp(t);
    for (std::byte* const end = out + (count & ~3); out != end; a += 4, b += 4, out += 4) {
      std::uint32_t four = element(a, b);
      four = insert_byte<1>(four, element(a + 1, b + 1));
      four = insert_byte<2>(four, element(a + 2, b + 2));
      store(out, clamp(insert_byte<3>(four, element(a + 3, b + 3))));
    }
    for (std::byte* const end = out + (count & 3); out != end;)
      *out++ = static_cast<std::byte>(clamp(element(a++, b++)));
  }
};

// Operands of one scale. Stream: FinishedSum's, and the zero points' share of twice the sum.
template <int shift, bool clamps> struct AddAlike : PlainKernel {
  using Sum = FinishedSum<shift, clamps>;

  static constexpr int stream_size(const GraphView&, const Value&) { return Sum::bytes + 4; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const int zeros = g.source(v, 0).quant.zero_point + g.source(v, 1).quant.zero_point;
    Sum::pack(g, v, to);
    to.put(static_cast<std::int32_t>(-zeros * (1 << 20)));
  }
  static void run(const Task& task, const Band& band) {
    const Sum sum(task.stream);
    const auto zeros = load_aligned<std::int32_t>(task.stream + Sum::bytes);
    Sum::all(task, band, [&](const std::byte* a, const std::byte* b) {
      const std::int32_t twice =
          zeros + load<std::int8_t>(a) * (1 << 20) + load<std::int8_t>(b) * (1 << 20);
      return sum.of(twice, twice);
    });
  }
};

// The operand of the smaller scale, which is the `first` or the second, is in a table; `minus`: it
// is a difference. Stream: FinishedSum's, and per byte of that operand twice its share of the
// result, with the other one's zero point.
inline constexpr int add_table_bytes = 4 * 256;
template <int shift, bool first, bool minus, bool clamps> struct AddByTable : PlainKernel {
  using Sum = FinishedSum<shift, clamps>;
  static constexpr int sign = minus && !first ? -1 : 1;       // of what is in the table
  static constexpr int other_sign = minus && first ? -1 : 1;  // of the other operand

  static constexpr int stream_size(const GraphView&, const Value&) {
    return Sum::bytes + add_table_bytes;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    constexpr int k = first ? 0 : 1;
    const Multiplier m = scalar_isa::AddInt8::multipliers(g, v).inputs[k];
    const int zero = g.source(v, k).quant.zero_point, other = g.source(v, 1 - k).quant.zero_point;
    Sum::pack(g, v, to);
    for (int i = 0; i < 256; ++i) {
      const int x = i < 128 ? i : i - 256;
      to.put(sign * 2 * requantize((x - zero) * (1 << 20), m) - other_sign * other * (1 << 20));
    }
  }
  static void run(const Task& task, const Band& band) {
    const Sum sum(task.stream);
    const std::byte* table = task.stream + Sum::bytes;
    Sum::all(task, band, [&](const std::byte* a, const std::byte* b) {
      const auto x = load<std::uint8_t>(first ? a : b);
      const auto y = load<std::int8_t>(first ? b : a);
      const std::int32_t twice =
          load_aligned<std::int32_t>(table + 4 * x) + other_sign * (y * (1 << 20));
      return sum.of(twice, twice);
    });
  }
};

// The same in runs, where an operand is broadcast (binary.hpp).
template <int shift, bool by_table, bool minus> struct TableTerms {
  using Rows = AddByTable<shift, by_table, minus, false>;
  static constexpr int bytes = Rows::Sum::bytes + add_table_bytes;
  static constexpr bool light = false;
  typename Rows::Sum sum;
  const std::byte* table;

  explicit TableTerms(Reader from) : sum(from.at), table(from.at + Rows::Sum::bytes) {}
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    Rows::pack(g, v, no_parameters, to);
  }
  // Of an operand that stays where it is the term, else the bytes.
  [[gnu::always_inline]] std::uint32_t first(std::uint32_t four) const { return four; }
  [[gnu::always_inline]] std::uint32_t second(std::uint32_t four) const { return four; }
  [[gnu::always_inline]] std::int32_t stays_first(std::uint32_t four) const {
    return term<by_table>(four);
  }
  [[gnu::always_inline]] std::int32_t stays_second(std::uint32_t four) const {
    return term<!by_table>(four);
  }
  template <class A, class B> [[gnu::always_inline]] std::uint32_t four(A a, B b) const {
    std::uint32_t out = finish<0>(a, b);
    out = insert_byte<1>(out, finish<1>(a, b));
    out = insert_byte<2>(out, finish<2>(a, b));
    return insert_byte<3>(out, finish<3>(a, b));
  }

private:
  template <bool in_table, int i = 0>
  [[gnu::always_inline]] std::int32_t term(std::uint32_t four) const {
    const std::uint32_t byte = four >> (8 * i) & 255;
    if constexpr (in_table) return load_aligned<std::int32_t>(table + 4 * byte);
    return Rows::other_sign * (static_cast<std::int8_t>(byte) * (1 << 20));
  }
  template <bool, int> [[gnu::always_inline]] std::int32_t term(std::int32_t made) const {
    return made;
  }
  template <int i, class A, class B> [[gnu::always_inline]] std::uint32_t finish(A a, B b) const {
    const std::int32_t twice = term<by_table, i>(a) + term<!by_table, i>(b);
    return sum.of(twice, twice);
  }
};

// With the right shifts of both operands and of the sum known, a term is
//   (round(s * 2 * m / 2^32) + half + (s < 0 ? -1 : 0)) >> shift, s = (x - zero) << 20,
// and that of the operand with the larger scale (m = 2^30, shift = 0) is s / 2 exactly. Stream:
// FinishedSum's, -zero << 21 and the multiplier of the smaller one, -zero << 19 of the other.
template <int shift, int shift_out, bool first, bool clamps> struct Add : PlainKernel {
  using Sum = FinishedSum<shift_out, clamps>;

  static constexpr int stream_size(const GraphView&, const Value&) { return Sum::bytes + 12; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    constexpr int k = first ? 0 : 1;
    Sum::pack(g, v, to);
    to.put(static_cast<std::int32_t>(-g.source(v, k).quant.zero_point * (1 << 21)));
    to.put(scalar_isa::AddInt8::multipliers(g, v).inputs[k].multiplier);
    to.put(static_cast<std::int32_t>(-g.source(v, 1 - k).quant.zero_point * (1 << 19)));
  }
  GRAVEN_OPTIMIZE("no-schedule-insns") static void run(const Task& task, const Band& band) {
    const Sum sum(task.stream);
    Reader from{task.stream + Sum::bytes};
    const auto zero = from.next<std::int32_t>(), multiplier = from.next<std::int32_t>();
    const auto other = from.next<std::int32_t>();
    constexpr std::int32_t half = 1 << (shift - 1);
    Sum::all(task, band, [&](const std::byte* a, const std::byte* b) {
      const std::int32_t s = load<std::int8_t>(first ? a : b) * (1 << 21) + zero;
      std::int32_t both = load<std::int8_t>(first ? b : a) * (1 << 19) + other;
      asm("" : "+r"(both));  // g++ would add the zero point last, in one instruction more
      both += (smmlar(s, multiplier, half) + (s >> 31)) >> shift;
      return sum.of(2 * both, both);
    });
  }
};

struct Adds {
  static constexpr const char* name = "armv7em.add";
  static constexpr bool serves(const GraphView& g, int value, const Op& made = op::add) {
    const Value& v = g[value];
    return makes<std::int8_t>(g, value, made) && scalar_isa::AddInt8::is_plain(g, v) &&
           scalar_isa::AddShifts::of(g, v).within(22);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr auto shifts = scalar_isa::AddShifts::of(graph.view(), v);
    constexpr bool clamps = !whole_range(v);
    if constexpr (shifts.a == 0 && shifts.b == 0)
      return AddAlike<shifts.out, clamps>{};
    else if constexpr (shifts.b == 0)
      return Add<shifts.a, shifts.out, true, clamps>{};
    else
      return Add<shifts.b, shifts.out, false, clamps>{};
  }
};

// A table pays for itself where many elements are added. Under a limit of the flash all tables must
// fit what `Expanding` leaves of `spare` bytes.
template <class Expanding, int spare, bool limited> struct TableAdds {
  static constexpr const char* name = "armv7em.add_table";

  static constexpr bool pays(const GraphView& g, int value) {
    const Value& v = g[value];
    const bool sums = Sums<false>::serves(g, value) || Sums<true>::serves(g, value);
    if (!sums || v.shape.size() < 2048 || g.source(v, 0).quant.scale == g.source(v, 1).quant.scale)
      return false;
    // One element for many needs no table.
    return Runs(g, v).each[scalar_isa::AddShifts::of(g, v).a != 0 ? 0 : 1];
  }
  template <const auto& graph> static constexpr auto choose() {
    constexpr GraphView g = graph.view();
    std::array<bool, static_cast<std::size_t>(g.count)> chosen{};
    int left = spare;
    for (int v = 0; v < g.count; ++v) {
      if (serves_in<graph, Expanding>(v)) left -= winograd_expansion(g, g[v]);
      chosen[static_cast<std::size_t>(v)] = pays(g, v);
      if (pays(g, v)) left -= add_table_bytes;
    }
    return limited && left < 0 ? std::array<bool, static_cast<std::size_t>(g.count)>{} : chosen;
  }
  template <const auto& graph> static constexpr auto served = choose<graph>();
  static constexpr bool serves(const GraphView& g, int value) { return pays(g, value); }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr auto shifts = scalar_isa::AddShifts::of(graph.view(), v);
    constexpr bool first = shifts.a != 0, minus = v.op == op::sub;
    if constexpr (scalar_isa::AddInt8::is_plain(graph.view(), v))
      return AddByTable<shifts.out, first, minus, !whole_range(v)>{};
    else
      return in_runs<TableTerms<shifts.out, first, minus>, graph, value>();
  }
};

}  // namespace graven::core::armv7em_isa

#endif
