// Row kernels that go through a row once: tables; how results of two operands end.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/copies.hpp"
#include "graven/isa/mve/requantize.hpp"
#include "graven/isa/scalar/elementwise.hpp"

namespace graven::core::mve_isa {

// Of int16, whose zero point is 0, a range from 0 on is rectified.
constexpr int adding_program(const Value& v) {
  const Clamp range = range_of(v);
  if (v.element == Element::int16 && range.low == 0 && range.high == 32767) return rectified;
  if (!whole_range(v)) return general;
  return v.element == Element::int8 && v.quant.zero_point == -128 ? rectified : shifted;
}

// out[i] = table[uint8(in[i])], sixteen at a time.
struct Map : scalar_isa::MapBytes {
  static constexpr const char* name = "mve.map";
  static void run(const Task& task, const Band& band) {
    look_up(band.out[0], band.rows[0], task.stream, task.out_width * task.out_channels);
  }
};

}  // namespace graven::core::mve_isa

#endif
