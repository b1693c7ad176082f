// From the graph of a whole window to the graph of one push: the pass behind Streaming.
//
// Time runs along the height. A value is `timed` if its rows are the same rows one window later,
// moved up: then only the new ones are computed. Whoever reads more of it than the new rows reads
// an op::window, a persistent value of its last rows. What is not timed (a Dense over all rows, a
// global pool, a layer whose padding along time every window sees anew) is computed whole.
#pragma once

#include "graven/graph/fuse.hpp"
#include "graven/graph/value.hpp"

namespace graven::core {

// What becomes of layers with padding along time.
enum class TimePadding : std::uint8_t {
  refused,     // an error names the first one
  recomputed,  // exact: they, and what follows, are computed whole at every push
  at_reset     // the rows before the first push are zeros; after them no row sees padding any more
};

namespace detail {

// A value of the window's graph along time. Rows are counted as in the window that ends with the
// newest row pushed.
struct Track {
  bool timed = false;
  int rate = 1;   // input rows per row
  int made = 0;   // rows per push
  int last = 0;   // the newest row
  int kept = 0;   // rows in its op::window; 0: it has none
  int ready = 1;  // pushes after a reset until the rows made have forgotten it

  constexpr int base() const { return last + 1 - made; }       // the first row made
  constexpr int kept_base() const { return last + 1 - kept; }  // the first row of its op::window
};

template <int Values> struct Timeline {
  Track tracks[std::size_t{Values}]{};
  int hop = 1;           // input rows per push
  int advance = 1;       // input rows that the strides advance together: hop is a multiple
  int pushes = 1;        // after a reset until the outputs have forgotten it; at most one too many
  int whole_layer = -1;  // the first layer that is computed whole though its rows are many
};

constexpr int greatest_common_divisor(int a, int b) {
  while (b != 0) {
    const int rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}
template <class Graph, int Values> struct Tracer {
  const Graph& g;
  TimePadding padding;
  Timeline<Values> line{};

  constexpr const View& view(const Value& v, int k) const { return g.views[v.first_input + k]; }
  constexpr const Value& source(const Value& v, int k) const { return g.values[view(v, k).value]; }
  constexpr int start(const Value& v, int k, int step) const {  // a row of the value
    return view(v, k).first + view(v, k).rows.start(step);
  }
  constexpr Track& track(const Value& v, int k) { return line.tracks[view(v, k).value]; }
  constexpr bool is_constant(const Value& v, int k) const {
    return source(v, k).op == op::constant;
  }

  // Do the rows of `v` stand in one and the same relation to those of input k?
  constexpr bool moves_with(const Value& v, int k, int rate) {
    if (is_constant(v, k)) return source(v, k).shape.height == 1;
    const Track& in = track(v, k);
    const Rows& rows = view(v, k).rows;
    if (!in.timed || !rows.straight() || rows.advance() <= 0) return false;
    const int end = rows.start(v.shape.height - 1) + rows.reach();
    const bool inside = rows.start(0) >= 0 && end <= view(v, k).shape.height;
    const bool whole = view(v, k).shape.height == source(v, k).shape.height;  // no part of it
    const bool seen_once = padding == TimePadding::at_reset && !rows.elsewhere && whole;
    return in.rate * rows.advance() == rate && (inside || seen_once);
  }
  constexpr void trace(int id) {
    const Value& v = g.values[id];
    Track& t = line.tracks[id];
    t.timed = v.op == op::input;
    const bool remembers = v.carries || v.persistent;
    if (v.inputs == 0 || v.reduces || remembers || v.shape.height == 1 || v.op.has(Trait::numbered))
      return;
    for (int k = 0; k < v.inputs && !t.timed; ++k) {
      const Rows& rows = view(v, k).rows;
      t.timed = !is_constant(v, k) && track(v, k).timed && rows.straight();
      t.rate = t.timed ? track(v, k).rate * rows.advance() : 1;
    }
    for (int k = 0; k < v.inputs; ++k) t.timed = t.timed && moves_with(v, k, t.rate);
    if (!t.timed) t.rate = 1;
  }

  // The rows that a push makes, and where they stand.
  constexpr void count(int id) {
    const Value& v = g.values[id];
    Track& t = line.tracks[id];
    t.last = v.shape.height - 1;
    t.made = v.shape.height;
    if (!t.timed) return;
    if (line.hop / t.rate < t.made) t.made = line.hop / t.rate;
    for (int k = 0; k < v.inputs; ++k) {
      if (is_constant(v, k)) continue;
      const Rows& rows = view(v, k).rows;
      const int first_of_last = track(v, k).last + 1 - rows.reach();
      const int last = floor_div(first_of_last - start(v, k, 0), rows.advance());
      if (last < t.last) t.last = last;
    }
  }

  constexpr void keep(Track& t, int rows) {
    if (rows > t.made && rows > t.kept) t.kept = rows;
  }
  // What value `id` wants to be kept of its inputs.
  constexpr void want(int id) {
    const Value& v = g.values[id];
    Track& t = line.tracks[id];
    bool old = false;
    for (int k = 0; k < v.inputs; ++k) {
      Track& in = track(v, k);
      if (in.ready > t.ready) t.ready = in.ready;
      if (!in.timed) continue;
      const int height = source(v, k).shape.height;
      const int rows = t.timed ? in.last + 1 - start(v, k, t.base()) : height;
      keep(in, rows);
      if (const int push = in.ready + (rows - 1) / in.made; push > t.ready) t.ready = push;
      old = old || in.made < height;
    }
    if (old && !t.timed && !v.reduces && v.shape.height > 1 && line.whole_layer < 0)
      line.whole_layer = v.layer;
  }

  // `hop` 0: as few rows as the strides allow.
  constexpr void run(int hop) {
    for (int id = 0; id < g.count; ++id) {
      trace(id);
      const int rate = line.tracks[id].rate;
      line.advance *= rate / greatest_common_divisor(line.advance, rate);
    }
    line.hop = hop > 0 && hop % line.advance == 0 ? hop : line.advance;
    for (int id = 0; id < g.count; ++id) count(id);
    for (int id = 0; id < g.count; ++id) want(id);
    for (int o = 0; o < g.output_count; ++o) {
      const int height = g.values[g.outputs[o].value].shape.height;
      Track& t = line.tracks[g.outputs[o].value];
      if (t.timed) keep(t, height);
      const int push = t.ready + (t.timed ? (height - 1) / t.made : 0);
      if (push > line.pushes) line.pushes = push;
    }
  }
};

template <int Values, int Views, int Layers>
constexpr auto trace_time(const ValueGraph<Values, Views, Layers>& g, TimePadding padding,
                          int hop) {
  Tracer<ValueGraph<Values, Views, Layers>, Values> tracer{g, padding};
  tracer.run(hop);
  return tracer.line;
}

// Builds the graph of one push.
template <int Values, int Views, int Layers> struct Unroller {
  const ValueGraph<Values, Views, Layers>& g;
  const Timeline<Values>& line;
  ValueGraph<2 * Values, Views + 2 * Values, Layers> out{};
  int made[std::size_t{Values}]{},
      kept[std::size_t{Values}]{};  // ids in `out` of a value and of its op::window

  // Rows [from, from + count) of a value of the window's graph.
  constexpr View rows_of(const View& view, int from, int count) const {
    const Track& t = line.tracks[view.value];
    Shape shape = view.shape;
    shape.height = count;
    if (!t.timed || from >= t.base())
      return {made[view.value], shape, from - (t.timed ? t.base() : 0), view.rows};
    return {kept[view.value], shape, from - t.kept_base(), view.rows};
  }
  // What the view shows of all rows of the window, as they stand at its end.
  constexpr View part(const View& view) const {
    const int height = g.values[view.value].shape.height;
    return rows_of(view, line.tracks[view.value].last + 1 - height + view.first, view.shape.height);
  }

  constexpr View input_of(int id, int k) const {
    const Value& v = g.values[id];
    const Track& t = line.tracks[id];
    const View& view = g.views[v.first_input + k];
    if (!line.tracks[view.value].timed)
      return {made[view.value], view.shape, view.first, view.rows};
    if (!t.timed) return part(view);
    Rows rows = view.rows;
    const int first = view.first + rows.start(t.base());
    rows.first = 0;
    View in = rows_of(view, first, (t.made - 1) * rows.advance() + rows.reach());
    in.rows = rows;
    return in;
  }

  constexpr int add(const Value& v) {
    out.values[out.count] = v;
    return out.count++;
  }
  constexpr void add_view(const View& view) { out.views[out.view_count++] = view; }

  constexpr void add_window(int id, const Value& v, bool is_output) {
    const Track& t = line.tracks[id];
    Value w{};
    w.op = op::window;
    w.shape = v.shape;
    w.shape.height = t.kept;
    w.element = v.element;
    w.quant = v.quant;
    w.layer = v.layer < 0 ? 0 : v.layer;  // the input's belongs to the first layer
    w.record = v.record;
    w.persistent = true;
    w.fresh = is_output ? 0 : t.made;  // users get a span of all rows
    w.first_input = out.view_count;
    w.inputs = 2;
    Shape older = v.shape, newer = v.shape;
    older.height = t.kept - t.made;
    newer.height = t.made;
    kept[id] = out.count;
    add_view({kept[id], older, t.made, {.elsewhere = true}});
    add_view({made[id], newer, 0, {.first = -older.height, .elsewhere = true}});
    add(w);
  }

  constexpr void add_value(int id) {
    const Track& t = line.tracks[id];
    Value v = g.values[id];
    const int first = out.view_count;
    made[id] = out.count;  // what persists reads itself
    for (int k = 0; k < v.inputs; ++k) add_view(input_of(id, k));
    v.first_input = first;
    if (t.timed) {
      v.macs = v.macs * static_cast<unsigned>(t.made) / static_cast<unsigned>(v.shape.height);
      v.shape.height = t.made;
    }
    add(v);
    if (t.kept > 0) add_window(id, v, is_output(g, id));
  }

  constexpr void run() {
    for (int id = 0; id < g.count; ++id) add_value(id);
    out.input_count = g.input_count;
    for (int k = 0; k < Layers; ++k) {
      const View& view = g.layers[k];
      const Track& t = line.tracks[view.value];
      Shape shape = view.shape;
      if (t.timed && shape.height == g.values[view.value].shape.height) shape.height = t.made;
      out.layers[k] = {made[view.value], shape};
      out.ops[k] = g.ops[k];
    }
    out.output_count = g.output_count;
    for (int o = 0; o < g.output_count; ++o) {
      out.outputs[o] = part(g.outputs[o]);
      out.outputs[o].shape = g.outputs[o].shape;
    }
  }
};

template <int Values, int Views, int Layers>
constexpr auto unroll(const ValueGraph<Values, Views, Layers>& g, const Timeline<Values>& line) {
  Unroller<Values, Views, Layers> unroller{g, line};
  unroller.run();
  return unroller.out;
}

}  // namespace detail
}  // namespace graven::core
