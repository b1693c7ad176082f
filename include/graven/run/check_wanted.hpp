// The checks of what a layer says that its record must have (Value::wanted; check.hpp has all
// others).
#pragma once

#include "graven/error.hpp"
#include "graven/graph/lowering.hpp"

namespace graven::core::detail {

// A field of the record or a constant, by the name that its layer gives it.
struct Found {
  Address<Array> data{};
  const Array* scale = nullptr;
};
constexpr Found find(const Parameters& p, const char* name) {
  if (equal(name, "filter")) return {&p.filter, &p.scale};
  if (equal(name, "bias")) return {&p.bias, &p.scale};
  const int index = p.find(name);
  return index < 0 ? Found{} : Found{&p.constants[index].data, &p.constants[index].scale};
}

template <const auto& graph, class Isa, const auto& params, int value> struct CheckWanted {
  static constexpr const Value& v = graph.values[value];
  static constexpr const Parameters& p = record_of<params>(v.record);
  using Where = error::at_layer<v.layer>;

  static constexpr int size_of(int k) {
    const Found found = find(p, v.wanted[k].name);
    return found.data == nullptr ? 0 : found.data->size;
  }
  static constexpr bool fits(int k) {
    const Wanted& wanted = v.wanted[k];
    return size_of(k) == wanted.size || (wanted.optional && size_of(k) == 0);
  }
  static constexpr bool typed(int k) {
    return size_of(k) == 0 || find(p, v.wanted[k].name).data->element == v.wanted[k].element;
  }
  static constexpr bool scaled(int k) {
    if (!v.wanted[k].scaled || size_of(k) == 0) return true;
    const Array& scale = *find(p, v.wanted[k].name).scale;
    return scale.size == 1 && scale.element == Element::float32 && scale.float32[0] > 0;
  }
  // The first of them that is wrong; -1: none.
  template <class Right> static constexpr int first(Right right) {
    for (int k = 0; k < v.wanted.size; ++k)
      if (!right(k)) return k;
    return -1;
  }
  // Layers that learn may begin without any of them (isa/training.hpp).
  static constexpr bool is_empty = [] {
    if constexpr (requires { Isa::begins_without(v); })
      return Isa::begins_without(v) && p.constants.size == 0;
    else
      return false;
  }();
  static constexpr int unfit = is_empty ? -1 : first(fits), untyped = unfit < 0 ? first(typed) : -1;
  static constexpr int unscaled = unfit < 0 && untyped < 0 ? first(scaled) : -1;
  static constexpr bool sound = unfit < 0 && untyped < 0 && unscaled < 0;
  static constexpr int expected = unfit < 0 ? 0 : v.wanted[unfit].size;
  static constexpr int got = unfit < 0 ? 0 : size_of(unfit);

  static constexpr bool passed() {
    static_assert(
        unfit < 0 || error::size_mismatch<Where, error::expected<expected>, error::got<got>>,
        "Parameters: the record of this layer lacks an array that the layer's header lists, or it "
        "has another number of elements than the layer's type and input say.");
    static_assert(untyped < 0 || error::unsupported<Where>,
                  "Parameters: an array of this layer has an element type that does not go with "
                  "the activations: all are float, or int8 and wider as the layer's header says.");
    static_assert(unscaled < 0 || error::unsupported<Where>,
                  "Parameters: an array of integers of this layer needs one positive float scale "
                  "for all of its elements.");
    return sound;
  }
};

}  // namespace graven::core::detail
