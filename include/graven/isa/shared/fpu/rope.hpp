// RoPE of integers: rounded in single instructions of the FPU and the DSP extension.
#pragma once

#include "graven/isa/scalar/rope.hpp"
#include "graven/isa/shared/fpu/quantize.hpp"

#if defined(__ARM_FP) && (__ARM_FP & 4) && defined(__ARM_FEATURE_DSP)

namespace graven::core::fpu_isa {

template <class T> struct RoPE : scalar_isa::RoPE<T> {
  static constexpr const char* name = sizeof(T) == 1 ? "fpu.rope" : "fpu.word_rope";

  struct Numbers {
    Quant in, out;

    [[gnu::always_inline]] float from(const std::byte* at) const {
      return dequantize(load<T>(at), in);
    }
    [[gnu::always_inline]] void put(std::byte* at, float y) const {
      store(at, static_cast<T>(quantized<T>(y / out.scale, 2 * out.zero_point + 1)));
    }
  };
  static void run(const Task& task, const Band& band) {
    scalar_isa::RoPE<T>::template turn_all<Numbers>(task, band);
  }
};

}  // namespace graven::core::fpu_isa

#endif
