// Dense with weights of four bits: a halfword holds those of four outputs,
//   h = 4096 * w3 + 256 * (w2 + 8) + 16 * (w1 + 8) + (w0 + 8)
// SMLAD of its lowest 4, 8, 12 and 16 bits makes four sums, which differ by 16, 256 and 4096 times
// an output's own; 8 * sum(x), which the first three have too much, is the same for all of them.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/nibbles.hpp"
#include "graven/isa/armv7em/dense/dense.hpp"

namespace graven::core::armv7em_isa {

// Adds four unsigned bytes to acc.
[[gnu::always_inline]] inline std::uint32_t add_bytes(std::uint32_t x, std::uint32_t acc) {
  std::uint32_t y;
  asm("usada8 %0, %1, %2, %3" : "=r"(y) : "r"(x), "r"(0), "r"(acc));
  return y;
}

struct FourOutputs {
  std::int32_t first = 0, second = 0, third = 0, fourth = 0;

  FourOutputs operator+(const FourOutputs& more) const {
    return {first + more.first, second + more.second, third + more.third, fourth + more.fourth};
  }
};

// Of halfwords' lowest 4, 8, 12 and 16 bits. Exact up to `most` quads of inputs: beyond, 4096 *
// sum(w3 * x) leaves 32 bits.
struct NibbleSums {
  static constexpr int most = 127;
  std::int32_t by4 = 0, by8 = 0, by12 = 0, by16 = 0;

  // Weights: per four inputs the halfwords of k and k + 2, then those of k + 1 and k + 3.
  [[gnu::always_inline]] void add(const std::byte*& w, const std::byte*& x, int quads) {
    std::uint32_t even, odd, a, b, part;
    asm volatile(R"(
    .macro halves w x
      smlad %[by16], \w, \x, %[by16] ;  bic %[part], \w, #0xf000f000
      smlad %[by12], %[part], \x, %[by12] ;  and %[part], \w, #0x00ff00ff
      smlad %[by8], %[part], \x, %[by8] ;  and %[part], \w, #0x000f000f
      smlad %[by4], %[part], \x, %[by4]
    .endm
    .macro quad
      ldr %[even], [%[x]], #4 ;  ldrd %[a], %[b], [%[w]], #8
      sxtb16 %[odd], %[even], ror #8 ;  sxtb16 %[even], %[even]
      halves %[a], %[even] ;  halves %[b], %[odd]
    .endm
  )" GRAVEN_ARMV7EM_QUADS(4) ".purgem halves\n"
                 : [w] "+r"(w), [x] "+r"(x), [n] "+r"(quads), [by4] "+r"(by4), [by8] "+r"(by8),
                   [by12] "+r"(by12), [by16] "+r"(by16), [even] "=&r"(even), [odd] "=&r"(odd),
                   [a] "=&r"(a), [b] "=&r"(b), [part] "=&r"(part)
                 :
                 : "cc", "memory");
  }
  [[gnu::always_inline]] FourOutputs outputs() const {
    return {by4, (by8 - by4) >> 4, (by12 - by8) >> 8, (by16 - by12) >> 12};
  }
};

// Two outputs: bytes 16 * w1 + (w0 + 8), as in conv/nibbles.hpp.
struct NibblePair {
  static constexpr int most = NibbleSums::most;
  std::int32_t low = 0, both = 0;

  void add(const std::byte*& w, const std::byte*& x, int quads) {
    for (; quads > 0; --quads, w += 4, x += 4) {
      const auto weights = load_aligned<std::uint32_t>(w);
      const auto inputs = load<std::uint32_t>(x);
      const auto half = [&](std::uint32_t h, std::uint32_t two) {
        both = smlad(h, two, both);
        low = smlad(h & 0x000f000fu, two, low);
      };
      half(even_bytes(weights), even_bytes(inputs));
      half(odd_bytes(weights), odd_bytes(inputs));
    }
  }
  FourOutputs outputs() const { return {low, (both - low) >> 4}; }
};

// A row of inputs against all outputs. Weights: of four outputs, and of what is left two or one.
struct NibbleRow {
  int channels, quads, fours;

  constexpr NibbleRow(int all_channels, int length)
      : channels(all_channels), quads(round4(length) / 4), fours((all_channels + 1) / 4) {}
  constexpr bool has_pair() const { return 4 * fours < channels; }
  constexpr int bytes() const { return quads * (8 * fours + (has_pair() ? 4 : 0)); }

  // Inputs [from, from + length).
  constexpr void pack(const Value& v, const Parameters& p, int from, int length, Writer& to) const {
    if (to.skips(bytes())) return;
    const auto weight = [&](int o, int k) {
      return o < channels && k < length ? p.filter.int8[v.weights.index(o, from + k)] : 0;
    };
    for (int o = 0; o < 4 * fours; o += 4)
      for (int k = 0; k < 4 * quads; k += 4)
        for (const int i : {0, 2, 1, 3}) {
          const int low = 16 * weight(o + 1, k + i) + weight(o, k + i) + 0x88;
          const int high = 16 * weight(o + 3, k + i) + weight(o + 2, k + i) + 8;
          to.put(static_cast<std::int8_t>(low < 128 ? low : low - 256));
          to.put(static_cast<std::int8_t>(high));
        }
    for (int k = 0; k < 4 * quads && has_pair(); ++k)
      to.put(static_cast<std::int8_t>(16 * weight(4 * fours + 1, k) + weight(4 * fours, k) + 8));
  }

  // Of any length.
  template <class Sums>
  [[gnu::noinline]] static FourOutputs in_parts(const Inputs& in, const std::byte*& w) {
    FourOutputs all;
    auto add = [&](const std::byte*& x, int count) {
      Sums s;
      s.add(w, x, count);
      all = all + s.outputs();
    };
    const std::byte* x = in.at;
    for (int left = in.quads; left > 0; left -= Sums::most)
      add(x, left < Sums::most ? left : Sums::most);
    std::byte word[4];
    store(word, in.rest);
    x = word;
    if (in.left != 0) add(x, 1);
    return all;
  }
  [[gnu::always_inline]] static FourOutputs four(const Inputs& in, const std::byte*& w) {
    if (in.left != 0 || in.quads > NibbleSums::most) return in_parts<NibbleSums>(in, w);
    NibbleSums s;
    const std::byte* x = in.at;
    s.add(w, x, in.quads);
    return s.outputs();
  }
  static std::int32_t sum(const Inputs& in) {
    std::uint32_t bytes = 0;
    const std::byte* x = in.at;
    auto add = [&](int at) { bytes = add_bytes(load<std::uint32_t>(x + at) ^ 0x80808080u, bytes); };
    int left = in.quads;
    for (; left >= 4; left -= 4, x += 16) {
      add(0);
      add(4);
      add(8);
      add(12);
    }
    for (; left > 0; --left, x += 4) add(0);
    if (in.left != 0) bytes = add_bytes(in.rest ^ 0x80808080u, bytes);
    return static_cast<std::int32_t>(bytes) - 512 * (in.quads + (in.left != 0 ? 1 : 0));
  }
  // take(output, sum of its products), in order.
  template <class Take>
  [[gnu::always_inline]] void run(const Inputs& in, const std::byte* w, Take take) const {
    const std::int32_t offset = -8 * sum(in);
    int o = 0;
    for (; o + 3 < channels; o += 4) {
      const FourOutputs sums = four(in, w);
      take(o, sums.first + offset);
      take(o + 1, sums.second + offset);
      take(o + 2, sums.third + offset);
      take(o + 3, sums.fourth);
    }
    if (o == channels) return;
    const FourOutputs sums = has_pair() ? in_parts<NibblePair>(in, w) : four(in, w);
    take(o, sums.first + offset);
    if (has_pair()) {
      if (o + 1 < channels) take(o + 1, sums.second);
    } else {
      take(o + 1, sums.second + offset);
      take(o + 2, sums.third + offset);
    }
  }
};

// A channel's record: any bias, shift and clamp, or what the fast requantization takes.
template <bool fast> struct NibbleRecord {
  static constexpr void put(Writer& to, const Channel& c) {
    to.put(c.bias);
    to.put(c.multiplier.multiplier);
    to.put(static_cast<std::int32_t>(fast ? -c.multiplier.shift - 1 : c.multiplier.shift));
  }
  [[gnu::always_inline]] static std::byte finish(const std::byte* record, std::int32_t acc,
                                                 const Task& t) {
    if constexpr (fast) {
      const auto multiplier = load_aligned<std::int32_t>(record + 4);
      const auto shift = load_aligned<std::int32_t>(record + 8);
      return requantize_fast(acc, multiplier, shift, shift_left(2 * t.out_zero + 1, shift));
    } else {
      return Record::finish(record, acc, t);
    }
  }
};
constexpr void put_records(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
  to.program = fits_fast(g, v, p) ? 1 : 0;
  for (int o = 0; o < v.shape.channels; ++o)
    if (to.program == 1)
      NibbleRecord<true>::put(to, fold(g, v, p, o));
    else
      NibbleRecord<false>::put(to, fold(g, v, p, o));
}

// One output pixel. Stream: a record per output, then NibbleRow's weights.
template <class Patches> struct NibblePixel {
  static constexpr bool holds_weights = true;
  static constexpr int programs = 2;

  static constexpr NibbleRow row_of(const GraphView& g, const Value& v) {
    return {v.shape.channels, g.window_size(v)};
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return std::is_void_v<Patches> ? 0 : round4(g.window_size(v));
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return v.shape.channels * Record::bytes + row_of(g, v).bytes();
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    put_records(g, v, p, to);
    row_of(g, v).pack(v, p, 0, v.weights.taps, to);
  }
  template <int program> static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int count = t.rows * t.filter_width * t.in_channels;
    const Inputs in(Dense<Patches>::input_of(t, band), count);
    std::byte* const out = band.out[0];
    NibbleRow(t.out_channels, count)
        .run(in, t.stream + t.out_channels * Record::bytes, [&](int o, std::int32_t sum) {
          const std::byte* record = t.stream + o * Record::bytes;
          out[o] = NibbleRecord<program == 1>::finish(record,
                                                      sum + load_aligned<std::int32_t>(record), t);
        });
  }
};
struct NibblePixels {
  static constexpr const char* name = "armv7em.int4_pixel";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::computes<Int8x4>(g, value, op::conv) && g[value].shape.width == 1;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr GraphView g = graph.view();
    constexpr const Value& v = graph.values[value];
    if constexpr (Dense<void>::in_place(g, v))
      return NibblePixel<void>{};
    else
      return NibblePixel<Bytes<v.filter.width * g.input(v).shape.channels>>{};
  }
};

// Over several rows, as running sums in scratch. Stream: a record per output, then row by row.
struct NibbleDense {
  static constexpr const char* name = "armv7em.int4_dense";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::computes<Int8x4>(g, value, op::dense);
  }
  static constexpr bool holds_weights = true;
  static constexpr int programs = 2;

  static constexpr int scratch(const GraphView&, const Value& v) { return 4 * v.shape.channels; }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const Shape in = g.input(v).shape;
    return v.shape.channels * Record::bytes +
           in.height * NibbleRow(v.shape.channels, in.row()).bytes();
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const Shape in = g.input(v).shape;
    put_records(g, v, p, to);
    for (int r = 0; r < in.height; ++r)
      NibbleRow(v.shape.channels, in.row()).pack(v, p, r * in.row(), in.row(), to);
  }
  template <int program> static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int count = t.in_width * t.in_channels;
    const NibbleRow row(t.out_channels, count);
    const std::byte* w = t.stream + t.out_channels * Record::bytes + band.step * row.bytes();
    row.run(Inputs(band.rows[0], count), w, [&](int o, std::int32_t sum) {
      const std::byte* record = t.stream + o * Record::bytes;
      std::byte* const at = band.scratch + 4 * o;
      sum += load_aligned<std::int32_t>(band.first ? record : at);
      if (band.last)
        band.out[0][o] = NibbleRecord<program == 1>::finish(record, sum, t);
      else
        store_aligned(at, sum);
    });
  }
};

using Nibbled = Prefer<NibblePixels, NibbleConvs, NibbleDense>;

}  // namespace graven::core::armv7em_isa

#endif
