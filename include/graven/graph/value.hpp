// The network as constexpr values: who feeds whom, with which shapes and numbers. Everything that
// is planned, packed and run is derived from this; nothing here exists at run time.
//
// A Value is a model input, a constant, or what one kernel computes step by step. A step makes one
// band of rows of its value. Two kinds exist:
//   windows     a step per band of output rows, from the input rows that `Rows` names;
//   reductions  a step per input row; the output appears with the last one.
#pragma once

#include "graven/graph/op.hpp"
#include "graven/params.hpp"
#include "graven/quant.hpp"
#include "graven/shape.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace graven {

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

// A function of one element, as the compiler and a float kernel call it.
struct Function {
  std::int8_t (*entry)(int q, Quant in, Quant out) = nullptr;  // int8 -> int8: TFLM's arithmetic
  float (*real)(float x) = nullptr;
};

// How the filter of a value is laid out: `taps` weights per output, at index(output, 0) and on.
struct FilterLayout {
  int outputs = 0, taps = 0, output_step = 0, tap_step = 0;
  bool rounds_scale = false;  // Dense: scale_in * scale_filter, if it is one for all, as a float

  constexpr int size() const { return outputs * taps; }
  constexpr int index(int output, int tap) const { return output * output_step + tap * tap_step; }
};

// An operator's own numbers: a struct of ints, floats and enums of their size.
struct Options {
  std::int32_t words[8]{};

  template <class T> constexpr void set(const T& record) {
    using Words = std::array<std::int32_t, sizeof(T) / 4>;
    static_assert(sizeof(T) % 4 == 0 && sizeof(T) <= sizeof(words),
                  "Options: an operator's record has at most eight members of four bytes each.");
    const Words from = std::bit_cast<Words>(record);
    for (std::size_t i = 0; i < from.size(); ++i) words[i] = from[i];
  }
  template <class T> constexpr T get() const {
    std::array<std::int32_t, sizeof(T) / 4> to{};
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = words[i];
    return std::bit_cast<T>(to);
  }
};

struct Value {
  Op op = op::input;
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
  FilterLayout weights{};  // of operators with weights
  Function function{};     // of op::map
  Options options{};       // of the operator itself
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

}  // namespace graven
