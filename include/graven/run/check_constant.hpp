// The checks of a layer's named constants (check.hpp has all others).
#pragma once

#include "graven/error.hpp"
#include "graven/graph/lowering.hpp"

namespace graven::core::detail {

// Of a Variable the first content, where it has one.
constexpr bool holds_constant(const Value& v) {
  return v.op == op::constant || (v.op == op::state && v.options.get<ConstantOptions>().index >= 0);
}

// A constant by name: there, of the layer's size, quantized if it is int8.
template <const auto& graph, const auto& params, int value> struct CheckConstant {
  static constexpr const Value& v = graph.values[value];
  static constexpr int index = v.options.template get<ConstantOptions>().index;
  using Where = error::at_layer<v.layer>;
  static constexpr Constant none{};
  static constexpr const Constant& constant = []() -> const Constant& {
    if constexpr (index >= 0)
      return record_of<params>(v.record).constants[index];
    else
      return none;
  }();

  static constexpr bool there = index >= 0;
  static constexpr bool fits = !there || constant.data.size == v.shape.size();
  static constexpr bool readable = !there || IsReadableConstant<params, v.record, index>;
  static constexpr bool scaled =
      constant.scale.size == 0 ||
      (constant.scale.size == 1 && constant.scale.element == Element::float32);
  static constexpr bool typed = !there || constant.data.element == v.element;
  static constexpr bool sound = there && fits && readable && scaled && typed;
  static constexpr bool passed() {
    static_assert(there || error::unsupported<Where>,
                  "Parameters: the record of this layer lacks a constant that the layer has, such "
                  "as `operand`. Name it in the record's `constants`.");
    static_assert(fits || error::size_mismatch<Where, error::expected<v.shape.size()>,
                                               error::got<constant.data.size>>,
                  "Parameters: a constant of this layer has a different number of elements than "
                  "the layer's type says.");
    static_assert(readable || error::unsupported<Where>,
                  "Parameters: the constants of this layer must be constexpr arrays; the compiler "
                  "packs what they hold.");
    static_assert(
        scaled || error::size_mismatch<Where, error::expected<1>, error::got<constant.scale.size>>,
        "Parameters: an int8 constant of this layer needs one float scale for all of its "
        "elements.");
    static_assert(typed || error::unsupported<Where>,
                  "Parameters: the `initial` content of this Variable has another element type "
                  "than its record says.");
    return sound;
  }
};

}  // namespace graven::core::detail
