// Loads, stores and loops that all AVX2 kernels share.
#pragma once

#if defined(__AVX2__)

#include "graven/kernel/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <immintrin.h>
#include <utility>

namespace graven::core::avx2_isa {

// Calls f(0), ..., f(N - 1) with constants: accumulators in arrays stay in registers.
template <int N, class Function> [[gnu::always_inline]] inline void unroll(Function&& f) {
  [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) {
    (f(std::integral_constant<int, i>()), ...);
  }
  (std::make_integer_sequence<int, N>());
}

inline __m256i load32(const std::byte* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
inline __m128i load16(const std::byte* from) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}
inline __m128i load8(const std::byte* from) {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
}
inline void store32(std::byte* to, __m256i value) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
}
inline void store16(std::byte* to, __m128i value) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), value);
}
inline void store8(std::byte* to, __m128i value) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), value);
}

// The first `count` bytes, at most 16, and no byte beyond them.
inline void store_part(std::byte* to, __m128i value, int count) {
  if (count >= 16) return store16(to, value);
  if (count & 8) {
    store8(to, value);
    value = _mm_srli_si128(value, 8);
    to += 8;
  }
  if (count & 4) {
    store(to, _mm_cvtsi128_si32(value));
    value = _mm_srli_si128(value, 4);
    to += 4;
  }
  if (count & 2) {
    store(to, static_cast<std::uint16_t>(_mm_extract_epi16(value, 0)));
    value = _mm_srli_si128(value, 2);
    to += 2;
  }
  if (count & 1) *to = static_cast<std::byte>(_mm_extract_epi8(value, 0));
}
inline __m128i load_part(const std::byte* from, int count) {
  if (count >= 16) return load16(from);
  alignas(16) std::byte bytes[16]{};
  std::byte* to = bytes;
  if (count & 8) {
    store(to, load<std::uint64_t>(from));
    to += 8;
    from += 8;
  }
  if (count & 4) {
    store(to, load<std::uint32_t>(from));
    to += 4;
    from += 4;
  }
  if (count & 2) {
    store(to, load<std::uint16_t>(from));
    to += 2;
    from += 2;
  }
  if (count & 1) *to = *from;
  return load16(bytes);
}

// 16 int8 as int16.
inline __m256i widen16(const std::byte* from) { return _mm256_cvtepi8_epi16(load16(from)); }

}  // namespace graven::core::avx2_isa

#endif
