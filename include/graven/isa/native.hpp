// The instruction set that the compiler is building for: only that one is read. Whoever names
// another includes its header as well. (avxvnni and avx512vnni have run on emulated processors
// only.)
#pragma once

#include "graven/error.hpp"

#include <type_traits>

#if defined(__ARM_FEATURE_MVE)
#include "graven/isa/mve.hpp"
namespace graven::core {
using native = mve;
}
#elif defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)
#include "graven/isa/armv7em.hpp"
namespace graven::core {
using native = armv7em;
}
#elif defined(__thumb2__)
#include "graven/isa/armv7m.hpp"
namespace graven::core {
using native = armv7m;
}
#elif defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
#include "graven/isa/armv6m.hpp"
namespace graven::core {
using native = armv6m;
}
#elif defined(__riscv_mul) && __riscv_xlen == 32
#include "graven/isa/rv32imc.hpp"
namespace graven::core {
using native = rv32imc;
}
#elif defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#include "graven/isa/avx512vnni.hpp"
namespace graven::core {
using native = avx512vnni;
}
#elif defined(__AVXVNNI__)
#include "graven/isa/avxvnni.hpp"
namespace graven::core {
using native = avxvnni;
}
#elif defined(__AVX2__)
#include "graven/isa/avx2.hpp"
namespace graven::core {
using native = avx2;
}
#else
#include "graven/isa/scalar.hpp"
namespace graven::core {
using native = scalar;
}
#endif

namespace graven::core::detail {

// What is no instruction set is one mistake, and nothing more is said.
template <class Isa>
concept IsInstructionSet = requires {
  static_cast<const char*>(Isa::name);
};
template <class Isa> constexpr auto checked_isa() {
  static_assert(IsInstructionSet<Isa> || error::unsupported<error::in<Isa>>,
                "Model: the fourth argument must be an instruction set, such as graven::native or "
                "graven::scalar; a plan is the fifth.");
  return std::conditional_t<IsInstructionSet<Isa>, Isa, native>{};
}

// Do the flags leave float32 its order and its NaN? Of -funsafe-math-optimizations clang is silent.
#if defined(__ASSOCIATIVE_MATH__)
inline constexpr bool keeps_reals = false;
#else
inline constexpr bool keeps_reals = __FINITE_MATH_ONLY__ == 0;
#endif

}  // namespace graven::core::detail
