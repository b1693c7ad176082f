// Row kernels that go through a row once: Add, and copying pixels for ResizeNearest.
#pragma once

#if defined(__AVX2__)

#include "graven/isa/avx2/lanes.hpp"
#include "graven/isa/scalar/add.hpp"
#include "graven/isa/scalar/elementwise.hpp"
#include "graven/isa/scalar/resize.hpp"

namespace graven::core::avx2_isa {

// rounding_shift by the same number for all lanes; |x| below 2^30.
struct Shift {
  __m256i sign, half;
  __m128i count;

  explicit Shift(int right)
      : sign(_mm256_set1_epi32(right > 0 ? -1 : 0)),
        half(_mm256_set1_epi32(right > 0 ? 1 << (right - 1) : 0)), count(_mm_cvtsi32_si128(right)) {
  }
  [[gnu::always_inline]] __m256i operator()(__m256i x) const {
    const __m256i correction = _mm256_and_si256(_mm256_srai_epi32(x, 31), sign);
    return _mm256_sra_epi32(_mm256_add_epi32(_mm256_add_epi32(x, correction), half), count);
  }
};

// requantize((x - zero) << 20, m) = high_multiply by parts: x * m / 2^11 with m = h * 2^11 + l, all
// products below 2^31; then the shift to the right.
struct AddTerm {
  __m256i zero, high, low;
  Shift shift;

  AddTerm(int zero_point, Multiplier m)
      : zero(_mm256_set1_epi32(zero_point)), high(_mm256_set1_epi32(m.multiplier >> 11)),
        low(_mm256_set1_epi32(m.multiplier & 2047)), shift(-m.shift) {}
  [[gnu::always_inline]] __m256i operator()(const std::byte* at) const {
    const __m256i x = _mm256_sub_epi32(_mm256_cvtepi8_epi32(load8(at)), zero);
    const __m256i rest = _mm256_add_epi32(_mm256_mullo_epi32(x, low), _mm256_set1_epi32(1 << 10));
    return shift(_mm256_add_epi32(_mm256_mullo_epi32(x, high), _mm256_srai_epi32(rest, 11)));
  }
};

struct Add : scalar_isa::AddInt8 {
  static constexpr const char* name = "avx2.add";
  // The operand of the larger scale has the multiplier 1/2: a shift to the left by 19.
  struct Sum {
    __m256i plain_zero, multiplier, out_zero;
    AddTerm term;
    Shift shift;
    std::int8_t low, high;

    [[gnu::always_inline]] __m256i eight(const std::byte* plain, const std::byte* other) const {
      const __m256i x = _mm256_sub_epi32(_mm256_cvtepi8_epi32(load8(plain)), plain_zero);
      const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(x, 19), term(other));
      return _mm256_add_epi32(shift(high_multiply(sum, multiplier, multiplier)), out_zero);
    }
    [[gnu::always_inline]] __m128i sixteen(const std::byte* plain, const std::byte* other) const {
      const __m256i a = eight(plain, other), b = eight(plain + 8, other + 8);
      const __m256i y = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0b11011000);
      const __m128i z = _mm_packs_epi16(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
      return _mm_min_epi8(_mm_max_epi8(z, _mm_set1_epi8(low)), _mm_set1_epi8(high));
    }
  };

  [[gnu::noinline, gnu::flatten]] static void add_row(const Sum& sum, const std::byte* plain,
                                                      const std::byte* other, std::byte* out,
                                                      int count) {
    const Sum s = sum;
    for (; count >= 16; count -= 16, plain += 16, other += 16, out += 16)
      store16(out, s.sixteen(plain, other));
    if (count <= 0) return;
    alignas(16) std::byte a[16], b[16];
    store16(a, load_part(plain, count));
    store16(b, load_part(other, count));
    store_part(out, s.sixteen(a, b), count);
  }

  static constexpr bool is_plain(const Operand& x) {
    return x.multiplier == Multiplier{1 << 30, 0};
  }

  static void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const Operand a(from), b(from);
    const Multiplier m{from.next<std::int32_t>(), from.next<std::int32_t>()};
    const bool whole = a.steps.pixel == t.out_channels && b.steps.pixel == t.out_channels &&
                       a.steps.channel == 1 && b.steps.channel == 1;
    const Operand &plain = is_plain(a) ? a : b, &other = is_plain(a) ? b : a;
    if (!whole || !is_plain(plain) || other.multiplier.shift > 0 || m.shift > 0)
      return scalar_isa::AddInt8::run(task, band);
    const Sum sum{_mm256_set1_epi32(plain.zero),
                  _mm256_set1_epi32(m.multiplier),
                  _mm256_set1_epi32(t.out_zero),
                  AddTerm(other.zero, other.multiplier),
                  Shift(-m.shift),
                  static_cast<std::int8_t>(t.low),
                  static_cast<std::int8_t>(t.high)};
    const std::byte* row_a = band.rows[0];
    const std::byte* row_b = band.rows[t.rows];
    const bool swapped = &plain == &b;
    add_row(sum, swapped ? row_b : row_a, swapped ? row_a : row_b, band.out[0],
            t.out_width * t.out_channels);
  }
};

// Copies of a few fixed sizes are worth their own loop.
struct Nearest : scalar_isa::Nearest {
  static constexpr const char* name = "avx2.nearest";
  template <class Copy>
  [[gnu::always_inline]] static void pixels(const Task& t, const Band& band, int bytes,
                                            Copy&& copy) {
    Reader from{t.stream + 4};
    const std::byte* row = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = t.out_width; x > 0; --x, out += bytes)
      copy(out, row + from.next<std::uint16_t>() * bytes);
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    switch (load_aligned<std::int32_t>(t.stream)) {
      case 4:
        return pixels(t, band, 4, [](std::byte* to, const std::byte* from) {
          store(to, load<std::uint32_t>(from));
        });
      case 8:
        return pixels(t, band, 8,
                      [](std::byte* to, const std::byte* from) { store8(to, load8(from)); });
      case 16:
        return pixels(t, band, 16,
                      [](std::byte* to, const std::byte* from) { store16(to, load16(from)); });
      case 32:
        return pixels(t, band, 32,
                      [](std::byte* to, const std::byte* from) { store32(to, load32(from)); });
      default: return scalar_isa::Nearest::run(task, band);
    }
  }
};

}  // namespace graven::core::avx2_isa

#endif
