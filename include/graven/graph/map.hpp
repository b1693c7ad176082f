// Functions of every element: what the layers Exp, LeakyReLU or GELU have in common.
//
// A function is a layer `F : Map<F>`, whose parameters are its template arguments, with
//   static constexpr const char* op;                           TFLite's name
//   template <class T> static constexpr float real(float x);   float32; T: the precision inside
// and, where int8 has a form of it,
//   static constexpr std::int8_t entry(int q, Quant in, Quant out);
// which says the 256 entries of the table that int8 goes through; and for int16
//   static constexpr std::int16_t wide(std::int32_t q, const WordNumbers&);
//   static constexpr WordNumbers numbers(Quant in, Quant out);
// or, by a table with interpolation of a real function, as TFLite's LUTPopulate makes it,
//   static constexpr float sample(float x, Quant out);         float32; `out`: what it can reach
// and, for training, its derivative
//   static constexpr float slope(float x);
// The shape stays.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/graph/network.hpp"
#include "graven/interpolation.hpp"

namespace graven::core {

template <class F> struct Map {
  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    const Quant inherited = l.graph.values[input.value].quant;
    return detail::lower_map<in>(l, input, function(), inherited);
  }
  static constexpr Function function() {
    Function f{.real = F::template real<float>};
    if constexpr (requires { F::entry; }) f.entry = F::entry;
    if constexpr (requires { F::wide; }) f.wide = F::wide, f.numbers = F::numbers;
    if constexpr (requires { F::sample; }) f.table = table;
    if constexpr (requires { F::slope; }) f.slope = F::slope;
    return f;
  }

private:
  static constexpr interpolation::Table<std::int16_t> table(Quant in, Quant out) {
    auto real = [out](float x) { return F::sample(x, out); };
    return interpolation::word_table(real, in.scale, out.scale);
  }
};

namespace detail {

// An integer in units of the output, at its zero point, saturated.
constexpr std::int8_t finished(std::int64_t steps, Quant out) {
  const std::int64_t q = steps + out.zero_point;
  return static_cast<std::int8_t>(q < -128 ? -128 : q > 127 ? 127 : q);
}

// An entry as TFLite's tables of real functions have it (LUTPopulate; TFLM's ELU): float32 from
// end to end, times 1 / scale, halves away from zero.
template <class Real> constexpr std::int8_t table_entry(int q, Quant in, Quant out, Real function) {
  const float steps = function(dequantize(q, in)) * (1 / out.scale);
  if (!(floating_point::magnitude(steps) < 1e6f)) return steps > 0 ? 127 : -128;
  return finished(round_away(steps), out);
}

}  // namespace detail

}  // namespace graven::core
