// One kernel on one value, with shapes, parameters and inputs made at run time: every row, stream
// and scratch is memory of its own between guards, so that no kernel touches anything else.
#pragma once

#include <graven/graven.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <random>
#include <vector>

namespace test {

using namespace graven;

using namespace graven::core;

// Memory between guards, at an address that is a multiple of `alignment` and of nothing larger.
class Guarded {
  static constexpr std::size_t guard = 64, largest = 64;
  std::vector<std::byte> memory;
  std::byte* start;
  std::size_t size;

public:
  Guarded(std::size_t bytes, std::size_t alignment)
      : memory(2 * guard + 2 * largest + bytes, std::byte{0x5a}), size(bytes) {
    const auto address = reinterpret_cast<std::uintptr_t>(memory.data() + guard);
    const std::size_t beyond = address % largest;
    start = memory.data() + guard + (largest - beyond) % largest +
            (alignment < largest ? alignment : 0);
  }
  std::byte* data() { return start; }
  bool is_whole() const {
    for (const std::byte* at = memory.data(); at != memory.data() + memory.size(); ++at)
      if ((at < start || at >= start + size) && *at != std::byte{0x5a}) return false;
    return true;
  }
};

// A value, its inputs, and parameters that pointers of `params` point into.
struct Problem {
  Value values[3]{};
  View views[2]{};
  std::vector<std::int8_t> filter;
  std::vector<std::int32_t> bias;
  std::vector<float> scale, real_filter, real_bias;
  Parameters params{};
  std::mt19937 random;

  explicit Problem(unsigned seed) : random(seed) {}

  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }
  template <class T> T of(std::initializer_list<T> choices) {
    return choices.begin()[pick(0, static_cast<int>(choices.size()) - 1)];
  }
  float real(float low, float high) {
    return std::uniform_real_distribution<float>(low, high)(random);
  }

  const Value& value() const { return values[2]; }
  GraphView graph() const { return {values, views, 3}; }

  // Reads values[0], and values[1] where there are two inputs; call when shapes are final.
  void connect(int inputs) {
    values[2].inputs = inputs;
    for (int k = 0; k < inputs; ++k) views[k] = {k, values[k].shape, 0, views[k].rows};
    Value& v = values[2];
    const Shape in = values[0].shape;
    const int outputs = v.shape.channels, area = v.filter.area();
    if (v.op == op::depthwise) v.weights = {outputs, area, 1, outputs};
    if (v.op == op::dense) v.weights = {outputs, in.size(), in.size(), 1};
    if (v.op == op::conv) v.weights = {outputs, area * in.channels, area * in.channels, 1};
  }
  void fill_filter() {
    const FilterLayout layout = value().weights;
    const bool extreme = pick(0, 3) == 0;
    filter.resize(static_cast<std::size_t>(layout.size()));
    for (std::int8_t& w : filter)
      w = static_cast<std::int8_t>(extreme ? of({-128, -127, 127}) : pick(-128, 127));
    for (std::int8_t w : filter) real_filter.push_back(static_cast<float>(w) / 100.0f);
    for (int o = 0; o < layout.outputs; ++o) {
      bias.push_back(pick(-20000, 20000));
      real_bias.push_back(real(-1, 1));
    }
    const bool real_values = value().element == Element::float32;
    params.filter.element = real_values ? Element::float32 : Element::int8;
    params.filter.size = layout.size();
    params.filter.int8 = filter.data();
    params.filter.float32 = real_filter.data();
    params.bias.element = real_values ? Element::float32 : Element::int32;
    params.bias.size = layout.outputs;
    params.bias.int32 = bias.data();
    params.bias.float32 = real_bias.data();
  }
  // Multipliers around `most` in every channel, down to a fraction of it.
  void fill_scales(float most) {
    const float whole = most * values[2].quant.scale / values[0].quant.scale;
    for (int o = 0; o < value().weights.outputs; ++o) scale.push_back(whole * real(0.05f, 1.0f));
    params.scale.element = Element::float32;
    params.scale.size = static_cast<int>(scale.size());
    params.scale.float32 = scale.data();
  }
};

// All rows of a value.
using Rows = std::vector<std::unique_ptr<Guarded>>;

inline Rows make_rows(const Value& v) {
  Rows rows;
  for (int r = 0; r < v.shape.height; ++r)
    rows.push_back(std::make_unique<Guarded>(v.shape.row() * size_of(v.element), 1));
  return rows;
}
inline void fill_rows(const Rows& rows, const Value& v, Problem& problem) {
  const bool extreme = problem.pick(0, 3) == 0;
  for (const auto& row : rows)
    for (int i = 0; i < v.shape.row(); ++i)
      if (v.element == Element::float32)
        store(row->data() + 4 * i, problem.real(-2, 2));
      else
        row->data()[i] =
            static_cast<std::byte>(extreme ? problem.of({-128, 127}) : problem.pick(-128, 127));
}

// The rows of a step, as the engine hands them to the kernel; none: null.
struct StepRows {
  std::vector<const std::byte*> rows;
  std::vector<std::byte*> out;

  StepRows(const Problem& p, const Rows (&inputs)[2], const Rows& outputs, int s, int band,
           int per_input) {
    const Value& v = p.value();
    for (int k = 0; k < v.inputs; ++k)
      for (int i = 0; i < per_input; ++i) {
        const graven::core::Rows& read = p.views[k].rows;
        const int y = v.reduces ? s : read.start(s * band) + i * read.dilation;
        const bool exists = y >= 0 && y < static_cast<int>(inputs[k].size());
        rows.push_back(exists ? inputs[k][static_cast<std::size_t>(y)]->data() : nullptr);
      }
    const int first = v.reduces ? 0 : s * band;
    for (int r = first; r < first + band && r < v.shape.height; ++r)
      out.push_back(outputs[static_cast<std::size_t>(r)]->data());
  }
};

// All bytes of the rows; nobody has written beside them.
inline void collect(const Rows& rows, const Value& v, std::vector<std::byte>& all) {
  for (const auto& row : rows) {
    CHECK(row->is_whole());
    all.insert(all.end(), row->data(), row->data() + v.shape.row() * size_of(v.element));
  }
}

// The output that a kernel makes in steps of `band` rows.
template <class K>
std::vector<std::byte> run_kernel(const Problem& p, const Rows (&inputs)[2], int band) {
  const GraphView g = p.graph();
  const Value& v = p.value();
  const auto stream_size = static_cast<std::size_t>(K::stream_size(g, v));
  Guarded stream(stream_size, 64), scratch(static_cast<std::size_t>(K::scratch(g, v)), 4);
  std::memset(stream.data(), 0, stream_size);
  Writer writer{stream.data(), 0, static_cast<int>(stream_size)};
  K::pack(g, v, p.params, writer);
  CHECK(writer.at <= static_cast<int>(stream_size));
  for (int o = 0; v.op.has(Trait::weights) && v.element == Element::int8 && o < v.weights.outputs;
       ++o)
    CHECK(!fold(g, v, p.params, o).overflows);
  const Rows outputs = make_rows(v);
  const int per_input = v.reduces ? 1 : p.views[0].rows.count + (band - 1) * p.views[0].rows.step;
  Task task = make_task(g, v, per_input);
  task.stream = stream.data();
  const int steps = v.steps(p.views[0].shape.height, band);
  for (int s = 0; s < steps; ++s) {
    const StepRows at(p, inputs, outputs, s, band, per_input);
    const Band step{at.rows.data(),
                    at.out.data(),
                    scratch.data(),
                    s,
                    static_cast<int>(at.out.size()),
                    !v.reduces || s == 0,
                    !v.reduces || s + 1 == steps};
    if constexpr (requires { K::programs; }) {
      constexpr Kernel runs[]{&K::template run<0>, &K::template run<1>, &K::template run<2>};
      runs[writer.program](task, step);
    } else {
      K::run(task, step);
    }
  }
  CHECK(scratch.is_whole());
  CHECK(stream.is_whole());
  std::vector<std::byte> read, made;
  for (int k = 0; k < v.inputs; ++k) collect(inputs[k], p.values[k], read);
  collect(outputs, v, made);
  return made;
}

// Both kernels on the same rows.
template <class Expected, class Kernel> void check_parity(Problem& p, int band = 1) {
  Rows inputs[2];
  for (int k = 0; k < p.value().inputs; ++k) {
    inputs[k] = make_rows(p.values[k]);
    fill_rows(inputs[k], p.values[k], p);
  }
  const auto expected = run_kernel<Expected>(p, inputs, 1);
  const auto computed = run_kernel<Kernel>(p, inputs, band);
  CHECK(computed == expected);
}

}  // namespace test
