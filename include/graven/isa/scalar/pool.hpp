// Row kernels that reduce windows or axes: max and average pools, mean, argmax.
#pragma once

#include "graven/kernel/prefer.hpp"
#include "graven/layers/argmax.hpp"
#include "graven/layers/avg_pool.hpp"
#include "graven/layers/max_pool.hpp"
#include "graven/layers/mean.hpp"
#include "graven/quant.hpp"

namespace graven::core::scalar_isa {

template <class T> constexpr void store_clamped(std::byte* out, const Task& t, std::int32_t acc) {
  store(out, static_cast<T>(clamp(acc, {t.low, t.high})));
}

// sum / count, rounded half away from zero.
constexpr std::int32_t rounded_mean(std::int32_t sum, std::int32_t count) {
  return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

// The largest element. Stream: for float the clamp.
template <class T> struct Largest {
  using Acc = T;
  static constexpr Acc start() { return (std::numeric_limits<T>::lowest)(); }
  static constexpr Acc add(Acc acc, T x) { return x > acc ? x : acc; }
  static constexpr void finish(std::byte* out, const Task& t, Acc acc, int) {
    if constexpr (std::is_same_v<T, float>)
      store(out, clamp(acc, RealClamp{load_aligned<float>(t.stream),
                                      load_aligned<float>(t.stream + 4)}));
    else
      store_clamped<T>(out, t, acc);
  }
};

// The mean of the elements that exist.
template <class T, class Sum> struct Average {
  using Acc = Sum;
  static constexpr Acc start() { return 0; }
  static constexpr Acc add(Acc acc, T x) { return static_cast<Acc>(acc + x); }
  static constexpr void finish(std::byte* out, const Task& t, Acc acc, int count) {
    if constexpr (std::is_same_v<T, float>)
      store(out,
            clamp(acc / static_cast<float>(count),
                  RealClamp{load_aligned<float>(t.stream), load_aligned<float>(t.stream + 4)}));
    else
      store_clamped<T>(out, t, rounded_mean(acc, count));
  }
};

// Windows of rows, or with `Reduces` one row after the other into accumulators in scratch.
template <class T, class Rule, bool Reduces> struct Pool : PlainKernel {
  using Acc = typename Rule::Acc;
  static constexpr int size = sizeof(T);

  static constexpr int scratch(const GraphView&, const Value& v) {
    return Reduces ? v.shape.row() * static_cast<int>(sizeof(Acc)) : 0;
  }
  static constexpr int stream_size(const GraphView&, const Value&) {
    return std::is_same_v<T, float> ? 8 : 0;
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    if constexpr (std::is_same_v<T, float>) {
      const RealClamp range = real_range(v.activation);
      to.put(range.low);
      to.put(range.high);
    }
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    std::byte* out = band.out[0];
    std::byte* sums = band.scratch;
    const int rows = Reduces ? 1 : t.rows, pixel = t.in_channels * size;
    int real_rows = Reduces ? t.in_height : 0;
    if constexpr (!Reduces)
      for (int ky = 0; ky < rows; ++ky) real_rows += band.rows[ky] != nullptr ? 1 : 0;
    for (int x = 0; x < t.out_width; ++x) {
      int from = x * t.stride_width - t.left, to = from + t.filter_width;
      if (from < 0) from = 0;
      if (to > t.in_width) to = t.in_width;
      for (int c = 0; c < t.in_channels; ++c, out += Reduces && !band.last ? 0 : size) {
        Acc acc = Rule::start();
        if (Reduces && !band.first) acc = load_aligned<Acc>(sums);
        for (int ky = 0; ky < rows; ++ky) {
          const std::byte* row = band.rows[ky];
          if (row == nullptr) continue;
          const int end = to * pixel;  // an index: pointers do not go beyond a row
          for (int at = from * pixel + c * size; at < end; at += pixel)
            acc = Rule::add(acc, load<T>(row + at));
        }
        if (!Reduces || band.last)
          Rule::finish(out, t, acc, real_rows * (to - from));
        else
          store_aligned(sums, acc);
        if constexpr (Reduces) sums += sizeof(Acc);
      }
    }
  }
};

template <class T> struct MaxPools {
  static constexpr const char* name = "scalar.max_pool";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::max_pool);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return Pool<T, Largest<T>, graph.values[value].reduces>{};
  }
};

// Sums of up to 255 int8 elements fit int16, which halves the accumulators in the arena.
template <class T, int count>
using SumOf = std::conditional_t<std::is_same_v<T, float>, float,
                                 std::conditional_t<(count <= 255), std::int16_t, std::int32_t>>;

template <class T> struct AveragePools {
  static constexpr const char* name = "scalar.average_pool";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::average_pool);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    return Pool<T, Average<T, SumOf<T, v.filter.area()>>, v.reduces>{};
  }
};

// Of int8, whatever they pool by.
using Pools = Prefer<MaxPools<std::int8_t>, AveragePools<std::int8_t>>;

constexpr int reduced_count(const GraphView& g, const Value& v) {
  const Shape in = g.input(v).shape;
  const int axes = v.options.get<MeanOptions>().axes;
  return (has(axes, Axis::height) ? in.height : 1) * (has(axes, Axis::width) ? in.width : 1) *
         (has(axes, Axis::channels) ? in.channels : 1);
}

// Mean over any axes. Stream: int32 count * zero_point_in, multiplier, shift; or float count.
template <class T, class Acc> struct Mean : PlainKernel {
  using Sum = Acc;
  using Wide = std::conditional_t<std::is_same_v<T, float>, float, std::int32_t>;

  static constexpr int scratch(const GraphView&, const Value& v) {
    return v.shape.row() * static_cast<int>(sizeof(Acc));
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 12; }

  // TFLM folds 1 / count into the multiplier by an integer division (QuantizedMeanOrSum).
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const int count = reduced_count(g, v);
    if constexpr (std::is_same_v<T, float>) {
      to.put(static_cast<float>(count));
    } else {
      const Quant in = g.source(v).quant;
      const Multiplier whole =
          quantize_multiplier(static_cast<double>(in.scale) / static_cast<double>(v.quant.scale));
      int shift = static_cast<int>(std::bit_width(static_cast<std::uint32_t>(count))) - 1;
      if (shift > 31 + whole.shift) shift = 31 + whole.shift;
      to.put(static_cast<std::int32_t>(count * in.zero_point));
      to.put(static_cast<std::int32_t>((std::int64_t{whole.multiplier} << shift) / count));
      to.put(static_cast<std::int32_t>(whole.shift - shift));
    }
  }

  static constexpr void finish(const Task& t, std::byte* out, Acc sum) {
    if constexpr (std::is_same_v<T, float>) {
      store(out, sum / load_aligned<float>(t.stream));
    } else {
      const std::int32_t centred = sum - load_aligned<std::int32_t>(t.stream);
      const Multiplier m{load_aligned<std::int32_t>(t.stream + 4),
                         static_cast<int>(load_aligned<std::int32_t>(t.stream + 8))};
      store(out, static_cast<T>(clamp(requantize(centred, m) + t.out_zero, {t.low, t.high})));
    }
  }

  static constexpr void finish_all(const Task& t, const Band& band, int outputs) {
    const std::byte* sum = band.scratch;
    std::byte* const end = band.out[0] + outputs * static_cast<int>(sizeof(T));
    for (std::byte* out = band.out[0]; out != end; out += sizeof(T), sum += sizeof(Acc))
      finish(t, out, load_aligned<Acc>(sum));
  }

  // What outputs take from a row: elements `step` bytes apart, up to `bytes` from the first.
  struct Line {
    int bytes, step;
    bool first;

    constexpr Wide start(const std::byte* sum) const {
      return first ? Wide{0} : load_aligned<Acc>(sum);
    }
    constexpr void add_one(const std::byte* in, std::byte* sum) const {
      Wide a = start(sum);
      for (int at = 0; at != bytes; at += step) a += load<T>(in + at);
      store_aligned(sum, static_cast<Acc>(a));
    }
    // Four outputs side by side.
    constexpr void add_four(const std::byte* in, std::byte* sum) const {
      constexpr int size = sizeof(T), wide = sizeof(Acc);
      Wide a = start(sum), b = start(sum + wide), c = start(sum + 2 * wide);
      Wide d = start(sum + 3 * wide);
      for (int at = 0; at != bytes; at += step) {
        a += load<T>(in + at);
        b += load<T>(in + at + size);
        c += load<T>(in + at + 2 * size);
        d += load<T>(in + at + 3 * size);
      }
      store_aligned(sum, static_cast<Acc>(a));
      store_aligned(sum + wide, static_cast<Acc>(b));
      store_aligned(sum + 2 * wide, static_cast<Acc>(c));
      store_aligned(sum + 3 * wide, static_cast<Acc>(d));
    }
  };

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    constexpr int size = sizeof(T), wide = sizeof(Acc);
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

template <class T> struct Means {
  static constexpr const char* name = "scalar.mean";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::mean);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr int count = reduced_count(graph.view(), graph.values[value]);
    return Mean<T, SumOf<T, count>>{};
  }
};

// The index of the first largest element along one axis. Scratch: per output the index, then the
// elements.
template <class T, class Index> struct ArgMax : PlainKernel {
  static constexpr const char* name = "scalar.argmax";
  static constexpr bool serves(const GraphView& g, int value) {
    return converts<T, Index>(g, value, op::argmax);
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
        const int index = along_channels ? c : along_width ? x : band.step;
        const T value = load<T>(in);
        std::byte* at = best + i * static_cast<int>(sizeof(T));
        if (index == 0 || value > load<T>(at)) {
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

}  // namespace graven::core::scalar_isa
