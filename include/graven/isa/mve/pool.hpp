// Pools, sixteen or eight channels at a time.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/conv/inputs.hpp"
#include "graven/isa/scalar/pool.hpp"
#include "graven/isa/scalar/reduce.hpp"

namespace graven::core::mve_isa {

// at[i] = max(at[i], x[i])
inline void take_larger(std::byte* at, const std::byte* x, int count) {
  asm volatile(R"(
    wlstp.8 lr, %[count], 2f
  1:
    vldrb.8 q0, [%[x]], #16
    vldrb.8 q1, [%[at]]
    vmax.s8 q0, q0, q1
    vstrb.8 q0, [%[at]], #16
    letp lr, 1b
  2:
  )"
               : [at] "+r"(at), [x] "+r"(x)
               : [count] "r"(count)
               : "q0", "q1", "lr", "cc", "memory");
}
inline void limit(std::byte* at, int most, int count) {
  asm volatile(R"(
    vdup.8 q1, %[most]
    wlstp.8 lr, %[count], 2f
  1:
    vldrb.8 q0, [%[at]]
    vmin.s8 q0, q0, q1
    vstrb.8 q0, [%[at]], #16
    letp lr, 1b
  2:
  )"
               : [at] "+r"(at)
               : [most] "r"(most), [count] "r"(count)
               : "q0", "q1", "lr", "cc", "memory");
}
// sums[i] += x[i]
inline void add_elements(std::byte* sums, const std::byte* x, int count) {
  asm volatile(R"(
    wlstp.16 lr, %[count], 2f
  1:
    vldrb.s16 q0, [%[x]], #8
    vldrh.16 q1, [%[sums]]
    vadd.i16 q0, q0, q1
    vstrh.16 q0, [%[sums]], #16
    letp lr, 1b
  2:
  )"
               : [sums] "+r"(sums), [x] "+l"(x)
               : [count] "r"(count)
               : "q0", "q1", "lr", "cc", "memory");
}

// n / count, for n < 2^15, is the upper half of 2 n * factor, shifted right by `shift`: with the
// least 2^shift that is not below count, factor = 2^(15 + shift) / count, rounded up, fits 16 bits,
// and what rounding adds is too little to reach the next whole number.
struct Divisor {
  int half, factor, shift;

  explicit Divisor(int count)
      : half(count / 2), factor(0),
        shift(count == 1 ? 0 : 32 - __builtin_clz(static_cast<unsigned>(count - 1))) {
    factor = ((1 << (15 + shift)) + count - 1) / count;
  }
};
// Means of 16-bit sums, rounded half away from zero, of up to 255 elements each.
inline void divide(std::byte* out, const std::byte* sums, int channels, const Divisor& by,
                   Clamp range) {
  asm volatile(R"(
    vdup.16 q2, %[factor]
    vdup.16 q3, %[low]
    vdup.16 q4, %[high]
    wlstp.16 lr, %[channels], 2f
  1:
    vldrh.16 q0, [%[sums]], #16
    vabs.s16 q1, q0
    vadd.i16 q1, q1, %[half]
    vshl.i16 q1, q1, #1
    vmulh.u16 q1, q1, q2
    vshl.u16 q1, %[shift]
    vpt.s16 lt, q0, zr
    vnegt.s16 q1, q1
    vmax.s16 q1, q1, q3
    vmin.s16 q1, q1, q4
    vstrb.16 q1, [%[out]], #8
    letp lr, 1b
  2:
  )"
               : [out] "+l"(out), [sums] "+r"(sums)
               : [channels] "r"(channels), [factor] "r"(by.factor), [half] "r"(by.half),
                 [shift] "r"(-by.shift), [low] "r"(range.low), [high] "r"(range.high)
               : "q0", "q1", "q2", "q3", "q4", "lr", "cc", "memory");
}

// The columns of the input that lie in the window of output pixel `x`.
struct Columns {
  int from, to;

  Columns(const Task& t, int x) : from(x * t.stride_width - t.left), to(from + t.filter_width) {
    if (from < 0) from = 0;
    if (to > t.in_width) to = t.in_width;
  }
};

struct MaxPool : PlainKernel {
  static constexpr const char* name = "mve.max_pool";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::max_pool) && !g[value].reduces;
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int channels = t.in_channels;
    std::byte* out = band.out[0];
    fill(out, t.low, t.out_width * channels);
    for (int x = 0; x < t.out_width; ++x, out += channels) {
      const Columns columns(t, x);
      for (int ky = 0; ky < t.rows; ++ky) {
        if (band.rows[ky] == nullptr) continue;
        const std::byte* at = band.rows[ky] + columns.from * channels;
        for (int column = columns.from; column < columns.to; ++column, at += channels)
          take_larger(out, at, channels);
      }
    }
    if (t.high < 127) limit(band.out[0], t.high, t.out_width * channels);
  }
};

// The average of up to 255 elements: sums fit 16 bits. They lie in scratch; of a reduction those of
// all output pixels, else of one.
template <bool Reduces> struct AveragePool : PlainKernel {
  static constexpr const char* name = Reduces ? "mve.global_average" : "mve.average_pool";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::average_pool) && g[value].reduces == Reduces &&
           g[value].filter.area() <= 255;
  }
  static constexpr int scratch(const GraphView&, const Value& v) {
    return 2 * (Reduces ? v.shape.row() : v.shape.channels);
  }

  static void add(const std::byte* row, const Columns& columns, int channels, std::byte* sums) {
    const std::byte* at = row + columns.from * channels;
    for (int column = columns.from; column < columns.to; ++column, at += channels)
      add_elements(sums, at, channels);
  }
  static void finish(const Task& t, std::byte* out, const std::byte* sums, int count) {
    divide(out, sums, t.in_channels, Divisor(count), {t.low, t.high});
  }

  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int channels = t.in_channels, rows = Reduces ? 1 : t.rows;
    int real_rows = Reduces ? t.in_height : 0;
    for (int ky = 0; ky < rows && !Reduces; ++ky) real_rows += band.rows[ky] != nullptr ? 1 : 0;
    std::byte* sums = band.scratch;
    for (int x = 0; x < t.out_width; ++x, sums += Reduces ? 2 * channels : 0) {
      const Columns columns(t, x);
      if (!Reduces || band.first) fill(sums, 0, 2 * channels);
      for (int ky = 0; ky < rows; ++ky)
        if (band.rows[ky] != nullptr) add(band.rows[ky], columns, channels, sums);
      if (!Reduces || band.last)
        finish(t, band.out[0] + x * channels, sums, real_rows * (columns.to - columns.from));
    }
  }
};

// Per output i of a row: sums[i] += the elements at[i], at[i + step], ... (`count` of them).
template <class Sum>
void add_lines(std::byte* sums, const std::byte* at, int outputs, int count, int step) {
  const std::byte* x;
  asm volatile(R"(
    .macro lines bits letter
  1:
    vctp.\bits %[outputs]
    vpst
    vldr\letter\()t.u\bits q0, [%[sums]]
    mov %[x], %[at]
    dls lr, %[count]
  2:
    vpst
    vldrbt.s\bits q1, [%[x]]
    vadd.i\bits q0, q0, q1
    add %[x], %[step]
    le lr, 2b
    vpst
    vstr\letter\()t.\bits q0, [%[sums]], #16
    add %[at], #128 / \bits
    subs %[outputs], #128 / \bits
    bgt 1b
    .endm
    .if %c[size] == 2
    lines 16, h
    .else
    lines 32, w
    .endif
    .purgem lines
  )"
               : [sums] "+&r"(sums), [at] "+&r"(at), [x] "=&l"(x), [outputs] "+&r"(outputs)
               : [count] "r"(count), [step] "r"(step), [size] "i"(sizeof(Sum))
               : "q0", "q1", "lr", "cc", "memory");
}

// Means over height, width or both: outputs are side by side. Sums are in scratch, as scalar's.
template <class Scalar> struct Mean : Scalar {
  static void run(const Task& task, const Band& band) {
    using Sum = typename Scalar::Sum;
    const int outputs = task.out_width * task.out_channels;
    const int count = task.out_width == 1 ? task.in_width : 1;
    if (band.first) fill(band.scratch, 0, outputs * static_cast<int>(sizeof(Sum)));
    add_lines<Sum>(band.scratch, band.rows[0], outputs, count, task.in_channels);
    if (band.last) Scalar::finish_all(Task(task), band, outputs);
  }
};

struct Means {
  static constexpr const char* name = "mve.mean";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::Means<std::int8_t>::serves(g, value) &&
           !has(g[value].options.get<ReduceOptions>().axes, Axis::channels);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return Mean<decltype(scalar_isa::Means<std::int8_t>::kernel<graph, value>())>{};
  }
};

}  // namespace graven::core::mve_isa

#endif
