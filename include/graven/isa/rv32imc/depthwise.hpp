// Depthwise convolution 3x3, channel by channel: a row of outputs in one sweep over the columns of
// the input, with the weights and the sums of unfinished outputs in registers.
#pragma once

#if defined(__riscv_mul) && __riscv_xlen == 32

#include "graven/isa/rv32imc/requantize.hpp"
#include "graven/isa/scalar/conv.hpp"

namespace graven::rv32imc_isa {

// The weights of a channel. Rows of padding weigh nothing, and add a constant to the bias.
struct Taps9 {
  static constexpr int bytes = 20;  // of its record: word, multiplier, weights, 3 unused
  std::int32_t w[9], bias;

  Taps9(const std::byte* record, const std::byte* const* rows, std::int32_t zero)
      : bias(load_aligned<std::int32_t>(record) >> 8) {
#pragma GCC unroll 9
    for (int k = 0; k < 9; ++k) w[k] = load<std::int8_t>(record + 8 + k);
#pragma GCC unroll 3
    for (int r = 0; r < 3; ++r)
      if (rows[r] == nullptr) {
        bias += zero * (w[3 * r] + w[3 * r + 1] + w[3 * r + 2]);
        w[3 * r] = w[3 * r + 1] = w[3 * r + 2] = 0;
      }
#pragma GCC unroll 9
    for (int k = 0; k < 9; ++k) asm("" : "+r"(w[k]));  // to stay in registers
  }

  // acc + column `k` of the weights times three inputs.
  [[gnu::always_inline]] std::int32_t add(int k, const std::int32_t (&x)[3],
                                          std::int32_t acc) const {
    return acc + x[0] * w[k] + x[1] * w[3 + k] + x[2] * w[6 + k];
  }
};

// Three rows at the same column of a channel.
struct Column {
  const std::byte *top, *middle, *bottom;
  int step;

  [[gnu::always_inline]] void next(std::int32_t (&x)[3]) {
    x[0] = load<std::int8_t>(top);
    x[1] = load<std::int8_t>(middle);
    x[2] = load<std::int8_t>(bottom);
    top += step;
    middle += step;
    bottom += step;
  }
};

// Packing chooses a program as in conv.hpp. Stream of the fast ones: a record per channel.
template <int stride> struct Depthwise3 {
  enum Program { relu, any, general };
  using General = scalar_isa::Depthwise<scalar_isa::Int8>;
  static constexpr int programs = 3;
  static constexpr bool holds_weights = true;

  static constexpr bool serves(const GraphView& g, const Value& v) {
    return v.filter == Extent(3) && v.dilation == Extent(1) && v.stride.width == stride &&
           v.left <= 1 && v.shape.channels == g.input(v).shape.channels;
  }
  static constexpr int scratch(const GraphView&, const Value&) { return 0; }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int fast = v.shape.channels * Taps9::bytes, slow = General::stream_size(g, v);
    return fast > slow ? fast : slow;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const int channels = v.shape.channels;
    bool fast = true;
    for (int c = 0; c < channels && fast; ++c) fast = FastChannel::serves(fold(g, v, p, c));
    to.program = !fast ? general : relu_like(v) ? relu : any;
    if (!fast) return General::pack(g, v, p, to);
    for (int c = 0; c < channels; ++c) {
      const Channel channel = fold(g, v, p, c);
      to.put(FastChannel::word(channel));
      to.put(channel.multiplier.multiplier);
      for (int k = 0; k < 12; ++k) to.put(k < 9 ? p.filter.int8[k * channels + c] : std::int8_t{0});
    }
  }

  // The outputs of a channel, from column -left on.
  template <bool relu>
  [[gnu::always_inline]] static void sweep(const Task& t, const Taps9& taps, Column at,
                                           const Scale& scale, const Range& range, std::byte* out) {
    const int step = t.out_channels;
    std::int32_t x[3], pad[3]{t.in_zero, t.in_zero, t.in_zero}, a = 0, b;
    int inside = t.in_width, count = t.out_width;  // columns and outputs to come
    auto column = [&] {  // with care
      if (inside > 0)
        at.next(x);
      else
        for (std::int32_t& each : x) each = t.in_zero;
      --inside;
    };
    auto put = [&](std::int32_t acc) {
      *out = scale.finish<relu>(acc, range);
      out += step;
    };
    if (t.left == 0) at.next(x), --inside;
    b = taps.add(0, t.left == 0 ? x : pad, taps.bias);
    if constexpr (stride == 1) {
      column();
      a = taps.add(1, x, b);
      b = taps.add(0, x, taps.bias);
    }
    int quick = (inside < 0 ? 0 : inside) / stride;
    if (quick > count) quick = count;
    count -= quick;
    for (; quick > 0; --quick) {
      if constexpr (stride == 2) {
        at.next(x);
        a = taps.add(1, x, b);
        inside -= 2;
      }
      at.next(x);
      const std::int32_t done = taps.add(2, x, a);
      if constexpr (stride == 1) a = taps.add(1, x, b);
      b = taps.add(0, x, taps.bias);
      put(done);
    }
    if constexpr (stride == 1) inside = 0;
    for (; count > 0; --count) {
      if constexpr (stride == 2) {
        column();
        a = taps.add(1, x, b);
      }
      column();
      put(taps.add(2, x, a));
      if constexpr (stride == 1) a = taps.add(1, x, b);
      b = taps.add(0, x, taps.bias);
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == general) {
      General::run(task, band);
    } else {
      const Task t = task;
      const Range range(t);
      const std::byte* const* rows = band.rows;
      const std::byte* any_row = rows[0] != nullptr ? rows[0] : rows[1] != nullptr ? rows[1] : rows[2];
      auto row = [&](int r) { return rows[r] != nullptr ? rows[r] : any_row; };
      Column at{row(0), row(1), row(2), t.in_channels};
      const std::byte* record = t.stream;
      for (int c = 0; c < t.out_channels; ++c, record += Taps9::bytes) {
        const Taps9 taps(record, rows, t.in_zero);
        const Scale scale(load_aligned<std::int32_t>(record + 4),
                          load_aligned<std::int32_t>(record), range);
        sweep<program == relu>(t, taps, at, scale, range, band.out[0] + c);
        ++at.top;
        ++at.middle;
        ++at.bottom;
      }
    }
  }
};

}  // namespace graven::rv32imc_isa

#endif
