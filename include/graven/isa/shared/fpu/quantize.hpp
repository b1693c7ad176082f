// float32 to integers in single instructions of the FPU and the DSP extension.
#pragma once

#include "graven/isa/scalar/elementwise.hpp"

#if defined(__ARM_FP) && (__ARM_FP & 4) && defined(__ARM_FEATURE_DSP)

namespace graven::core::fpu_isa {

// A number of steps, half away from zero, and the zero point: with t twice the steps, cut to an
// integer, (t + 1 - (t < 0)) >> 1. The conversion saturates, as the sum does, and makes 0 of NaN.
template <class T>
[[gnu::always_inline]] inline std::int32_t quantized(float steps, std::int32_t twice_zero_and_1) {
  std::int32_t t, y;
  asm("vcvt.s32.f32 %1, %1, #1\n\tvmov %0, %1" : "=r"(t), "+t"(steps));
  asm("qadd %0, %1, %2" : "=r"(y) : "r"(t), "r"(twice_zero_and_1 + (t >> 31)));
  if constexpr (std::is_same_v<T, std::uint8_t>)
    asm("usat %0, #8, %1, asr #1" : "=r"(y) : "r"(y));
  else if constexpr (sizeof(T) == 1)
    asm("ssat %0, #8, %1, asr #1" : "=r"(y) : "r"(y));
  else
    asm("ssat %0, #16, %1, asr #1" : "=r"(y) : "r"(y));
  return y;
}

template <class T> struct Quantize : scalar_isa::QuantizeFloat32<T> {
  static constexpr const char* name =
      std::is_same_v<T, std::int8_t> ? "fpu.quantize" : "fpu.quantize_uint8";
  [[gnu::always_inline]] static std::byte one(float x, float scale, std::int32_t twice_zero_and_1) {
    return static_cast<std::byte>(quantized<T>(x / scale, twice_zero_and_1));
  }
  static void run(const Task& task, const Band& band) {
    const auto scale = load_aligned<float>(task.stream);
    const std::int32_t shift = 2 * task.out_zero + 1;
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    const int count = task.out_width * task.out_channels;
    for (std::byte* const end = out + (count & ~3); out != end; in += 16, out += 4)
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) out[i] = one(load_aligned<float>(in + 4 * i), scale, shift);
    for (std::byte* const end = out + (count & 3); out != end; in += 4)
      *out++ = one(load_aligned<float>(in), scale, shift);
  }
};

}  // namespace graven::core::fpu_isa

#endif
