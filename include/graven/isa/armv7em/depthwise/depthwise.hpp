// Depthwise convolution on pixel rows, four channels at a time, for any window.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/pairs.hpp"

namespace graven::core::armv7em_isa {

// Four sums side by side.
struct Lanes {
  std::int32_t a = 0, b = 0, c = 0, d = 0;

  [[gnu::always_inline]] void add(std::uint32_t x, std::uint32_t w) {
    const std::uint32_t x_even = even_bytes(x), x_odd = odd_bytes(x);
    const std::uint32_t w_even = even_bytes(w), w_odd = odd_bytes(w);
    a = smlabb(x_even, w_even, a);
    c = smlatt(x_even, w_even, c);
    b = smlabb(x_odd, w_odd, b);
    d = smlatt(x_odd, w_odd, d);
  }
  // `count` taps, `step` bytes apart. Compilers spill what this keeps in registers.
  [[gnu::always_inline]] void add_taps(const std::byte* x, int step, const std::byte*& w,
                                       int count) {
#if defined(__clang__) || defined(__OPTIMIZE__)
    std::uint32_t x_odd, w_odd, x_even, w_even;
    asm volatile(R"(
  1:
    ldr %[xo], [%[x]] ;  ldr %[wo], [%[w]], #4 ;  add %[x], %[step]
    sxtb16 %[xe], %[xo] ;  sxtb16 %[we], %[wo]
    smlabb %[a], %[xe], %[we], %[a] ;  smlatt %[c], %[xe], %[we], %[c]
    sxtb16 %[xo], %[xo], ror #8 ;  sxtb16 %[wo], %[wo], ror #8
    smlabb %[b], %[xo], %[wo], %[b] ;  smlatt %[d], %[xo], %[wo], %[d]
    subs %[n], #1
    bne 1b
    )"
                 : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [x] "+r"(x), [w] "+r"(w),
                   [n] "+r"(count), [xo] "=&r"(x_odd), [wo] "=&r"(w_odd), [xe] "=&r"(x_even),
                   [we] "=&r"(w_even)
                 : [step] "r"(step)
                 : "cc", "memory");
#else  // g++ has no register left over
    for (; count > 0; --count, x += step, w += 4)
      add(load<std::uint32_t>(x), load<std::uint32_t>(w));
#endif
  }
};

// Packing chooses: `fast` with FastChannel words, `general` with records. Stream: per group of four
// channels (the last one filled up with zeros) its words and multipliers, or its records; then its
// weights, tap by tap.
struct Depthwise {
  enum Program { fast, general };
  static constexpr int programs = 2;
  static constexpr bool holds_weights = true;

  static constexpr int groups(const Value& v) { return (v.shape.channels + 3) / 4; }
  static constexpr int scratch(const GraphView&, const Value&) { return 0; }
  static constexpr int stream_size(const GraphView&, const Value& v) {  // at most
    return groups(v) * (4 * Record::bytes + 4 * v.filter.area());
  }

  static constexpr Program program_of(const GraphView& g, const Value& v, const Parameters& p) {
    bool is_fast = whole_range(v);
    for (int o = 0; o < v.shape.channels; ++o)
      is_fast = is_fast && FastChannel::serves(fold(g, v, p, o));
    return is_fast ? fast : general;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const int channels = v.shape.channels;
    const bool is_fast = program_of(g, v, p) == fast;
    to.program = is_fast ? fast : general;
    for (int first = 0; first < channels; first += 4) {
      Channel lanes[4]{};
      for (int i = 0; i < 4 && first + i < channels; ++i) lanes[i] = fold(g, v, p, first + i);
      for (const Channel& channel : lanes)
        is_fast ? to.put(FastChannel::word(channel)) : Record::put(to, channel);
      for (int i = 0; i < 4 && is_fast; ++i) to.put(lanes[i].multiplier.multiplier);
      for (int tap = 0; tap < v.filter.area(); ++tap)
        for (int o = first; o < first + 4; ++o)
          to.put(o < channels ? p.filter.int8[tap * channels + o] : std::int8_t{0});
    }
  }

  // Channels c to c + 3 of a pixel; what lies beyond the row is not touched.
  [[gnu::always_inline]] static std::uint32_t four(const std::byte* x, int left) {
    if (left >= 4) return load<std::uint32_t>(x);
    std::uint32_t word = 0;
    for (int i = 0; i < left; ++i) word |= static_cast<std::uint32_t>(x[i]) << 8 * i;
    return word;
  }

  // All taps of one group at one output pixel.
  [[gnu::always_inline]] static Lanes sum(const Task& t, const Band& band, int c, int first,
                                          bool inside, const std::byte* w) {
    Lanes sums;
    const std::uint32_t padding = 0x01010101u * static_cast<std::uint8_t>(t.in_zero);
    const int row_bytes = t.in_width * t.in_channels, step = t.dilation_width * t.in_channels;
    for (int ky = 0; ky < t.rows; ++ky) {
      const std::byte* row = band.rows[ky];
      if (row != nullptr && inside) {
        const std::byte* x = row + first * t.in_channels + c;
        sums.add_taps(x, step, w, t.filter_width);
        continue;
      }
      for (int kx = 0, column = first; kx < t.filter_width; ++kx, column += t.dilation_width) {
        std::uint32_t x = padding;
        if (row != nullptr && column >= 0 && column < t.in_width) {
          const int at = column * t.in_channels + c;
          x = four(row + at, row_bytes - at);
        }
        sums.add(x, load_aligned<std::uint32_t>(w));
        w += 4;
      }
    }
    return sums;
  }

  template <int program>
  [[gnu::always_inline]] static void finish(const Task& t, const std::byte* head, int channels,
                                            const Lanes& sums, std::byte* out) {
    const std::int32_t lanes[4]{sums.a, sums.b, sums.c, sums.d};
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      if (i >= channels) return;
      if constexpr (program == general) {
        const std::byte* record = head + i * Record::bytes;
        out[i] = Record::finish(record, load_aligned<std::int32_t>(record) + lanes[i], t);
      } else {
        const auto word = load_aligned<std::int32_t>(head + 4 * i);
        out[i] =
            requantize_fast((word >> 8) + lanes[i], load_aligned<std::int32_t>(head + 16 + 4 * i),
                            word, shift_left(2 * t.out_zero + 1, word));
      }
    }
  }

  template <int program>
  GRAVEN_OPTIMIZE("no-schedule-insns")
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int head = program == fast ? 32 : 4 * Record::bytes;
    const int size = head + 4 * t.rows * t.filter_width;
    const int span = (t.filter_width - 1) * t.dilation_width;
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x, out += t.out_channels) {
      const int first = x * t.stride_width - t.left;
      const std::byte* stream = t.stream;
      for (int c = 0; c < t.out_channels; c += 4, stream += size) {
        const int beyond = t.out_channels - c < 4 ? 1 : 0;  // the last pixel is read with care
        const bool inside = first >= 0 && first + span + beyond < t.in_width;
        const Lanes sums = sum(t, band, c, first, inside, stream + head);
        finish<program>(t, stream, t.out_channels - c, sums, out + c);
      }
    }
  }
};

}  // namespace graven::core::armv7em_isa

#endif
