// Max and average pools over int8, 16 channels at a time; few channels are scalar's business.
#pragma once

#if defined(__AVX2__)

#include "graven/isa/avx2/vector.hpp"
#include "graven/isa/scalar/pool.hpp"

namespace graven::core::avx2_isa {

// The window of an output pixel: these columns of the rows that are not null.
struct PoolWindow {
  const std::byte* const* rows;
  int count, from, to, channels;
};

// 16 accumulators: int8 for the largest, int16 or int32 for sums.
template <class Acc> struct Sixteen;

template <> struct Sixteen<std::int8_t> {
  __m128i largest = _mm_set1_epi8(-128);

  void add(__m128i x) { largest = _mm_max_epi8(largest, x); }
  void load_from(const std::byte* from, int count) { largest = load_part(from, count); }
  void store_to(std::byte* to, int count) const { store_part(to, largest, count); }
};
template <> struct Sixteen<std::int16_t> {
  __m256i sum = _mm256_setzero_si256();

  void add(__m128i x) { sum = _mm256_add_epi16(sum, _mm256_cvtepi8_epi16(x)); }
  void load_from(const std::byte* from, int count) {
    sum = _mm256_set_m128i(load_part(from + 16, count > 8 ? 2 * count - 16 : 0),
                           load_part(from, 2 * count));
  }
  void store_to(std::byte* to, int count) const {
    store_part(to, _mm256_castsi256_si128(sum), 2 * count);
    if (count > 8) store_part(to + 16, _mm256_extracti128_si256(sum, 1), 2 * count - 16);
  }
};
template <> struct Sixteen<std::int32_t> {
  __m256i low = _mm256_setzero_si256(), high = _mm256_setzero_si256();

  void add(__m128i x) {
    low = _mm256_add_epi32(low, _mm256_cvtepi8_epi32(x));
    high = _mm256_add_epi32(high, _mm256_cvtepi8_epi32(_mm_srli_si128(x, 8)));
  }
  void load_from(const std::byte* from, int count) {
    alignas(32) std::byte bytes[64]{};
    copy_bytes(bytes, from, 4 * count);
    low = load32(bytes);
    high = load32(bytes + 32);
  }
  void store_to(std::byte* to, int count) const {
    alignas(32) std::byte bytes[64];
    store32(bytes, low);
    store32(bytes + 32, high);
    copy_bytes(to, bytes, 4 * count);
  }
};

template <class Acc>
[[gnu::flatten]] inline void add_window(Sixteen<Acc>& acc, const PoolWindow& window, int c,
                                        int count) {
  for (int ky = 0; ky < window.count; ++ky) {
    if (window.rows[ky] == nullptr) continue;
    const std::byte* at = window.rows[ky] + window.from * window.channels + c;
    for (int x = window.from; x < window.to; ++x, at += window.channels)
      acc.add(count < 16 ? load_part(at, count) : load16(at));
  }
}

template <class Rule, bool Reduces> struct Pool : scalar_isa::Pool<std::int8_t, Rule, Reduces> {
  using Acc = typename Rule::Acc;
  static constexpr bool largest = std::is_same_v<Acc, std::int8_t>;

  // `elements`: of the window, for a mean.
  static void finish(const Task& t, const Sixteen<Acc>& acc, std::byte* out, int count,
                     int elements) {
    if constexpr (largest) {
      const __m128i low = _mm_set1_epi8(static_cast<char>(t.low));
      const __m128i high = _mm_set1_epi8(static_cast<char>(t.high));
      store_part(out, _mm_min_epi8(_mm_max_epi8(acc.largest, low), high), count);
    } else {
      alignas(32) std::byte sums[16 * sizeof(Acc)];
      acc.store_to(sums, 16);
      for (int i = 0; i < count; ++i)
        Rule::finish(out + i, t, load<Acc>(sums + i * static_cast<int>(sizeof(Acc))), elements);
    }
  }

  [[gnu::flatten]] static void run(const Task& task, const Band& band) {
    const Task t = task;
    PoolWindow window{band.rows, Reduces ? 1 : t.rows, 0, 0, t.in_channels};
    int real_rows = Reduces ? t.in_height : 0;
    for (int ky = 0; !Reduces && ky < t.rows; ++ky) real_rows += band.rows[ky] != nullptr ? 1 : 0;
    std::byte* out = band.out[0];
    std::byte* sums = band.scratch;
    for (int x = 0; x < t.out_width; ++x) {
      const int first = x * t.stride_width - t.left, end = first + t.filter_width;
      window.from = first < 0 ? 0 : first;
      window.to = end < t.in_width ? end : t.in_width;
      for (int c = 0; c < t.in_channels; c += 16) {
        const int count = t.in_channels - c < 16 ? t.in_channels - c : 16;
        Sixteen<Acc> acc;
        if (Reduces && !band.first) acc.load_from(sums, count);
        add_window(acc, window, c, count);
        if (Reduces && !band.last)
          acc.store_to(sums, count);
        else
          finish(t, acc, out + c, count, real_rows * (window.to - window.from));
        sums += count * static_cast<int>(sizeof(Acc));
      }
      if (!Reduces || band.last) out += t.in_channels;
    }
  }
};

struct Pools {
  static constexpr const char* name = "avx2.pool";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::Pools::first(g, value) < scalar_isa::Pools::count &&
           g.input(g[value]).shape.channels >= 8;
  }
  template <class Rule, bool Reduces>
  static constexpr auto faster(scalar_isa::Pool<std::int8_t, Rule, Reduces>) {
    return Pool<Rule, Reduces>{};
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return faster(scalar_isa::Pools::kernel<graph, value>());
  }
};

}  // namespace graven::core::avx2_isa

#endif
