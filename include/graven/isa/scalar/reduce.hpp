// Row kernels that reduce axes: sums, means, extremes and products, and the places of extremes.
#pragma once

#include "graven/isa/scalar/pool.hpp"
#include "graven/kernel/multiplier.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/argmax.hpp"
#include "graven/layers/reduce.hpp"
#include "graven/quant.hpp"

namespace graven::core::scalar_isa {

constexpr int reduced_count(const GraphView& g, const Value& v) {
  const Shape in = g.input(v).shape;
  const int axes = v.options.get<ReduceOptions>().axes;
  return (has(axes, Axis::height) ? in.height : 1) * (has(axes, Axis::width) ? in.width : 1) *
         (has(axes, Axis::channels) ? in.channels : 1);
}

// Elements of one output, one after the other: `Rule` says how an element is added (start, add) and
// what becomes of all of them (finish). Scratch: a Rule::Sum per output.
template <class Rule> struct Reduced : Rule {
  using T = typename Rule::Element;
  using Sum = typename Rule::Sum;
  using Wide = typename Rule::Wide;

  static constexpr int scratch(const GraphView&, const Value& v) {
    return v.shape.row() * static_cast<int>(sizeof(Sum));
  }

  static constexpr void finish_all(const Task& t, const Band& band, int outputs) {
    const std::byte* sum = band.scratch;
    std::byte* const end = band.out[0] + outputs * static_cast<int>(sizeof(T));
    for (std::byte* out = band.out[0]; out != end; out += sizeof(T), sum += sizeof(Sum))
      Rule::finish(t, out, load_aligned<Sum>(sum));
  }

  // What outputs take from a row: elements `step` bytes apart, up to `bytes` from the first.
  struct Line {
    int bytes, step;
    bool first;

    constexpr Wide start(const std::byte* sum) const {
      return first ? Rule::start() : load_aligned<Sum>(sum);
    }
    constexpr void add_one(const std::byte* in, std::byte* sum) const {
      Wide a = start(sum);
      for (int at = 0; at != bytes; at += step) a = Rule::add(a, load<T>(in + at));
      store_aligned(sum, static_cast<Sum>(a));
    }
    // Four outputs side by side.
    constexpr void add_four(const std::byte* in, std::byte* sum) const {
      constexpr int size = sizeof(T), wide = sizeof(Sum);
      Wide a = start(sum), b = start(sum + wide), c = start(sum + 2 * wide);
      Wide d = start(sum + 3 * wide);
      for (int at = 0; at != bytes; at += step) {
        a = Rule::add(a, load<T>(in + at));
        b = Rule::add(b, load<T>(in + at + size));
        c = Rule::add(c, load<T>(in + at + 2 * size));
        d = Rule::add(d, load<T>(in + at + 3 * size));
      }
      store_aligned(sum, static_cast<Sum>(a));
      store_aligned(sum + wide, static_cast<Sum>(b));
      store_aligned(sum + 2 * wide, static_cast<Sum>(c));
      store_aligned(sum + 3 * wide, static_cast<Sum>(d));
    }
  };

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    constexpr int size = sizeof(T), wide = sizeof(Sum);
    const int outputs = t.out_width * t.out_channels;
    const int columns = t.out_width == 1 ? t.in_width : 1;
    const int channels = t.out_channels == 1 ? t.in_channels : 1;
    const int step = (channels > 1 ? 1 : t.in_channels) * size;
    const Line line{columns * channels * step, step, band.first};
    const int next = channels > 1 ? channels * size : size;  // the first element of the next output
    const std::byte* in = band.rows[0];
    std::byte* sum = band.scratch;
    int left = outputs;
    if (next == size)
      for (; left >= 4; left -= 4, in += 4 * size, sum += 4 * wide) line.add_four(in, sum);
    for (; left > 0; --left, in += next, sum += wide) line.add_one(in, sum);
    if (band.last) finish_all(t, band, outputs);
  }
};

// ---- sums and means -----------------------------------------------------------------------------

constexpr bool is_total(const Value& v) { return v.op == op::mean || v.op == op::sum; }

// Stream: int32 count * zero_point_in, multiplier, shift; or float: what to divide by. Of int32,
// which is a number as it is, none.
template <class T, class Acc> struct Total : PlainKernel {
  using Element = T;
  using Sum = Acc;
  using Wide = std::conditional_t<std::is_same_v<T, float>, float, std::int32_t>;
  static constexpr bool plain = std::is_same_v<T, std::int32_t>;

  static constexpr int stream_size(const GraphView&, const Value&) { return plain ? 0 : 12; }

  // TFLM folds 1 / count into the multiplier by an integer division (QuantizedMeanOrSum).
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const int count = reduced_count(g, v), divisor = v.op == op::mean ? count : 1;
    if constexpr (std::is_same_v<T, float>) {
      to.put(static_cast<float>(divisor));
    } else if constexpr (!plain) {
      const Quant in = g.source(v).quant;
      const Multiplier whole =
          quantize_multiplier(static_cast<double>(in.scale) / static_cast<double>(v.quant.scale));
      int shift = static_cast<int>(std::bit_width(static_cast<std::uint32_t>(divisor))) - 1;
      if (shift > 31 + whole.shift) shift = 31 + whole.shift;
      to.put(static_cast<std::int32_t>(count * in.zero_point));
      to.put(static_cast<std::int32_t>((std::int64_t{whole.multiplier} << shift) / divisor));
      to.put(static_cast<std::int32_t>(whole.shift - shift));
    }
  }

  static constexpr Wide start() { return 0; }
  static constexpr Wide add(Wide a, T x) {
    if constexpr (plain)
      return static_cast<Wide>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(x));
    else
      return a + x;
  }
  static constexpr void finish(const Task& t, std::byte* out, Acc sum) {
    if constexpr (std::is_same_v<T, float>) {
      store(out, sum / load_aligned<float>(t.stream));
    } else if constexpr (plain) {
      store(out, sum);
    } else {
      const std::int32_t centred = sum - load_aligned<std::int32_t>(t.stream);
      const Multiplier m = multiplier_at(t.stream + 4);
      store(out, static_cast<T>(clamp(requantize(centred, m) + t.out_zero, {t.low, t.high})));
    }
  }
};
template <class T, class Acc> using Mean = Reduced<Total<T, Acc>>;

template <class T> struct Means {
  static constexpr const char* name = "scalar.mean";
  static constexpr bool serves(const GraphView& g, int value) {
    if (!is_total(g[value]) || !is_summable<T>(reduced_count(g, g[value]))) return false;
    return makes<T>(g, value, op::sum) ||
           (makes<T>(g, value, op::mean) && !std::is_same_v<T, std::int32_t>);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    if constexpr (std::is_same_v<T, std::int32_t>) {
      return Mean<T, T>{};
    } else {
      constexpr int count = reduced_count(graph.view(), graph.values[value]);
      return Mean<T, SumOf<T, count>>{};
    }
  }
};

// ---- extremes, products -------------------------------------------------------------------------

// The first of equals stays, and NaN is never taken, as in TFLM.
template <class T, bool largest> struct Extreme : PlainKernel {
  using Element = T;
  using Sum = T;
  using Wide = T;

  static constexpr bool beats(T x, T y) { return largest ? x > y : x < y; }
  static constexpr T start() {
    return largest ? std::numeric_limits<T>::lowest() : (std::numeric_limits<T>::max)();
  }
  static constexpr T add(T a, T x) { return beats(x, a) ? x : a; }
  static constexpr void finish(const Task&, std::byte* out, T a) { store(out, a); }
};

// Of float32, and of int32 modulo 2^32.
template <class T> struct Factors : PlainKernel {
  using Element = T;
  using Sum = T;
  using Wide = T;

  static constexpr T start() { return 1; }
  static constexpr T add(T a, T x) {
    if constexpr (std::is_same_v<T, float>)
      return a * x;
    else
      return static_cast<T>(static_cast<std::uint32_t>(a) * static_cast<std::uint32_t>(x));
  }
  static constexpr void finish(const Task&, std::byte* out, T a) { store(out, a); }
};

// Booleans are bytes of 0 and 1: `any` is the largest, `all` the least.
template <class T, Element element = element_of<T>()> struct Reductions {
  static constexpr const char* name = "scalar.reduce";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    if (v.element != element || !is_uniform(g, v)) return false;
    if (element == Element::boolean) return v.op == op::reduce_any || v.op == op::reduce_all;
    if (v.op == op::reduce_prod) return sizeof(T) == 4;
    return v.op == op::reduce_max || v.op == op::reduce_min;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr Op op = graph.values[value].op;
    if constexpr (op == op::reduce_prod)
      return Reduced<Factors<T>>{};
    else
      return Reduced<Extreme<T, op == op::reduce_max || op == op::reduce_any>>{};
  }
};

// ---- places -------------------------------------------------------------------------------------

// The index of the first extreme along one axis. Scratch: per output the index, then the elements.
template <class T, class Index, bool largest> struct ArgExtreme : PlainKernel {
  static constexpr const char* name = largest ? "scalar.argmax" : "scalar.argmin";
  static constexpr bool serves(const GraphView& g, int value) {
    return converts<T, Index>(g, value, largest ? op::argmax : op::argmin);
  }
  static constexpr int scratch(const GraphView&, const Value& v) {
    return v.shape.row() * (4 + static_cast<int>(sizeof(T)));
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const int outputs = t.out_width * t.out_channels;
    std::byte* best = band.scratch + 4 * outputs;
    const bool along_channels = t.out_channels < t.in_channels;
    const bool along_width = t.out_width < t.in_width;
    const std::byte* in = band.rows[0];
    for (int x = 0; x < t.in_width; ++x)
      for (int c = 0; c < t.in_channels; ++c, in += sizeof(T)) {
        const int i = (along_width ? 0 : x) * t.out_channels + (along_channels ? 0 : c);
        const int index = along_channels ? c : along_width ? x : band.first ? 0 : band.step;
        const T value = load<T>(in);
        std::byte* at = best + i * static_cast<int>(sizeof(T));
        if (index == 0 || Extreme<T, largest>::beats(value, load<T>(at))) {
          store(at, value);
          store_aligned(band.scratch + 4 * i, static_cast<std::int32_t>(index));
        }
      }
    if (!band.last) return;
    for (int i = 0; i < outputs; ++i)
      store(band.out[0] + i * static_cast<int>(sizeof(Index)),
            static_cast<Index>(load_aligned<std::int32_t>(band.scratch + 4 * i)));
  }
};

template <class T, class Index>
using ArgExtremes = Prefer<ArgExtreme<T, Index, true>, ArgExtreme<T, Index, false>>;

}  // namespace graven::core::scalar_isa
