// What a network that learns has besides its layers: layers whose weights are values, gradients,
// updates, losses. A gradient has the shape of what it belongs to; all of it is float32.
//
// Weights are values of their own, one row per row of the input that they multiply (Dense over
// several rows) or one in all: of what is trained an op::state, of the rest an op::constant, which
// lies in flash. FilterLayout of such a value says where its elements are in the record's filter.
#pragma once

#include "graven/graph/lowering.hpp"

#include <cstdint>

namespace graven::core {

namespace op {

// Forward; inputs: x, weights, bias.
inline constexpr Op tuned_conv{"tuned_conv"};            // weights {1, outputs, taps}
inline constexpr Op tuned_depthwise{"tuned_depthwise"};  // weights {1, taps, channels}
inline constexpr Op tuned_dense{"tuned_dense"};          // weights {rows, outputs, row}
inline constexpr Op tuned_softmax{"tuned_softmax"};      // x alone; the same bits on every core
inline constexpr Op tuned_volume{"tuned_volume", Trait::numbered};  // as tuned_conv, of Conv3D
inline constexpr Op tuned_transpose{"tuned_transpose", Trait::numbered};  // of TransposeConv2D
inline constexpr Op tuned_norm{"tuned_norm"};  // gamma, beta {1, 1, channels}
// x, the State {1, 2, units} if there is one: hidden, and as it was when the run began; weights {1,
// 3 * units, inputs + units}, gate by gate of each unit; bias {1, 1, 4 * units}: of each gate the
// units, then those of the recurrent sum of the gate `new`.
inline constexpr Op tuned_gru{"tuned_gru"};

// dL/dx from dL/dy; inputs: the gradient, then what else the rule reads.
inline constexpr Op clamp_gradient{"clamp_gradient"};                 // y
inline constexpr Op map_gradient{"map_gradient"};                     // x; function.real: the slope
inline constexpr Op conv_gradient{"conv_gradient", Trait::numbered};  // weights
inline constexpr Op depthwise_gradient{"depthwise_gradient", Trait::numbered};  // weights
inline constexpr Op dense_gradient{"dense_gradient"};                           // weights
inline constexpr Op max_pool_gradient{"max_pool_gradient", Trait::numbered};    // x
inline constexpr Op average_gradient{"average_gradient", Trait::numbered};
inline constexpr Op norm_gradient{"norm_gradient"};                             // x, gamma
inline constexpr Op softmax_gradient{"softmax_gradient"};                       // y
inline constexpr Op volume_gradient{"volume_gradient", Trait::numbered};        // weights
inline constexpr Op transpose_gradient{"transpose_gradient", Trait::numbered};  // weights
inline constexpr Op part_gradient{"part_gradient"};                     // of an input of a concat
inline constexpr Op place_gradient{"place_gradient", Trait::numbered};  // of who reads a part of x
inline constexpr Op sum_gradient{"sum_gradient"};  // of an operand that serves several elements
// Back through all moments of a GRU at once, from the last to the first: by its sums {1, moments, 4
// * units}, as the bias lies; inputs: the gradient, x, hidden states, State, weights, bias.
inline constexpr Op gru_sums_gradient{"gru_sums_gradient"};
inline constexpr Op gru_gradient{"gru_gradient", Trait::numbered};  // dx: from those sums, weights

// dL/dw, and at once the new w; inputs: the gradient of y, w, x (of a bias: none), the numbers of
// the step, and what the optimizer keeps of each weight.
inline constexpr Op conv_update{"conv_update", Trait::replaces};
inline constexpr Op depthwise_update{"depthwise_update", Trait::replaces};
inline constexpr Op dense_update{"dense_update", Trait::replaces};
inline constexpr Op bias_update{"bias_update", Trait::replaces};
inline constexpr Op volume_update{"volume_update", Trait::replaces | Trait::numbered};
inline constexpr Op transpose_update{"transpose_update", Trait::replaces | Trait::numbered};
inline constexpr Op norm_update{"norm_update", Trait::replaces};
inline constexpr Op gru_update{"gru_update", Trait::replaces};
inline constexpr Op table_update{"table_update", Trait::replaces};  // of an embedding; x: tokens

// Inputs: what the network says, what it should say.
inline constexpr Op loss{"loss"};                    // one number
inline constexpr Op loss_gradient{"loss_gradient"};  // by what the network says

}  // namespace op

// Of weights as a value: which array of the record it begins with; `cell` and `cell_bias` are those
// of all gates.
struct WeightOptions {
  enum Array : std::int32_t { filter, bias, gamma, beta, table, cell, cell_bias } array = filter;
};

// Of op::part_gradient: where the part begins in a pixel, and in a row. Of op::place_gradient: the
// element of x that is the first of those that are read, and how many are.
struct PartOptions {
  std::int32_t channel = 0, column = 0;
};
struct PlaceOptions {
  std::int32_t first = 0, count = 0;
};

// The window that a gradient goes back through, in the words of its forward value.
struct WindowOptions {
  std::int32_t height, width, row_stride, column_stride, row_dilation, column_dilation, top, left;

  static constexpr WindowOptions of(const Value& v, int top) {
    return {v.filter.height,
            v.filter.width,
            v.stride.height,
            v.stride.width,
            v.dilation.height,
            v.dilation.width,
            top,
            v.left};
  }
  constexpr int span() const { return (height - 1) * row_dilation + 1; }
  // Rows of y whose windows may cover row r of x: from floor((r + top - span + stride) / stride).
  constexpr Rows covering() const {
    return {top - span() + row_stride, 1, row_stride, (span() + row_stride - 1) / row_stride};
  }
};

enum class Rule : std::int32_t { sgd, momentum, nesterov, rmsprop, adam, adamw };

// How a weight follows its gradient; the numbers are PyTorch's, by its names. Made by the functions
// of namespace optimizer (train/policy.hpp).
struct Optimizer {
  Rule rule = Rule::sgd;
  Real rate = 0.01f;
  Real momentum = 0.0f;  // or beta1, or rmsprop's alpha
  Real second = 0.0f;    // beta2
  Real epsilon = 0.0f;
  Real weight_decay = 0.0f;

  // Numbers that it keeps beside each weight.
  constexpr int moments() const {
    return rule == Rule::sgd ? 0 : rule == Rule::adam || rule == Rule::adamw ? 2 : 1;
  }
};

// Of an update. `gathers`: the gradient is added to those of other samples, in front of the
// moments; whoever has them all goes on (Gathered, train/arrays.hpp).
struct UpdateOptions {
  Optimizer optimizer{};
  Real most = 0.0f;  // gradients are clipped to [-most, most]; 0: to nothing
  std::int32_t gathers = 0;
};

enum class LossKind : std::int32_t { mse, mae, huber, softmax_cross_entropy, binary_cross_entropy };

struct Loss {
  LossKind kind = LossKind::softmax_cross_entropy;
  Real delta = 1.0f;  // of huber: from here on it is linear
};

}  // namespace graven::core
