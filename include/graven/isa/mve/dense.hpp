// Dense over several rows: running sums in scratch, four outputs at a time.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/conv/conv.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/dense.hpp"

#include <arm_mve.h>

namespace graven::core::mve_isa {

// Stream: int32 bias[C], multiplier[C], shift[C]; then per row of the input and four outputs, 16
// weights of each at a time (at the end of a row, what is left of each). 16 bytes more may be read.
// `nibbles`: of weights of four bits, bytes hold those of two outputs (conv/tiles.hpp).
template <bool nibbles> struct RunningDense {
  static constexpr const char* name = nibbles ? "mve.int4_dense" : "mve.dense";
  static constexpr bool serves(const GraphView& g, int value) {
    return nibbles ? scalar_isa::computes<scalar_isa::Int8x4>(g, value, op::dense) &&
                         g.input(g[value]).shape.row() < 1 << 16  // 16 * sum(w * x) has 32 bits
                   : makes<std::int8_t>(g, value, op::dense);
  }
  static constexpr bool holds_weights = true;

  static constexpr int rounded(const Value& v) { return (v.shape.channels + 3) & ~3; }
  static constexpr int scratch(const GraphView&, const Value& v) { return 4 * rounded(v); }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return 12 * rounded(v) + rounded(v) * g.input(v).shape.size() / (nibbles ? 2 : 1) + 16;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const Shape in = g.input(v).shape;
    const int count = rounded(v), outputs = v.shape.channels;
    const FilterWeights weight{v.weights, p.filter.int8};
    Writer bias = to, multiplier = to.ahead(4 * count), shift = to.ahead(8 * count);
    for (int o = 0; o < count; ++o) {
      const Channel channel = o < outputs ? fold(g, v, p, o) : Channel{};
      bias.put(channel.bias);
      multiplier.put(channel.multiplier.multiplier);
      shift.put(static_cast<std::int32_t>(channel.multiplier.shift));
    }
    to.at += 12 * count;
    for (int row = 0; row < in.height; ++row)
      for (int group = 0; group < count; group += 4)
        for (int k = to.skips((nibbles ? 2 : 4) * in.row()) ? in.row() : 0; k < in.row(); k += 16)
          for (int o = group; o < group + 4; o += nibbles ? 2 : 1)
            put_weights<nibbles>(to, weight, o, row * in.row() + k,
                                 in.row() - k < 16 ? in.row() - k : 16);
    for (int i = 0; i < 16; ++i) to.put(std::int8_t{0});
  }

  // to[i] = from[i] + products, i < 4, of `count` inputs. Of weights of four bits, a and c are 16
  // times their sums at first.
  static void add(std::byte* to, const std::byte* from, const std::byte* x, const std::byte* w,
                  int count) {
    std::int32_t a, b, c, d;
    asm volatile(
        R"(
      .macro load q whole
      .if \whole
      vldrb.8 \q, [%[w]], #16
      .else
      vldrb.8 \q, [%[w]] ;          add %[w], %[tail]
      .endif
      .endm
      .macro two left right whole
      load q1 \whole
      .if %c[nibbles]
      vshl.i8 q2, q1, #4 ;          vshr.s8 q1, q1, #4
      vmladava.s8 \left, q0, q2 ;   vmladava.s8 \right, q0, q1
      .else
      load q2 \whole
      vmladava.s8 \left, q0, q1 ;   vmladava.s8 \right, q0, q2
      .endif
      .endm
      ldrd %[a], %[b], [%[from]] ;  ldrd %[c], %[d], [%[from], #8]
      .if %c[nibbles]
      mov %[a], #0 ;                mov %[c], #0
      .endif
      wls lr, %[full], 2f
    1:
      vldrb.8 q0, [%[x]], #16
      two %[a] %[b] 1
      two %[c] %[d] 1
      le lr, 1b
    2:
      cmp %[tail], #0
      beq 3f
      vctp.8 %[tail]
      vpst
      vldrbt.8 q0, [%[x]]
      two %[a] %[b] 0
      two %[c] %[d] 0
    3:
      .if %c[nibbles]
      ldr lr, [%[from]] ;           add %[a], lr, %[a], asr #4
      ldr lr, [%[from], #8] ;       add %[c], lr, %[c], asr #4
      .endif
      strd %[a], %[b], [%[to]] ;    strd %[c], %[d], [%[to], #8]
      .purgem load
      .purgem two
    )"
        : [x] "+&r"(x), [w] "+&r"(w), [a] "=&Te"(a), [b] "=&Te"(b), [c] "=&Te"(c), [d] "=&Te"(d)
        : [from] "r"(from), [to] "r"(to), [full] "r"(count / 16), [tail] "r"(count % 16),
          [nibbles] "i"(nibbles)
        : "q0", "q1", "q2", "lr", "cc", "memory");
  }

  // Outputs of whole sums; `record`: their multipliers, and `apart` bytes behind these their
  // shifts.
  static void finish(std::byte* out, const std::byte* sums, const std::byte* record, int apart,
                     const Task& t) {
    const Clamp range{t.low, t.high};
    for (int left = t.out_channels; left > 0; left -= 4, out += 4, sums += 16, record += 16) {
      const int32x4_t y = requantize(words_at(sums), words_at(record), words_at(record + apart));
      put_four<std::int8_t>(out, vaddq_n_s32(y, t.out_zero), range, left);
    }
  }

  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int count = (t.out_channels + 3) & ~3, length = t.in_width * t.in_channels;
    const int bytes = (nibbles ? 2 : 4) * length;  // of the weights of four outputs
    const std::byte* w = t.stream + 12 * count + band.step * (count / 4) * bytes;
    const std::byte* before = band.first ? t.stream : band.scratch;
    for (int at = 0; at < 4 * count; at += 16, w += bytes)
      add(band.scratch + at, before + at, band.rows[0], w, length);
    if (band.last) finish(band.out[0], band.scratch, t.stream + 4 * count, 4 * count, t);
  }
};

using DenseRows = RunningDense<false>;

}  // namespace graven::core::mve_isa

#endif
