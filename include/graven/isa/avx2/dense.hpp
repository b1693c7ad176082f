// Dense over the rows of its input: a step adds one row's products to the running sums. Weights as
// scalar packs them; each output's products are summed 16 at a time.
#pragma once

#if defined(__AVX2__)

#include "graven/isa/avx2/vector.hpp"
#include "graven/isa/scalar/conv.hpp"

namespace graven::core::avx2_isa {

struct DenseRows : scalar_isa::DenseRows<scalar_isa::Int8> {
  static constexpr const char* name = "avx2.dense";
  [[gnu::flatten]] static std::int32_t dot(const std::byte* a, const std::byte* b, int count) {
    __m256i acc = _mm256_setzero_si256();
    for (; count >= 16; count -= 16, a += 16, b += 16)
      acc = _mm256_add_epi32(acc, _mm256_madd_epi16(widen16(a), widen16(b)));
    if (count > 0)
      acc = _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_cvtepi8_epi16(load_part(a, count)),
                                                    _mm256_cvtepi8_epi16(load_part(b, count))));
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(acc), _mm256_extracti128_si256(acc, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0b01001110));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0b10110001)));
  }

  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const scalar_isa::Int8 channels(t);
    const int length = t.in_width * t.in_channels;
    const std::byte* w = channels.weights() + band.step * t.out_channels * length;
    std::byte* sum = band.scratch;
    for (int o = 0; o < t.out_channels; ++o, w += length, sum += 4) {
      const std::int32_t before = band.first ? channels.start(o) : load_aligned<std::int32_t>(sum);
      const std::int32_t acc = before + dot(band.rows[0], w, length);
      if (band.last)
        channels.finish(band.out[0], o, acc);
      else
        store_aligned(sum, acc);
    }
  }
};

}  // namespace graven::core::avx2_isa

#endif
