// The checks of one value: scales, ranges, sizes, windows, its kernel, the compiler's flags.
#pragma once

#include "graven/error.hpp"
#include "graven/graph/lower.hpp"
#include "graven/isa/native.hpp"
#include "graven/run/engine.hpp"

#include <limits>
#include <type_traits>

namespace graven::core::detail {

constexpr bool is_scale(float x) { return x > 0 && x <= (std::numeric_limits<float>::max)(); }

// Conditions and sentences apart: the values behind a mistake ask for the former only.
template <const auto& graph, class Isa, int value> struct CheckValue {
  static constexpr const Value& v = graph.values[value];
  using Where = error::at_layer<v.layer>;
  static constexpr bool quantized =
      v.element == Element::int8 || v.element == Element::uint8 || v.element == Element::int16;

  static constexpr bool scaled = !quantized || is_scale(v.quant.scale);
  static constexpr bool is_share = v.op.has(Trait::shares) && v.quant.zero_point == -32768;
  static constexpr bool in_range = v.element == Element::int16
                                       ? v.quant.zero_point == 0 || is_share
                                       : !quantized || (v.quant.zero_point >= low_of(v.element) &&
                                                        v.quant.zero_point <= high_of(v.element));
  // Kernels with weights take int16 around zero.
  static constexpr bool centred = [] {
    if (!v.op.has(Trait::weights) || v.inputs == 0) return true;
    const Value& source = graph.values[graph.views[v.first_input].value];
    return source.element != Element::int16 || source.quant.zero_point == 0;
  }();
  static constexpr bool small = v.shape.height <= 65535 && v.shape.width <= 65535 &&
                                v.shape.channels <= 65535 && v.filter.width <= 65535;
  static constexpr int band = band_of<graph, Isa>(value);
  static constexpr bool reads_windows = v.inputs > 0 && !v.reduces;
  static constexpr Rows rows = reads_windows ? graph.views[v.first_input].rows : Rows{};
  static constexpr bool reaches = rows.first >= -32767 && v.left <= 32767 &&
                                  v.stride.width <= 65535 &&
                                  (rows.per != 1 || rows.step * band < 65535) &&
                                  v.dilation.width <= 65535 && rows.dilation <= 65535;
  static constexpr bool banded = band == 1 || (v.inputs == 1 && reads_windows && rows.per == 1 &&
                                               rows.step >= 0 && rows.dilation == 1);
  static constexpr bool supported = [] {
    if constexpr (v.op == op::input)
      return true;
    else
      return !std::is_void_v<kernel_of<graph, Isa, value>>;
  }();
  static constexpr int foreign_input = [] {  // the first whose rows the kernel does not understand
    if constexpr (v.inputs > 0 && supported)
      for (int k = 0; k < v.inputs; ++k)
        if (const int source = graph.views[v.first_input + k].value;
            !understands<kernel_of<graph, Isa, value>>(Isa::row_form(graph.view(), source)))
          return k;
    return -1;
  }();
  static constexpr bool understood = foreign_input < 0;
  // -ffast-math takes the steps of exp and of rounding for 0, and believes in no NaN.
  static constexpr bool computes_reals =
      v.element == Element::float32 && v.inputs > 0 &&
      graph.values[graph.views[v.first_input].value].element == Element::float32;
  static constexpr bool exact = !computes_reals || keeps_reals;
  static constexpr bool sound = scaled && in_range && centred && small && reaches && banded &&
                                supported && understood && exact;

  static constexpr bool passed() {
    static_assert(scaled || error::out_of_range<Where>,
                  "Quantization: an integer activation needs a positive scale. Give the record of "
                  "this layer (or of the input) an `output` of {scale, zero_point}.");
    static_assert(in_range || error::out_of_range<Where, error::got<v.quant.zero_point>>,
                  "Quantization: the zero point of an int8 activation must lie in [-128, 127], "
                  "that of a uint8 one in [0, 255], that of an int16 one is 0.");
    static_assert(centred || error::unsupported<Where>,
                  "Quantization: a layer with weights reads an int16 activation of zero point "
                  "-32768 (a Softmax of int8 has it), expected 0. Put a Quantize before it.");
    static_assert(small ||
                      error::out_of_range<Where, error::limit<65535>, error::got<v.shape.height>,
                                          error::got<v.shape.width>, error::got<v.shape.channels>>,
                  "Shape: height, width and channels may be at most 65535 each.");
    static_assert(reaches ||
                      error::out_of_range<Where, error::got<rows.step>, error::got<rows.dilation>,
                                          error::got<-rows.first>>,
                  "Window: strides and dilations may be at most 65534, and the padding before the "
                  "first row or pixel 32767.");
    static_assert(banded || error::unsupported<Where, error::got<band>>,
                  "Instruction set: band() must be 1 for this layer; only windows whose rows are "
                  "neighbours (dilation 1) can be computed several rows at a time.");
    static_assert(supported || error::unsupported<Where, error::got<static_cast<int>(v.element)>>,
                  "Element type: this layer has no kernel for the element types of its input and "
                  "output, or for so many channels; its header says what it takes.");
    static_assert(understood || error::unsupported<Where, error::got<foreign_input>>,
                  "Instruction set: row_form() lays the rows of this layer's input (its number) in "
                  "a form that the layer's kernel does not accept. Change row_form(), or give the "
                  "kernel an accepts().");
    static_assert(
        exact || error::unsupported<Where>,
        "Flags: -ffast-math, -Ofast, -ffinite-math-only and -funsafe-math-optimizations make wrong "
        "numbers of layers in float32. Compile this file without them; integers do not mind.");
    return sound;
  }
};

}  // namespace graven::core::detail
