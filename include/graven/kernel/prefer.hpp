// An instruction set is a list of kernels: of those that serve a value, the first wins.
#pragma once

#include "graven/error.hpp"
#include "graven/graph/value.hpp"
#include "graven/kernel/task.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace graven::core {

// What a list is made of: a kernel, or a family of kernels of which a value's own numbers pick one.
//   static constexpr const char* name = "armv7em.add";
//   static constexpr bool serves(const GraphView&, int value);
//   template <const auto& graph, int value> static constexpr auto kernel();  // a family's
// What looks at all of the graph to say whether it serves a value, says it of all values at once,
// so that the compiler's work grows with the graph and not with its square:
//   template <const auto& graph> static constexpr auto served;  // an array of bool, optional
template <class K>
concept Listed = requires(const GraphView& graph, int value) {
  { K::name } -> std::convertible_to<const char*>;
  { K::serves(graph, value) } -> std::same_as<bool>;
};
template <class K> constexpr bool serves(const GraphView& graph, int value) {
  return K::serves(graph, value);
}
template <const auto& graph, class K> constexpr bool serves_in(int value) {
  if constexpr (requires { K::template served<graph>[0]; })
    return K::template served<graph>[static_cast<std::size_t>(value)];
  else
    return K::serves(graph.view(), value);
}
template <class K>
concept RowKernel = requires {
  { K::holds_weights } -> std::convertible_to<bool>;
};

namespace detail {

// What packs and runs a kernel asks of it; `programs` and `run` belong together.
template <class K>
concept IsWhole = requires(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
  K::scratch(g, v);
  K::stream_size(g, v);
  K::pack(g, v, p, to);
}
&&(
    requires { K::programs; } || requires(const Task& t, const Band& b) { K::run(t, b); });

template <class K> constexpr K whole() {
  static_assert(IsWhole<K> || error::unsupported<error::in<K>>,
                "Instruction set: a kernel has scratch, stream_size and pack (PlainKernel's, where "
                "it needs none) and run(task, band), or `programs` and run<program>(task, band).");
  return {};
}

template <int n, class First, class... Rest> struct Nth : Nth<n - 1, Rest...> {};
template <class First, class... Rest> struct Nth<0, First, Rest...> { using type = First; };

}  // namespace detail

template <class... Kernels> struct KernelList {
  static constexpr int count = sizeof...(Kernels);
  static constexpr const char* names[sizeof...(Kernels) + 1]{Kernels::name..., ""};

  // Which kernel is a value's; `count`: none. (No fold over the kernels: clang nests 256 at most.)
  static constexpr int first(const GraphView& graph, int value) {
    constexpr bool (*asked[])(const GraphView&, int){serves<Kernels>..., nullptr};
    int n = 0;
    while (n < count && !asked[n](graph, value)) ++n;
    return n;
  }
  template <const auto& graph> static constexpr int first_in(int value) {
    constexpr bool (*asked[])(int){serves_in<graph, Kernels>..., nullptr};
    int n = 0;
    while (n < count && !asked[n](value)) ++n;
    return n;
  }
  template <const auto& graph> static constexpr const char* name_in(int value) {
    return names[first_in<graph>(value)];
  }
  // An empty struct of static members; void where there is none.
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr int n = first_in<graph>(value);
    if constexpr (n < count) {
      using Chosen = typename detail::Nth<n, Kernels...>::type;
      if constexpr (RowKernel<Chosen>)
        return detail::whole<Chosen>();
      else
        return detail::whole<decltype(Chosen::template kernel<graph, value>())>();
    }
  }
};

namespace detail {

template <class K> struct AsList {
  static_assert(
      Listed<K> || error::unsupported<error::in<K>>,
      "Instruction set: what is in a list of kernels has a name, and says what it serves: "
      "`static constexpr bool serves(const GraphView&, int value)`.");
  using type = std::conditional_t<Listed<K>, KernelList<K>, KernelList<>>;
};
template <class... K> struct AsList<KernelList<K...>> { using type = KernelList<K...>; };
template <class... A, class... B>
KernelList<A..., B...> operator+(KernelList<A...>, KernelList<B...>);
template <class... Lists> using Joined = decltype((KernelList<>{} + ... + Lists{}));

}  // namespace detail

// In this order. A list among them stands for its kernels.
template <class... Kernels>
using Prefer = detail::Joined<typename detail::AsList<Kernels>::type...>;

// Does a kernel understand input rows of such a form? Those of pixels, unless it says what it
// accepts:
//   static constexpr bool accepts(const RowForm&);
template <class K> constexpr bool understands(const RowForm& form) {
  if constexpr (requires { K::accepts(form); })
    return K::accepts(form);
  else
    return form.layout == Layout::pixels && !form.biased;
}

// ---- what kernels ask in `serves` ---------------------------------------------------------------

template <class T> constexpr Element element_of() {
  if constexpr (std::is_same_v<T, std::int8_t>)
    return Element::int8;
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return Element::uint8;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return Element::int16;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return Element::int32;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return Element::int64;
  else if constexpr (std::is_same_v<T, std::uint32_t>)
    return Element::uint32;
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return Element::uint64;
  else if constexpr (std::is_same_v<T, bool>)
    return Element::boolean;
  else
    return Element::float32;
}

// Do a value and all its inputs have elements of one kind?
constexpr bool is_uniform(const GraphView& graph, const Value& v) {
  for (int k = 0; k < v.inputs; ++k)
    if (graph.source(v, k).element != v.element) return false;
  return v.inputs > 0;
}
// Is the value what `op` makes of elements of one kind, or of elements T?
constexpr bool makes(const GraphView& graph, int value, const Op& op) {
  return graph[value].op == op && is_uniform(graph, graph[value]);
}
// Are the weights, if it has any, of the kind that most kernels are for: int8 for integers, float
// for float?
constexpr bool has_usual_weights(const Value& v) {
  return !v.op.has(Trait::weights) ||
         (v.element == Element::float32
              ? v.weights.element != Element::int8
              : v.weights.element != Element::int16 && v.weights.element != Element::int4);
}
template <class T> constexpr bool makes(const GraphView& graph, int value, const Op& op) {
  return graph[value].element == element_of<T>() && has_usual_weights(graph[value]) &&
         makes(graph, value, op);
}
// Is it what `op` makes of elements `From`?
template <class From, class To>
constexpr bool converts(const GraphView& graph, int value, const Op& op) {
  const Value& v = graph[value];
  return v.op == op && v.element == element_of<To>() && v.inputs > 0 &&
         graph.source(v).element == element_of<From>();
}

// Has a depthwise convolution one output per channel of its input?
constexpr bool keeps_channels(const GraphView& graph, const Value& v) {
  return v.shape.channels == graph.input(v).shape.channels;
}

}  // namespace graven::core
