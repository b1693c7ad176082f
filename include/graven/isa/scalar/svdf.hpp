// SVDF: each feature of the new moment, then the sum over time while the state moves on by one.
#pragma once

#include "graven/kernel/multiplier.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/svdf.hpp"

namespace graven::core::scalar_isa {

// What a value alone reads of the State is its own to write.
constexpr std::byte* own_state(const std::byte* row) { return const_cast<std::byte*>(row); }

constexpr bool is_svdf(const GraphView& g, int value, Element data, Element state) {
  const Value& v = g[value];
  return v.op == op::svdf && v.element == data && g.source(v).element == data &&
         g.source(v, 1).element == state;
}

// How SvdfInt8 goes through a row.
struct SvdfLoops {
  static constexpr const char* name = "scalar.svdf";

  static constexpr std::int32_t add_products(std::int32_t acc, const std::byte* x,
                                             const std::byte* w, int count) {
    for (int i = 0; i < count; ++i) acc += load<std::int8_t>(x + i) * load<std::int8_t>(w + i);
    return acc;
  }
  // A feature's moments move on by one, all but the newest, and are summed up.
  template <class Kept>
  static constexpr std::uint32_t advance(std::uint32_t sum, std::byte* state, const std::byte* time,
                                         int count) {
    constexpr int size = sizeof(Kept);
    for (; count > 0; --count, state += size, time += size) {
      const auto moment = load_aligned<Kept>(state + size);
      store_aligned(state, moment);
      sum += static_cast<std::uint32_t>(moment * load_aligned<Kept>(time));
    }
    return sum;
  }
};

// Stream: int32 units, rank, memory, zero point of the state; multiplier and shift of a feature, of
// an output; int32 bias per unit, folded bias per feature; then the weights of time, those of
// features. State: the features, each from its oldest moment on.
template <class Kept, class Core = SvdfLoops> struct SvdfInt8 : PlainKernel {
  static constexpr const char* name = Core::name;
  static constexpr bool holds_weights = true;
  static constexpr bool serves(const GraphView& g, int value) {
    return is_svdf(g, value, Element::int8, sizeof(Kept) == 2 ? Element::int16 : Element::int8);
  }
  static constexpr int features(const Value& v) {
    return v.shape.channels * v.options.get<SvdfOptions>().rank;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int count = features(v), memory = v.options.get<SvdfOptions>().memory;
    const int time = (count * memory * static_cast<int>(sizeof(Kept)) + 3) & ~3;
    return 32 + 4 * (v.shape.channels + count) + time + count * g.input(v).shape.size();
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const auto [rank, memory] = v.options.get<SvdfOptions>();
    const int count = features(v), inputs = g.input(v).shape.size();
    const core::Constant& time = p.constants[p.find("time")];
    // TFLM multiplies and divides scales in float.
    const float state = g.source(v, 1).quant.scale;
    const float feature = g.source(v).quant.scale * p.scale.float32[0] / state;
    const float output = state * time.scale.float32[0] / v.quant.scale;
    to.put<std::int32_t>(v.shape.channels);
    to.put<std::int32_t>(rank);
    to.put<std::int32_t>(memory);
    to.put<std::int32_t>(g.source(v, 1).quant.zero_point);
    put_multiplier(to, quantize_multiplier(static_cast<double>(feature)));
    put_multiplier(to, quantize_multiplier(static_cast<double>(output)));
    const int past = g.source(v, 1).quant.zero_point;
    for (int u = 0; u < v.shape.channels; ++u) {
      std::int64_t bias = p.bias.size > 0 ? p.bias.int32[u] : 0;
      for (int k = 0; past != 0 && k < rank * memory; ++k)
        bias -= past * weight(time.data, u * rank * memory + k);
      to.put(static_cast<std::int32_t>(static_cast<std::uint32_t>(bias)));
    }
    const std::int8_t* filter = p.filter.int8;
    for (int f = 0; f < count; ++f) {
      if (to.skips(4)) continue;
      int sum = 0;
      for (int i = 0; i < inputs; ++i) sum += filter[f * inputs + i];
      to.put<std::int32_t>(-g.source(v).quant.zero_point * sum);
    }
    for (int k = 0; k < count * memory; ++k) to.put(static_cast<Kept>(weight(time.data, k)));
    while (to.at % 4 != 0) to.put(std::int8_t{0});
    to.copy(filter, count * inputs);
  }
  static constexpr int weight(const Array& data, int k) {
    return data.int16 != nullptr ? data.int16[k] : data.int8[k];
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const int units = from.next<std::int32_t>(), rank = from.next<std::int32_t>();
    const int memory = from.next<std::int32_t>();
    const int zero = from.next<std::int32_t>();
    const Multiplier feature = next_multiplier(from), output = next_multiplier(from);
    const int inputs = t.in_width * t.in_channels;
    const int step = memory * static_cast<int>(sizeof(Kept));
    const std::byte *bias = from.at, *folded = bias + 4 * units;
    const std::byte* time = folded + 4 * units * rank;
    const std::byte* filter = time + ((units * rank * step + 3) & ~3);
    std::byte* state = own_state(band.rows[1]);
    constexpr Clamp kept{(std::numeric_limits<Kept>::min)(), (std::numeric_limits<Kept>::max)()};
    for (int u = 0; u < units; ++u, bias += 4) {
      auto sum = static_cast<std::uint32_t>(load_aligned<std::int32_t>(bias));
      for (int r = 0; r < rank; ++r, folded += 4, time += step, state += step) {
        const auto start = load_aligned<std::int32_t>(folded);
        const std::int32_t acc = Core::add_products(start, band.rows[0], filter, inputs);
        filter += inputs;
        // TFLM adds the zero point of an int8 state behind the clamp, and wraps.
        const auto last = static_cast<Kept>(zero + clamp(requantize(acc, feature), kept));
        const int newest = step - static_cast<int>(sizeof(Kept));
        sum = Core::template advance<Kept>(sum, state, time, memory - 1);
        store_aligned(state + newest, last);
        sum += static_cast<std::uint32_t>(last * load_aligned<Kept>(time + newest));
      }
      const auto out = requantize(static_cast<std::int32_t>(sum), output) + t.out_zero;
      store(band.out[0] + u, static_cast<std::int8_t>(clamp(out, {-128, 127})));
    }
  }
};

template <class Core> struct IntegerSvdfs {
  static constexpr const char* name = Core::name;
  static constexpr bool serves(const GraphView& g, int value) {
    return SvdfInt8<std::int16_t>::serves(g, value) || SvdfInt8<std::int8_t>::serves(g, value);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    if constexpr (SvdfInt8<std::int16_t>::serves(graph.view(), value))
      return SvdfInt8<std::int16_t, Core>{};
    else
      return SvdfInt8<std::int8_t, Core>{};
  }
};

// Stream: int32 units, rank, memory; float low, high; bias per unit; the weights of time, those of
// features.
struct SvdfFloat32 : PlainKernel {
  static constexpr const char* name = "scalar.svdf";
  static constexpr bool holds_weights = true;
  static constexpr bool serves(const GraphView& g, int value) {
    return is_svdf(g, value, Element::float32, Element::float32);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const auto [rank, memory] = v.options.get<SvdfOptions>();
    const int units = v.shape.channels;
    return 20 + 4 * units * (1 + rank * (memory + g.input(v).shape.size()));
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const auto [rank, memory] = v.options.get<SvdfOptions>();
    const int features = v.shape.channels * rank;
    to.put<std::int32_t>(v.shape.channels);
    to.put<std::int32_t>(rank);
    to.put<std::int32_t>(memory);
    to.put(real_range(v.activation).low);
    to.put(real_range(v.activation).high);
    for (int u = 0; u < v.shape.channels; ++u) to.put(p.bias.size > 0 ? p.bias.float32[u] : 0.0f);
    to.copy(p.constants[p.find("time")].data.float32.at, features * memory);
    to.copy(p.filter.float32.at, features * g.input(v).shape.size());
  }
  static constexpr float at(const std::byte* row, int i) {
    return load_aligned<float>(row + 4 * i);
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const int units = from.next<std::int32_t>(), rank = from.next<std::int32_t>();
    const int memory = from.next<std::int32_t>();
    const float low = from.next<float>(), high = from.next<float>();
    const int inputs = t.in_width * t.in_channels;
    const std::byte *bias = from.at, *time = bias + 4 * units;
    const std::byte* filter = time + 4 * units * rank * memory;
    std::byte* state = own_state(band.rows[1]);
    for (int u = 0; u < units; ++u) {
      float sum = at(bias, u);
      for (int r = 0; r < rank; ++r) {
        float last = 0, moments = 0;
        for (int i = 0; i < inputs; ++i) last += at(band.rows[0], i) * at(filter, i);
        for (int k = 0; k < memory; ++k) {
          const float moment = k + 1 < memory ? at(state, k + 1) : last;
          store_aligned(state + 4 * k, moment);
          moments += moment * at(time, k);
        }
        sum += moments;
        filter += 4 * inputs;
        time += 4 * memory;
        state += 4 * memory;
      }
      store_aligned(band.out[0] + 4 * u, clamp(sum, {low, high}));
    }
  }
};

}  // namespace graven::core::scalar_isa
