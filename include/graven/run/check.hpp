// The checks that need the parameters: sizes, scales, ranges, accumulators. One mistake, one error.
#pragma once

#include "graven/error.hpp"
#include "graven/graph/lower.hpp"
#include "graven/kernel/fold.hpp"
#include "graven/run/check_assign.hpp"
#include "graven/run/check_constant.hpp"
#include "graven/run/check_value.hpp"
#include "graven/run/check_wanted.hpp"
#include "graven/run/engine.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace graven::core {
namespace detail {

template <const auto& graph, class Isa, const auto& params, int value> struct CheckWeights {
  static constexpr GraphView g = graph.view();
  static constexpr const Value& v = graph.values[value];
  static constexpr const Parameters& p = record_of<params>(v.record);
  using Where = error::at_layer<v.layer>;
  static constexpr FilterLayout layout = v.weights;
  static constexpr bool wide = v.element == Element::int16;
  static constexpr bool integer = v.element == Element::int8 || wide;
  static constexpr int channels = v.shape.channels;

  // Layers that learn may begin without weights (isa/training.hpp).
  static constexpr bool is_empty = requires { Isa::begins_empty; }
  &&p.filter.size == 0 && v.element == Element::float32;
  static constexpr bool filter_fits = is_empty || p.filter.size == layout.size();
  static constexpr bool scaled =
      p.filter.element == Element::int8 ||
      (v.element == Element::int8 &&
       (p.filter.element == Element::int4 || p.filter.element == Element::int16));
  static constexpr bool filter_type =
      !filter_fits || is_empty || scaled || (!integer && p.filter.element == Element::float32);
  static constexpr bool bias_fits = p.bias.size == 0 || p.bias.size == channels;
  static constexpr bool bias_type =
      p.bias.size == 0 || p.bias.element == (integer ? Element::int32 : Element::float32) ||
      (wide && p.bias.element == Element::int64);
  static constexpr bool scale_fits =
      !scaled || !filter_fits ||
      (p.scale.element == Element::float32 && (p.scale.size == 1 || p.scale.size == channels));
  static constexpr bool readable = IsReadable<params, v.record, &Parameters::filter> &&
                                   IsReadable<params, v.record, &Parameters::bias> &&
                                   IsReadable<params, v.record, &Parameters::scale>;
  static constexpr int bad_scale = [] {  // the first channel whose scale is none
    if (scaled && filter_fits && scale_fits && readable)
      for (int o = 0; o < p.scale.size; ++o)
        if (!is_scale(p.scale.float32[o])) return o;
    return -1;
  }();
  static constexpr bool sound = readable && filter_fits && filter_type && bias_fits && bias_type &&
                                scale_fits && bad_scale < 0;
  static constexpr std::array<int, 2> bad_channels = [] {
    if constexpr (!sound)
      return std::array{-1, -1};
    else
      return Packing<graph, Isa, params, value>::bad_channels;
  }();
  static constexpr int outside = bad_channels[0], overflowing = bad_channels[1];

  static constexpr bool passed() {
    static_assert(readable || error::unsupported<Where>,
                  "Parameters: filter, bias and scale of this layer must be constexpr arrays; the "
                  "compiler packs what they hold.");
    static_assert(
        filter_fits ||
            error::size_mismatch<Where, error::expected<layout.size()>, error::got<p.filter.size>>,
        "Parameters: the filter of this layer has a different number of weights than its "
        "type says. Records are one per input, then one per layer in reading order.");
    static_assert(filter_type || error::unsupported<Where>,
                  "Parameters: the filter's element type does not go with the activations: int8 "
                  "weights (of uint8 ones take 128 off), or float ones for float activations.");
    static_assert(
        bias_fits ||
            error::size_mismatch<Where, error::expected<channels>, error::got<p.bias.size>>,
        "Parameters: the bias must have one element per output channel, or be absent.");
    static_assert(bias_type || error::unsupported<Where>,
                  "Parameters: the bias must be int32 for int8 activations, int64 or int32 for "
                  "int16, float for float.");
    static_assert(
        scale_fits ||
            error::size_mismatch<Where, error::expected<channels>, error::got<p.scale.size>>,
        "Parameters: an int8 filter needs one float scale per output channel, or one for all.");
    static_assert(bad_scale < 0 || error::out_of_range<Where, error::at_channel<bad_scale>>,
                  "Parameters: a filter scale must be positive and finite. Quantize the layer "
                  "again; a channel of zeros may have any scale, such as 1.");
    static_assert(
        outside < 0 || error::out_of_range<Where, error::at_channel<outside>>,
        "Parameters: weights in int4() must lie in [-8, 7]; this channel has others. Give "
        "them as int8, or quantize the layer to four bits.");
    static_assert(
        overflowing < 0 || error::accumulator_overflow<Where, error::at_channel<overflowing>>,
        "Accumulator overflow: bias and weights of this output channel can leave int32 "
        "(of int16: 48 bits) for some input. Check the bias scale, or rescale the layer.");
    return sound && outside < 0 && overflowing < 0;
  }
};

}  // namespace detail

template <const auto& graph, class Isa, const auto& params> struct Check {
  static constexpr int layers = static_cast<int>(sizeof(graph.ops) / sizeof(graph.ops[0]));
  static constexpr int records = detail::count_records<params>();
  static constexpr bool counted = records == graph.input_count + layers;

  // Behind a value with a mistake nothing more is said.
  template <int value> static constexpr bool sources_are_sound() {
    return all_sound<value>(
        std::make_index_sequence<static_cast<std::size_t>(graph.values[value].inputs)>());
  }
  template <int value, std::size_t... K>
  static constexpr bool all_sound(std::index_sequence<K...>) {
    constexpr std::size_t first = graph.values[value].first_input;
    return (value_is_sound<graph.views[first + K].value>() && ...);
  }
  template <int value> static constexpr bool constant_is_sound() {
    if constexpr (detail::holds_constant(graph.values[value]))
      return detail::CheckConstant<graph, params, value>::sound;
    else
      return true;
  }
  template <int value> static constexpr bool value_is_sound() {
    return constant_is_sound<value>() && detail::CheckWanted<graph, Isa, params, value>::sound &&
           detail::CheckValue<graph, Isa, value>::sound;
  }
  template <int value> static constexpr bool check() {
    if constexpr (!sources_are_sound<value>())
      return false;
    else if constexpr (!detail::CheckWanted<graph, Isa, params, value>::sound)
      return detail::CheckWanted<graph, Isa, params, value>::passed();
    else if constexpr (!constant_is_sound<value>())
      return detail::CheckConstant<graph, params, value>::passed();
    else if constexpr (!detail::CheckValue<graph, Isa, value>::sound)
      return detail::CheckValue<graph, Isa, value>::passed();
    else if constexpr (graph.values[value].op == op::assign)
      return detail::CheckAssign<graph, value>::passed();
    else if constexpr (graph.values[value].op.has(Trait::weights))
      return detail::CheckWeights<graph, Isa, params, value>::passed();
    else
      return true;
  }
  // Is each value before it that may have the same stream sound, from `first` on?
  template <int value, int first> static constexpr bool alike_are_sound() {
    if constexpr (first == value)
      return true;
    else if constexpr (!value_is_sound<first>() || !weights_are_sound<first>())
      return false;
    else
      return alike_are_sound<value, detail::alike<graph, params, value, first + 1>>();
  }
  // Has none before it the same stream?
  template <int value> static constexpr bool owns_stream() {
    if constexpr (alike_are_sound<value, detail::alike<graph, params, value>>())
      return detail::stream_owner<graph, Isa, params, value> == value;
    else
      return true;
  }
  template <int value> static constexpr std::size_t stream_bytes(bool weights) {
    constexpr const Value& v = graph.values[value];
    if constexpr (v.op == op::input) {
      return 0;
    } else if constexpr (std::is_void_v<kernel_of<graph, Isa, value>> || !value_is_sound<value>()) {
      return 0;
    } else {
      using K = kernel_of<graph, Isa, value>;
      if constexpr (K::holds_weights) {  // stream_size is an upper bound
        if constexpr (v.op.has(Trait::weights) &&
                      !detail::CheckWeights<graph, Isa, params, value>::sound)
          return 0;
        else if (weights)
          return owns_stream<value>()
                     ? static_cast<std::size_t>(detail::Packing<graph, Isa, params, value>::size)
                     : 0;
        else
          return 0;
      } else {
        return weights ? 0 : static_cast<std::size_t>(K::stream_size(graph.view(), v));
      }
    }
  }
  template <std::size_t... I> static constexpr bool check_all(std::index_sequence<I...>) {
    static_assert(
        counted ||
            error::size_mismatch<error::expected<graph.input_count + layers>, error::got<records>>,
        "Parameters: there must be one record per model input, then one per layer; {} where "
        "a layer has none (ReLU, pools, Flatten).");
    if constexpr (counted) {
      const bool each[] = {check<static_cast<int>(I)>()...};  // all of them: no short circuit
      for (bool passed_one : each)
        if (!passed_one) return false;
    }
    return counted;
  }
  template <std::size_t... I> static constexpr auto sizes(bool weights, std::index_sequence<I...>) {
    return std::array<std::size_t, sizeof...(I)>{stream_bytes<static_cast<int>(I)>(weights)...};
  }
  template <int value> static constexpr bool weights_are_sound() {
    if constexpr (graph.values[value].op.has(Trait::weights))
      return detail::CheckWeights<graph, Isa, params, value>::sound;
    else
      return true;
  }
  template <std::size_t... I> static constexpr bool all_are_sound(std::index_sequence<I...>) {
    bool sound = counted;  // no fold: clang nests at most 256 operators
    if constexpr (counted)
      for (const bool one : {(value_is_sound<I>() && weights_are_sound<I>())...}) sound &= one;
    return sound;
  }
  using Values = std::make_index_sequence<static_cast<std::size_t>(graph.count)>;

  static constexpr bool passed = check_all(Values());
  // Could it be packed and planned? Says nothing where it could not.
  static constexpr bool is_quietly_sound = all_are_sound(Values());
  template <bool weights> static constexpr auto sizes_of = sizes(weights, Values());
  static constexpr std::size_t weight_size(int value) {
    return sizes_of<true>[static_cast<std::size_t>(value)];
  }
  static constexpr std::size_t total(bool weights) {
    std::size_t sum = 0;
    for (std::size_t size : weights ? sizes_of<true> : sizes_of<false>) sum += size;
    return sum;
  }
  static constexpr std::size_t table_size = total(false);
};

namespace detail {

// Nothing is asked of the graph of a network whose shapes are wrong: it is an empty one.
template <class Network, auto inputs, const auto& params, class Check> constexpr bool is_sound() {
  if constexpr (is_whole<Network, inputs, params>)
    return Check::passed;
  else
    return false;
}

}  // namespace detail

}  // namespace graven::core
