// Row kernels of Attention, moment by moment and head by head: scores, exponentials, values.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/isa/scalar/svdf.hpp"
#include "graven/layers/attention.hpp"

namespace graven::core::scalar_isa {

// Stream, before what an arithmetic needs. `queries` heads of q per head of k and v.
struct AttentionNumbers {
  std::int32_t kv_heads, queries, head, kind, context;

  static constexpr int size = 20;
  static constexpr void pack(const Value& v, Writer& to) {
    const auto o = v.options.get<AttentionOptions>();
    for (const int n :
         {o.kv_heads, o.heads / o.kv_heads, o.head, static_cast<int>(o.kind), o.context})
      to.put<std::int32_t>(n);
  }
  explicit constexpr AttentionNumbers(Reader from)
      : kv_heads(from.next<std::int32_t>()), queries(from.next<std::int32_t>()),
        head(from.next<std::int32_t>()), kind(from.next<std::int32_t>()),
        context(from.next<std::int32_t>()) {}
  constexpr bool is(Span::Kind other) const { return kind == static_cast<std::int32_t>(other); }
};

constexpr float score_scale(const AttentionOptions& o) {
  return o.scale != 0 ? o.scale : 1 / floating_point::sqrt(static_cast<float>(o.head));
}
// The moments that one sees at most.
constexpr int most_moments(const GraphView& g, const Value& v) {
  const auto o = v.options.get<AttentionOptions>();
  return o.context > 0 ? o.context : g.input(v, 1).shape.width;
}
// Do sums over a head, and over all moments, fit the integers of the kernels below?
constexpr bool sums_fit(const GraphView& g, const Value& v) {
  return v.options.get<AttentionOptions>().head <= 16384 && most_moments(g, v) <= 1 << 20;
}

// Position and slot of the moment that comes next. A position stays between context and 2 * context
// once the memory is full; any other number, which only damaged bytes can bring, counts as such.
constexpr std::int32_t position_in(const AttentionNumbers& n, const std::byte* counter) {
  const auto position = load_aligned<std::int32_t>(counter);
  return position < 0 || position >= 2 * n.context ? n.context : position;
}
constexpr std::int32_t slot_of(const AttentionNumbers& n, std::int32_t position) {
  if (position < n.context) return position;
  return n.is(Span::Kind::sliding) ? position - n.context : n.context - 1;
}
// Takes a moment's k and v into the State; then what is remembered, in slots, are `seen` moments.
// `element`: bytes of one of the values, where they lie channel by channel, else 0.
template <int element>
constexpr int remember(const AttentionNumbers& n, const Band& band, int rows, const std::byte* k,
                       const std::byte* v, int bytes) {
  std::byte* const counter = own_state(band.rows[5 * rows]);
  const std::int32_t position = position_in(n, counter), slot = slot_of(n, position);
  copy_bytes(own_state(band.rows[3 * rows]) + slot * bytes, k, bytes);
  std::byte* const values = own_state(band.rows[4 * rows]);
  if constexpr (element == 0)
    copy_bytes(values + slot * bytes, v, bytes);
  else
#pragma GCC unroll 4
    for (int c = 0, to = slot * element, next = n.context * element; c < bytes;
         c += element, to += next)
      for (int i = 0; i < element; ++i) values[to + i] = v[c + i];
  store_aligned(counter, position + 1 < 2 * n.context ? position + 1 : n.context);
  return position < n.context ? position + 1 : n.context;
}

// One query and what it sees, or two that share their keys: two heads of a moment, or a head of two
// moments, of which the first may not see the last key, or, in a full memory, sees what the second
// has taken the place of.
struct Glance {
  const std::byte *query, *keys, *values;
  std::byte* out;
  int seen;    // moments
  int stride;  // bytes from one moment of the keys to the next; of the values:
  int moment, channel;
  const std::byte* mask = nullptr;  // null where there is none
  const std::byte* other_mask = nullptr;
  int apart = 0;   // bytes from a query, or what is made of it, to the other's
  int unseen = 0;  // moments of `seen` that the first does not see: 0 or 1
  const std::byte *old_key = nullptr, *old_value = nullptr;  // what the first sees in that slot
  int slot = 0;
};

// Queries of a Glance, at most, of a rule that has `pairs`.
constexpr int queries_together(const AttentionOptions& o) {
  return o.context == 0 || o.heads / o.kv_heads > 1 ? 2 : 1;
}
// Do moments go by two although they come into a memory?
constexpr bool remembered_by_two(const Value& v) {
  const auto o = v.options.get<AttentionOptions>();
  return o.context > 0 && o.heads == o.kv_heads && v.shape.width > 1;
}

// The mask of a head and a query.
struct Masks {
  const std::byte* const* rows;  // null where there is none
  int row, next;                 // rows from a head's to the next, bytes from a query's to the next

  constexpr const std::byte* of(int head, int query) const {
    return rows == nullptr ? nullptr : rows[head * row] + query * next;
  }
};

// `Rule` is an arithmetic: Element, size of the stream and of the scratch, and `attend(Glance,
// channels, scratch)`, where it has `pairs` as attend<2> of two queries, and where it has
// `pairs_remembered` of two moments in a memory as well; `arrange(Glance, channels, scratch)`
// brings the values of a head into the order that it wants, if no moment will be added.
// `by_channel`: that of the State's values. Stream, behind AttentionNumbers: int32 moments of a row
// of k, bytes of a mask from a query to the next, rows of it from a head to the next (-1: none).
template <class Rule> struct Attention : PlainKernel {
  static constexpr const char* name = "scalar.attention";
  using T = typename Rule::Element;
  static constexpr int size = sizeof(T);

  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    if (!(v.op == op::attention) || v.element != element_of<T>()) return false;
    for (int k = 0; k < 3; ++k)
      if (g.source(v, k).element != v.element) return false;
    return Rule::takes(g, v);
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    const auto o = v.options.get<AttentionOptions>();
    const bool two = Rule::pairs_remembered && remembered_by_two(v);
    return Rule::scratch(most_moments(g, v), o, two ? 2 : queries_together(o)) +
           (two ? 2 * o.kv_heads * o.head * size : 0);
  }
  static constexpr int stream_size(const GraphView&, const Value&) {
    return AttentionNumbers::size + 12 + Rule::stream_size;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    AttentionNumbers::pack(v, to);
    const bool masked = v.inputs == 4;
    const int seen = g.input(v, 1).shape.width;
    const bool each = masked && g.input(v, 3).shape.width > 1;
    to.put<std::int32_t>(seen);
    to.put<std::int32_t>(each ? seen * size_of(g.source(v, 3).element) : 0);
    to.put<std::int32_t>(masked ? v.options.get<AttentionOptions>().mask_of_head : -1);
    Rule::pack(g, v, to);
  }

  static constexpr void run(const Task& task, const Band& band) {
    const AttentionNumbers n(Reader{task.stream});
    const Rule rule(task, task.stream + AttentionNumbers::size + 12);
    if (n.context > 0)
      run_remembering(task, band, n, rule);
    else
      run_seen(task, band, n, rule);
  }

private:
  // Head by head: what one sees stays the same.
  static constexpr void run_seen(const Task& task, const Band& band, const AttentionNumbers& n,
                                 const Rule& rule) {
    Reader from{task.stream + AttentionNumbers::size};
    const int width = from.next<std::int32_t>(), next_mask = from.next<std::int32_t>();
    const int mask_row = from.next<std::int32_t>();
    const int rows = task.rows, head = n.head * size, bytes = n.kv_heads * head;
    const Masks masks{mask_row < 0 ? nullptr : band.rows + 3 * rows, mask_row, next_mask};
    const int row = task.out_channels * size;
    for (int kv = 0; kv < n.kv_heads; ++kv) {
      const int first = kv * n.queries * head;
      Glance at{band.rows[0] + first,
                band.rows[rows] + kv * head,
                band.rows[2 * rows] + kv * head,
                band.out[0] + first,
                width,
                bytes,
                bytes,
                size};
      rule.arrange(at, n.head, band.scratch);
      for (int x = 0; x < task.out_width;) {
        const int together = Rule::pairs && n.queries == 1 && x + 1 < task.out_width ? 2 : 1;
        if (n.is(Span::Kind::past)) at.seen = x + together, at.unseen = together - 1;
        if (together == 2)
          attend_moments(n, rule, at, masks, kv, x, row, band.scratch);
        else
          attend_all(n, rule, at, masks, kv * n.queries, x, band.scratch);
        x += together;
        at.query += together * row;
        at.out += together * row;
      }
    }
  }
  // Moment by moment, or by two of them. Scratch of two begins with the k and v that the second has
  // taken the place of.
  static constexpr void run_remembering(const Task& task, const Band& band,
                                        const AttentionNumbers& n, const Rule& rule) {
    constexpr int element = Rule::by_channel ? size : 0;
    constexpr Masks no_masks{nullptr, 0, 0};
    const int rows = task.rows, head = n.head * size, bytes = n.kv_heads * head;
    const int row = task.out_channels * size;
    const std::byte *k = band.rows[rows], *v = band.rows[2 * rows];
    const bool by_two = Rule::pairs_remembered && n.queries == 1 && task.out_width > 1;
    std::byte* const scratch = band.scratch + (by_two ? 2 * bytes : 0);
    for (int x = 0; x < task.out_width;) {
      const int seen = remember<element>(n, band, rows, k, v, bytes);
      const int together = by_two && x + 1 < task.out_width ? 2 : 1;
      Glance at{band.rows[0] + x * row,
                band.rows[3 * rows],
                band.rows[4 * rows],
                band.out[0] + x * row,
                seen,
                bytes,
                Rule::by_channel ? size : bytes,
                Rule::by_channel ? n.context * size : size};
      if (together == 2) remember_next(n, band, rows, k + bytes, v + bytes, bytes, at);
      for (int kv = 0; kv < n.kv_heads; ++kv) {
        if (together == 2)
          attend_moments(n, rule, at, no_masks, 0, 0, row, scratch);
        else
          attend_all(n, rule, at, no_masks, 0, 0, scratch);
        at.keys += head;
        at.values += n.head * at.channel;
        at.query += n.queries * head;
        at.out += n.queries * head;
        if (at.old_key != nullptr) at.old_key += head, at.old_value += head;
      }
      x += together;
      k += together * bytes;
      v += together * bytes;
    }
  }
  // The second of two moments.
  static constexpr void remember_next(const AttentionNumbers& n, const Band& band, int rows,
                                      const std::byte* k, const std::byte* v, int bytes,
                                      Glance& at) {
    if constexpr (Rule::pairs_remembered) {
      const std::int32_t position = position_in(n, band.rows[5 * rows]);
      if (position < n.context) {
        at.unseen = 1;
      } else {
        at.slot = slot_of(n, position);
        at.old_key = band.scratch;
        at.old_value = band.scratch + bytes;
        copy_bytes(band.scratch, at.keys + at.slot * bytes, bytes);
        const std::byte* from = at.values + at.slot * at.moment;
        for (std::byte* to = band.scratch + bytes; to != band.scratch + 2 * bytes;
             to += size, from += at.channel)
          store(to, load<T>(from));
      }
      at.seen = remember < Rule::by_channel ? size : 0 > (n, band, rows, k, v, bytes);
    }
  }
  // The queries of a head of k and v, the first of which is `query`'s head `first`.
  static constexpr void attend_all(const AttentionNumbers& n, const Rule& rule, Glance at,
                                   const Masks& masks, int first, int query, std::byte* scratch) {
    const int head = n.head * size;
    int left = n.queries;
    if constexpr (Rule::pairs) {
      at.apart = head;
      for (; left >= 2; left -= 2, first += 2, at.query += 2 * head, at.out += 2 * head) {
        at.mask = masks.of(first, query);
        at.other_mask = masks.of(first + 1, query);
        rule.template attend<2>(at, n.head, scratch);
      }
    }
    for (; left > 0; --left, ++first, at.query += head, at.out += head) {
      at.mask = masks.of(first, query);
      rule.attend(at, n.head, scratch);
    }
  }
  // A head's queries `query` and the next.
  static constexpr void attend_moments(const AttentionNumbers& n, const Rule& rule, Glance at,
                                       const Masks& masks, int head, int query, int apart,
                                       std::byte* scratch) {
    if constexpr (Rule::pairs) {
      at.mask = masks.of(head, query);
      at.other_mask = masks.of(head, query + 1);
      at.apart = apart;
      rule.template attend<2>(at, n.head, scratch);
    }
  }
};

}  // namespace graven::core::scalar_isa
