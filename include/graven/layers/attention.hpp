// Attention: for every moment and head, softmax(scale * q . k[j] + mask[j]) over the moments j that
// it sees, times v[j]
//
//   Node<Attention<Heads, KvHeads, HeadDim, sliding(128)>, q, k, v>
//   Node<Attention<Heads, KvHeads, HeadDim>, q, k, v, mask>         // a mask, optional
//
// q has Heads * HeadDim channels, k and v KvHeads * HeadDim: each of their heads serves Heads /
// KvHeads of q's. Which moments one sees, its span, is
//   everything        all pixels of the same row, of k and v, which may have more or fewer than q
//   past              the pixels of the same row up to its own
//   sliding(context)  the last `context` moments, its own among them: the pixels of this row, the
//                     rows before, the runs before; k and v of them are the model's State
//   stopping(context) the first context - 1 moments and its own: what comes when the memory is full
//                     is not remembered
// so that a sequence in one run, in parts, or moment by moment gives the same bits. The mask {1 or
// H, 1 or W, moments of k} is for spans without memory: of float32, of which minus infinity hides a
// moment; of integers as q has them, with a scale of its own; under integers also of booleans, true
// for what is seen. MaskOf::head: Heads rows of it, head by head, stand for one. Scale 0 stands for
// 1 / sqrt(HeadDim). int8 and int16: scores are exact integers, exponentials are powers of two by a
// table (isa/scalar/attention_integer.hpp, attention_wide.hpp).
#pragma once

#include "graven/graph/binary.hpp"

namespace graven::core {

namespace op {
inline constexpr Op attention{"attention"};
}

struct Span {
  enum class Kind : int { everything, past, sliding, stopping };
  Kind kind;
  int context;  // moments that are remembered

  constexpr bool remembers() const { return kind == Kind::sliding || kind == Kind::stopping; }
};
inline constexpr Span everything{Span::Kind::everything, 0}, past{Span::Kind::past, 0};
constexpr Span sliding(int context) { return {Span::Kind::sliding, context}; }
constexpr Span stopping(int context) { return {Span::Kind::stopping, context}; }

struct AttentionOptions {
  int heads = 1, kv_heads = 1, head = 1;  // channels of a head
  Span::Kind kind = Span::Kind::everything;
  int context = 0;
  float scale = 0;
  int mask_of_head = 0;
};

// Whose is a mask?
enum class MaskOf { all_heads, head };

template <int Heads, int KvHeads, int HeadDim, Span span = everything, Real Scale = 0.0f,
          MaskOf mask_of = MaskOf::all_heads>
struct Attention {
  static constexpr const char* op = "ATTENTION";
  static constexpr int views = 14;

  template <At q, At k, At v> static constexpr Shape output() {
    constexpr bool sized =
        Heads > 0 && KvHeads > 0 && HeadDim > 0 && std::int64_t{Heads} * HeadDim <= max_extent;
    constexpr bool shared = sized && Heads % KvHeads == 0;
    static_assert(shared || error::out_of_range<error::at_layer<q.layer>, error::in<Attention>,
                                                error::got<Heads>, error::got<KvHeads>>,
                  "Attention: Heads, KvHeads and HeadDim must each be at least 1, Heads a "
                  "multiple of KvHeads, and Heads * HeadDim at most 65535.");
    constexpr bool remembers =
        !span.remembers() ||
        (span.context > 0 && is_near(span.context) &&
         (!shared || std::int64_t{span.context} * KvHeads * HeadDim < 1 << 27));
    static_assert(remembers || error::out_of_range<error::at_layer<q.layer>, error::in<Attention>,
                                                   error::got<span.context>>,
                  "Attention: sliding(context) and stopping(context) need a context of 1 to "
                  "65535 moments, whose keys and values are less than 2^27 numbers.");
    constexpr bool scaled = Scale.value() >= 0;
    static_assert(
        scaled || error::out_of_range<error::at_layer<q.layer>, error::in<Attention>>,
        "Attention: Scale, by which scores are multiplied, must be positive and finite; 0 "
        "is 1 / sqrt(HeadDim).");
    if constexpr (shared && remembers && scaled)
      return fits<q, k, v>() ? q.shape : no_shape;
    else
      return no_shape;
  }
  template <At q, At k, At v, At mask> static constexpr Shape output() {
    static_assert(!span.remembers() ||
                      error::unsupported<error::at_layer<q.layer>, error::in<Attention>>,
                  "Attention: a mask goes with the spans everything and past; sliding and stopping "
                  "see what they remember.");
    constexpr Shape m = mask.shape;
    constexpr bool over = (m.height == masks || m.height == masks * q.shape.height) &&
                          (m.width == 1 || m.width == q.shape.width);
    constexpr bool sound = over && m.channels == k.shape.width;
    static_assert(sound || error::shape_mismatch<error::at_layer<q.layer>, error::in<Attention>>,
                  "Attention: the mask has the shape {1 or the height of q, 1 or the width of q, "
                  "the width of k}; with MaskOf::head it has Heads rows where another has one.");
    return !span.remembers() && sound ? output<q, k, v>() : no_shape;
  }

  template <At q, At k, At v, class Lowering>
  static constexpr View lower(Lowering& l, View query, View key, View value) {
    Value made = begin<q, k>(l, query, key, value);
    if constexpr (!span.remembers()) {
      return l.add(made, query, key, value);
    } else {
      const Value& keys = l.graph.values[key.value];
      const Value& values = l.graph.values[value.value];
      constexpr Shape kept{1, span.context, KvHeads * HeadDim};
      View old_keys = l.state(q.layer, kept, keys.element, keys.quant);
      constexpr Shape by_channel{1, KvHeads * HeadDim, span.context};  // as products want them
      const Shape rows = values.element == Element::float32 ? kept : by_channel;
      View old_values = l.state(q.layer, rows, values.element, values.quant);
      View position = l.state(q.layer, {1, 1, 1}, Element::int32);
      old_keys.rows = old_values.rows = position.rows = {.step = 0};
      made.carries = true;  // its steps depend on each other
      return l.add(made, query, key, value, old_keys, old_values, position);
    }
  }
  template <At q, At k, At v, At mask, class Lowering>
  static constexpr View lower(Lowering& l, View query, View key, View value, View added) {
    const Value made = begin<q, k>(l, query, key, value);
    added = l.with_rows(added, q.layer);
    added.rows = {.step = mask.shape.height > masks ? masks : 0, .count = masks};
    return l.add(made, query, key, value, added);
  }

private:
  static constexpr int masks = mask_of == MaskOf::head ? Heads : 1;  // of a row of q

  template <At q, At k, At v> static constexpr bool fits() {
    constexpr int kept = KvHeads * HeadDim;
    constexpr bool channels =
        q.shape.channels == Heads * HeadDim && k.shape.channels == kept && v.shape.channels == kept;
    static_assert(
        channels ||
            error::channel_mismatch<error::at_layer<q.layer>, error::in<Attention>,
                                    error::expected<Heads * HeadDim>, error::got<q.shape.channels>,
                                    error::expected<kept>, error::got<k.shape.channels>,
                                    error::got<v.shape.channels>>,
        "Attention: q has Heads * HeadDim channels, k and v have KvHeads * HeadDim.");
    constexpr bool moments =
        k.shape.height == q.shape.height && k.shape.height == v.shape.height &&
        k.shape.width == v.shape.width &&
        (span.kind == Span::Kind::everything || k.shape.width == q.shape.width);
    static_assert(moments || error::shape_mismatch<error::at_layer<q.layer>, error::in<Attention>>,
                  "Attention: q, k and v have the same height and width; of the span everything k "
                  "and v may have another width.");
    return channels && moments;
  }
  template <At q, At k, class Lowering>
  static constexpr Value begin(Lowering& l, View& query, View& key, View& value) {
    query = l.with_rows(query, q.layer);
    key = l.with_rows(key, q.layer);
    value = l.with_rows(value, q.layer);
    Value made = l.begin(op::attention, q.layer, q.shape, query);
    if (!l.has_quant(q.layer)) made.quant = l.graph.values[value.value].quant;
    constexpr float stated = Scale.value();
    made.options.set(AttentionOptions{Heads, KvHeads, HeadDim, span.kind, span.context, stated,
                                      mask_of == MaskOf::head ? 1 : 0});
    constexpr int seen = span.remembers() ? span.context : k.shape.width;
    made.macs = std::uint64_t{2} * static_cast<unsigned>(q.shape.size()) * unsigned{seen};
    return made;
  }
};

}  // namespace graven::core
