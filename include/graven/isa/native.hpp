// The instruction set that the compiler is building for. (avxvnni and avx512vnni have run on
// emulated processors only.)
#pragma once

#include "graven/isa/armv6m.hpp"
#include "graven/isa/armv7em.hpp"
#include "graven/isa/armv7m.hpp"
#include "graven/isa/avx2.hpp"
#include "graven/isa/avx512vnni.hpp"
#include "graven/isa/avxvnni.hpp"
#include "graven/isa/mve.hpp"
#include "graven/isa/rv32imc.hpp"
#include "graven/isa/scalar.hpp"

namespace graven::core {

#if defined(__ARM_FEATURE_MVE)
using native = mve;
#elif defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)
using native = armv7em;
#elif defined(__thumb2__)
using native = armv7m;
#elif defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
using native = armv6m;
#elif defined(__riscv_mul) && __riscv_xlen == 32
using native = rv32imc;
#elif defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)
using native = avx512vnni;
#elif defined(__AVXVNNI__)
using native = avxvnni;
#elif defined(__AVX2__)
using native = avx2;
#else
using native = scalar;
#endif

}  // namespace graven::core
