// What a user wants of training: which loss, which optimizer, which layers learn, how gradients are
// limited, how many samples make a step.
//
//   constexpr graven::TrainPolicy policy{.loss = loss::mse, .optimizer = optimizer::adam(1e-3f),
//                                        .learns = learns::last<2>, .batch = 8};
#pragma once

#include "graven/graph/training.hpp"
#include "graven/policy.hpp"

namespace graven::core {

namespace loss {

// Means over all elements of the output.
inline constexpr Loss mse{LossKind::mse};  // (y - t)^2
inline constexpr Loss mae{LossKind::mae};  // |y - t|
// (y - t)^2 / 2 as far as |y - t| < delta, then delta * (|y - t| - delta / 2).
constexpr Loss huber(float delta = 1) { return {LossKind::huber, delta}; }
// -log softmax(scores)[label], the mean over the pixels of the output; at most 87.3 of each, and 0
// where the label is no class, such as -1. A Softmax at the end of the network is part of it.
inline constexpr Loss softmax_cross_entropy{LossKind::softmax_cross_entropy};
// -t * log s - (1 - t) * log(1 - s), s = sigmoid(y), the mean over all elements: each answers a
// question of its own, t from 0 to 1. A Sigmoid at the end of the network is part of it.
inline constexpr Loss binary_cross_entropy{LossKind::binary_cross_entropy};

}  // namespace loss

namespace optimizer {

// w -= rate * (g + weight_decay * w)
constexpr Optimizer sgd(float rate, float weight_decay = 0) {
  return {.rule = Rule::sgd, .rate = rate, .weight_decay = weight_decay};
}
// m = momentum * m + g; w -= rate * m
constexpr Optimizer momentum(float rate, float momentum = 0.9f, float weight_decay = 0) {
  return {Rule::momentum, rate, momentum, 0.0f, 0.0f, weight_decay};
}
// m = momentum * m + g; w -= rate * (g + momentum * m)
constexpr Optimizer nesterov(float rate, float momentum = 0.9f, float weight_decay = 0) {
  return {Rule::nesterov, rate, momentum, 0.0f, 0.0f, weight_decay};
}
// v = alpha * v + (1 - alpha) * g^2; w -= rate * g / (sqrt(v) + epsilon)
constexpr Optimizer rmsprop(float rate = 0.01f, float alpha = 0.99f, float epsilon = 1e-8f) {
  return {Rule::rmsprop, rate, alpha, 0.0f, epsilon, 0.0f};
}
// m, v = means of g and g^2, corrected for their start; w -= rate * m / (sqrt(v) + epsilon)
constexpr Optimizer adam(float rate = 1e-3f, float beta1 = 0.9f, float beta2 = 0.999f,
                         float epsilon = 1e-8f) {
  return {Rule::adam, rate, beta1, beta2, epsilon, 0.0f};
}
// Adam, and before it w -= rate * weight_decay * w.
constexpr Optimizer adamw(float rate = 1e-3f, float weight_decay = 0.01f, float beta1 = 0.9f,
                          float beta2 = 0.999f, float epsilon = 1e-8f) {
  return {Rule::adamw, rate, beta1, beta2, epsilon, weight_decay};
}

}  // namespace optimizer

// Which layers learn, of those with float32 weights. All others stay in flash as they are.
struct Learns {
  int layers = 0;  // the last so many; 0: all, or those in Trainable<> if there are any
  bool biases_only = false;
};

namespace learns {

inline constexpr Learns all{};
template <int layers> inline constexpr Learns last{layers > 0 ? layers : -1};  // -1: a mistake
inline constexpr Learns head = last<1>;
inline constexpr Learns biases{0, true};  // of all of them; their weights stay in flash

}  // namespace learns

// Limits of gradients; 0: none. `value`: of each number. `norm`: of all of them together, which
// keeps them all until the last is known.
struct Clip {
  Real value = 0.0f, norm = 0.0f;
};

struct TrainPolicy {
  Loss loss = loss::softmax_cross_entropy;
  Optimizer optimizer = optimizer::sgd(0.01f);
  Learns learns = learns::all;
  Clip clip{};
  int batch = 1;  // samples whose mean gradient makes a step; more than 1 keeps the sums
  // Values larger than what they are made of are made again where their gradient needs them,
  // instead of kept: less memory, more time.
  bool remake = false;
  plan::Policy plan = plan::fastest;

  // Are gradients kept until they are complete?
  constexpr bool gathers() const { return batch > 1 || clip.norm.value() > 0; }
};

}  // namespace graven::core
