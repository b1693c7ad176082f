// Row kernels of int16 by tables with interpolation: functions of one element, Softmax.
#pragma once

#include "graven/interpolation.hpp"
#include "graven/kernel/multiplier.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/softmax.hpp"
#include "graven/layers/table.hpp"

#include <bit>

namespace graven::core::scalar_isa {

// Stream: the function's four numbers.
template <std::int16_t (*function)(std::int32_t, const WordNumbers&)> struct MapWord : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 16; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    for (const std::int32_t number : v.function.numbers(g.source(v).quant, v.quant).values)
      to.put(number);
  }
  static constexpr void run(const Task& task, const Band& band) {
    WordNumbers numbers{};
    for (int i = 0; i < 4; ++i) numbers.values[i] = load_aligned<std::int32_t>(task.stream + 4 * i);
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int i = task.out_width * task.out_channels; i > 0; --i, in += 2, out += 2)
      store(out, function(load<std::int16_t>(in), numbers));
  }
};
struct MapWords {
  static constexpr const char* name = "scalar.map_words";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int16_t>(g, value, op::map) && !is_null(g[value].function.wide);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return MapWord<graph.values[value].function.wide>{};
  }
};

// Stream: the table of 513 entries, and two bytes that fill up.
struct TabledWords : PlainKernel {
  static constexpr const char* name = "scalar.tabled_words";
  static constexpr int stream_size(const GraphView&, const Value&) { return 1028; }
  static constexpr bool serves(const GraphView& g, int value) {
    return (makes<std::int16_t>(g, value, op::map) && !is_null(g[value].function.table)) ||
           makes<std::int16_t>(g, value, op::table);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (to.skips(1028)) return;
    if (v.op == op::table)
      to.copy(p.constants[p.find("table")].data.int16.at, 513);
    else
      to.copy(v.function.table(g.source(v).quant, v.quant).data(), 513);
    to.put(std::int16_t{});
  }
  static constexpr void run(const Task& task, const Band& band) {
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int i = task.out_width * task.out_channels; i > 0; --i, in += 2, out += 2) {
      const int q = load<std::int16_t>(in), part = q & 0x7f;
      const std::byte* entry = task.stream + 2 * (256 + (q >> 7));
      const int here = load<std::int16_t>(entry), next = load<std::int16_t>(entry + 2);
      store(out, static_cast<std::int16_t>(here + (((next - here) * part + 64) >> 7)));
    }
  }
};

// Differences to the largest input, 10 / 65535 each, through a table of exp; their sum through one
// of reciprocals. Stream: int32 multiplier, shift.
template <class T> struct SoftmaxWords : PlainKernel {
  static constexpr const char* name = "scalar.softmax_words";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::softmax);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 8; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const Multiplier m = quantize_multiplier(
        static_cast<double>(g.source(v).quant.scale) *
        static_cast<double>(v.options.get<SoftmaxOptions>().beta) / (10.0 / 65535.0));
    put_multiplier(to, m);
  }

  static constexpr void run_pixel(const std::byte* in, std::byte* out, int count, Multiplier m) {
    constexpr Clamp words{-32768, 32767};
    std::int32_t most = words.low, sum = 0;
    for (int c = 0; c < count; ++c)
      if (const std::int32_t x = load<T>(in + 2 * c); x > most) most = x;
    for (int c = 0; c < count; ++c) {
      const std::int32_t below = requantize(load<T>(in + 2 * c) - most, m);
      const std::int32_t power =
          interpolation::look_up(clamp(below + 32767, words), interpolation::exponentials<T>);
      store(out + 2 * c, static_cast<T>(power));
      sum += power;
    }
    const int headroom = std::countl_zero(static_cast<std::uint32_t>(sum));
    const auto shifted = static_cast<std::int32_t>(
        ((std::int64_t{sum} << (headroom - 1)) + (1 << 13)) >> 14);  // in [2^16, 2^17]
    const std::int64_t reciprocal = interpolation::look_up(
        clamp(shifted - (1 << 15) - (1 << 16), words), interpolation::reciprocals<T>);
    const int right = 31 - headroom;
    for (int c = 0; c < count; ++c) {
      const std::int64_t y = load<T>(out + 2 * c) * reciprocal;
      const auto share = static_cast<std::int32_t>((y + (std::int64_t{1} << (right - 1))) >> right);
      store(out + 2 * c, static_cast<T>(clamp(share, {0, 32767})));
    }
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Multiplier m = multiplier_at(task.stream);
    const int count = task.out_channels;
    for (int x = 0; x < task.out_width; ++x)
      run_pixel(band.rows[0] + 2 * x * count, band.out[0] + 2 * x * count, count, m);
  }
};
using SoftmaxInt16 = SoftmaxWords<std::int16_t>;

}  // namespace graven::core::scalar_isa
