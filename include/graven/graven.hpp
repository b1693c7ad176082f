// graven: a neural network is a type. This header brings everything.
//
// What firmware names is below; all of it lives in graven::core, which is for those who add
// operators, kernels and instruction sets, and keeps such names as Rows, Band or Step to itself.
#pragma once

#if __cplusplus < 202002L
#error "graven needs C++20: compile with -std=c++20 or -std=gnu++20, in CMake cxx_std_20."
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"  // g++ finds a user's globals in templates
#include "graven/bidirectional.hpp"
#include "graven/evaluate.hpp"
#include "graven/graph/nodes.hpp"
#include "graven/layers/add.hpp"
#include "graven/layers/add_n.hpp"
#include "graven/layers/argmax.hpp"
#include "graven/layers/attention.hpp"
#include "graven/layers/avg_pool.hpp"
#include "graven/layers/batch_matmul.hpp"
#include "graven/layers/binary.hpp"
#include "graven/layers/cast.hpp"
#include "graven/layers/concat.hpp"
#include "graven/layers/conv2d.hpp"
#include "graven/layers/conv3d.hpp"
#include "graven/layers/cumsum.hpp"
#include "graven/layers/dense.hpp"
#include "graven/layers/depthwise_conv2d.hpp"
#include "graven/layers/dequantize.hpp"
#include "graven/layers/detections.hpp"
#include "graven/layers/elementary.hpp"
#include "graven/layers/elu.hpp"
#include "graven/layers/gelu.hpp"
#include "graven/layers/gru.hpp"
#include "graven/layers/hard_swish.hpp"
#include "graven/layers/index_map.hpp"
#include "graven/layers/l2_normalization.hpp"
#include "graven/layers/l2_pool.hpp"
#include "graven/layers/layer_norm.hpp"
#include "graven/layers/leaky_relu.hpp"
#include "graven/layers/literal.hpp"
#include "graven/layers/log_softmax.hpp"
#include "graven/layers/logical_not.hpp"
#include "graven/layers/lookup.hpp"
#include "graven/layers/lstm.hpp"
#include "graven/layers/max_pool.hpp"
#include "graven/layers/moe.hpp"
#include "graven/layers/mul.hpp"
#include "graven/layers/nano_rust.hpp"
#include "graven/layers/quantize.hpp"
#include "graven/layers/reduce.hpp"
#include "graven/layers/relu.hpp"
#include "graven/layers/relu6.hpp"
#include "graven/layers/reshape.hpp"
#include "graven/layers/resize_bilinear.hpp"
#include "graven/layers/resize_nearest.hpp"
#include "graven/layers/rope.hpp"
#include "graven/layers/select.hpp"
#include "graven/layers/sigmoid.hpp"
#include "graven/layers/signal.hpp"
#include "graven/layers/silu.hpp"
#include "graven/layers/simple_rnn.hpp"
#include "graven/layers/softmax.hpp"
#include "graven/layers/split.hpp"
#include "graven/layers/svdf.hpp"
#include "graven/layers/table.hpp"
#include "graven/layers/tanh.hpp"
#include "graven/layers/top_k.hpp"
#include "graven/layers/transpose.hpp"
#include "graven/layers/transpose_conv2d.hpp"
#include "graven/layers/trees.hpp"
#include "graven/layers/update_slice.hpp"
#include "graven/layers/variable.hpp"
#include "graven/layers/zeros_like.hpp"
#include "graven/model.hpp"
#include "graven/shared_arena.hpp"
#include "graven/streaming.hpp"
#include "graven/transformer.hpp"
#pragma GCC diagnostic pop

namespace graven {

// Networks, models, streams.
using core::Concat;
using core::Graph;
using core::Identity;
using core::Node;
using core::Out;
using core::Outputs;
using core::Residual;
using core::Sequential;

using core::argmax;
using core::BasicModel;
using core::evaluate;
using core::LayerInfo;
using core::Model;
using core::ModelOn;
using core::SharedArena;
using core::Streaming;
using core::StreamPolicy;
using core::TimePadding;
using core::Unchecked;
using core::unchecked;
namespace nano_rust = core::nano_rust;
namespace plan = core::plan;

// Shapes, numbers, parameters.
using core::Dilation;
using core::Extent;
using core::Extent3;
using core::Filter;
using core::Shape;
using core::shapes;
using core::Stride;
using core::Window;

using core::Activation;
using core::Axis;
using core::Padding;
using core::same;
using core::valid;
using enum core::Activation;
using enum core::Pairs;

using core::Constant;
using core::dequantize;
using core::Element;
using core::int4;
using core::Int8Text;
using core::Parameters;
using core::Quant;
using core::quantize;
using core::size_of;
using core::type_of;
using core::whole_array;

// Layers.
using core::Abs;
using core::Add, core::AddConstant, core::AddN, core::AddWith;
using core::ArgMax;
using core::ArgMin;
using core::Assign;
using core::AvgPool;
using core::BatchMatMul;
using core::BatchMatMulConstant;
using core::Bidirectional;
using core::bits;
using core::Cast;
using core::Ceil;
using core::Concatenate;
using core::ConstantBatchMatMul;
using core::ConstantDiv;
using core::ConstantFloorDiv;
using core::ConstantFloorMod;
using core::ConstantPow;
using core::ConstantSub;
using core::Conv2D;
using core::Conv3D;
using core::Conv5D;
using core::Cos;
using core::CumSum;
using core::Dense;
using core::DepthToSpace;
using core::DepthwiseConv2D;
using core::Dequantize;
using core::Detections;
using core::Digit;
using core::Div;
using core::DivConstant;
using core::DivWith;
using core::ELU;
using core::Energy;
using core::Equal;
using core::EqualConstant;
using core::Exp;
using core::FftAutoScale;
using core::FilterBank;
using core::FilterBankLog;
using core::FilterBankSquareRoot;
using core::Flatten;
using core::Floor;
using core::FloorDiv;
using core::FloorDivConstant;
using core::FloorMod;
using core::FloorModConstant;
using core::GELU;
using core::GELUTanh;
using core::GlobalAvgPool;
using core::Greater;
using core::GreaterConstant;
using core::GreaterEqual;
using core::GreaterEqualConstant;
using core::GRU;
using core::HardSwish;
using core::IndexMap;
using core::IndexTable;
using core::InverseRealFft;
using core::L2Normalization;
using core::L2Pool;
using core::LeakyReLU;
using core::Less;
using core::LessConstant;
using core::LessEqual;
using core::LessEqualConstant;
using core::Literal;
using core::Log;
using core::LogicalAnd;
using core::LogicalAndConstant;
using core::LogicalNot;
using core::LogicalOr;
using core::LogicalOrConstant;
using core::LogSoftmax;
using core::Lookup;
using core::LSTM;
using core::MapTable, core::Maximum;
using core::MaximumConstant;
using core::MaxPool;
using core::Mean;
using core::Minimum;
using core::MinimumConstant;
using core::Mul;
using core::MulConstant;
using core::MulWith;
using core::Neg;
using core::NotEqual;
using core::NotEqualConstant;
using core::OverlapAdd;
using core::Pad;
using core::Pcan;
using core::Pow;
using core::PowConstant;
using core::Prelu;
using core::PreluConstant;
using core::Quantize;
using core::RealFft;
using core::Recurrence;
using core::ReduceAll;
using core::ReduceAny;
using core::ReduceMax;
using core::ReduceMin;
using core::ReduceProd;
using core::ReLU;
using core::ReLU0To1;
using core::ReLU6;
using core::ReLUN1To1;
using core::Renewed;
using core::Reset;
using core::Reshape;
using core::Reshaped;
using core::ResizeBilinear;
using core::ResizeNearest;
using core::Reverse;
using core::Round;
using core::Rsqrt;
using core::Select;
using core::Sigmoid;
using core::Sign;
using core::SimpleRNN;
using core::Sin;
using core::Slice;
using core::Softmax;
using core::SoftmaxWith;
using core::SpaceToDepth;
using core::SpectralSubtraction;
using core::Split;
using core::Sqrt;
using core::Square;
using core::SquaredDifference;
using core::SquaredDifferenceConstant;
using core::Squash;
using core::Sub;
using core::SubConstant;
using core::SubWith;
using core::Sum;
using core::SVDF;
using core::Tanh;
using core::Tile;
using core::TopK;
using core::Transpose;
using core::TransposeConv2D;
using core::Trees, core::TreeSum;
using core::UpdateSlice;
using core::Variable;
using core::WindowFunction;
using core::ZerosLike;

// Of transformers.
using core::Attention, core::Embedding, core::LayerNorm, core::LayerNormWith, core::MoE;
using core::DecoderBlock, core::EncoderBlock, core::GatedMLP, core::SelfAttention;
using core::everything, core::MaskOf, core::past, core::sliding, core::Span, core::stopping;
using core::Pairs, core::RMSNorm, core::RMSNormWith, core::RoPE, core::SiLU;
using core::StreamingRecurrent, core::TinyDecoder, core::TinyEncoder;

// Instruction sets (isa/); native is the compiler's own. Others come with their headers.
using core::native, core::scalar;

}  // namespace graven
