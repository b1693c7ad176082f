// Armv7E-M: Cortex-M4, M7, M33 and M35P with the DSP extension (two 16-bit products per
// instruction). Equal to scalar bit for bit, in instructions decided by isa/armv7em/.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/code_sizes.hpp"
#include "graven/isa/armv7em/compact/conv.hpp"
#include "graven/isa/armv7em/compact/depthwise.hpp"
#include "graven/isa/armv7em/conv/lone.hpp"
#include "graven/isa/armv7em/conv/narrow.hpp"
#include "graven/isa/armv7em/conv/plain.hpp"
#include "graven/isa/armv7em/conv/sliding.hpp"
#include "graven/isa/armv7em/conv/transposed.hpp"
#include "graven/isa/armv7em/conv/wide.hpp"
#include "graven/isa/armv7em/conv/winograd.hpp"
#include "graven/isa/armv7em/conv/words.hpp"
#include "graven/isa/armv7em/dense/attention.hpp"
#include "graven/isa/armv7em/dense/batch_matmul.hpp"
#include "graven/isa/armv7em/dense/nibbles.hpp"
#include "graven/isa/armv7em/dense/recurrent.hpp"
#include "graven/isa/armv7em/dense/svdf.hpp"
#include "graven/isa/armv7em/dense/tied.hpp"
#include "graven/isa/armv7em/dense/word_attention.hpp"
#include "graven/isa/armv7em/depthwise/columns.hpp"
#include "graven/isa/armv7em/depthwise/doubled.hpp"
#include "graven/isa/armv7em/depthwise/nibbles.hpp"
#include "graven/isa/armv7em/depthwise/planar.hpp"
#include "graven/isa/armv7em/depthwise/taps.hpp"
#include "graven/isa/armv7em/depthwise/words.hpp"
#include "graven/isa/armv7em/elementwise/add.hpp"
#include "graven/isa/armv7em/elementwise/binary.hpp"
#include "graven/isa/armv7em/elementwise/elementwise.hpp"
#include "graven/isa/armv7em/elementwise/map.hpp"
#include "graven/isa/armv7em/elementwise/planar_nearest.hpp"
#include "graven/isa/armv7em/elementwise/words.hpp"
#include "graven/isa/armv7em/pool/planar_pool.hpp"
#include "graven/isa/armv7em/pool/pool.hpp"
#include "graven/isa/armv7em/pool/windows.hpp"
#include "graven/isa/armv7em/signal.hpp"
#include "graven/isa/scalar.hpp"
#include "graven/isa/shared/fpu/real.hpp"
#include "graven/isa/shared/movement/index_map.hpp"
#include "graven/isa/shared/movement/joints.hpp"
#include "graven/isa/shared/softmax_table.hpp"

#include <span>

namespace graven::core {

namespace armv7em_isa {

// `roomy`: with scratch for speed.
template <bool roomy>
using convs = Prefer<TiedDenses<roomy>, SinglePixels, LoneConvs, NarrowConvs, PlainConvs<Points>,
                     SlidingConvs, PlainConvs<Words>, PlainConvs<Windows>, ByteConvs, DenseRows,
                     WordConvs, WordDenses, WideConvs, Nibbled, TransposedConvs>;
template <bool roomy>
using depthwises =
    Prefer<DoubledDepthwises, ColumnDepthwises, PlanarDepthwises, AnyDepthwises<roomy ? 1024 : 256>,
           NibbleDepthwises<roomy ? 1024 : 256>, WordDepthwises>;
using pools =
    Prefer<GlobalAverages, PoolsByFour<op::max_pool>, PoolsByFour<op::average_pool>, SmallPools>;
using arithmetic =
    Prefer<Attentions, MaskedAttentions, WordAttentions, RowProducts, BatchMatMul, Adds, Muls,
           Sums<false>, Sums<true>, Bounds<true>, Bounds<false>, Map, WordElements>;
using others = Prefer<Nearest, Audio, SoftmaxTable, fpu_isa::kernels, scalar::kernels>;
template <bool roomy>
using movements = Prefer<movement::IndexMaps<roomy>, movement::Concat, movement::RepeatedNearest>;
template <bool roomy>
using kernels = Prefer<convs<roomy>, depthwises<roomy>, PlanarMaxPools, pools, AllCells<roomy>,
                       Svdfs, arithmetic, CopiedRow, PlanarNearests, movements<roomy>, others>;

// Of the least code: one kernel for all shapes, which small networks share.
using compact_kernels = Prefer<LoneDenses, AnyConvs, WordConvs, WordDenses, WideConvs, Nibbled,
                               TransposedConvs, RunningDense<false>, LoneDepthwises, AnyDepthwise,
                               AnyDepthwises<256>, NibbleDepthwises<256>, WordDepthwises, pools,
                               AllCells<false>, Svdfs, arithmetic, others>;

}  // namespace armv7em_isa

// What needs least code.
struct armv7em_compact : scalar {
  static constexpr const char* name = "armv7em";
  static constexpr bool asks_extremes = true;
  static constexpr std::span<const CodeSize> code_sizes = armv7em_isa::code_sizes;

  static constexpr RowForm row_form(const GraphView& graph, int value) {
    return armv7em_isa::form_of(graph[value], armv7em_isa::compact_rows(graph, value));
  }
  using kernels = armv7em_isa::compact_kernels;
};

// What needs least memory: rows one at a time, weights stored as they are.
struct armv7em_lean : scalar {
  static constexpr const char* name = "armv7em";
  static constexpr bool asks_extremes = true;
  static constexpr std::span<const CodeSize> code_sizes = armv7em_isa::code_sizes;

  static constexpr RowForm row_form(const GraphView& graph, int value) {
    return armv7em_isa::form_of(graph[value], armv7em_isa::rows_of(graph, value));
  }
  using kernels = armv7em_isa::kernels<false>;
};

// Convolutions by Winograd's scheme as well: bands of two rows, weights expanded by `spare` bytes
// at most. Dense rows widen long inputs in scratch. ADD has tables, if `limited` within what is
// left.
template <int spare, bool limited = true> struct armv7em_expanding : armv7em_lean {
  using lean = armv7em_lean;
  using compact = armv7em_compact;
  template <int bytes> using with_spare = armv7em_expanding<bytes>;
  using Winograds = armv7em_isa::Winograds<spare, lean::kernels>;

  template <const auto& graph> static constexpr int band_in(int value) {
    return serves_in<graph, Winograds>(value)
               ? 2
               : movement::IndexMaps<true>::band(graph.view(), value);
  }
  using kernels = Prefer<Winograds, armv7em_isa::TableAdds<Winograds, spare, limited>,
                         armv7em_isa::kernels<true>>;
};

struct armv7em : armv7em_expanding<1 << 16, false> {};

}  // namespace graven::core

namespace graven {
using core::armv7em;
}

#endif
