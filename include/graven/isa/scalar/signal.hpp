// The layers of layers/signal.hpp but the transform and its scale (fft.hpp).
#pragma once

#include "graven/isa/scalar/fft.hpp"
#include "graven/isa/scalar/square_root.hpp"
#include "graven/isa/scalar/svdf.hpp"

namespace graven::core::scalar_isa {

namespace signal {

constexpr void put_all(Writer& to, const Parameters& p, const char* name) {
  const Array& data = p.constants[p.find(name)].data;
  for (int i = 0; i < data.size; ++i) to.put(data.int16[i]);
}

// log2(1 + k / 128) less its chord, in 1/65536.
inline constexpr std::int16_t log_table[130] = {
    0,    224,  442,  654,  861,  1063, 1259, 1450, 1636, 1817, 1992, 2163, 2329, 2490, 2646,
    2797, 2944, 3087, 3224, 3358, 3487, 3611, 3732, 3848, 3960, 4068, 4172, 4272, 4368, 4460,
    4549, 4633, 4714, 4791, 4864, 4934, 5001, 5063, 5123, 5178, 5231, 5280, 5326, 5368, 5408,
    5444, 5477, 5507, 5533, 5557, 5578, 5595, 5610, 5622, 5631, 5637, 5640, 5641, 5638, 5633,
    5626, 5615, 5602, 5586, 5568, 5547, 5524, 5498, 5470, 5439, 5406, 5370, 5332, 5291, 5249,
    5203, 5156, 5106, 5054, 5000, 4944, 4885, 4825, 4762, 4697, 4630, 4561, 4490, 4416, 4341,
    4264, 4184, 4103, 4020, 3935, 3848, 3759, 3668, 3575, 3481, 3384, 3286, 3186, 3084, 2981,
    2875, 2768, 2659, 2549, 2437, 2323, 2207, 2090, 1971, 1851, 1729, 1605, 1480, 1353, 1224,
    1094, 963,  830,  695,  559,  421,  282,  142,  0,    0};

}  // namespace signal

// Stream: int32 shift, then the window.
struct WindowFunctions : PlainKernel {
  static constexpr const char* name = "scalar.window_function";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int16_t>(g, value, op::window_function);
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return 4 + 2 * v.shape.channels;
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters& p, Writer& to) {
    to.put<std::int32_t>(v.options.get<SignalOptions>().a);
    signal::put_all(to, p, "window");
  }
  static constexpr void run(const Task& task, const Band& band) {
    const auto shift = load_aligned<std::int32_t>(task.stream);
    const int count = task.out_channels, width = task.out_width;
    const std::byte *window = task.stream + 4, *in = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = 0; x < width; ++x, in += 2 * count, out += 2 * count)
      for (int c = 0; c < count; ++c) {
        const std::int32_t product =
            load<std::int16_t>(in + 2 * c) * load_aligned<std::int16_t>(window + 2 * c) >> shift;
        store(out + 2 * c, static_cast<std::int16_t>(clamp(product, {-32768, 32767})));
      }
  }
};

// Stream: int32 step. State: what the frames before have left.
template <class T> struct OverlapAdds : PlainKernel {
  static constexpr const char* name = "scalar.overlap_add";
  static constexpr int size = sizeof(T);
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::overlap_add);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 4; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    to.put<std::int32_t>(v.options.get<SignalOptions>().a);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const int frames = task.in_width, count = task.in_channels;
    const auto step = load_aligned<std::int32_t>(task.stream);
    const std::byte* in = band.rows[0];
    std::byte *kept = own_state(band.rows[task.rows]), *out = band.out[0];
    for (int f = 0; f < frames; ++f, in += size * count, out += size * step)
      for (int i = 0; i < count; ++i) {
        const T total = add(load<T>(in + size * i), load<T>(kept + size * i));
        store(i < step ? out + size * i : kept + size * (i - step), total);
        if (i >= count - step) store(kept + size * i, T{0});
      }
  }
  static constexpr T add(T a, T b) {
    if constexpr (fft::is_real<T>)
      return a + b;
    else
      return static_cast<T>(clamp(std::int32_t{a} + b, {-32768, 32767}));
  }
};

// Stream: int32 first, last.
struct Energies : PlainKernel {
  static constexpr const char* name = "scalar.energy";
  static constexpr bool serves(const GraphView& g, int value) {
    return g[value].op == op::energy && g.source(g[value]).element == Element::int16;
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 8; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    to.put<std::int32_t>(v.options.get<SignalOptions>().a);
    to.put<std::int32_t>(v.options.get<SignalOptions>().b);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const auto first = load_aligned<std::int32_t>(task.stream),
               last = load_aligned<std::int32_t>(task.stream + 4);
    const int count = task.out_channels;
    for (int k = 0; k < count; ++k) {
      const std::uint32_t re = square(load<std::int16_t>(band.rows[0] + 4 * k)),
                          im = square(load<std::int16_t>(band.rows[0] + 4 * k + 2));
      store(band.out[0] + 4 * k, k >= first && k < last ? re + im : 0u);
    }
  }
  static constexpr std::uint32_t square(std::int32_t x) {
    return static_cast<std::uint32_t>(x * x);
  }
};

// Stream: int32 weights; the weights, the unweights; per channel, and one before the first, where
// it begins in the input, in the weights, and how wide it is.
struct FilterBanks : PlainKernel {
  static constexpr const char* name = "scalar.filter_bank";
  static constexpr bool holds_weights = true;
  static constexpr bool serves(const GraphView& g, int value) {
    return g[value].op == op::filter_bank && g.source(g[value]).element == Element::uint32;
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return 4 + 4 * v.options.get<SignalOptions>().a + 6 * (v.shape.channels + 1);
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters& p, Writer& to) {
    to.put<std::int32_t>(v.options.get<SignalOptions>().a);
    for (const char* table : {"weights", "unweights", "frequencies", "starts", "widths"})
      signal::put_all(to, p, table);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const int size = 2 * static_cast<int>(load_aligned<std::int32_t>(task.stream));
    const int count = task.out_channels;
    const std::byte *weights = task.stream + 4, *unweights = weights + size,
                    *places = unweights + size;
    std::uint64_t rising = 0;  // begun by the channel before
    for (int k = 0; k <= count; ++k) {
      auto number = [&](int table) -> int {
        return load_aligned<std::int16_t>(places + 2 * (table * (count + 1) + k));
      };
      const std::byte* in = band.rows[0] + 4 * number(0);
      const int first = number(1), width = number(2);
      std::uint64_t falling = 0;
      for (int j = 0; j < width; ++j) {
        const std::uint64_t energy = load<std::uint32_t>(in + 4 * j);
        rising += energy * wide(load_aligned<std::int16_t>(weights + 2 * (first + j)));
        falling += energy * wide(load_aligned<std::int16_t>(unweights + 2 * (first + j)));
      }
      if (k > 0) store(band.out[0] + 8 * (k - 1), rising);
      rising = falling;
    }
  }
  static constexpr std::uint64_t wide(std::int16_t x) {
    return static_cast<std::uint64_t>(std::int64_t{x});
  }
};

template <std::uint32_t root(std::uint64_t)> struct BankRootBy : PlainKernel {
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    return v.op == op::bank_root && g.source(v, 0).element == Element::uint64 &&
           g.source(v, 1).element == Element::int32;
  }
  static constexpr void run(const Task& task, const Band& band) {
    const auto shift = load<std::int32_t>(band.rows[task.rows]);
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int k = task.out_channels; k > 0; --k, in += 8, out += 4)
      store(out, root(load<std::uint64_t>(in)) >> shift);
  }
};
struct BankRoot : BankRootBy<signal::square_root> {
  static constexpr const char* name = "scalar.filter_bank_square_root";
};

// Both halves of SpectralSubtraction. Stream: its NoiseOptions.
template <const Op& made> struct Noise : PlainKernel {
  static constexpr const char* name =
      made == op::noise_estimate ? "scalar.noise_estimate" : "scalar.spectral_subtraction";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::uint32_t>(g, value, made);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 32; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    for (std::int32_t word : v.options.words) to.put(word);
  }
  static constexpr std::uint32_t number(const Task& task, int at) {
    return load_aligned<std::uint32_t>(task.stream + 4 * at);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const std::uint32_t up = number(task, 5), down = number(task, 6), clamps = number(task, 7);
    const std::byte *in = band.rows[0], *noise = band.rows[task.rows];
    for (int k = 0; k < task.out_channels; ++k) {
      const auto x = load<std::uint32_t>(in + 4 * k), before = load<std::uint32_t>(noise + 4 * k);
      const std::uint32_t scaled = x << up;
      std::uint32_t y = 0;
      if constexpr (made == op::noise_estimate) {
        const int pair = k % 2 == 0 ? 0 : 2;
        y = static_cast<std::uint32_t>((std::uint64_t{scaled} * number(task, pair) +
                                        std::uint64_t{before} * number(task, pair + 1)) >>
                                       down);
        if (clamps != 0 && y > scaled) y = scaled;
      } else {
        const auto least = static_cast<std::uint32_t>(std::uint64_t{x} * number(task, 4) >> down);
        y = (scaled - (before > scaled ? scaled : before)) >> up;
        if (y < least) y = least;
      }
      store(band.out[0] + 4 * k, y);
    }
  }
};

// Stream: int32 shift, then the gains: three numbers of a parabola per power of two.
struct Pcans : PlainKernel {
  static constexpr const char* name = "scalar.pcan";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::uint32_t>(g, value, op::pcan);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 4 + 2 * 125; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters& p, Writer& to) {
    to.put<std::int32_t>(v.options.get<SignalOptions>().a);
    signal::put_all(to, p, "gains");
  }
  static constexpr std::int16_t gain(const std::byte* table, std::uint32_t x) {
    if (x <= 2) return load_aligned<std::int16_t>(table + 2 * x);
    const int interval = signal::bits_of(x);
    table += 2 * (4 * interval - 6);
    auto at = [&](int k) -> std::int32_t { return load_aligned<std::int16_t>(table + 2 * k); };
    const std::uint32_t moved = interval < 11 ? x << (11 - interval) : x >> (interval - 11);
    const auto part = static_cast<std::int32_t>(moved & 0x3ff);
    const std::uint32_t slope =
        static_cast<std::uint32_t>(at(2) * part >> 5) + (static_cast<std::uint32_t>(at(1)) << 5);
    const auto bent = static_cast<std::int32_t>(slope * static_cast<std::uint32_t>(part));
    return static_cast<std::int16_t>(((bent + (1 << 14)) >> 15) + at(0));
  }
  // x^2 / 4 below 2, x - 1 from there on; from 12 fractional bits to 6.
  static constexpr std::uint32_t shrink(std::uint32_t x) {
    return x < 2u << 12 ? x * x >> 20 : (x >> 6) - 64;
  }
  static constexpr void run(const Task& task, const Band& band) {
    const auto shift = load_aligned<std::int32_t>(task.stream);
    const std::byte* noise = band.rows[task.rows];
    for (int k = 0; k < task.out_channels; ++k) {
      const std::int32_t factor = gain(task.stream + 4, load<std::uint32_t>(noise + 4 * k));
      const std::uint64_t product = std::uint64_t{load<std::uint32_t>(band.rows[0] + 4 * k)} *
                                    static_cast<std::uint32_t>(factor);
      store(band.out[0] + 4 * k, shrink(static_cast<std::uint32_t>(product >> shift)));
    }
  }
};

// Stream: int32 scale, bits.
struct BankLog : PlainKernel {
  static constexpr const char* name = "scalar.filter_bank_log";
  static constexpr bool serves(const GraphView& g, int value) {
    return g[value].op == op::bank_log && g.source(g[value]).element == Element::uint32;
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 8; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    to.put<std::int32_t>(v.options.get<SignalOptions>().a);
    to.put<std::int32_t>(v.options.get<SignalOptions>().b);
  }
  // scale * ln(x), x from 2 on.
  static constexpr std::uint32_t log(std::uint32_t x, std::uint32_t scale) {
    const int whole = signal::bits_of(x) - 1;
    std::uint32_t part = x - (1u << whole);
    part = whole < 16 ? part << (16 - whole) : part >> (whole - 16);
    const std::uint32_t segment = part >> 9;
    const std::int32_t low = signal::log_table[segment], high = signal::log_table[segment + 1];
    const auto along = static_cast<std::int32_t>(part - (segment << 9));
    const std::uint32_t log2 = (static_cast<std::uint32_t>(whole) << 16) + part +
                               static_cast<std::uint32_t>(low + ((high - low) * along >> 16));
    const auto natural = static_cast<std::uint32_t>((std::uint64_t{45426} * log2 + 32768) >> 16);
    return (scale * natural + 32768) >> 16;
  }
  static constexpr void run(const Task& task, const Band& band) {
    const auto scale = load_aligned<std::uint32_t>(task.stream),
               bits = load_aligned<std::uint32_t>(task.stream + 4);
    for (int k = 0; k < task.out_channels; ++k) {
      const std::uint32_t x = load<std::uint32_t>(band.rows[0] + 4 * k) << bits;
      const std::uint32_t y = x > 1 ? log(x, scale) : 0;
      store(band.out[0] + 2 * k, static_cast<std::int16_t>(y < 32767 ? y : 32767));
    }
  }
};

}  // namespace graven::core::scalar_isa
