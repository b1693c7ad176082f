// Each mistake in a trainer's types one static_assert. Behind it nothing more is said: what is
// planned is then the trainer of an empty network.
#pragma once

#include "graven/error.hpp"
#include "graven/isa/native.hpp"
#include "graven/run/check.hpp"
#include "graven/train/course.hpp"

namespace graven::core::detail {

// What can be wrong with the policy alone.
template <TrainPolicy policy> struct CheckPolicy {
  static constexpr Optimizer o = policy.optimizer;
  static constexpr float rate = o.rate.value(), first = o.momentum.value(),
                         second = o.second.value();
  static constexpr bool rate_is_sound = rate > 0 && scalar_isa::is_finite(rate);
  static constexpr bool means_are_sound = first >= 0 && first < 1 && second >= 0 && second < 1;
  static constexpr bool is_limit(Real x) {
    return x.value() >= 0 && scalar_isa::is_finite(x.value());
  }
  static constexpr bool rest_is_sound = is_limit(o.epsilon) && is_limit(o.weight_decay) &&
                                        is_limit(policy.clip.value) && is_limit(policy.clip.norm);
  static constexpr bool batch_is_sound = policy.batch >= 1 && policy.batch <= 1 << 20;
  static constexpr bool layers_are_sound = policy.learns.layers >= 0;
  static constexpr bool loss_is_sound =
      policy.loss.kind != LossKind::huber ||
      (policy.loss.delta.value() > 0 && is_limit(policy.loss.delta));
  static constexpr bool plan_is_sound = !policy.plan.row_input && policy.plan.fast == 0 &&
                                        policy.plan.slow == 0 && policy.plan.flash == 0 &&
                                        policy.plan.bytes >= 0 && !policy.plan.apart &&
                                        policy.plan.found == 0;

  static constexpr bool passed() {
    static_assert(rate_is_sound || error::out_of_range<>,
                  "TrainPolicy: the optimizer's rate must be positive and finite.");
    static_assert(means_are_sound || error::out_of_range<>,
                  "TrainPolicy: momentum, alpha and the betas of an optimizer must lie in [0, 1).");
    static_assert(rest_is_sound || error::out_of_range<>,
                  "TrainPolicy: epsilon, weight decay and the limits of clip must not be negative, "
                  "and finite; 0 is none.");
    static_assert(batch_is_sound || error::out_of_range<error::got<policy.batch>>,
                  "TrainPolicy: batch, the number of samples of a step, must be from 1 to 2^20.");
    static_assert(layers_are_sound || error::out_of_range<>,
                  "TrainPolicy: learns::last<n> needs at least one layer; learns::all are all.");
    static_assert(loss_is_sound || error::out_of_range<>,
                  "TrainPolicy: delta of loss::huber must be positive and finite.");
    static_assert(plan_is_sound || error::unsupported<>,
                  "TrainPolicy: a training step is planned as a whole: `plan` must not ask for row "
                  "input, two regions, a limit of flash, values apart, a found plan or a negative "
                  "arena.");
    return rate_is_sound && means_are_sound && rest_is_sound && batch_is_sound &&
           layers_are_sound && loss_is_sound && plan_is_sound;
  }
};

// What can be wrong with a sound network under a sound policy.
template <const auto& forward, const auto& params, TrainPolicy policy> struct CheckLearning {
  static constexpr auto scope = scope_of(forward, policy.learns);
  static constexpr const View& out = forward.outputs[0];
  static constexpr bool one_input = forward.input_count == 1;
  static constexpr bool one_output = forward.output_count == 1;
  static constexpr bool is_real = forward.values[out.value].element == Element::float32;
  static constexpr bool some_learn = scope.parameters > 0;
  // A layer in Trainable<> whose weights are no float32.
  static constexpr int in_vain = [] {
    for (int v = 0; v < forward.count; ++v) {
      const Value& value = forward.values[v];
      if (value.trainable && can_learn(value.op) && !is_tunable(forward.view(), v))
        return value.layer;
    }
    return -1;
  }();
  static constexpr int without_weights = [] {  // a layer that does not learn, and has none
    for (int v = 0; v < forward.count; ++v) {
      const Value& value = forward.values[v];
      const Parameters& record = record_of<params>(value.record);
      const bool begins_empty = value.op.has(Trait::weights)
                                    ? record.filter.size == 0
                                    : value.op == op::gru && record.constants.size == 0;
      if (begins_empty && !scope.learns_weights[v]) return value.layer;
    }
    return -1;
  }();
  static constexpr bool scores =
      policy.loss.kind != LossKind::softmax_cross_entropy || forward.outputs[0].shape.channels > 1;

  static constexpr bool passed() {
    static_assert(one_input || error::unsupported<error::got<forward.input_count>>,
                  "Trainer: the network must have one input, which step() and run() take.");
    static_assert(one_output || error::unsupported<error::got<forward.output_count>>,
                  "Trainer: the network must have one output, from which the loss is computed.");
    static_assert(some_learn || error::unsupported<>,
                  "Trainer: no layer of this network can learn. Dense, convolutions, LayerNorm, "
                  "RMSNorm, GRU and Embedding with float32 weights can; behind int8 layers put "
                  "Dequantize, then a TrainableDense.");
    static_assert(in_vain < 0 || !some_learn || error::unsupported<error::at_layer<in_vain>>,
                  "Trainer: this layer stands in Trainable<>, but its weights are integers, which "
                  "do not learn. Put Dequantize before it and give it float32 weights.");
    static_assert(is_real || !some_learn || error::unsupported<>,
                  "Trainer: the output must be float32 for the loss. Leave out the Quantize at the "
                  "end.");
    static_assert(scores || error::shape_mismatch<error::got<1>>,
                  "Trainer: softmax_cross_entropy needs at least two scores per pixel of the "
                  "output; of one number take loss::binary_cross_entropy, mse or huber.");
    static_assert(without_weights < 0 || error::size_mismatch<error::at_layer<without_weights>>,
                  "Trainer: this layer does not learn, so its record needs a filter, that of a GRU "
                  "its matrices. Only layers that learn may begin without (Trainer::initialize).");
    return one_input && one_output && some_learn && in_vain < 0 && is_real && scores &&
           without_weights < 0;
  }
};

// Do all arrays that learn, with what the optimizer keeps of them, take less than 2^31 bytes?
template <const auto& forward, const auto& params, TrainPolicy policy>
constexpr bool has_room_for_arrays() {
  constexpr bool fits = [] {
    const auto scope = scope_of(forward, policy.learns);
    const std::int64_t each = 4 * (1 + policy.optimizer.moments() + int{policy.gathers()});
    std::int64_t left = (std::int64_t{1} << 31) / each;
    const auto take = [&](const WeightArray& array, bool learns) {
      const Shape s = array.shape;
      if (learns) left -= std::int64_t{s.height} * s.width * s.channels;
    };
    for (int v = 0; v < forward.count; ++v) {
      if (!scope.learns_weights[v] && !scope.learns_bias[v]) continue;
      const Value& value = forward.values[v];
      const Parameters& record = record_of<params>(value.record);
      take(weights_of(forward.view(), value, record), scope.learns_weights[v]);
      take(bias_of(value, record), scope.learns_bias[v]);
    }
    return left > 0;
  }();
  static_assert(
      fits || error::out_of_range<>,
      "Trainer: the weights and biases that learn, with what the optimizer keeps of each, "
      "take 2^31 bytes or more. Let fewer layers learn (learns::last<n>), or shrink the "
      "network.");
  return fits;
}

template <const auto& forward, const auto& params, TrainPolicy policy> constexpr bool goes_back() {
  constexpr int refused = differentiated<forward, params, policy, true>.refused;
  static_assert(refused < 0 || error::unsupported<error::at_layer<refused>>,
                "Trainer: no gradient goes back through this layer. Let only layers behind it "
                "learn (learns::last<n>, Trainable), or replace it.");
  return refused < 0;
}

template <class Network, auto inputs, const auto& params, TrainPolicy policy, class Isa>
struct CheckTraining {
  template <const auto& forward> static constexpr bool is_sound_training() {
    using Layers = Check<forward, core::Training<Isa>, params>;
    if constexpr (!CheckPolicy<policy>::passed())
      return false;
    else if constexpr (!has_room_for_arrays<forward, params, policy>())
      return false;
    else if constexpr (!is_sound<Network, inputs, params, Layers>())
      return false;
    else if constexpr (!CheckLearning<forward, params, policy>::passed())
      return false;
    else
      return goes_back<forward, params, policy>();
  }
  static constexpr bool passed =
      is_sound_training<graph_of<Network, inputs, params, policy.plan.fuse>>();
};

}  // namespace graven::core::detail
