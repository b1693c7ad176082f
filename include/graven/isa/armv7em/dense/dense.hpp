// One output pixel: Dense, and convolutions that leave a single column. Four outputs share each
// load of the inputs, which are read as bytes: an input that lies in one piece needs no patch.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/tiles.hpp"

namespace graven::core::armv7em_isa {

// Sums of two pairs of outputs (pairs.hpp): `high` is 256 times the second output's plus the
// first's.
struct FourSums {
  std::int32_t high_a, low_a, high_b, low_b;
};

// Adds `quads` times four inputs. Weights: per four inputs the words of k, k + 2 of both pairs,
// then those of k + 1, k + 3.
[[gnu::always_inline]] inline void add_quads(FourSums& s, const std::byte*& w, const std::byte*& x,
                                             int quads) {
  std::uint32_t even, odd;
  asm volatile(R"(
  .macro quad
    ldr %[even], [%[x]], #4
    ldm %[w]!, {r4-r7}
    sxtb16 %[odd], %[even], ror #8
    sxtb16 %[even], %[even]
    smlad %[ha], r4, %[even], %[ha] ;  sxtb16 r4, r4 ;  smlad %[la], r4, %[even], %[la]
    smlad %[hb], r5, %[even], %[hb] ;  sxtb16 r5, r5 ;  smlad %[lb], r5, %[even], %[lb]
    smlad %[ha], r6, %[odd], %[ha] ;   sxtb16 r6, r6 ;  smlad %[la], r6, %[odd], %[la]
    smlad %[hb], r7, %[odd], %[hb] ;   sxtb16 r7, r7 ;  smlad %[lb], r7, %[odd], %[lb]
  .endm
    subs %[n], #4 ;  blt 2f
  1:
    quad ;  quad ;  quad ;  quad
    subs %[n], #4 ;  bge.w 1b
  2:
    adds %[n], #4 ;  beq 4f
  3:
    quad
    subs %[n], #1 ;  bne 3b
  4:
  .purgem quad
  )"
               : [w] "+r"(w), [x] "+r"(x), [n] "+r"(quads), [ha] "+r"(s.high_a), [la] "+r"(s.low_a),
                 [hb] "+r"(s.high_b), [lb] "+r"(s.low_b), [even] "=&r"(even), [odd] "=&r"(odd)
               :
               : "r4", "r5", "r6", "r7", "cc", "memory");
}

// A row of inputs: whole quads in place, and what is left as a word filled up with zeros.
struct Inputs {
  const std::byte* at;
  int quads, left;
  std::uint32_t rest = 0;

  Inputs(const std::byte* from, int count) : at(from), quads(count / 4), left(count % 4) {
    for (int i = 0; i < left; ++i) rest |= static_cast<std::uint32_t>(from[4 * quads + i]) << 8 * i;
  }

  [[gnu::always_inline]] void add(FourSums& s, const std::byte* w) const {
    const std::byte* x = at;
    if (quads > 0) add_quads(s, w, x, quads);
    if (left == 0) return;
    std::byte word[4];
    store(word, rest);
    x = word;
    add_quads(s, w, x, 1);
  }
  std::int32_t single(const std::byte* w, std::int32_t acc) const {
    const std::byte* x = at;
    for (int n = quads; n > 0; --n, x += 4, w += 4) acc = product(load<std::uint32_t>(x), w, acc);
    return left != 0 ? product(rest, w, acc) : acc;
  }
  [[gnu::always_inline]] static std::int32_t product(std::uint32_t x, const std::byte* weights,
                                                     std::int32_t acc) {
    const auto w = load_aligned<std::uint32_t>(weights);
    return smlad(odd_bytes(w), odd_bytes(x), smlad(even_bytes(w), even_bytes(x), acc));
  }
};

// Four outputs' weights of inputs [from, from + count).
constexpr void put_four(Writer& to, const FilterLayout& layout, const Parameters& p, int o,
                        int from, int count) {
  auto taps = [&](int output) { return Taps(layout, p, output).part(from, count); };
  const Taps a = taps(o), b = taps(o + 1), c = taps(o + 2), d = taps(o + 3);
  for (int k = 0; k < count; k += 4) {
    if (to.skips(16)) continue;
    for (int half = k; half < k + 2; ++half) {
      to.put(pair_word(a, b, half));
      to.put(pair_word(c, d, half));
    }
  }
}
constexpr void put_single(Writer& to, const FilterLayout& layout, const Parameters& p, int o,
                          int from, int count) {
  const Taps taps = Taps(layout, p, o).part(from, count);
  for (int k = to.skips(round4(count)) ? round4(count) : 0; k < round4(count); ++k)
    to.put(static_cast<std::int8_t>(taps[k]));
}

// Packing chooses: fours (the last outputs alone), or all of them alone.
// Stream: per four outputs words, weights, multipliers; per single output record, weights.
template <class Patches> struct Dense {
  enum Program { fours, singles };
  static constexpr int programs = 2;
  static constexpr bool holds_weights = true;

  static constexpr int taps(const GraphView& g, const Value& v) {
    return v.filter.area() * g.input(v).shape.channels;
  }
  // Without a window to gather, the input is the row itself.
  static constexpr bool in_place(const GraphView& g, const Value& v) {
    return v.filter.area() == 1 && v.left == 0 && g.top(v) == 0 && g.input(v).shape.width > 0;
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return in_place(g, v) ? 0 : round4(taps(g, v));
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return v.shape.channels * (Record::bytes + round4(taps(g, v)));
  }
  static constexpr bool fits(const GraphView& g, const Value& v, const Parameters& p) {
    if (!whole_range(v)) return false;
    const FilterLayout layout = v.weights;
    for (int o = 0; o + 1 < v.shape.channels; o += 2) {
      const Channel low = fold(g, v, p, o), high = fold(g, v, p, o + 1);
      if (!FastChannel::serves(low) || !FastChannel::serves(high) ||
          !fits_pair(Taps(layout, p, o), Taps(layout, p, o + 1), high.bias))
        return false;
    }
    return true;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const FilterLayout layout = v.weights;
    to.program = fits(g, v, p) ? fours : singles;
    int o = 0;
    for (; to.program == fours && o + 3 < v.shape.channels; o += 4) {
      if (to.skips(32 + 4 * round4(layout.taps))) continue;
      Channel channels[4]{};
      for (int i = 0; i < 4; ++i) channels[i] = fold(g, v, p, o + i);
      for (const Channel& c : channels) to.put(FastChannel::word(c));
      for (const Channel& c : channels) to.put(c.multiplier.multiplier);
      put_four(to, layout, p, o, 0, layout.taps);
    }
    for (; o < v.shape.channels; ++o) {
      if (to.skips(Record::bytes + round4(layout.taps))) continue;
      Record::put(to, fold(g, v, p, o));
      put_single(to, layout, p, o, 0, layout.taps);
    }
  }

  static void finish_pair(std::byte* out, std::int32_t high, std::int32_t low, std::int32_t word,
                          std::int32_t m0, std::int32_t m1, std::int32_t twice_zero) {
    const std::int32_t second = high - low;  // 256 * sum + (e - 1)
    out[0] = requantize_fast(low, m0, word, shift_left(twice_zero, word));
    out[1] = requantize_fast(second >> 8, m1, second, shift_left(twice_zero, second));
  }

  template <int program>
  [[gnu::optimize("no-schedule-insns")]] static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int count = t.rows * t.filter_width * t.in_channels;
    const std::byte* patch = band.rows[0];
    if constexpr (!std::is_void_v<Patches>) {
      patch = band.scratch;
      Patches::patch(t, band, band.scratch, 0);
    }
    const Inputs in(patch, count);
    const int twice_zero = 2 * t.out_zero + 1;
    const std::byte* stream = t.stream;
    int o = 0;
    if constexpr (program == fours)
      for (; o + 3 < t.out_channels; o += 4) {
        const auto word_a = load_aligned<std::int32_t>(stream);
        const auto word_b = load_aligned<std::int32_t>(stream + 8);
        FourSums s{0, word_a >> 8, 0, word_b >> 8};
        s.high_a = load_aligned<std::int32_t>(stream + 4) + s.low_a;
        s.high_b = load_aligned<std::int32_t>(stream + 12) + s.low_b;
        in.add(s, stream + 32);
        finish_pair(band.out[0] + o, s.high_a, s.low_a, load_aligned<std::int32_t>(stream),
                    load_aligned<std::int32_t>(stream + 16),
                    load_aligned<std::int32_t>(stream + 20), twice_zero);
        finish_pair(band.out[0] + o + 2, s.high_b, s.low_b, load_aligned<std::int32_t>(stream + 8),
                    load_aligned<std::int32_t>(stream + 24),
                    load_aligned<std::int32_t>(stream + 28), twice_zero);
        stream += 32 + 4 * round4(count);
      }
    for (; o < t.out_channels; ++o, stream += Record::bytes + round4(count))
      band.out[0][o] = Record::finish(
          stream, in.single(stream + Record::bytes, load_aligned<std::int32_t>(stream)), t);
  }
};

// Dense over several rows as running sums in scratch. Stream: a record per output; then, row by
// row, the weights of four outputs at a time and of the last ones alone, or of all alone.
struct DenseRows {
  enum Program { fours, singles };
  static constexpr int programs = 2;
  static constexpr bool holds_weights = true;

  static constexpr int scratch(const GraphView&, const Value& v) { return 4 * v.shape.channels; }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const Shape in = g.input(v).shape;
    return v.shape.channels * (Record::bytes + in.height * round4(in.row()));
  }
  // Does some row of an odd output not fit with that of the output before?
  static constexpr int note(const GraphView& g, const Value& v, const Parameters& p, int o) {
    const Shape in = g.input(v).shape;
    for (int r = 0, row = in.row(); r < in.height && o % 2 == 1; ++r)
      if (!fits_pair(Taps(v.weights, p, o - 1).part(r * row, row),
                     Taps(v.weights, p, o).part(r * row, row), 0))
        return 1;
    return 0;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const FilterLayout layout = v.weights;
    const Shape in = g.input(v).shape;
    const int channels = v.shape.channels, row = in.row();
    to.program = fours;
    for (int o = 0; o < channels; ++o) {
      const Channel channel = fold(g, v, p, o);
      Record::put(to, channel);
      if (channel.note != 0) to.program = singles;
    }
    for (int r = 0; r < in.height; ++r) {
      int o = 0;
      for (; to.program == fours && o + 3 < channels; o += 4)
        put_four(to, layout, p, o, r * row, row);
      for (; o < channels; ++o) put_single(to, layout, p, o, r * row, row);
    }
  }

  // Adds to the sum of output `o`, and finishes it in the last step.
  [[gnu::always_inline]] static void add(const Task& t, const Band& band, int o, std::int32_t sum) {
    const std::byte* record = t.stream + o * Record::bytes;
    std::byte* at = band.scratch + 4 * o;
    sum += band.first ? load_aligned<std::int32_t>(record) : load_aligned<std::int32_t>(at);
    if (band.last)
      band.out[0][o] = Record::finish(record, sum, t);
    else
      store_aligned(at, sum);
  }

  template <int program> static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int count = t.in_width * t.in_channels, bytes = round4(count);
    const Inputs in(band.rows[0], count);
    const std::byte* w = t.stream + t.out_channels * (Record::bytes + band.step * bytes);
    int o = 0;
    if constexpr (program == fours)
      for (; o + 3 < t.out_channels; o += 4, w += 4 * bytes) {
        FourSums s{0, 0, 0, 0};
        in.add(s, w);
        add(t, band, o, s.low_a);
        add(t, band, o + 1, (s.high_a - s.low_a) >> 8);
        add(t, band, o + 2, s.low_b);
        add(t, band, o + 3, (s.high_b - s.low_b) >> 8);
      }
    for (; o < t.out_channels; ++o, w += bytes) add(t, band, o, in.single(w, 0));
  }
};

}  // namespace graven::core::armv7em_isa

#endif
