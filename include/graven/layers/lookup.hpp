// Lookup: slices of the first input, at places that the second one says while the model runs
//
//   out[b][o][n] = in[b][o][places[b][n][0]][places[b][n][1]]...
//
// in: {batches, outer, extents..., what is left: a slice}; places: int32 or int64, {batches, n, a
// number per extent}. A number outside of its extent counts as the nearest one inside. TFLite's
// GATHER (one extent, the axis), GATHER_ND (batches and outer are 1) and EMBEDDING_LOOKUP (of a
// Literal, which stays in flash); a step makes all of it.
//
// Embedding<Vocabulary, Dim>: the rows of the record's constant "table", token by token, that int32
// tokens {H, W, 1} or {H, 1, W} name: {H, W, Dim}. Element type and scale are the table's.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op lookup{"lookup"};
}

inline constexpr int max_lookup = 5;

struct LookupOptions {
  int batches = 1, outer = 1, count = 0, extents[max_lookup]{};
};

template <Shape out, int batches, int outer, int... extents> struct Lookup {
  static constexpr const char* op = "LOOKUP";

  template <At in, At places> static constexpr Shape output() {
    static_assert(is_sound || error::out_of_range<error::at_layer<in.layer>, error::in<Lookup>>,
                  "Lookup: batches, outer and the extents, one to five, must each be at least 1.");
    constexpr bool divides = is_sound && in.shape.size() % block == 0;
    static_assert(!is_sound || divides ||
                      error::size_mismatch<error::at_layer<in.layer>, error::in<Lookup>,
                                           error::got<in.shape.size()>>,
                  "Lookup: batches, outer and the extents do not divide the first input.");
    constexpr int read = is_sound ? batches * count : 1,
                  slice = divides ? in.shape.size() / block : 1;
    constexpr int made = is_sound ? places.shape.size() / read * batches * outer * slice : 0;
    constexpr bool fits = divides && places.shape.size() % read == 0 && made == out.size();
    static_assert(
        !divides || fits ||
            error::size_mismatch<error::at_layer<in.layer>, error::in<Lookup>,
                                 error::expected<made>, error::got<out.size()>>,
        "Lookup: the output's shape has another size than so many places make, each of a number "
        "per extent.");
    return fits ? out : no_shape;
  }

  template <At in, At places, class Lowering>
  static constexpr View lower(Lowering& l, View input, View where) {
    input = l.with_rows(input, in.layer);
    where = l.with_rows(where, in.layer);
    input.rows = {.first = 0, .step = 0, .count = input.shape.height};
    where.rows = {.first = 0, .step = 0, .count = where.shape.height};
    constexpr int slice = in.shape.size() / block;
    Value v = l.begin(core::op::lookup, in.layer, {1, out.size() / slice, slice}, input);
    v.element = l.graph.values[input.value].element;
    v.quant = l.graph.values[input.value].quant;
    v.options.set(LookupOptions{batches, outer, count, {extents...}});
    return {l.add(v, input, where).value, out};
  }

private:
  static constexpr int count = sizeof...(extents);
  static constexpr bool is_sound = out.exists() && count >= 1 && count <= max_lookup &&
                                   batches > 0 && outer > 0 && (... && (extents > 0));
  static constexpr int block = is_sound ? ((batches * outer) * ... * extents) : 1;
};

template <int Vocabulary, int Dim> struct Embedding {
  static constexpr const char* op = "EMBEDDING_LOOKUP";

  template <At in> static constexpr Shape output() {
    static_assert(
        sized || error::out_of_range<error::at_layer<in.layer>, error::in<Embedding>>,
        "Embedding: Vocabulary and Dim must each be at least 1 and at most 65535, and the table "
        "have fewer than 2^31 elements.");
    constexpr bool flat = in.shape.width == 1 || in.shape.channels == 1;
    static_assert(
        flat || error::shape_mismatch<error::at_layer<in.layer>, error::in<Embedding>,
                                      error::got<in.shape.width>, error::got<in.shape.channels>>,
        "Embedding: the tokens of a row lie along its width or its channels, so that the "
        "other one is 1.");
    if (!sized || !flat) return no_shape;
    return {in.shape.height, in.shape.width * in.shape.channels, Dim};
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View tokens) {
    constexpr Shape table{1, Vocabulary, Dim};
    constexpr At at{table, in.layer};
    return Lookup<output<in>(), 1, 1, Vocabulary>::template lower<at, in>(
        l, l.constant(in.layer, "table", table), tokens);
  }

private:
  static constexpr bool sized =
      Shape{1, Vocabulary, Dim}.exists() && Shape{1, Vocabulary, Dim}.is_small();
};

}  // namespace graven::core
