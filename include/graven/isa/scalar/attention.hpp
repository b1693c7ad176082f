// Row kernels of Attention, moment by moment and head by head: scores, exponentials, values.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/isa/scalar/svdf.hpp"
#include "graven/layers/attention.hpp"

#include <array>

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

// Takes a moment's k and v into the State; then what is remembered, in slots, are `seen` moments.
// A position stays between context and 2 * context once the memory is full; any other number, which
// only damaged bytes can bring, counts as such.
constexpr int remember(const AttentionNumbers& n, const Band& band, int rows, const std::byte* k,
                       const std::byte* v, int bytes) {
  std::byte* const counter = own_state(band.rows[5 * rows]);
  std::int32_t position = load_aligned<std::int32_t>(counter);
  if (position < 0 || position >= 2 * n.context) position = n.context;
  std::int32_t slot = position < n.context ? position : n.context - 1;
  if (position >= n.context && n.is(Span::Kind::sliding)) slot = position - n.context;
  copy_bytes(own_state(band.rows[3 * rows]) + slot * bytes, k, bytes);
  copy_bytes(own_state(band.rows[4 * rows]) + slot * bytes, v, bytes);
  store_aligned(counter, position + 1 < 2 * n.context ? position + 1 : n.context);
  return position < n.context ? position + 1 : n.context;
}

// One query and what it sees.
struct Glance {
  const std::byte *query, *keys, *values, *mask;  // mask: null where there is none
  std::byte* out;
  int seen, stride;  // moments; bytes from one to the next
};

// `Rule` is an arithmetic: Element, size of the stream, and `attend(Glance, scratch)`.
template <class Rule> struct Attention : PlainKernel {
  static constexpr const char* name = "scalar.attention";
  using T = typename Rule::Element;
  static constexpr int size = sizeof(T);

  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    if (!(v.op == op::attention) || v.element != element_of<T>()) return false;
    for (int k = 0; k < 3; ++k)
      if (g.source(v, k).element != v.element) return false;
    const bool masked = v.inputs == 4;
    return Rule::takes(g, v) && (!masked || g.source(v, 3).element == Element::float32);
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return 4 * most_moments(g, v);
  }
  static constexpr int stream_size(const GraphView&, const Value&) {
    return AttentionNumbers::size + 8 + Rule::stream_size;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    AttentionNumbers::pack(v, to);
    const bool masked = v.inputs == 4;
    to.put<std::int32_t>(g.input(v, 1).shape.width);
    to.put<std::int32_t>(!masked ? -1 : g.input(v, 3).shape.width > 1 ? 4 : 0);
    Rule::pack(g, v, to);
  }

  static constexpr void run(const Task& task, const Band& band) {
    const AttentionNumbers n(Reader{task.stream});
    const int width = load_aligned<std::int32_t>(task.stream + AttentionNumbers::size);
    const int next_mask = load_aligned<std::int32_t>(task.stream + AttentionNumbers::size + 4);
    const Rule rule(task, task.stream + AttentionNumbers::size + 8);
    const int bytes = n.kv_heads * n.head * size, rows = task.rows;
    const std::byte *k = band.rows[rows], *v = band.rows[2 * rows];
    Glance at{band.rows[0], k,     v,    next_mask < 0 ? nullptr : band.rows[3 * rows],
              band.out[0],  width, bytes};
    if (n.context > 0) {
      at.keys = band.rows[3 * rows];
      at.values = band.rows[4 * rows];
    }
    for (int x = 0; x < task.out_width; ++x) {
      if (n.context > 0) at.seen = remember(n, band, rows, k + x * bytes, v + x * bytes, bytes);
      if (n.is(Span::Kind::past)) at.seen = x + 1;
      attend_all(n, rule, at, band.scratch);
      at.query += task.out_channels * size;
      at.out += task.out_channels * size;
      if (next_mask > 0) at.mask += next_mask * width;
    }
  }

private:
  static constexpr void attend_all(const AttentionNumbers& n, const Rule& rule, Glance at,
                                   std::byte* scores) {
    const int head = n.head * size;
    for (int kv = 0; kv < n.kv_heads; ++kv, at.keys += head, at.values += head)
      for (int q = 0; q < n.queries; ++q, at.query += head, at.out += head)
        rule.attend(at, n.head, scores);
  }
};

// Stream: float scale.
struct AttentionFloat32 {
  using Element = float;
  static constexpr int stream_size = 4;
  float scale;

  static constexpr bool takes(const GraphView&, const Value&) { return true; }
  static constexpr void pack(const GraphView&, const Value& v, Writer& to) {
    to.put(score_scale(v.options.get<AttentionOptions>()));
  }
  constexpr AttentionFloat32(const Task&, const std::byte* stream)
      : scale(load_aligned<float>(stream)) {}

  constexpr void attend(const Glance& at, int count, std::byte* scores) const {
    float most = -floating_point::infinity<float>, sum = 0;
    for (int j = 0; j < at.seen; ++j) {
      float dot = 0;
      const std::byte* key = at.keys + j * at.stride;
      for (int c = 0; c < 4 * count; c += 4)
        dot += load<float>(at.query + c) * load<float>(key + c);
      dot *= scale;
      if (at.mask != nullptr) dot += load<float>(at.mask + 4 * j);
      store_aligned(scores + 4 * j, dot);
      if (dot > most) most = dot;
    }
    for (int j = 0; j < at.seen; ++j) {
      const float difference = load_aligned<float>(scores + 4 * j) - most;
      const float e = floating_point::exp(difference);
      store_aligned(scores + 4 * j, e);
      sum += e;
    }
    for (int c = 0; c < 4 * count; c += 4) {
      float y = 0;
      for (int j = 0; j < at.seen; ++j)
        y += load_aligned<float>(scores + 4 * j) * load<float>(at.values + j * at.stride + c);
      store(at.out + c, y / sum);
    }
  }
};

// (2^15 - 1) * 2^(-i / 256): an int16, as instruction sets multiply it.
inline constexpr auto octave = [] {
  std::array<std::uint16_t, 256> table{};
  for (int i = 0; i < 256; ++i)
    table[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(
        floating_point::exp(-i * 0.693147180559945309 / 256) * 32767 + 0.5);
  return table;
}();

// Scores are sums of products less zero points. Their distance d from the largest is requantized to
// 1/256 of octaves, t; the exponential is octave[t % 256] >> t / 256, less the bits that a sum of
// so many might need. What they make of v is one float factor from the output. Stream: int32
// zero points of k and v; multiplier, shift; the least d whose exponential is 0, the bits; float
// ratio of the scales of v and the output.
struct AttentionInt8 {
  using Element = std::int8_t;
  static constexpr int stream_size = 28;
  std::int32_t zero_q, zero_k, zero_v, zero_out;
  Multiplier octaves;
  std::int32_t least, down;
  float ratio;

  static constexpr bool takes(const GraphView& g, const Value& v) {
    return v.inputs != 4 && v.options.get<AttentionOptions>().head <= 16384 &&
           most_moments(g, v) <= 1 << 20;
  }
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    const Quant q = g.source(v, 0).quant, k = g.source(v, 1).quant, values = g.source(v, 2).quant;
    const double scale = static_cast<double>(q.scale) * static_cast<double>(k.scale) *
                         static_cast<double>(score_scale(v.options.get<AttentionOptions>()));
    const double real = scale * (256 * 1.44269504088896341);
    int bits = 0;
    while ((most_moments(g, v) >> bits) > 256) ++bits;
    to.put<std::int32_t>(k.zero_point);
    to.put<std::int32_t>(values.zero_point);
    const Multiplier m = quantize_multiplier(real);
    to.put(m.multiplier);
    to.put<std::int32_t>(m.shift);
    const double far = 16 * 256 / (real > 0 ? real : 1);
    to.put(static_cast<std::int32_t>(far < 1e9 ? far + 1 : 1e9));
    to.put<std::int32_t>(bits);
    to.put(values.scale / v.quant.scale);
  }
  constexpr AttentionInt8(const Task& t, const std::byte* stream)
      : zero_q(t.in_zero), zero_k(load_aligned<std::int32_t>(stream)),
        zero_v(load_aligned<std::int32_t>(stream + 4)),
        zero_out(t.out_zero), octaves{load_aligned<std::int32_t>(stream + 8),
                                      load_aligned<std::int32_t>(stream + 12)},
        least(load_aligned<std::int32_t>(stream + 16)),
        down(load_aligned<std::int32_t>(stream + 20)), ratio(load_aligned<float>(stream + 24)) {}

  constexpr std::int32_t exponential(std::int32_t below) const {
    if (below >= least) return 0;
    const auto t = static_cast<std::uint32_t>(requantize(below, octaves));
    return octave[t % 256] >> ((t >> 8) + static_cast<std::uint32_t>(down));
  }
  constexpr void attend(const Glance& at, int count, std::byte* scores) const {
    std::int32_t most = (std::numeric_limits<std::int32_t>::min)(), sum = 0;
    for (int j = 0; j < at.seen; ++j) {
      std::int32_t dot = 0;
      const std::byte* key = at.keys + j * at.stride;
      for (int c = 0; c < count; ++c)
        dot += (load<std::int8_t>(at.query + c) - zero_q) * (load<std::int8_t>(key + c) - zero_k);
      store_aligned(scores + 4 * j, dot);
      if (dot > most) most = dot;
    }
    for (int j = 0; j < at.seen; ++j) {
      const std::int32_t e = exponential(most - load_aligned<std::int32_t>(scores + 4 * j));
      store_aligned(scores + 4 * j, e);
      sum += e;
    }
    const float factor = ratio / static_cast<float>(sum);
    for (int c = 0; c < count; ++c) {
      std::int32_t acc = 0;
      for (int j = 0; j < at.seen; ++j)
        acc += load_aligned<std::int32_t>(scores + 4 * j) *
               (load<std::int8_t>(at.values + j * at.stride + c) - zero_v);
      put(at.out + c, static_cast<float>(acc) * factor);
    }
  }
  constexpr void put(std::byte* out, float steps) const {
    const float most = 1024, y = steps < -most ? -most : steps > most ? most : steps;
    store(out, static_cast<std::int8_t>(clamp(detail::round_away(y) + zero_out, {-128, 127})));
  }
};

}  // namespace graven::core::scalar_isa
