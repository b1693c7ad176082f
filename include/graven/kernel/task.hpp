// What a row kernel sees. Task: the constants of a value, in flash. Band: the rows of one step.
#pragma once

#include "graven/graph/value.hpp"
#include "graven/kernel/bytes.hpp"
#include "graven/kernel/row_form.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>

namespace graven::core {

struct Task;

struct Band {
  // Input k's rows start at rows[k * task.rows]; a null pointer is a row of padding, or a row that
  // does not exist (concat along the height).
  const std::byte* const* rows;
  std::byte* const* out;  // `count` rows; reductions write out[0] in the last step only
  std::byte* scratch;     // as many bytes as the kernel asked for, 4-aligned; reductions keep it
  int step;
  int count;
  bool first, last;
};

using Kernel = void (*)(const Task& task, const Band& band);

// Sizes in elements. Kernels work on a copy: a store to an int8 row may alias anything.
struct Task {
  Kernel kernel = nullptr;
  const std::byte* stream = nullptr;  // packed by the kernel's own `pack`
  std::uint16_t in_width = 0, in_channels = 0, out_width = 0, out_channels = 0;
  std::uint16_t in_height = 0, rows = 0;  // rows: pointers per input in a Band
  std::uint16_t filter_width = 0, stride_width = 0, dilation_width = 0;
  std::int16_t left = 0;
  std::int16_t in_zero = 0, out_zero = 0, low = 0, high = 0;  // of integer elements
};

constexpr Task make_task(const GraphView& graph, const Value& value, int rows) {
  Task t{};
  const View& in = graph.input(value);
  const Value& source = graph[in.value];
  auto narrow = [](int x) { return static_cast<std::uint16_t>(x); };
  t.in_width = narrow(in.shape.width);
  t.in_channels = narrow(in.shape.channels);
  t.in_height = narrow(in.shape.height);
  t.out_width = narrow(value.shape.width);
  t.out_channels = narrow(value.shape.channels);
  t.rows = narrow(rows);
  t.filter_width = narrow(value.filter.width);
  t.stride_width = narrow(value.stride.width);
  t.dilation_width = narrow(value.dilation.width);
  t.left = static_cast<std::int16_t>(value.left);
  t.in_zero = static_cast<std::int16_t>(source.quant.zero_point);
  t.out_zero = static_cast<std::int16_t>(value.quant.zero_point);
  if (is_quantized(value.element)) {
    const Clamp range = activation_range(value.activation, value.quant, value.element);
    t.low = static_cast<std::int16_t>(range.low);
    t.high = static_cast<std::int16_t>(range.high);
  }
  return t;
}

// A kernel without tables or scratch inherits what it does not need.
struct PlainKernel {
  static constexpr bool holds_weights = false;  // is its stream weights, or a table?
  static constexpr int scratch(const GraphView&, const Value&) { return 0; }      // bytes
  static constexpr int stream_size(const GraphView&, const Value&) { return 0; }  // bytes
  static constexpr void pack(const GraphView&, const Value&, const Parameters&, Writer&) {}
};

// Clamp of float activations.
struct RealClamp {
  float low, high;
};
constexpr RealClamp real_range(Activation activation) {
  constexpr float most = (std::numeric_limits<float>::max)();
  switch (activation) {
    case Activation::relu: return {0, most};
    case Activation::relu6: return {0, 6};
    case Activation::relu_n1_to_1: return {-1, 1};
    case Activation::relu_0_to_1: return {0, 1};
    default: return {-most, most};
  }
}
constexpr float clamp(float x, RealClamp c) { return x < c.low ? c.low : x > c.high ? c.high : x; }

}  // namespace graven::core
