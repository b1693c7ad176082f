// How layers make values: windows over an input, the graph as it grows.
#pragma once

#include "graven/graph/value.hpp"

namespace graven::core {

// The rows that a window spans, and the columns.
constexpr Extent window_span(Extent filter, Extent dilation) {
  return {saturated(std::int64_t{filter.height - 1} * dilation.height + 1),
          saturated(std::int64_t{filter.width - 1} * dilation.width + 1)};
}

// As four numbers.
constexpr Padding padding_of(Padding padding, Shape in, Extent span, Extent stride) {
  if (!padding.is_same) return padding;
  const Ends rows = same_ends(in.height, span.height, stride.height);
  const Ends columns = same_ends(in.width, span.width, stride.width);
  return {rows.before, rows.after, columns.before, columns.after};
}

// Makes `v` read windows of `input`: filter, stride, dilation, padding.
constexpr void set_window(Value& v, View& input, Extent filter, Extent stride, Extent dilation,
                          Padding padding) {
  padding = padding_of(padding, input.shape, window_span(filter, dilation), stride);
  v.filter = filter;
  v.stride = stride;
  v.dilation = dilation;
  v.left = padding.left;
  input.rows = {-padding.top, stride.height, 1, filter.height, dilation.height};
}

constexpr Shape window_shape(Shape in, int channels, Extent filter, Extent stride, Extent dilation,
                             Padding padding) {
  const Extent span = window_span(filter, dilation);
  padding = padding_of(padding, in, span, stride);
  return {window_outputs(in.height, span.height, stride.height, {padding.top, padding.bottom}),
          window_outputs(in.width, span.width, stride.width, {padding.left, padding.right}),
          channels};
}

// Which rows of `from` elements the rows of `to` lie in, whose elements are those from `first` on.
constexpr Rows cut_rows(int first, int from, Shape to) {
  const int row = to.row();
  int most = 1;
  for (int r = 0; r < to.height; ++r) {
    const int begin = first + r * row;
    const int rows = (begin + row - 1) / from - begin / from + 1;
    if (rows > most) most = rows;
  }
  return {first, row, from, most};
}

inline constexpr int max_outputs = 16;

struct ConstantOptions {
  int index = 0;  // in the record's constants; -1: the layer's parameters lack it
};

template <int Values, int Views, int Layers> struct ValueGraph {
  Value values[std::size_t{Values}]{};
  View views[std::size_t{Views > 0 ? Views : 1}]{};
  View layers[std::size_t{Layers > 0 ? Layers : 1}]{};  // what each layer yields
  const char*
      ops[std::size_t{Layers > 0 ? Layers : 1}]{};  // the layers' operators, in TFLite's names
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

  // The constant of this name in the layer's record, as a value.
  constexpr View constant(int layer, const char* name, Shape shape) {
    Value v{};
    v.op = op::constant;
    v.shape = shape;
    v.layer = layer;
    v.record = graph.input_count + layer;
    const Parameters& p = record(v.record);
    const int index = p.find(name);
    v.options.set(ConstantOptions{index});
    if (index >= 0) {
      const Constant& c = p.constants[index];
      v.element = c.data.element;
      v.quant = {c.scale.float32 != nullptr ? c.scale.float32[0] : 0, c.zero_point};
    }
    return add(v);
  }

  // A row of the State that the next value alone reads and writes.
  constexpr View state(int layer, Shape shape, Element element, Quant quant = {}) {
    Value v{};
    v.op = op::state;
    v.shape = shape;
    v.element = element;
    v.quant = quant;
    v.layer = layer;
    v.record = graph.input_count + layer;
    v.options.set(ConstantOptions{-1});
    v.persistent = true;
    return add(v);
  }
  // The same: `name` is a constant of one number, the zero point, which tells the elements.
  constexpr View state(int layer, const char* name, Shape shape) {
    const Value like = graph.values[constant(layer, name, shape).value];
    --graph.count;
    return state(layer, shape, like.element, like.quant);
  }

  constexpr bool has_quant(int layer) const {
    return record(graph.input_count + layer).output.scale != 0;
  }
  constexpr bool has_element(int layer) const {
    return record(graph.input_count + layer).element != Element::inherit;
  }

  // The rows of the value that is added next, as they were before: an input of one that persists.
  constexpr View own_rows(const Value& v) const { return {graph.count, v.shape}; }

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
    if (v.op.has(Trait::weights)) {
      v.weights.element = record(v.record).filter.element;
      v.weights.bias = record(v.record).bias.element;
    }
    for (int k = 0; k < count; ++k) graph.views[graph.view_count++] = inputs[k];
    graph.values[graph.count] = v;
    return {graph.count++, v.shape};
  }

  // The view with rows of its own: a copy where a reshape has moved the row boundaries.
  constexpr View with_rows(View in, int layer) {
    const Value& source = graph.values[in.value];
    if (source.shape.row() == in.shape.row()) return in;
    Value v = begin(op::copy, layer, in.shape, in);
    v.element = source.element;
    v.quant = source.quant;
    return copied(v, in);
  }
  // A copy of the view's elements, in rows of its own.
  constexpr View copied(Value v, View in) {
    const Shape source = graph.values[in.value].shape;
    return add(
        v, View{in.value, source, 0, cut_rows(in.first * source.row(), source.row(), in.shape)});
  }

  // An output is a computed value as a whole: a copy of an input or a constant that the network
  // passes on, and of some rows of a value.
  constexpr void own_output(int o) {
    const View view = graph.outputs[o];
    const Value& source = graph.values[view.value];
    const bool whole = view.first == 0 && view.shape.size() == source.shape.size();
    const bool computed =
        source.op != op::input && source.op != op::constant && source.op != op::state;
    if (whole && computed) return;
    Shape shape = view.shape;
    if (source.shape.row() != shape.row())
      shape = {shape.size() / source.shape.row(), source.shape.width, source.shape.channels};
    Value v = begin(op::copy, 0, whole ? source.shape : shape, view);
    v.element = source.element;
    v.quant = source.quant;
    View in = view;
    in.shape = v.shape;
    graph.outputs[o] = {copied(v, in).value, view.shape};
  }
};

}  // namespace graven::core
