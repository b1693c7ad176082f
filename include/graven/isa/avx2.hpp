// AVX2: x86-64 from 2013 on. Equal to scalar bit for bit, in instructions decided by isa/avx2/.
#pragma once

#if defined(__AVX2__)

#include "graven/isa/avx2/conv.hpp"
#include "graven/isa/avx2/dense.hpp"
#include "graven/isa/avx2/depthwise.hpp"
#include "graven/isa/avx2/elementwise.hpp"
#include "graven/isa/avx2/pool.hpp"
#include "graven/isa/avx2/real.hpp"
#include "graven/isa/scalar.hpp"

namespace graven::core {

namespace avx2_isa {

using kernels = Prefer<Convs<Words, std::int8_t>, Depthwises<TapPairs>, DenseRows, Add, Pools,
                       Convs<Floats, float>, FloatDepthwise, Nearest, scalar::kernels>;

}  // namespace avx2_isa

struct avx2 : scalar {
  static constexpr const char* name = "avx2";
  static constexpr int alignment = 32;

  static constexpr int band(const GraphView& graph, int value) {
    return avx2_isa::band_of(graph, value);
  }
  using kernels = avx2_isa::kernels;
};

}  // namespace graven::core

namespace graven {
using core::avx2;
}

#endif
