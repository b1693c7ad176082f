// Row kernels of nano-rust's layers: its sums, and its ramp instead of a softmax.
#pragma once

#include "graven/kernel/gather.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/nano_rust.hpp"

namespace graven::core::scalar_isa {

// Stream: int32 multiplier, shift, whether it saturates twice; then, output by output, its bias and
// its weights.
struct NanoRustConv : PlainKernel {
  static constexpr const char* name = "scalar.nano_rust_conv";
  static constexpr bool holds_weights = true;
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::nano_rust_conv);
  }
  static constexpr int scratch(const GraphView& g, const Value& v) { return patch_bytes(g, v); }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return 12 + v.shape.channels * (1 + g.window_size(v));
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const auto [multiplier, shift, twice] = v.options.get<nano_rust::ConvOptions>();
    to.put<std::int32_t>(multiplier);
    to.put<std::int32_t>(shift);
    to.put<std::int32_t>(twice);
    const int taps = g.window_size(v);
    for (int o = 0; o < v.shape.channels; ++o) {
      to.put(p.bias.int8[o]);
      to.copy(p.filter.int8 + o * taps, taps);
    }
  }

  // As the processor adds and cuts: what leaves 32 bits is lost.
  static constexpr std::int32_t sum(const std::byte* in, const std::byte* weights, int taps) {
    std::uint32_t acc = 0;
    for (int i = 0; i < taps; ++i)
      acc += static_cast<std::uint32_t>(load<std::int8_t>(in + i) * load<std::int8_t>(weights + i));
    return static_cast<std::int32_t>(acc);
  }
  static constexpr std::int32_t wrapping_add(std::int32_t a, std::int32_t b) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const std::int64_t multiplier = from.next<std::int32_t>();
    const auto shift = from.next<std::int32_t>(), twice = from.next<std::int32_t>();
    const int taps = t.rows * t.filter_width * t.in_channels;
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x) {
      const std::byte* patch = gather<std::int8_t>(t, band, x, 0);
      const std::byte* weights = from.at;
      for (int o = 0; o < t.out_channels; ++o, weights += taps) {
        const int bias = load<std::int8_t>(weights++);
        auto scaled = static_cast<std::int32_t>(sum(patch, weights, taps) * multiplier >> shift);
        if (twice != 0) scaled = clamp(scaled, {-128, 127});
        store(out++, static_cast<std::int8_t>(clamp(wrapping_add(scaled, bias), {-128, 127})));
      }
    }
  }
};

struct NanoRustSoftmax : PlainKernel {
  static constexpr const char* name = "scalar.nano_rust_softmax";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::nano_rust_softmax);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const int count = task.out_channels;
    const std::byte* in = band.rows[0];
    int most = -128, sum = 0;
    for (int i = 0; i < count; ++i)
      if (const int x = load<std::int8_t>(in + i); x > most) most = x;
    auto ramp = [&](int i) {
      const int e = 128 + 2 * (load<std::int8_t>(in + i) - most);
      return e > 0 ? e : 0;
    };
    for (int i = 0; i < count; ++i) sum += ramp(i);
    for (int i = 0; i < count; ++i)
      store(band.out[0] + i, static_cast<std::int8_t>(ramp(i) * 127 / sum));
  }
};

}  // namespace graven::core::scalar_isa
