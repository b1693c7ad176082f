// Helium, the vector extension of Armv8.1-M (Cortex-M55, M85): sixteen int8 products per
// instruction. Equal to scalar bit for bit; the kernels are in isa/mve/.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/armv7em/signal.hpp"
#include "graven/isa/mve/attention.hpp"
#include "graven/isa/mve/binary.hpp"
#include "graven/isa/mve/conv/conv.hpp"
#include "graven/isa/mve/conv/transposed.hpp"
#include "graven/isa/mve/conv/wide.hpp"
#include "graven/isa/mve/conv/words.hpp"
#include "graven/isa/mve/dense.hpp"
#include "graven/isa/mve/depthwise/columns.hpp"
#include "graven/isa/mve/depthwise/depthwise.hpp"
#include "graven/isa/mve/depthwise/taps.hpp"
#include "graven/isa/mve/elementwise.hpp"
#include "graven/isa/mve/movement.hpp"
#include "graven/isa/mve/pool.hpp"
#include "graven/isa/mve/real_conv.hpp"
#include "graven/isa/mve/reals.hpp"
#include "graven/isa/mve/recurrent.hpp"
#include "graven/isa/mve/resize.hpp"
#include "graven/isa/mve/sums.hpp"
#include "graven/isa/mve/svdf.hpp"
#include "graven/isa/mve/word_attention.hpp"
#include "graven/isa/mve/words.hpp"
#include "graven/isa/scalar.hpp"
#include "graven/isa/shared/fpu/real.hpp"
#include "graven/isa/shared/softmax_table.hpp"

#include <limits>

namespace graven::core {

namespace mve_isa {

template <int column_bytes>
using kernels =
    Prefer<Attentions, MaskedAttentions, WordAttentions, RealAttentions, RowProducts,
           ByColumns<column_bytes>, Convs, NibbleConvs, TransposedConvs, Depthwises3x3,
           AnyDepthwise, DenseRows, RunningDense<true>, WordConvs, WordDense, AllCells, Svdfs,
           Adds<std::int8_t>, Adds<std::int16_t>, Muls<std::int8_t>, Muls<std::int16_t>,
           Bounds<true>, Bounds<false>, Map, MaxPool, AveragePool<false>, AveragePool<true>, Means,
           scalar_isa::BilinearIntegers<Blend>, IndexMaps<(column_bytes > 256)>, IndexTables,
           Concat, Nearest, WideConvs, Rescales, WordMaps, armv7em_isa::Audio, RealKernels,
           RealWeights, SoftmaxTable, fpu_isa::kernels, scalar::kernels>;

}  // namespace mve_isa

template <int column_bytes> struct mve_columns : scalar {
  static constexpr const char* name = "mve";
  using kernels = mve_isa::kernels<column_bytes>;
};

struct mve : mve_columns<(std::numeric_limits<int>::max)()> {
  using lean = mve_columns<256>;

  static constexpr int band(const GraphView& graph, int value) {
    return mve_isa::IndexMaps<true>::band(graph, value);
  }
};

}  // namespace graven::core

namespace graven {
using core::mve;
}

#endif
