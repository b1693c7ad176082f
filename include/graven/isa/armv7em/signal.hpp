// Layers of audio front ends, two samples at a time.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/elementwise/words.hpp"
#include "graven/isa/armv7em/fft.hpp"
#include "graven/isa/scalar/signal.hpp"

namespace graven::core::armv7em_isa {

template <int shift> struct WindowFunction : scalar_isa::WindowFunctions {
  static void run(const Task& task, const Band& band) {
    const int count = task.out_channels;
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = task.out_width; x > 0; --x) {
      const std::byte* window = task.stream + 4;
      std::byte* const end = out + 2 * count;
      const auto at = [&](int i) {
        const auto a = load<std::uint32_t>(in + i), b = load_aligned<std::uint32_t>(window + i);
        store(out + i,
              two_words(saturate_word<shift>(smulbb(a, b)), saturate_word<shift>(smultt(a, b))));
      };
      const auto on = [&](int bytes) {
        in += bytes;
        window += bytes;
        out += bytes;
      };
      std::byte* const before = out + 2 * (count & ~7);
      while (out != before) at(0), at(4), at(8), at(12), on(16);
      for (; out != end; in += 2, window += 2, out += 2) {
        const std::int32_t y = load<std::int16_t>(in) * load_aligned<std::int16_t>(window);
        store(out, static_cast<std::int16_t>(saturate_word<shift>(y)));
      }
    }
  }
};
struct WindowFunctions {
  static constexpr const char* name = "armv7em.window_function";
  static constexpr bool serves(const GraphView& g, int value) {
    const int shift = g[value].options.get<SignalOptions>().a;
    return scalar_isa::WindowFunctions::serves(g, value) && shift >= 1 && shift <= 31;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return WindowFunction<graph.values[value].options.template get<SignalOptions>().a>{};
  }
};

struct FftShift : scalar_isa::FftShift {
  static constexpr const char* name = "armv7em.fft_shift";
  static void run(const Task& task, const Band& band) {
    const int pairs = task.in_channels / 2;
    const std::byte* in = band.rows[0];
    std::uint32_t most = 0, least = 0;
    for (const std::byte* const end = in + 4 * pairs; in != end; in += 4) {
      const auto two = load<std::uint32_t>(in);
      most = WordExtremes<false>::two(most, two);
      least = WordExtremes<true>::two(least, two);
    }
    std::int32_t high = larger(static_cast<std::int16_t>(most), half(most));
    std::int32_t low = -larger(-std::int32_t{static_cast<std::int16_t>(least)}, -half(least));
    if (task.in_channels % 2 != 0) {
      const std::int32_t last = load<std::int16_t>(in);
      high = larger(high, last);
      low = -larger(-low, -last);
    }
    std::int32_t size = larger(high, -low);
    if (size > 32767) size = 32767;
    const int shift = 15 - scalar_isa::signal::bits_of(static_cast<std::uint32_t>(size));
    store(band.out[0], std::int32_t{shift > 0 ? shift : 0});
  }
  static std::int32_t half(std::uint32_t two) { return static_cast<std::int32_t>(two) >> 16; }
  static std::int32_t larger(std::int32_t a, std::int32_t b) { return a > b ? a : b; }
};

struct FftScale : scalar_isa::FftScale {
  static constexpr const char* name = "armv7em.fft_scale";
  static void run(const Task& task, const Band& band) {
    const auto shift = load<std::int32_t>(band.rows[task.rows]);
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    const auto at = [&](int i) {
      const auto two = load<std::uint32_t>(in + i);
      store(out + i, two_words(shift_left(static_cast<std::int32_t>(two), shift),
                               shift_left(static_cast<std::int32_t>(two >> 16), shift)));
    };
    const int count = task.out_channels;
    std::byte* const end = out + 2 * count;
    for (std::byte* const before = out + 2 * (count & ~3); out != before; in += 8, out += 8)
      at(0), at(4);
    for (; out != end; in += 2, out += 2)
      store(out, static_cast<std::int16_t>(shift_left(load<std::int16_t>(in), shift)));
  }
};

struct Energies : scalar_isa::Energies {
  static constexpr const char* name = "armv7em.energy";
  static void run(const Task& task, const Band& band) {
    const auto first = load_aligned<std::int32_t>(task.stream),
               last = load_aligned<std::int32_t>(task.stream + 4);
    const int count = task.out_channels;
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    const int end = last < count ? last : count, begin = first < end ? first : end;
    const int from = begin > 0 ? begin : 0;
    fill_bytes(out, std::byte{0}, 4 * from);
    for (int k = from; k < end; ++k) {
      const auto pair = load<std::uint32_t>(in + 4 * k);
      std::uint32_t y;
      asm("smuad %0, %1, %1" : "=r"(y) : "r"(pair) : "cc");
      store(out + 4 * k, y);
    }
    const int rest = end > from ? end : from;
    fill_bytes(out + 4 * rest, std::byte{0}, 4 * (count - rest));
  }
};

// Program 1: no weight is negative.
struct FilterBanks : scalar_isa::FilterBanks {
  using General = scalar_isa::FilterBanks;
  static constexpr const char* name = "armv7em.filter_bank";
  static constexpr int programs = 2;

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    General::pack(g, v, p, to);
    to.program = 1;
    for (const char* table : {"weights", "unweights"}) {
      const Array& data = p.constants[p.find(table)].data;
      for (int i = 0; i < data.size; ++i)
        if (data.int16[i] < 0) to.program = 0;
    }
  }
  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == 0) return General::run(task, band);
    const int size = 2 * static_cast<int>(load_aligned<std::int32_t>(task.stream));
    const int count = task.out_channels, table = 2 * (count + 1);
    const std::byte *weights = task.stream + 4, *place = weights + 2 * size;
    std::byte* out = band.out[0];
    std::uint64_t rising = 0;  // begun by the channel before
    for (int k = 0; k <= count; ++k, place += 2) {
      const std::byte* in = band.rows[0] + 4 * load_aligned<std::int16_t>(place);
      const std::byte* up = weights + 2 * load_aligned<std::int16_t>(place + table);
      std::uint64_t falling = 0;
      for (int j = load_aligned<std::int16_t>(place + 2 * table); j > 0; --j, in += 4, up += 2) {
        const std::uint64_t energy = load<std::uint32_t>(in);
        rising += energy * load_aligned<std::uint16_t>(up);
        falling += energy * load_aligned<std::uint16_t>(up + size);
      }
      if (k > 0) {
        store(out, rising);
        out += 8;
      }
      rising = falling;
    }
  }
};

using Audio = Prefer<WindowFunctions, FftShift, FftScale, RealFft, Energies, FilterBanks>;

}  // namespace graven::core::armv7em_isa

#endif
