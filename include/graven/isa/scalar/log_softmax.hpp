// Row kernels of LogSoftmax over the channels of each pixel.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/isa/scalar/softmax.hpp"
#include "graven/kernel/multiplier.hpp"
#include "graven/layers/log_softmax.hpp"

namespace graven::core::scalar_isa {

// TFLM's int8 log-softmax: the sum of exponentials as softmax has it, in Q12.19, its logarithm in
// Q5.26. Stream: int32 multiplier, left shift, least difference that counts; multiplier and shift
// from Q5.26 back to the input's steps.
struct LogSoftmaxInt8 : PlainKernel {
  static constexpr const char* name = "scalar.log_softmax";
  static constexpr int most_channels = 4095;  // the sum of more may overflow
  using Sums = SoftmaxRows<false>;

  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::log_softmax) &&
           g[value].shape.channels <= most_channels;
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 20; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const double real = static_cast<double>(g.source(v).quant.scale) * (1 << 26);
    const Multiplier m = quantize_multiplier(real < 2147483647.0 ? real : 2147483647.0);
    const Multiplier back = quantize_multiplier(
        static_cast<double>(std::int64_t{1} << (31 - m.shift)) / static_cast<double>(m.multiplier));
    put_multiplier(to, m);
    to.put<std::int32_t>(Sums::least_of(m));
    put_multiplier(to, back);
  }
  static constexpr void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const Multiplier m = next_multiplier(from);
    const auto least = from.next<std::int32_t>();
    const Multiplier back = next_multiplier(from);
    const int count = task.out_channels, width = task.out_width;
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = 0; x < width; ++x, in += count, out += count) {
      std::int32_t most = -128;
      for (int c = 0; c < count; ++c)
        if (const std::int32_t q = load<std::int8_t>(in + c); q > most) most = q;
      const std::int32_t log = fixed_point::log<12>(Sums::sum_of(in, count, most, m, least));
      const std::int32_t reach = requantize((std::numeric_limits<std::int32_t>::min)() + log, back);
      const std::int32_t beyond = reach > least - 1 ? reach : least - 1;
      for (int c = 0; c < count; ++c) {
        const std::int32_t d = load<std::int8_t>(in + c) - most;
        std::int32_t y = -128;
        if (d > beyond) y = rounding_shift(requantize(d, m) - log, 22) + 127;
        store(out + c, static_cast<std::int8_t>(clamp(y, {-128, 127})));
      }
    }
  }
};

struct LogSoftmaxFloat32 : PlainKernel {
  static constexpr const char* name = "scalar.log_softmax";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::log_softmax);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const int count = task.out_channels, width = task.out_width;
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = 0; x < width; ++x, in += 4 * count, out += 4 * count) {
      float most = load<float>(in), sum = 0;
      for (int c = 1; c < count; ++c)
        if (const float value = load<float>(in + 4 * c); value > most) most = value;
      for (int c = 0; c < count; ++c) sum += floating_point::exp(load<float>(in + 4 * c) - most);
      const float log = floating_point::log(sum);
      for (int c = 0; c < count; ++c) store(out + 4 * c, load<float>(in + 4 * c) - most - log);
    }
  }
};

}  // namespace graven::core::scalar_isa
