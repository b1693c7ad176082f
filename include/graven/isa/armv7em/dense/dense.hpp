// One output pixel: Dense, and convolutions that leave a single column. Four outputs share each
// load of the inputs, which are read as bytes: an input that lies in one piece needs no patch.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/tiles.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/conv2d.hpp"
#include "graven/layers/dense.hpp"

namespace graven::core::armv7em_isa {

// Sums of two pairs of outputs (pairs.hpp): `high` is 256 times the second output's plus the
// first's.
struct FourSums {
  std::int32_t high_a, low_a, high_b, low_b;
};

// Adds `quads` times four inputs. Weights: per four inputs the words of k, k + 2 of both pairs,
// then those of k + 1, k + 3. (Not r7: without optimisation it points to the frame.)
[[gnu::always_inline]] inline void add_quads(FourSums& s, const std::byte*& w, const std::byte*& x,
                                             int quads) {
#if defined(__clang__) || defined(__OPTIMIZE__)
  std::uint32_t even, odd;
  asm volatile(R"(
  .macro quad
    ldr %[even], [%[x]], #4
    ldm %[w]!, {r4-r6, r8}
    sxtb16 %[odd], %[even], ror #8
    sxtb16 %[even], %[even]
    smlad %[ha], r4, %[even], %[ha] ;  sxtb16 r4, r4 ;  smlad %[la], r4, %[even], %[la]
    smlad %[hb], r5, %[even], %[hb] ;  sxtb16 r5, r5 ;  smlad %[lb], r5, %[even], %[lb]
    smlad %[ha], r6, %[odd], %[ha] ;   sxtb16 r6, r6 ;  smlad %[la], r6, %[odd], %[la]
    smlad %[hb], r8, %[odd], %[hb] ;   sxtb16 r8, r8 ;  smlad %[lb], r8, %[odd], %[lb]
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
               : "r4", "r5", "r6", "r8", "cc", "memory");
#else  // g++ has no register left over
  for (; quads > 0; --quads, x += 4, w += 16) {
    const auto inputs = load<std::uint32_t>(x);
    const std::uint32_t even = even_bytes(inputs), odd = odd_bytes(inputs);
    auto add = [&](int at, std::uint32_t two, std::int32_t& high, std::int32_t& low) {
      const auto weights = load_aligned<std::uint32_t>(w + at);
      high = smlad(weights, two, high);
      low = smlad(even_bytes(weights), two, low);
    };
    add(0, even, s.high_a, s.low_a);
    add(4, even, s.high_b, s.low_b);
    add(8, odd, s.high_a, s.low_a);
    add(12, odd, s.high_b, s.low_b);
  }
#endif
}

// The same for two outputs. Weights: per four inputs the words of k, k + 2 and of k + 1, k + 3.
struct PairSums {
  std::int32_t high, low;
};
[[gnu::always_inline]] inline void add_quads(PairSums& s, const std::byte*& w, const std::byte*& x,
                                             int quads) {
  std::uint32_t even, odd;
  asm volatile(R"(
    adds %[n], #1 ;  lsrs %[n], #1 ;  bcc 2f
  1:
    ldr %[even], [%[x]], #4
    ldm %[w]!, {r4, r5}
    sxtb16 %[odd], %[even], ror #8
    sxtb16 %[even], %[even]
    smlad %[h], r4, %[even], %[h] ;  sxtb16 r4, r4 ;  smlad %[l], r4, %[even], %[l]
    smlad %[h], r5, %[odd], %[h] ;   sxtb16 r5, r5 ;  smlad %[l], r5, %[odd], %[l]
  2:
    ldr %[even], [%[x]], #4
    ldm %[w]!, {r4, r5}
    sxtb16 %[odd], %[even], ror #8
    sxtb16 %[even], %[even]
    smlad %[h], r4, %[even], %[h] ;  sxtb16 r4, r4 ;  smlad %[l], r4, %[even], %[l]
    smlad %[h], r5, %[odd], %[h] ;   sxtb16 r5, r5 ;  smlad %[l], r5, %[odd], %[l]
    subs %[n], #1 ;  bne 1b
  )"
               : [w] "+r"(w), [x] "+r"(x), [n] "+r"(quads), [h] "+r"(s.high), [l] "+r"(s.low),
                 [even] "=&r"(even), [odd] "=&r"(odd)
               :
               : "r4", "r5", "cc", "memory");
}

// A row of inputs: whole quads in place, and what is left as a word filled up with zeros.
struct Inputs {
  const std::byte* at;
  int quads, left;
  std::uint32_t rest = 0;

  Inputs(const std::byte* from, int count) : at(from), quads(count / 4), left(count % 4) {
    for (int i = 0; i < left; ++i) rest |= static_cast<std::uint32_t>(from[4 * quads + i]) << 8 * i;
  }

  template <class Sums> [[gnu::always_inline]] void add(Sums& s, const std::byte* w) const {
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
  for (int k = 0; k < count; k += 4)
    for (int half = 0; half < 2; ++half)
      for (int pair = o; pair < o + 4; pair += 2)
        to.put(pair_word(Taps(layout, p, pair).part(from, count),
                         Taps(layout, p, pair + 1).part(from, count), k + half));
}
constexpr void put_two(Writer& to, const FilterLayout& layout, const Parameters& p, int o, int from,
                       int count) {
  const Taps low = Taps(layout, p, o).part(from, count);
  const Taps high = Taps(layout, p, o + 1).part(from, count);
  for (int k = 0; k < count; k += 4)
    for (int half = 0; half < 2; ++half) to.put(pair_word(low, high, k + half));
}
constexpr void put_single(Writer& to, const FilterLayout& layout, const Parameters& p, int o,
                          int from, int count) {
  const Taps taps = Taps(layout, p, o).part(from, count);
  for (int k = 0; k < round4(count); ++k) to.put(static_cast<std::int8_t>(taps[k]));
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
      Channel channels[4]{};
      for (int i = 0; i < 4; ++i) channels[i] = fold(g, v, p, o + i);
      for (const Channel& c : channels) to.put(FastChannel::word(c));
      for (const Channel& c : channels) to.put(c.multiplier.multiplier);
      put_four(to, layout, p, o, 0, layout.taps);
    }
    for (; o < v.shape.channels; ++o) {
      const Channel channel = fold(g, v, p, o);
      if (channel.overflows && to.overflowing_channel < 0) to.overflowing_channel = o;
      Record::put(to, channel);
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
  GRAVEN_OPTIMIZE("no-schedule-insns")
  static void run(const Task& task, const Band& band) {
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
// row, the weights of four outputs at a time, of two, and of the last one, or of each alone.
struct DenseRows {
  static constexpr const char* name = "armv7em.dense";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::dense);
  }
  enum Program { fours, singles };
  static constexpr int programs = 2;
  static constexpr bool holds_weights = true;

  static constexpr int scratch(const GraphView&, const Value& v) { return 4 * v.shape.channels; }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const Shape in = g.input(v).shape;
    return v.shape.channels * (Record::bytes + in.height * round4(in.row()));
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const FilterLayout layout = v.weights;
    const Shape in = g.input(v).shape;
    const int channels = v.shape.channels, row = in.row();
    to.program = fours;
    for (int o = 0; o < channels; ++o) {
      const Channel channel = fold(g, v, p, o);
      if (channel.overflows && to.overflowing_channel < 0) to.overflowing_channel = o;
      Record::put(to, channel);
      for (int r = 0; r < in.height && o % 2 == 1; ++r)
        if (!fits_pair(Taps(layout, p, o - 1).part(r * row, row),
                       Taps(layout, p, o).part(r * row, row), 0))
          to.program = singles;
    }
    for (int r = 0; r < in.height; ++r) {
      int o = 0;
      if (to.program == fours) {
        for (; o + 3 < channels; o += 4) put_four(to, layout, p, o, r * row, row);
        for (; o + 1 < channels; o += 2) put_two(to, layout, p, o, r * row, row);
      }
      for (; o < channels; ++o) put_single(to, layout, p, o, r * row, row);
    }
  }

  static void add(std::byte*& sum, std::int32_t x) {
    store_aligned(sum, load_aligned<std::int32_t>(sum) + x);
    sum += 4;
  }
  static void add_pair(std::byte*& sum, std::int32_t high, std::int32_t low) {
    add(sum, low);
    add(sum, (high - low) >> 8);
  }
  template <int program> static void add_row(const Task& t, const Band& band) {
    const int count = t.in_width * t.in_channels, bytes = round4(count);
    const Inputs in(band.rows[0], count);
    const std::byte* w = t.stream + t.out_channels * (Record::bytes + band.step * bytes);
    std::byte* sum = band.scratch;
    int left = t.out_channels;
    if constexpr (program == fours) {
      for (; left > 3; left -= 4, w += 4 * bytes) {
        FourSums s{0, 0, 0, 0};
        in.add(s, w);
        add_pair(sum, s.high_a, s.low_a);
        add_pair(sum, s.high_b, s.low_b);
      }
      if (left > 1) {
        PairSums s{0, 0};
        in.add(s, w);
        add_pair(sum, s.high, s.low);
        w += 2 * bytes;
        left -= 2;
      }
    }
    for (; left > 0; --left, w += bytes) add(sum, in.single(w, 0));
  }
  template <int program> static void run(const Task& task, const Band& band) {
    const Task t = task;
    const std::byte* record = t.stream;
    std::byte* sum = band.scratch;
    std::byte* const end = sum + 4 * t.out_channels;
    if (band.first)
      for (; sum != end; sum += 4, record += Record::bytes)
        store_aligned(sum, load_aligned<std::int32_t>(record));
    add_row<program>(t, band);
    if (!band.last) return;
    std::byte* out = band.out[0];
    record = t.stream;
    for (sum = band.scratch; sum != end; sum += 4, record += Record::bytes)
      *out++ = Record::finish(record, load_aligned<std::int32_t>(sum), t);
  }
};

// Convolutions to rows of one pixel.
struct SinglePixels {
  static constexpr const char* name = "armv7em.pixel";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::conv) && g[value].shape.width == 1;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    return Dense<Bytes<v.filter.width * graph.views[v.first_input].shape.channels>>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
