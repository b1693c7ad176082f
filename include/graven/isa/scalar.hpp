// The scalar instruction set: the specification. Every kernel is constexpr, readable, and the same
// on all targets; any other instruction set equals it bit for bit.
//
// An instruction set is a struct with
//   row_form(graph, value)   how a row of the value lies in the arena
//   band(graph, value)       output rows per step, 1 to 16 (or band_in<graph>(value))
//   kernels                  a list, of which the first that serves a value makes it (prefer.hpp)
//   lean                     optional: the variant of it that spends no memory or flash on speed
// It inherits from the nearest one and overrides what it does better.
#pragma once

#include "graven/isa/scalar/add.hpp"
#include "graven/isa/scalar/add_n.hpp"
#include "graven/isa/scalar/attention_integer.hpp"
#include "graven/isa/scalar/attention_real.hpp"
#include "graven/isa/scalar/attention_wide.hpp"
#include "graven/isa/scalar/batch_matmul.hpp"
#include "graven/isa/scalar/binaries.hpp"
#include "graven/isa/scalar/cast.hpp"
#include "graven/isa/scalar/concat.hpp"
#include "graven/isa/scalar/conv.hpp"
#include "graven/isa/scalar/conv3d.hpp"
#include "graven/isa/scalar/detections.hpp"
#include "graven/isa/scalar/elementwise.hpp"
#include "graven/isa/scalar/fft.hpp"
#include "graven/isa/scalar/index_map.hpp"
#include "graven/isa/scalar/layer_norm.hpp"
#include "graven/isa/scalar/log_softmax.hpp"
#include "graven/isa/scalar/lookup.hpp"
#include "graven/isa/scalar/moe.hpp"
#include "graven/isa/scalar/mul.hpp"
#include "graven/isa/scalar/nano_rust.hpp"
#include "graven/isa/scalar/norm.hpp"
#include "graven/isa/scalar/pool.hpp"
#include "graven/isa/scalar/recurrent_integer.hpp"
#include "graven/isa/scalar/reduce.hpp"
#include "graven/isa/scalar/rescale.hpp"
#include "graven/isa/scalar/resize.hpp"
#include "graven/isa/scalar/rope.hpp"
#include "graven/isa/scalar/select.hpp"
#include "graven/isa/scalar/signal.hpp"
#include "graven/isa/scalar/softmax.hpp"
#include "graven/isa/scalar/svdf.hpp"
#include "graven/isa/scalar/top_k.hpp"
#include "graven/isa/scalar/transpose_conv.hpp"
#include "graven/isa/scalar/trees.hpp"
#include "graven/isa/scalar/variable.hpp"
#include "graven/isa/scalar/words.hpp"

namespace graven::core {

namespace scalar_isa {

template <class N>
using weighted = Prefer<Conv<N>, GroupedConv<N>, Depthwise<N>, DenseRows<N>, TransposeConv<N>>;
using pooling =
    Prefer<MaxPools<std::int8_t>, MaxPools<float>, MaxPools<std::int16_t>,
           AveragePools<std::int8_t>, AveragePools<float>, AveragePools<std::int16_t>, L2Pools>;
using lengths = Prefer<L2Normalization<std::int8_t>, L2Normalization<float>, CumSum<std::int8_t>,
                       CumSum<float>>;
using reducing =
    Prefer<Means<std::int8_t>, Means<std::int16_t>, Means<float>, Means<std::int32_t>,
           Reductions<std::int8_t>, Reductions<std::int16_t>, Reductions<float>,
           Reductions<std::int32_t>, Reductions<std::int8_t, Element::boolean>,
           ArgExtremes<std::int8_t, std::int32_t>, ArgExtremes<std::int8_t, std::int64_t>,
           ArgExtremes<float, std::int32_t>, ArgExtremes<float, std::int64_t>>;
using elementwise =
    Prefer<AddInt8, AddPlain<float>, AddPlain<std::int32_t>, MulQuantized<std::int8_t>,
           MulPlain<float>, MulPlain<std::int32_t>, SoftmaxInt8, SoftmaxInt8To16, SoftmaxFloat32,
           LogSoftmaxInt8, LogSoftmaxFloat32, MapBytes, RealMaps, QuantizeFloat32<std::int8_t>,
           QuantizeFloat32<std::uint8_t>, DequantizeBytes<std::int8_t>,
           DequantizeBytes<std::uint8_t>>;
using words = Prefer<Rescales, QuantizeFloat32<std::int16_t>, DequantizeBytes<std::int16_t>,
                     AddInt16, MulQuantized<std::int16_t>, MapWords, TabledWords, SoftmaxInt16>;
using sorting = Prefer<TopKs<std::int8_t>, TopKs<std::int16_t>, TopKs<float>>;
using converting = Prefer<Casts, LogicalNot, Zeros>;
using moving =
    Prefer<Nearest, BilinearIntegers<Blend<std::int8_t>>, BilinearIntegers<Blend<std::int16_t>>,
           BilinearFloat32, ClampedConcat, Concat, IndexMaps, IndexTables, ByPlaces<Lookups>,
           ByPlaces<UpdatesSlice>, DetectionTables, Copy, Slide, Constant>;
template <template <class> class Integer, class Real>
using cells = Prefer<IntegerCells<Integer, std::int8_t>, IntegerCells<Integer, std::int16_t>,
                     RealCells<Real>>;
using lasting = Prefer<State, Assigns, cells<IntegerLstm, RealLstm>, cells<IntegerGru, RealGru>,
                       cells<IntegerRnn, RealRnn>, SvdfInt8<std::int16_t>, SvdfInt8<std::int8_t>,
                       SvdfFloat32>;  // from run to run
using by_nibbles = Prefer<Conv<Int8x4>, GroupedConv<Int8x4>, Depthwise<Int8x4>, DenseRows<Int8x4>>;
using by_words = Prefer<Conv<Int8x16<false>>, Conv<Int8x16<true>>, GroupedConv<Int8x16<false>>,
                        Depthwise<Int8x16<false>>, DenseRows<Int8x16<true>>,
                        TransposeConv<Int8x16<false>>>;  // of uint8 models
using transformers =
    Prefer<LayerNormFloat32, LayerNormIntegers<std::int8_t, std::int8_t>,
           LayerNormIntegers<std::int16_t, std::int8_t>,
           LayerNormIntegers<std::int16_t, std::int16_t>, RoPE<float>, RoPE<std::int8_t>,
           RoPE<std::int16_t>, Attention<AttentionFloat32>, Attention<AttentionInt8>,
           Attention<AttentionMasked>, Attention<AttentionInt16>, MoE,
           MoEIntegers<std::int8_t, std::int8_t>, MoEIntegers<std::int8_t, Nibbles>,
           MoEIntegers<std::int16_t, std::int8_t>, MoEIntegers<std::int16_t, Nibbles>>;
using audio =
    Prefer<WindowFunctions, FftShift, FftScale, OfSamples<RealFfts>, OfSamples<InverseRealFfts>,
           OverlapAdds<std::int16_t>, OverlapAdds<float>, Energies, FilterBanks, BankRoot,
           Noise<op::noise_estimate>, Noise<op::less_noise>, Pcans, BankLog>;
using products = Prefer<weighted<Int8>, weighted<Float32>, weighted<Hybrid>, weighted<Int16x8>,
                        weighted<Int16x8By32>, by_nibbles, by_words, Conv3D,
                        BatchMatMul<std::int8_t>, BatchMatMul<std::int16_t>, BatchMatMul<float>>;
using kernels = Prefer<products, pooling, reducing, lengths, elementwise, words, converting,
                       sorting, binaries, Selects, AddNInt8, AddNFloat32, moving, lasting,
                       transformers, audio, NanoRustConv, NanoRustSoftmax, TreeWalks>;

}  // namespace scalar_isa

struct scalar {
  static constexpr const char* name = "scalar";
  static constexpr int alignment = 4;           // of scratch and streams, in bytes
  static constexpr bool asks_extremes = false;  // do kernels look at Channel's extremes?

  static constexpr RowForm row_form(const GraphView& graph, int value) {
    return pixel_rows(graph[value].shape, graph[value].element);
  }
  static constexpr int band(const GraphView&, int) { return 1; }

  using kernels = scalar_isa::kernels;
};

}  // namespace graven::core
