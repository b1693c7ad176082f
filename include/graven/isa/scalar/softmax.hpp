// Row kernels of Softmax over the channels of each pixel.
#pragma once

#include "graven/fixed_point.hpp"
#include "graven/kernel/multiplier.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/softmax.hpp"

#include <limits>

namespace graven::core::scalar_isa {

// TFLM's int8 softmax: differences to the largest input, scaled to Q5.26, through gemmlowp's
// exponential; sum in Q12.19; reciprocal by Newton. Stream: int32 multiplier, left shift, least
// difference that counts.
//
// As of 512 equal classes the sum is 2^28 and none of them reaches half a level: where there may be
// as `many`, their outputs are 0. (TFLM would shift by 32 bits; its assertions stop that.)
template <bool many, class Out = std::int8_t> struct SoftmaxRows : PlainKernel {
  static constexpr int bits = 8 * int{sizeof(Out)};
  static constexpr std::int32_t low = (std::numeric_limits<Out>::min)();

  static constexpr int stream_size(const GraphView&, const Value&) { return 12; }

  static constexpr Multiplier multiplier(const GraphView& g, const Value& v) {
    const double real = static_cast<double>(v.options.get<SoftmaxOptions>().beta) *
                        static_cast<double>(g.source(v).quant.scale) * static_cast<double>(1 << 26);
    return quantize_multiplier(real < 2147483647.0 ? real : 2147483647.0);
  }
  static constexpr std::int32_t least_of(Multiplier m) {
    return static_cast<std::int32_t>(-fixed_point::input_radius(5, m.shift));
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const Multiplier m = multiplier(g, v);
    put_multiplier(to, m);
    to.put<std::int32_t>(least_of(m));
  }

  static constexpr std::int32_t exponential(std::int32_t difference, Multiplier m) {
    return fixed_point::exp_of_negative<5>(requantize(difference, m));
  }

  static constexpr std::int32_t sum_of(const std::byte* in, int count, std::int32_t most,
                                       Multiplier m, std::int32_t least) {
    std::int32_t sum = 0;
    for (int c = 0; c < count; ++c)
      if (const std::int32_t d = load<std::int8_t>(in + c) - most; d >= least)
        sum += rounding_shift(exponential(d, m), 12);
    return sum;
  }

  // What makes an exponential an output: 1 / sum, as a factor and a right shift.
  struct Share {
    std::int32_t scale;
    int shift;

    explicit constexpr Share(std::int32_t sum) : scale(0), shift(0) {
      const int headroom = std::countl_zero(static_cast<std::uint32_t>(sum));
      const auto fraction =
          static_cast<std::int32_t>((static_cast<std::uint32_t>(sum) << headroom) - (1u << 31));
      scale = fixed_point::one_over_one_plus(fraction);
      shift = 12 - headroom + 31 - bits;
    }
  };

  static constexpr void run_pixel(const std::byte* in, std::byte* out, int count, Multiplier m,
                                  std::int32_t least) {
    std::int32_t most = -128;
    for (int c = 0; c < count; ++c)
      if (const std::int32_t x = load<std::int8_t>(in + c); x > most) most = x;
    std::int32_t sum = 0;
    if constexpr (many) {
      constexpr std::int32_t halves = std::int32_t{1} << 28;
      for (int c = 0; c < count && sum < halves; c += 1024)  // parts that cannot overflow
        sum += sum_of(in + c, count - c < 1024 ? count - c : 1024, most, m, least);
      if (sum >= halves) {
        for (int c = 0; c < count; ++c) put(out, c, low);
        return;
      }
    } else {
      sum = sum_of(in, count, most, m, least);
    }
    const Share share(sum);
    for (int c = 0; c < count; ++c) {
      const std::int32_t d = load<std::int8_t>(in + c) - most;
      std::int32_t y = low;
      if (d >= least)
        y += rounding_shift(fixed_point::saturating_high_multiply(share.scale, exponential(d, m)),
                            share.shift);
      put(out, c, y);
    }
  }
  static constexpr void put(std::byte* out, int c, std::int32_t y) {
    store(out + c * int{sizeof(Out)}, static_cast<Out>(clamp(y, {low, -1 - low})));
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Multiplier m = multiplier_at(task.stream);
    const std::int32_t least = load_aligned<std::int32_t>(task.stream + 8);
    const int count = task.out_channels;
    for (int x = 0; x < task.out_width; ++x)
      run_pixel(band.rows[0] + x * count, band.out[0] + x * count * int{sizeof(Out)}, count, m,
                least);
  }
};

struct SoftmaxInt8 {
  static constexpr const char* name = "scalar.softmax";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::softmax);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return SoftmaxRows<(graph.values[value].shape.channels >= 512)>{};
  }
};

// With 16 bits of the same result.
struct SoftmaxInt8To16 : SoftmaxRows<false, std::int16_t> {
  static constexpr const char* name = "scalar.softmax_int8_to_int16";
  static constexpr bool serves(const GraphView& g, int value) {
    return converts<std::int8_t, std::int16_t>(g, value, op::softmax) &&
           g[value].shape.channels <= most_wide_classes;
  }
};

// Stream: float beta.
struct SoftmaxFloat32 : PlainKernel {
  static constexpr const char* name = "scalar.softmax";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::softmax);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 4; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    to.put(v.options.get<SoftmaxOptions>().beta);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const float beta = load_aligned<float>(task.stream);
    const int count = task.out_channels;
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = 0; x < task.out_width; ++x, in += 4 * count, out += 4 * count) {
      float most = load<float>(in), sum = 0;
      for (int c = 1; c < count; ++c)
        if (const float value = load<float>(in + 4 * c); value > most) most = value;
      for (int c = 0; c < count; ++c) {
        const float e = __builtin_expf((load<float>(in + 4 * c) - most) * beta);
        store(out + 4 * c, e);
        sum += e;
      }
      for (int c = 0; c < count; ++c) store(out + 4 * c, load<float>(out + 4 * c) / sum);
    }
  }
};

}  // namespace graven::core::scalar_isa
