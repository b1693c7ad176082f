// Blocks of transformers, said with other layers.
//
//   GatedMLP<Dim, Hidden, Gate>   Dense(Gate(Dense(x)) * Dense(x))
//   SelfAttention<Dim, Heads, KvHeads, HeadDim, span>   projections, RoPE of q and k, Attention
//   DecoderBlock, EncoderBlock    both, each behind a norm and beside a shortcut
//   TinyDecoder, TinyEncoder, StreamingRecurrent   presets: whole networks
//
// Records are those of the layers inside, in reading order; biases may be absent.
#pragma once

#include "graven/graph/nodes.hpp"
#include "graven/layers/add.hpp"
#include "graven/layers/attention.hpp"
#include "graven/layers/dense.hpp"
#include "graven/layers/gelu.hpp"
#include "graven/layers/layer_norm.hpp"
#include "graven/layers/lookup.hpp"
#include "graven/layers/lstm.hpp"
#include "graven/layers/mul.hpp"
#include "graven/layers/reduce.hpp"
#include "graven/layers/rope.hpp"
#include "graven/layers/silu.hpp"
#include "graven/layers/softmax.hpp"

namespace graven::core {

// Values: 1 and 2 the gate, 3 what it lets pass. Llama has SiLU, Gemma GELUTanh.
template <int Dim, int Hidden, class Gate = SiLU>
using GatedMLP = Graph<Node<Dense<Dim, Hidden>, 0>, Node<Gate, 1>, Node<Dense<Dim, Hidden>, 0>,
                       Node<Mul, 2, 3>, Node<Dense<Hidden, Dim>, 4>, Outputs<5>>;

// Values: 1 q, 2 rotated, 3 k, 4 rotated, 5 v, 6 what all heads have found. Position is Identity
// where positions are told otherwise.
template <int Dim, int Heads, int KvHeads, int HeadDim, Span span = everything,
          class Position = RoPE<HeadDim>>
using SelfAttention = Graph<Node<Dense<Dim, Heads * HeadDim>, 0>, Node<Position, 1>,
                            Node<Dense<Dim, KvHeads * HeadDim>, 0>, Node<Position, 3>,
                            Node<Dense<Dim, KvHeads * HeadDim>, 0>,
                            Node<Attention<Heads, KvHeads, HeadDim, span>, 2, 4, 5>,
                            Node<Dense<Heads * HeadDim, Dim>, 6>, Outputs<7>>;

// Channels of each head.
template <int Dim, int Heads>
inline constexpr int head_channels = [] {
  constexpr bool divides = Heads > 0 && Dim >= Heads && Dim % Heads == 0;
  static_assert(divides || error::out_of_range<error::got<Dim>, error::got<Heads>>,
                "DecoderBlock, EncoderBlock: Heads must be at least 1 and divide Dim.");
  if constexpr (divides)
    return Dim / Heads;
  else
    return 2;
}();

// Llama's.
template <int Dim, int Heads, int KvHeads, int Hidden, Span span>
using DecoderBlock =
    Sequential<Residual<Sequential<
                   RMSNorm, SelfAttention<Dim, Heads, KvHeads, head_channels<Dim, Heads>, span>>>,
               Residual<Sequential<RMSNorm, GatedMLP<Dim, Hidden>>>>;

// The vision transformer's; a sequence lies along the width.
template <int Dim, int Heads, int Hidden>
using EncoderBlock = Sequential<
    Residual<Sequential<LayerNorm, SelfAttention<Dim, Heads, Heads, head_channels<Dim, Heads>,
                                                 everything, Identity>>>,
    Residual<Sequential<LayerNorm, Dense<Dim, Hidden>, GELU, Dense<Hidden, Dim>>>>;

// Presets. TinyDecoder: logits of the next token, of int32 tokens {1, moments, 1}; 250,000
// parameters with the defaults. TinyEncoder: logits of a sequence of vectors {1, moments, Dim}.
// StreamingRecurrent: {moments, 1, features} to {moments, 1, Classes}, going on from run to run.
template <int Vocabulary = 128, int Dim = 96, int Heads = 4, int KvHeads = 2, int Hidden = 192,
          Span span = sliding(128)>
using TinyDecoder =
    Sequential<Embedding<Vocabulary, Dim>, DecoderBlock<Dim, Heads, KvHeads, Hidden, span>,
               DecoderBlock<Dim, Heads, KvHeads, Hidden, span>,
               DecoderBlock<Dim, Heads, KvHeads, Hidden, span>, RMSNorm, Dense<Dim, Vocabulary>>;
template <int Classes, int Dim = 32, int Heads = 4, int Hidden = 64>
using TinyEncoder = Sequential<EncoderBlock<Dim, Heads, Hidden>, EncoderBlock<Dim, Heads, Hidden>,
                               LayerNorm, GlobalAvgPool, Dense<Dim, Classes>>;
template <int Units, int Classes>
using StreamingRecurrent = Sequential<LSTM<Units>, Dense<Units, Classes>, Softmax>;

}  // namespace graven::core
