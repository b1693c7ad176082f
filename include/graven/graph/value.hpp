// The network as constexpr values: who feeds whom, with which shapes and numbers. Everything that
// is planned, packed and run is derived from this; nothing here exists at run time.
//
// A Value is a model input, a constant, or what one kernel computes step by step. A step makes one
// band of rows of its value. Two kinds exist:
//   windows     a step per band of output rows, from the input rows that `Rows` names;
//   reductions  a step per row of the first input, and what `Rows` names of others; the output
//               appears with the last one.
#pragma once

#include "graven/graph/op.hpp"
#include "graven/params.hpp"
#include "graven/quant.hpp"
#include "graven/shape.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace graven::core {

constexpr int floor_div(int a, int b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

// Which rows of an input a step reads: step s (of one-row bands) reads `count` rows, `dilation`
// apart, from row floor((first + s * step) / per) on, or from starts[s] where that is no formula.
// A row outside of the input is a null pointer: padding or, `elsewhere`, a row of another input.
struct Rows {
  int first = 0, step = 1, per = 1;
  int count = 1, dilation = 1;
  bool elsewhere = false;
  const std::uint16_t* starts = nullptr;  // where per is 0

  constexpr int start(int s) const {
    return per == 0 ? starts[s] : floor_div(first + s * step, per);
  }
  // Does every step begin advance() rows behind the one before, the first at row start(0)?
  constexpr bool straight() const { return per != 0 && first % per == 0 && step % per == 0; }
  constexpr int advance() const { return step / per; }
  constexpr int reach() const { return (count - 1) * dilation + 1; }  // from first to last
};

// Rows given one by one: `starts`, which has static storage. A formula, where it is one.
template <std::size_t N>
constexpr Rows listed(const std::array<std::uint16_t, N>& starts, int count = 1) {
  const int first = starts[0], step = N > 1 ? starts[N > 1 ? 1 : 0] - first : 1;
  bool straight = true;
  for (std::size_t s = 0; s < N; ++s)
    straight = straight && starts[s] == first + static_cast<int>(s) * step;
  return straight ? Rows{first, step, 1, count} : Rows{0, 0, 0, count, 1, false, starts.data()};
}

// A value as one reader sees it: reshaping is free where it keeps the rows.
struct View {
  int value = 0;
  Shape shape{};
  int first = 0;  // row 0 of the view is this row of the value
  Rows rows{};    // of the view, that the reader's steps read
};

// Axes of an activation, as a set.
enum class Axis : std::uint8_t { height = 1, width = 2, channels = 4 };
constexpr Axis operator|(Axis a, Axis b) {
  return static_cast<Axis>(static_cast<int>(a) | static_cast<int>(b));
}
constexpr bool has(int axes, Axis axis) { return (axes & static_cast<int>(axis)) != 0; }

// The shape with these axes of one element.
constexpr Shape keep(Shape s, int axes) {
  return {has(axes, Axis::height) ? 1 : s.height, has(axes, Axis::width) ? 1 : s.width,
          has(axes, Axis::channels) ? 1 : s.channels};
}

// The shape without these axes; what remains moves to the right: {8, 1, 4} without width: {1, 8,
// 4}.
constexpr Shape drop(Shape s, int axes) {
  int left[3]{1, 1, 1}, n = 3;
  if (!has(axes, Axis::channels)) left[--n] = s.channels;
  if (!has(axes, Axis::width)) left[--n] = s.width;
  if (!has(axes, Axis::height)) left[--n] = s.height;
  return {left[0], left[1], left[2]};
}

// A real number as a template argument (clang 14 has no float ones): value = bits of a float.
struct Real {
  std::uint32_t bits;

  constexpr Real(float value) : bits(std::bit_cast<std::uint32_t>(value)) {}
  constexpr float value() const { return std::bit_cast<float>(bits); }
};

struct WordNumbers {
  std::int32_t values[4]{};
};

// A function of one element, as the compiler and a float kernel call it; null: there is none for
// such elements.
struct Function {
  std::int8_t (*entry)(int q, Quant in, Quant out) = nullptr;  // int8 -> int8: TFLM's arithmetic
  float (*real)(float x) = nullptr;
  // int16 -> int16, by `numbers` of the scales, which are made while the value is packed.
  std::int16_t (*wide)(std::int32_t q, const WordNumbers& numbers) = nullptr;
  WordNumbers (*numbers)(Quant in, Quant out) = nullptr;
  float (*slope)(float x) = nullptr;  // the derivative of `real`, for training
  float (*exact)(float x) = nullptr;  // `real` without a C library; null: it is so itself
  // int16 -> int16 by a table with interpolation, which is made while the value is packed.
  std::array<std::int16_t, 513> (*table)(Quant in, Quant out) = nullptr;
};

struct Moves;  // graph/moves.hpp

// How the filter of a value is laid out: `taps` weights per output, at index(output, 0) and on.
struct FilterLayout {
  int outputs = 0, taps = 0, output_step = 0, tap_step = 0;
  bool rounds_scale = false;  // Dense: scale_in * scale_filter, if it is one for all, as a float
  Element element = Element::inherit, bias = Element::inherit;  // as the record has them

  constexpr int size() const { return saturated(std::int64_t{outputs} * taps); }
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

// An array that a layer's record must have (run/check_wanted.hpp): the field of that name, else a
// constant.
struct Wanted {
  const char* name = "";
  int size = 0;  // elements
  Element element = Element::inherit;
  bool scaled = false;    // one scale for all of it
  bool optional = false;  // or not at all
};

struct Value {
  Op op = op::input;
  Shape shape{};
  Element element = Element::int8;
  Quant quant{};
  int layer = -1;                   // in reading order; -1 for model inputs
  int record = -1;                  // index in the parameter records
  int first_input = 0, inputs = 0;  // in ValueGraph::views

  bool reduces = false;      // a step per input row; the output's rows come with the last step
  bool carries = false;      // scratch lasts from the first step to the last, as a reduction's does
  bool trainable = false;    // stands in Trainable<>
  bool elementwise = false;  // element i depends on element i of equal-sized inputs: may overwrite
  bool persistent = false;   // keeps its rows from run to run, ...
  int fresh = 0;             // ... but not its first `fresh` ones, made anew by every run

  Extent filter = 1, stride = 1, dilation = 1;
  int left = 0;  // padding pixels before the row
  Activation activation = Activation::none;
  FilterLayout weights{};        // of operators with weights
  Function function{};           // of op::map
  Options options{};             // of the operator itself
  Listing<Wanted> wanted{};      // what its kernel packs besides filter and bias of Trait::weights
  const Moves* moves = nullptr;  // of index maps
  std::uint64_t macs = 0;

  constexpr int steps(int input_height, int band) const {
    return reduces ? input_height : (shape.height + band - 1) / band;
  }
};

// What an activation leaves of the values of v's element.
constexpr Clamp range_of(const Value& v) {
  return activation_range(v.activation, v.quant, v.element);
}
// Does an integer value have no activation that changes anything?
constexpr bool whole_range(const Value& v) {
  const Clamp range = range_of(v);
  return range.low == detail::low_of(v.element) && range.high == detail::high_of(v.element);
}

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
  constexpr const Rows& rows(const Value& value, int k = 0) const { return input(value, k).rows; }
  // Rows of padding above the first window.
  constexpr int top(const Value& value) const { return -rows(value).first; }
  // The widest padding that any window sees, on any side.
  constexpr int rim(const Value& v) const {
    const Shape in = input(v).shape;
    const int sides[] = {
        top(v), v.left,
        beyond(v.shape.height, v.filter.height, v.stride.height, v.dilation.height,
               top(v) + in.height),
        beyond(v.shape.width, v.filter.width, v.stride.width, v.dilation.width, v.left + in.width)};
    int most = 0;
    for (int side : sides) most = side > most ? side : most;
    return most;
  }
  // Elements of a window over all channels.
  constexpr int window_size(const Value& value) const {
    return value.filter.area() * input(value).shape.channels;
  }

private:
  // How far the last of some windows along an axis reaches behind `end`.
  static constexpr int beyond(int outputs, int filter, int stride, int dilation, int end) {
    return (outputs - 1) * stride + (filter - 1) * dilation + 1 - end;
  }
};

}  // namespace graven::core
