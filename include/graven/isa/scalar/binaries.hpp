// The layers of layers/binary.hpp.
#pragma once

#include "graven/isa/scalar/binary.hpp"
#include "graven/isa/scalar/quotient.hpp"
#include "graven/kernel/multiplier.hpp"
#include "graven/layers/binary.hpp"

#include <array>

namespace graven::core::scalar_isa {

// A kernel's name: where it is, and its operator.
template <const Op& made> constexpr auto joined_name(const char* folder) {
  std::array<char, 40> text{};
  std::size_t at = 0;
  for (const char* part : {folder, made.name})
    while (*part != 0) text[at++] = *part++;
  return text;
}
template <const Op& made> inline constexpr auto scalar_name = joined_name<made>("scalar.");

// Have both operands and the output one scale and zero point?
constexpr bool is_alike(const GraphView& g, const Value& v) {
  return g.source(v, 0).quant == v.quant && g.source(v, 1).quant == v.quant;
}

// Is it Minimum, or Maximum, of T as they lie?
template <class T, bool least> constexpr bool bounds_as_is(const GraphView& g, int value) {
  return makes<T>(g, value, least ? op::minimum : op::maximum) && is_alike(g, g[value]);
}

// The kernels of an operator by the elements that it takes; void: none.
template <const Op& made, class Int8, class Float32, class Int32 = void, class Bool = void,
          class Int16 = void>
struct Binaries {
  static constexpr const char* name = scalar_name<made>.data();

  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    if (!(v.op == made) || v.inputs != 2) return false;
    const Value &a = g.source(v, 0), &b = g.source(v, 1);
    if (!made.has(Trait::decides) && a.element != v.element) return false;
    if (b.element != element_beside(a.element)) return false;
    switch (a.element) {
      case Element::int8:
        if constexpr (requires { Int8::as_is; }) return is_alike(g, v);
        return !std::is_void_v<Int8>;
      case Element::int16:
        if constexpr (requires { Int16::as_is; })
          return a.quant == b.quant && (made.has(Trait::decides) || a.quant == v.quant);
        return !std::is_void_v<Int16>;
      case Element::float32: return !std::is_void_v<Float32>;
      case Element::int32: return !std::is_void_v<Int32>;
      case Element::boolean: return !std::is_void_v<Bool>;
      default: return false;
    }
  }
  static constexpr Element element_beside(Element first) {
    if constexpr (requires { Int16::beside; })
      if (first == Element::int16) return Int16::beside;
    return first;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr Element element = graph.view().source(graph.values[value]).element;
    if constexpr (element == Element::int8)
      return Int8{};
    else if constexpr (element == Element::int16)
      return Int16{};
    else if constexpr (element == Element::float32)
      return Float32{};
    else if constexpr (element == Element::int32)
      return Int32{};
    else
      return Bool{};
  }
};

// ---- SUB, SQUARED_DIFFERENCE --------------------------------------------------------------------

// The multipliers of both operands and of the square of their difference.
template <int left> constexpr AddMultipliers square_multipliers(float a, float b, float out) {
  const double real_a = static_cast<double>(a), real_b = static_cast<double>(b);
  const double twice = 2 * (real_a > real_b ? real_a : real_b);
  return {{quantize_multiplier(real_a / twice), quantize_multiplier(real_b / twice)},
          quantize_multiplier(twice * twice / ((1 << 2 * left) * static_cast<double>(out)))};
}

// Stream: two Terms, then the multiplier and shift of what Combine makes of them.
template <class Operand, class Combine, AddMultipliers multipliers(float, float, float)>
struct DifferenceQuantized : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) {
    return 2 * Operand::bytes + 8;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const AddMultipliers m =
        multipliers(g.source(v, 0).quant.scale, g.source(v, 1).quant.scale, v.quant.scale);
    for (int k = 0; k < 2; ++k) Operand::pack(g, v, k, m.inputs[k], to);
    put_multiplier(to, m.sum);
  }
  static constexpr void run(const Task& task, const Band& band) {
    combine_quantized<Operand, Combine>(task, band);
  }
};
using SubInt8 = DifferenceQuantized<Term<20>, Difference, add_multipliers<20>>;
using SubInt16 = DifferenceQuantized<Term<15, std::int16_t>, Difference, add_multipliers<15>>;
using SquaredDifferenceInt8 =
    DifferenceQuantized<Term<7>, SquareOfDifference, square_multipliers<7>>;
using SquaredDifferenceInt16 =
    DifferenceQuantized<Term<0, std::int16_t>, SquareOfDifference, square_multipliers<0>>;

// ---- comparisons and logic ----------------------------------------------------------------------

struct IsEqual {
  template <class T> static constexpr bool of(T a, T b) {
    return !(a < b) && !(a > b) && a == a && b == b;
  }
};
struct IsNotEqual {
  template <class T> static constexpr bool of(T a, T b) { return !IsEqual::of(a, b); }
};
struct IsLess {
  template <class T> static constexpr bool of(T a, T b) { return a < b; }
};
struct IsLessEqual {
  template <class T> static constexpr bool of(T a, T b) { return a <= b; }
};
struct IsGreater {
  template <class T> static constexpr bool of(T a, T b) { return a > b; }
};
struct IsGreaterEqual {
  template <class T> static constexpr bool of(T a, T b) { return a >= b; }
};
struct Both {
  static constexpr bool of(bool a, bool b) { return a && b; }
};
struct Either {
  static constexpr bool of(bool a, bool b) { return a || b; }
};

// Stream: two Terms, which are real numbers with 8 fractional bits.
template <class Compare, class T = std::int8_t> struct ComparedQuantized : PlainKernel {
  using Real = Term<8, T>;
  static constexpr int stream_size(const GraphView&, const Value&) { return 2 * Real::bytes; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    for (int k = 0; k < 2; ++k)
      Real::pack(g, v, k, quantize_multiplier(static_cast<double>(g.source(v, k).quant.scale)), to);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const Real a(from), b(from);
    combine_rows<bool>(t, band, a.steps, b.steps,
                       [&](const std::byte* at_a, const std::byte* at_b) {
                         return Compare::of(a.at(at_a), b.at(at_b));
                       });
  }
};

// ---- PRELU --------------------------------------------------------------------------------------

// Stream: two Factors, then multiplier and shift of what is positive and of what is negative. The
// slopes of int16 are int8, as weights are.
template <class T> struct PreluQuantized : PlainKernel {
  static constexpr Element beside = Element::int8;
  static constexpr int stream_size(const GraphView&, const Value&) { return 40; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    Factor<T>::pack(g, v, 0, to);
    Factor<>::pack(g, v, 1, to);
    const double in = static_cast<double>(g.source(v, 0).quant.scale);
    const double out = static_cast<double>(v.quant.scale);
    put_multiplier(to, quantize_multiplier(in / out));
    put_multiplier(to,
                   quantize_multiplier(in * static_cast<double>(g.source(v, 1).quant.scale) / out));
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const Factor<T> a(from);
    const Factor<> b(from);
    const Multiplier positive = next_multiplier(from), negative = next_multiplier(from);
    combine_rows<T>(t, band, a.steps, b.steps, [&](const std::byte* at_a, const std::byte* at_b) {
      const std::int32_t x = a.at(at_a);
      const std::int32_t y =
          x >= 0 ? requantize(x, positive) : requantize(x * b.at(at_b), negative);
      return static_cast<T>(clamp(y + t.out_zero, {t.low, t.high}));
    });
  }
};
struct SlopedBelowZero {
  static constexpr float of(float a, float b) { return a >= 0 ? a : a * b; }
};

// ---- all of them --------------------------------------------------------------------------------

// Minimum and Maximum of quantized numbers: all three have one scale.
template <class Combine, class T = std::int8_t> struct AsIs : Combined<Combine, T> {
  static constexpr bool as_is = true;
};
template <const Op& made, class Combine>
using Extremes = Binaries<made, AsIs<Combine>, Combined<Combine, float>,
                          Combined<Combine, std::int32_t>, void, AsIs<Combine, std::int16_t>>;
// Of int16 only equalities know scales, as in LiteRT; where both operands have one, so does order.
template <class Compare> struct ComparedWords : Combined<Compare, std::int16_t, bool> {
  static constexpr bool as_is = true;
};
template <const Op& made, class Compare, class Bool = void, class Int16 = ComparedWords<Compare>>
using Comparisons = Binaries<made, ComparedQuantized<Compare>, Combined<Compare, float, bool>,
                             Combined<Compare, std::int32_t, bool>, Bool, Int16>;
template <const Op& made, class Compare>
using Equalities =
    Comparisons<made, Compare, Combined<Compare, bool>, ComparedQuantized<Compare, std::int16_t>>;

using Subs = Binaries<op::sub, SubInt8, Combined<Difference, float>,
                      Combined<Difference, std::int32_t>, void, SubInt16>;
using Divs = Binaries<op::div, DivQuantized<std::int8_t>, Combined<Quotient, float>,
                      Combined<Quotient, std::int32_t>, void, DivQuantized<std::int16_t>>;
using SquaredDifferences =
    Binaries<op::squared_difference, SquaredDifferenceInt8, Combined<SquareOfDifference, float>,
             Combined<SquareOfDifference, std::int32_t>, void, SquaredDifferenceInt16>;
using FloorDivs = Binaries<op::floor_div, void, Combined<FloorOfQuotient, float>,
                           Combined<FloorOfQuotient, std::int32_t>>;
using FloorMods = Binaries<op::floor_mod, void, Combined<FloorRemainder, float>,
                           Combined<FloorRemainder, std::int32_t>>;
using Pows = Binaries<op::pow, void, Combined<Power, float>, Combined<Power, std::int32_t>>;
using Ands = Binaries<op::logical_and, void, void, void, Combined<Both, bool>>;
using Ors = Binaries<op::logical_or, void, void, void, Combined<Either, bool>>;
using Prelus = Binaries<op::prelu, PreluQuantized<std::int8_t>, Combined<SlopedBelowZero, float>,
                        void, void, PreluQuantized<std::int16_t>>;

using binaries =
    Prefer<Subs, Extremes<op::minimum, Least>, Extremes<op::maximum, Greatest>, Divs,
           SquaredDifferences, FloorDivs, FloorMods, Pows, Equalities<op::equal, IsEqual>,
           Equalities<op::not_equal, IsNotEqual>, Comparisons<op::less, IsLess>,
           Comparisons<op::less_equal, IsLessEqual>, Comparisons<op::greater, IsGreater>,
           Comparisons<op::greater_equal, IsGreaterEqual>, Ands, Ors, Prelus>;

}  // namespace graven::core::scalar_isa
