// The network as constexpr values: who feeds whom, with which shapes and numbers. Everything that
// is planned, packed and run is derived from this; nothing here exists at run time.
//
// A Value is a model input, a constant, or what one kernel computes step by step. A step makes one
// band of rows of its value. Two kinds exist:
//   windows     a step per band of output rows, from the input rows that `Rows` names;
//   reductions  a step per input row; the output appears with the last one.
#pragma once

#include "graven/params.hpp"
#include "graven/quant.hpp"
#include "graven/shape.hpp"

#include <cstdint>

namespace graven {

enum class Op : std::uint8_t {
  input,
  constant,
  conv,
  grouped_conv,
  depthwise,
  dense,
  max_pool,
  average_pool,
  mean,
  add,
  concat,
  map,
  softmax,
  argmax,
  nearest,
  bilinear,
  copy,
  window,
  quantize,
  dequantize
};

// What Op::map applies to every element, before the activation's clamp.
enum class Function : std::uint8_t { identity, sigmoid, tanh };

// A value as one reader sees it: reshaping is free where it keeps the rows.
struct View {
  int value = 0;
  Shape shape{};
  int first = 0;  // row 0 of the view is this row of the value
};

struct Value;

// A function, and whether there is one: compilers told to keep null checks compare no addresses.
struct RowRule {
  int (*call)(const Value& value, const View* inputs, int input, int step) = nullptr;
  bool exists = false;

  constexpr RowRule() = default;
  template <class F> constexpr RowRule(F function) : call(function), exists(true) {}
};

// Step s (of one-row bands) reads `count` rows, `dilation` apart, from row s * stride - top of each
// input; rows outside of the input are padding. `start` replaces that formula where it is not one.
struct Rows {
  int count = 1, stride = 1, dilation = 1, top = 0;
  RowRule start{};
};

// Axes of an activation, as a set.
enum class Axis : std::uint8_t { height = 1, width = 2, channels = 4 };
constexpr Axis operator|(Axis a, Axis b) {
  return static_cast<Axis>(static_cast<int>(a) | static_cast<int>(b));
}
constexpr bool has(int axes, Axis axis) { return (axes & static_cast<int>(axis)) != 0; }

// The shape without these axes; what remains moves to the right: {8, 1, 4} without width: {1, 8,
// 4}.
constexpr Shape drop(Shape s, int axes) {
  int left[3]{1, 1, 1}, n = 3;
  if (!has(axes, Axis::channels)) left[--n] = s.channels;
  if (!has(axes, Axis::width)) left[--n] = s.width;
  if (!has(axes, Axis::height)) left[--n] = s.height;
  return {left[0], left[1], left[2]};
}

enum class FilterOrder : std::uint8_t { ohwi, hwo };  // hwo: a depthwise filter over one channel

struct Value {
  Op op = Op::input;
  Shape shape{};
  Element element = Element::int8;
  Quant quant{};
  int layer = -1;                   // in reading order; -1 for model inputs
  int record = -1;                  // index in the parameter records
  int first_input = 0, inputs = 0;  // in ValueGraph::views

  Rows rows{};
  bool reduces = false;
  bool elementwise = false;  // element i depends on element i of equal-sized inputs: may overwrite
  bool persistent = false;   // keeps its rows from run to run, ...
  int fresh = 0;             // ... but not its first `fresh` ones, made anew by every run

  Extent filter = 1, stride = 1, dilation = 1;
  int left = 0;  // padding pixels before the row
  Activation activation = Activation::none;
  Function function = Function::identity;
  FilterOrder order = FilterOrder::ohwi;
  int groups = 1;            // of a convolution's channels
  int axes = 0;              // mean, argmax, concat: a set of Axis
  bool dense_scale = false;  // Dense's rule for one filter scale (quant.hpp)
  float beta = 1;
  bool align_corners = false, half_pixel_centers = false;
  std::uint64_t macs = 0;

  constexpr int steps(int input_height, int band) const {
    return reduces ? input_height : (shape.height + band - 1) / band;
  }
};

// A graph without its array sizes, for functions that are not templates of the network.
struct GraphView {
  const Value* values;
  const View* views;
  int count;
  const View* outputs = nullptr;
  int output_count = 0;

  constexpr const Value& operator[](int value) const { return values[value]; }
  constexpr const View& input(const Value& value, int k = 0) const {
    return views[value.first_input + k];
  }
  constexpr const Value& source(const Value& value, int k = 0) const {
    return values[input(value, k).value];
  }
};

// The first row of input `k`, padding counted, that step `step` (of a band of one) reads.
constexpr int first_read(const GraphView& graph, const Value& v, int k, int step) {
  return v.rows.start.exists ? v.rows.start.call(v, graph.views + v.first_input, k, step)
                             : step * v.rows.stride - v.rows.top;
}

// The same as a line, where it is one: step s reads from row first + s * stride on.
struct Line {
  bool straight = true;
  int first = 0, stride = 0;
};
constexpr Line line_of(const GraphView& graph, const Value& v, int k) {
  Line line{true, first_read(graph, v, k, 0), v.rows.stride};
  if (!v.rows.start.exists) return line;
  if (v.shape.height > 1) line.stride = first_read(graph, v, k, 1) - line.first;
  for (int s = 1; s < v.shape.height; ++s)
    line.straight = line.straight && first_read(graph, v, k, s) == line.first + s * line.stride;
  return line;
}

// Makes `v` read windows of `in`: filter, stride, dilation, and TFLite's padding.
constexpr void set_window(Value& v, Shape in, Extent filter, Extent stride, Extent dilation,
                          Padding padding) {
  const int tall = (filter.height - 1) * dilation.height + 1;
  const int wide = (filter.width - 1) * dilation.width + 1;
  const bool same = padding == Padding::same;
  v.filter = filter;
  v.stride = stride;
  v.dilation = dilation;
  v.left = same ? padding_before(in.width, v.shape.width, wide, stride.width) : 0;
  v.rows.count = filter.height;
  v.rows.stride = stride.height;
  v.rows.dilation = dilation.height;
  v.rows.top = same ? padding_before(in.height, v.shape.height, tall, stride.height) : 0;
}

constexpr Shape window_shape(Shape in, int channels, Extent filter, Extent stride, Extent dilation,
                             Padding padding) {
  return {
      window_outputs(in.height, (filter.height - 1) * dilation.height + 1, stride.height, padding),
      window_outputs(in.width, (filter.width - 1) * dilation.width + 1, stride.width, padding),
      channels};
}

inline constexpr int max_outputs = 16;

template <int Values, int Views, int Layers> struct ValueGraph {
  Value values[Values]{};
  View views[Views > 0 ? Views : 1]{};
  View layers[Layers > 0 ? Layers : 1]{};      // what each layer yields
  const char* ops[Layers > 0 ? Layers : 1]{};  // the layers' operators, in TFLite's names
  View outputs[max_outputs]{};
  int count = 0, view_count = 0, input_count = 0, output_count = 0;

  constexpr GraphView view() const { return {values, views, count, outputs, output_count}; }
};

// Builds a ValueGraph; layers call `begin` and `add`.
template <int Values, int Views, int Layers> struct Lowering {
  const Parameters* records;
  int record_count;
  ValueGraph<Values, Views, Layers> graph{};

  constexpr const Parameters& record(int index) const {
    return index < record_count ? records[index] : no_parameters;
  }

  constexpr void add_input(Shape shape) {
    Value& v = graph.values[graph.count];
    const Parameters& p = record(graph.count);
    v.shape = shape;
    v.record = graph.count;
    v.quant = p.output;
    v.element = p.element != Element::inherit ? p.element
                : p.output.scale != 0         ? Element::int8
                                              : Element::float32;
    ++graph.count;
    ++graph.input_count;
  }

  // A value with the element type and quantization of its record or, without one, of its input.
  constexpr Value begin(Op op, int layer, Shape shape, View in) const {
    const Value& source = graph.values[in.value];
    Value v{};
    v.op = op;
    v.shape = shape;
    v.layer = layer;
    v.record = graph.input_count + layer;
    const Parameters& p = record(v.record);
    v.element = p.element != Element::inherit ? p.element : source.element;
    v.quant = p.output.scale != 0 ? p.output : source.quant;
    return v;
  }

  constexpr bool has_quant(int layer) const {
    return record(graph.input_count + layer).output.scale != 0;
  }
  constexpr bool has_element(int layer) const {
    return record(graph.input_count + layer).element != Element::inherit;
  }

  template <class... Ins> constexpr View add(Value v, Ins... ins) {
    if constexpr (sizeof...(Ins) == 0) {
      return add_many(v, nullptr, 0);
    } else {
      const View inputs[] = {ins...};
      return add_many(v, inputs, static_cast<int>(sizeof...(Ins)));
    }
  }

  constexpr View add_many(Value v, const View* inputs, int count) {
    v.first_input = graph.view_count;
    v.inputs = count;
    for (int k = 0; k < count; ++k) graph.views[graph.view_count++] = inputs[k];
    graph.values[graph.count] = v;
    return {graph.count++, v.shape};
  }

  // The view with rows of its own: a copy where a reshape has moved the row boundaries.
  constexpr View with_rows(View in, int layer) {
    const Value& source = graph.values[in.value];
    if (source.shape.height == in.shape.height) return in;
    Value v = begin(Op::copy, layer, in.shape, in);
    v.element = source.element;
    v.quant = source.quant;
    v.rows.start = [](const Value& value, const View*, int, int step) {
      return step * value.shape.row() / value.filter.width;
    };
    v.filter.width = source.shape.row();  // the source's row length, in elements
    int most = 1;
    for (int r = 0; r < in.shape.height; ++r) {
      const int first = r * in.shape.row() / source.shape.row();
      const int last = ((r + 1) * in.shape.row() - 1) / source.shape.row();
      if (last - first + 1 > most) most = last - first + 1;
    }
    v.rows.count = most;
    return add(v, View{in.value, source.shape});
  }

  // An output is a computed value: a copy of an input or constant where the network passes it on.
  constexpr void own_output(int o) {
    const View view = graph.outputs[o];
    const Value& source = graph.values[view.value];
    if (source.op != Op::input && source.op != Op::constant) return;
    Value v = begin(Op::copy, 0, source.shape, view);
    v.element = source.element;
    v.quant = source.quant;
    v.filter.width = source.shape.row();
    graph.outputs[o] = {add(v, View{view.value, source.shape}).value, view.shape};
  }
};

}  // namespace graven
