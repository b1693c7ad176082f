// AVX-512 with VNNI: x86-64 servers from 2019 on, AMD's from Zen 4 on. Equal to scalar bit for bit.
#pragma once

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)

#include "graven/isa/avx512vnni/lanes.hpp"
#include "graven/isa/avxvnni.hpp"

namespace graven::core {

struct avx512vnni : avxvnni {
  static constexpr const char* name = "avx512vnni";
  static constexpr int alignment = 64;
  using kernels = avxvnni_isa::kernels<avx512vnni_isa::Bytes>;
};

}  // namespace graven::core

namespace graven {
using core::avx512vnni;
}

#endif
