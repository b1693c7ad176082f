// AVX-VNNI: Intel's x86-64 from Alder Lake (2021) on, AMD's from Zen 5 on. Equal to scalar bit for
// bit.
#pragma once

#if defined(__AVXVNNI__) || (defined(__AVX512VNNI__) && defined(__AVX512VL__))

#include "graven/isa/avx2.hpp"
#include "graven/isa/avxvnni/lanes.hpp"

namespace graven::core {

namespace avxvnni_isa {

// Convolutions by `Lanes`, the rest as AVX2.
template <class Lanes>
using kernels = Prefer<avx2_isa::Convs<Lanes, std::int8_t>, avx2_isa::Depthwises<TapQuads<Lanes>>,
                       avx2::kernels>;

}  // namespace avxvnni_isa

struct avxvnni : avx2 {
  static constexpr const char* name = "avxvnni";
  using kernels = avxvnni_isa::kernels<avxvnni_isa::Bytes>;
};

}  // namespace graven::core

namespace graven {
using core::avxvnni;
}

#endif
