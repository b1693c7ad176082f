// The instruction set that the compiler is building for.
#pragma once

#include "graven/isa/armv7em.hpp"
#include "graven/isa/avx2.hpp"
#include "graven/isa/avx512vnni.hpp"
#include "graven/isa/mve.hpp"
#include "graven/isa/scalar.hpp"

namespace graven {

#if defined(__ARM_FEATURE_MVE)
using native = mve;
#elif defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)
using native = armv7em;
#elif defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)
using native = avx512vnni;
#elif defined(__AVX2__)
using native = avx2;
#else
using native = scalar;
#endif

}  // namespace graven
