// A GRU that learns by backpropagation through the moments of a sample, as far as the run reaches
// back (truncated): the state that it began with counts as a constant.
//
// Weights lie as op::tuned_gru says: gates update (z), reset (r), new (n).
#pragma once

#include "graven/isa/scalar/recurrent.hpp"
#include "graven/isa/scalar/training/updates.hpp"

namespace graven::core::scalar_isa {

// One layer's numbers and arrays. Stream: int32 units, inputs, reset before, stateful, moments of a
// row.
struct Gru {
  static constexpr int size = 20;
  int units, inputs;
  bool before, stateful;
  int by_row;
  const std::byte *weights = nullptr, *bias = nullptr;

  static constexpr void pack(const GraphView& g, const Value& tuned, Writer& to) {
    const auto [stateful, variant] = tuned.options.get<CellOptions>();
    const Shape x = g.input(tuned).shape;
    const bool is_before = variant == static_cast<int>(Reset::before);
    const std::int32_t numbers[]{tuned.shape.channels, x.channels, is_before, stateful, x.width};
    for (const std::int32_t number : numbers) to.put(number);
  }
  static constexpr Gru of(const std::byte* stream) {
    Reader from{stream};
    auto next = [&] { return from.next<std::int32_t>(); };
    const int units = next(), inputs = next(), before = next(), stateful = next();
    return {units, inputs, before != 0, stateful != 0, next()};
  }

  constexpr const std::byte* row(int unit, int gate) const {
    return weights + 4 * (3 * unit + gate) * (inputs + units);
  }
  // Of a gate the sum of the input with the bias, and that of the hidden state.
  constexpr Sums<float> sums(int unit, int gate, const std::byte* x, const std::byte* h) const {
    const std::byte* const w = row(unit, gate);
    const float own = gate == 2 ? load<float>(bias + 4 * (3 * units + unit)) : 0.0f;
    return {load<float>(bias + 4 * (gate * units + unit)) + product(x, w, inputs),
            own + product(h, w + 4 * inputs, units)};
  }
  constexpr float gate(int unit, int k, const std::byte* x, const std::byte* h) const {
    const Sums<float> s = sums(unit, k, x, h);
    return logistic(s.input + s.recurrent);
  }
  // to[u] = r * h, which a GRU that resets before multiplies with the weights of `new`.
  constexpr void reset(const std::byte* x, const std::byte* h, std::byte* to) const {
    for (int u = 0; u < units; ++u) store(to + 4 * u, gate(u, 1, x, h) * load<float>(h + 4 * u));
  }
  constexpr const std::byte* moment(const std::byte* const* rows, int m, int count) const {
    return rows[m / by_row] + m % by_row * 4 * count;
  }
};

// Stream: Gru's. Scratch: without a State the hidden state; with the reset before the product, what
// it leaves.
struct TunedGru : PlainKernel {
  static constexpr const char* name = "training.gru";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::tuned_gru);
  }
  static constexpr int scratch(const GraphView&, const Value& v) { return 8 * v.shape.channels; }
  static constexpr int stream_size(const GraphView&, const Value&) { return Gru::size; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    Gru::pack(g, v, to);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Gru gru = Gru::of(t.stream);
    const int row = 4 * gru.units;
    std::byte* const hidden = gru.stateful ? own_state(band.rows[1]) : band.scratch;
    if (gru.stateful && band.step == 0) copy_bytes(hidden + row, hidden, row);
    if (!gru.stateful && band.step == 0) clear(hidden, gru.units);
    const std::byte* const* arrays = band.rows + (gru.stateful ? 2 : 1);
    gru.weights = arrays[0];
    gru.bias = arrays[1];
    const std::byte* x = band.rows[0];
    std::byte* out = band.out[0];
    for (int i = 0; i < t.out_width; ++i, x += 4 * gru.inputs, out += row) {
      step(gru, x, hidden, band.scratch + row, out);
      copy_bytes(hidden, out, row);
    }
  }
  static constexpr void step(const Gru& gru, const std::byte* x, const std::byte* h,
                             std::byte* scratch, std::byte* out) {
    if (gru.before) gru.reset(x, h, scratch);
    for (int u = 0; u < gru.units; ++u) {
      const Sums<float> s = gru.sums(u, 2, x, gru.before ? scratch : h);
      const float kept = gru.before ? 1 : gru.gate(u, 1, x, h);
      const float offered = floating_point::tanh(s.input + kept * s.recurrent);
      const float old = load<float>(h + 4 * u);
      store(out + 4 * u, offered + gru.gate(u, 0, x, h) * (old - offered));
    }
  }
};

// From the last moment to the first, with c the gradient that comes from later moments and g that
// of the output: d = c + g; by the sums z, r, n, and by the recurrent sum of `new`. Inputs: all
// rows of g, x and the hidden states; State; weights, bias. Stream: Gru's; int32 rows, moments.
// Scratch: h before the first moment, c, what c becomes, and r * h or its gradient.
struct GruSumsGradient : PlainKernel {
  static constexpr const char* name = "training.gru_sums_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::gru_sums_gradient);
  }
  static constexpr int scratch(const GraphView&, const Value& v) { return 4 * v.shape.channels; }
  static constexpr int stream_size(const GraphView&, const Value&) { return Gru::size + 8; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    Gru::pack(g, tuned_of(g, v, op::tuned_gru), to);
    to.put<std::int32_t>(g.input(v).shape.height);
    to.put<std::int32_t>(v.shape.width);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Gru gru = Gru::of(t.stream);
    const int rows = load_aligned<std::int32_t>(t.stream + Gru::size);
    const int moments = load_aligned<std::int32_t>(t.stream + Gru::size + 4), row = 4 * gru.units;
    const std::byte *const *x = band.rows + rows, *const *y = x + rows, *const *rest = y + rows;
    std::byte *const first = band.scratch, *const carried = first + row;
    clear(first, 4 * gru.units);
    if (gru.stateful) copy_bytes(first, *rest++ + row, row);
    gru.weights = rest[0];
    gru.bias = rest[1];
    for (int m = moments - 1; m >= 0; --m) {
      const std::byte* g = gru.moment(band.rows, m, gru.units);
      for (int u = 0; u < row; u += 4) add(carried + u, load<float>(g + u));
      step(gru, gru.moment(x, m, gru.inputs), m > 0 ? gru.moment(y, m - 1, gru.units) : first,
           carried, band.out[0] + 4 * m * row);
    }
  }
  // `carried`: d, then c of the moment before; behind it scratch of two rows.
  static constexpr void step(const Gru& gru, const std::byte* x, const std::byte* h,
                             std::byte* carried, std::byte* out) {
    const int row = 4 * gru.units;
    std::byte *const next = carried + row, *const reset = next + row;
    if (gru.before) gru.reset(x, h, reset);
    for (int u = 0; u < gru.units; ++u) {
      const int at = 4 * u;
      const Sums<float> s = gru.sums(u, 2, x, gru.before ? reset : h);
      const float z = gru.gate(u, 0, x, h), r = gru.gate(u, 1, x, h);
      const float n = floating_point::tanh(s.input + (gru.before ? 1 : r) * s.recurrent);
      const float d = load<float>(carried + at), old = load<float>(h + at);
      const float by_new = d * (1 - z) * (1 - n * n);
      store(out + at, d * (old - n) * (z * (1 - z)));
      store(out + row + at, gru.before ? r : by_new * s.recurrent * (r * (1 - r)));
      store(out + 2 * row + at, by_new);
      store(out + 3 * row + at, gru.before ? by_new : by_new * r);
      store(next + at, d * z);
    }
    if (gru.before) through_reset(gru, h, out, next, reset);
    for (int u = 0; u < gru.units; ++u) {
      for (int k = 0; k < (gru.before ? 2 : 3); ++k)  // that of `new` is the recurrent sum's
        add_scaled(next, gru.row(u, k) + 4 * gru.inputs, gru.units,
                   load<float>(out + (k == 2 ? 3 : k) * row + 4 * u));
    }
    copy_bytes(carried, next, row);
  }
  // With q the gradient of r * h: the reset gate's sum has q * h * r * (1 - r), h has q * r.
  static constexpr void through_reset(const Gru& gru, const std::byte* h, std::byte* out,
                                      std::byte* next, std::byte* q) {
    const int row = 4 * gru.units;
    clear(q, gru.units);
    for (int u = 0; u < gru.units; ++u)
      add_scaled(q, gru.row(u, 2) + 4 * gru.inputs, gru.units, load<float>(out + 2 * row + 4 * u));
    for (int at = 0; at < row; at += 4) {
      const float r = load<float>(out + row + at), sent = load<float>(q + at);
      add(next + at, sent * r);
      store(out + row + at, sent * load<float>(h + at) * (r * (1 - r)));
    }
  }
};

// dx of a row's moments. Stream: Gru's.
struct GruGradient : PlainKernel {
  static constexpr const char* name = "training.gru_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::gru_gradient);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return Gru::size; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    Gru::pack(g, tuned_of(g, v, op::tuned_gru), to);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Gru gru = Gru::of(t.stream);
    gru.weights = band.rows[1];
    const std::byte* sums = band.rows[0] + 4 * band.step * t.out_width * t.in_channels;
    std::byte* out = band.out[0];
    clear(out, t.out_width * t.out_channels);
    for (int x = 0; x < t.out_width; ++x, out += 4 * t.out_channels, sums += 4 * t.in_channels)
      for (int u = 0; u < gru.units; ++u)
        for (int k = 0; k < 3; ++k)
          add_scaled(out, gru.row(u, k), gru.inputs, load<float>(sums + 4 * (k * gru.units + u)));
  }
};

// In one step. Inputs: the sums' gradients, weights, all rows of x, numbers, moments, bias, its
// moments, all rows of the hidden states, State. Stream behind the optimizer: Gru's; int32 rows,
// moments. Scratch: h before the first moment, r * h; then the gradients, unless they are gathered.
template <Rule rule, bool gathers> struct GruUpdate : Updates<rule, gathers> {
  using Base = Updates<rule, gathers>;
  static constexpr int stream_size(const GraphView&, const Value&) {
    return Base::header + Gru::size + 8;
  }
  static constexpr int scratch(const GraphView&, const Value& v) {
    const int units = v.shape.width / 3;
    return 8 * units + (gathers ? 0 : 4 * (v.shape.size() + 4 * units));
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    Base::pack_optimizer(v, to);
    Gru::pack(g, tuned_of(g, v, op::tuned_gru), to);
    to.put<std::int32_t>(g.input(v, 2).shape.height);
    to.put<std::int32_t>(g.input(v).shape.width);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Gru gru = Gru::of(t.stream + Base::header);
    const int rows = load_aligned<std::int32_t>(t.stream + Base::header + Gru::size);
    const int moments = load_aligned<std::int32_t>(t.stream + Base::header + Gru::size + 4);
    const int units = gru.units, row = 4 * units, width = gru.inputs + units;
    const std::byte *const *x = band.rows + 2, *const *rest = x + rows,
                           *const *y = rest + (Base::keeps ? 4 : 2);
    const auto arrays = Base::both(t, band, rest, 3 * units * width, 4 * units);
    const auto sums = Base::sums_of(band, band.scratch + 2 * row, arrays);
    std::byte *const first = band.scratch, *const reset = first + row;
    clear(first, units);
    if (gru.stateful) copy_bytes(first, y[rows] + row, row);
    gru.weights = band.rows[1];
    gru.bias = arrays.bias.weights;
    for (int m = 0; m < moments; ++m) {
      const std::byte *const in = gru.moment(x, m, gru.inputs),
                             *const h = m > 0 ? gru.moment(y, m - 1, units) : first,
                             *const g = band.rows[0] + 16 * m * units;
      if (gru.before) gru.reset(in, h, reset);
      for (int k = 0; k < 3 * units; ++k) {  // gate k % 3 of unit k / 3
        const std::byte* const own = g + 4 * (k % 3 * units + k / 3);
        std::byte* const to = sums.weights + 4 * k * width;
        add_scaled(to, in, gru.inputs, load<float>(own));
        add_scaled(to + 4 * gru.inputs, gru.before && k % 3 == 2 ? reset : h, units,
                   load<float>(k % 3 == 2 ? own + row : own));
      }
      add_scaled(sums.bias, g, 4 * units, 1);
    }
    Base::finish(arrays, sums);
  }
};

}  // namespace graven::core::scalar_isa
