// From gradients to new weights, in their place.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/graph/training.hpp"
#include "graven/isa/scalar/svdf.hpp"
#include "graven/isa/scalar/training/sums.hpp"
#include "graven/kernel/gather.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/kernel/step_numbers.hpp"

namespace graven::core::scalar_isa {

// The value of the same layer whose weights are values.
constexpr const Value& tuned_of(const GraphView& g, const Value& v, const Op& op) {
  int u = 0;
  while (g[u].op != op || g[u].layer != v.layer) ++u;
  return g[u];
}

// An optimizer's rule for one weight after the other. Formulas: PyTorch's torch.optim.
template <Rule rule> struct Learner {
  float plain_rate, rate, root_scale, momentum, second, epsilon, weight_decay;

  constexpr Learner(const Optimizer& o, StepNumbers n)
      : plain_rate(n[StepNumbers::rate]), rate(n[StepNumbers::scaled_rate]),
        root_scale(n[StepNumbers::root_scale]), momentum(o.momentum.value()),
        second(o.second.value()), epsilon(o.epsilon.value()), weight_decay(o.weight_decay.value()) {
  }

  // The new w; m, v: its moments.
  constexpr float operator()(float w, float g, float& m, float& v) const {
    if constexpr (rule == Rule::adamw)
      w -= plain_rate * weight_decay * w;
    else
      g += weight_decay * w;
    if constexpr (rule == Rule::sgd) return w - rate * g;
    if constexpr (rule == Rule::rmsprop) {
      m = momentum * m + (1 - momentum) * (g * g);
      return w - rate * (g / (floating_point::sqrt(m) + epsilon));
    }
    if constexpr (rule == Rule::momentum || rule == Rule::nesterov) {
      m = momentum * m + g;
      return w - rate * (rule == Rule::nesterov ? g + momentum * m : m);
    }
    m = momentum * m + (1 - momentum) * g;
    v = second * v + (1 - second) * (g * g);
    return w - rate * (m / (floating_point::sqrt(v) * root_scale + epsilon));
  }
};

constexpr bool is_finite(float x) {
  return floating_point::magnitude(x) < floating_point::infinity<float>;
}

// Rows of weights under an optimizer: where they lie, and what goes with them.
template <Rule rule> struct Trained {
  Optimizer optimizer;
  float most;  // of a gradient's magnitude; 0: any
  StepNumbers numbers;
  std::byte* weights;
  std::byte* moments;  // [moments][count]
  int count;           // weights of a row

  // A weight that would not be finite stays as it is, and is counted.
  constexpr void operator()(int i, float g, const Learner<rule>& learner) const {
    float m = 0, v = 0;
    std::byte *const at = weights + 4 * i, *const first = moments + 4 * i;
    std::byte* const second = first + 4 * count;
    constexpr int kept = Optimizer{.rule = rule}.moments();
    if constexpr (kept > 0) m = load<float>(first);
    if constexpr (kept > 1) v = load<float>(second);
    if (most > 0) g = g > most ? most : g < -most ? -most : g;
    const float next = learner(load<float>(at), g, m, v);
    if (!is_finite(next) || !is_finite(m) || !is_finite(v)) {
      numbers.set(StepNumbers::refused, numbers[StepNumbers::refused] + 1);
      return;
    }
    store(at, next);
    if constexpr (kept > 0) store(first, m);
    if constexpr (kept > 1) store(second, v);
  }
  constexpr Learner<rule> learner() const { return {optimizer, numbers}; }

  // Steps of plain SGD of which none can leave the floats, as finite weights are: those that
  // elements of x, of magnitudes up to `largest`, make with this factor?
  constexpr bool is_plain(float factor, float largest, const Learner<rule>& learner) const {
    const float size = floating_point::magnitude(factor) * largest;
    return rule == Rule::sgd && learner.weight_decay == 0 && most == 0 && size <= 1e30f &&
           size * floating_point::magnitude(learner.rate) <= 1e30f;
  }
  constexpr void descend(int first, const std::byte* x, int number, float factor,
                         float rate) const {
    std::byte* const w = weights + 4 * first;
    if (factor == 0) return;
    each_floats(number, [&]<class T>(int at) {
      put<T>(w + at, get<T>(w + at) - (get<T>(x + at) * factor) * rate);
    });
  }
};

// Stream: the optimizer's five numbers, the clip; then what the kernel puts.
template <Rule rule, bool gathers> struct Updates : PlainKernel {
  static constexpr int header = 24;
  static constexpr void pack_optimizer(const Value& v, Writer& to) {
    const auto u = v.options.get<UpdateOptions>();
    for (const Real& r : {u.optimizer.rate, u.optimizer.momentum, u.optimizer.second,
                          u.optimizer.epsilon, u.optimizer.weight_decay, u.most})
      to.put(r.value());
  }
  static constexpr bool keeps = gathers || Optimizer{.rule = rule}.moments() > 0;
  // An array that learns. `moments`: what is kept of each weight, anything where that is nothing.
  static constexpr Trained<rule> trained(const Task& t, const std::byte* numbers,
                                         std::byte* weights, const std::byte* moments, int count) {
    auto real = [&](int k) { return Real{load_aligned<float>(t.stream + 4 * k)}; };
    return {{rule, real(0), real(1), real(2), real(3), real(4)},
            load_aligned<float>(t.stream + 20),
            {own_state(numbers)},
            weights,
            own_state(moments),
            count};
  }
  // Where its gradient is summed: in scratch, or with those of other samples.
  static constexpr std::byte* sums(const Band& band, std::byte* scratch,
                                   const Trained<rule>& array) {
    if constexpr (gathers) return array.moments;
    if (band.first) clear(scratch, array.count);
    return scratch;
  }
  // The sum is complete.
  static constexpr void finish(const Trained<rule>& row, const std::byte* gradient) {
    if constexpr (gathers) return;
    const Learner<rule> learner = row.learner();
    if (row.is_plain(1, largest_magnitude(gradient, row.count), learner))
      row.descend(0, gradient, row.count, 1, learner.rate);
    else
      for (int i = 0; i < row.count; ++i) row(i, load<float>(gradient + 4 * i), learner);
  }

  // The weights and the bias of a layer that learn in one update, from the inputs `rest`: numbers,
  // moments, bias, its moments; and where their gradients are summed, in scratch one behind the
  // other.
  struct Both {
    Trained<rule> weights, bias;
  };
  struct BothSums {
    std::byte *weights, *bias;
  };
  static constexpr Both both(const Task& t, const Band& band, const std::byte* const* rest,
                             int weights, int biases) {
    const std::byte* const* bias = rest + (keeps ? 2 : 1);
    return {trained(t, rest[0], band.out[0], rest[keeps ? 1 : 0], weights),
            trained(t, rest[0], own_state(bias[0]), bias[keeps ? 1 : 0], biases)};
  }
  static constexpr BothSums sums_of(const Band& band, std::byte* scratch, const Both& arrays) {
    return {sums(band, scratch, arrays.weights),
            sums(band, scratch + 4 * arrays.weights.count, arrays.bias)};
  }
  static constexpr void finish(const Both& arrays, const BothSums& gradients) {
    finish(arrays.weights, gradients.weights);
    finish(arrays.bias, gradients.bias);
  }
};

// Dense over one pixel: row r of the weights with row r of x; no gradient is ever stored.
template <Rule rule, bool gathers> struct DenseUpdate : Updates<rule, gathers> {
  using Base = Updates<rule, gathers>;
  static constexpr int stream_size(const GraphView&, const Value&) { return Base::header + 4; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    Base::pack_optimizer(v, to);
    to.put<std::int32_t>(v.shape.row());
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const int count = load_aligned<std::int32_t>(t.stream + Base::header);
    const std::byte *g = band.rows[0], *x = band.rows[2];
    const auto row =
        Base::trained(t, band.rows[3], band.out[0], band.rows[Base::keeps ? 4 : 3], count);
    const auto learner = row.learner();
    const float most = largest_magnitude(x, t.out_channels);
    for (int o = 0, i = 0; o < t.out_width; ++o, i += t.out_channels) {
      const float factor = load<float>(g + 4 * o);
      if constexpr (gathers)
        add_scaled(row.moments + 4 * i, x, t.out_channels, factor);
      else if (row.is_plain(factor, most, learner))
        row.descend(i, x, t.out_channels, factor, learner.rate);
      else
        for (int k = 0; k < t.out_channels; ++k)
          row(i + k, factor * load<float>(x + 4 * k), learner);
    }
  }
};

// The sums over the rows of y, of weights and bias: step s adds what row s of y brings. Inputs
// behind x: numbers, moments, bias, its moments. Scratch: a patch of x, then, unless they are
// gathered, the gradients.
template <Rule rule, bool gathers, bool is_depthwise> struct ConvUpdate : Updates<rule, gathers> {
  using Base = Updates<rule, gathers>;
  static constexpr int stream_size(const GraphView&, const Value&) { return Base::header + 20; }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    const int patch = 4 * v.filter.area() * g.input(v, 2).shape.channels;
    return patch + (gathers ? 0 : 4 * (v.shape.size() + v.weights.outputs));
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    Base::pack_optimizer(v, to);
    const Shape x = g.input(v, 2).shape;
    for (const int number :
         {v.shape.size(), v.filter.height, x.width, x.channels, v.weights.outputs})
      to.put<std::int32_t>(number);
  }
  // The task of the forward step, as gather() wants it.
  static constexpr Task forward(const Task& task) {
    Task t = task;
    Reader from{task.stream + Base::header + 4};
    auto next = [&] { return static_cast<std::uint16_t>(from.next<std::int32_t>()); };
    t.rows = next();
    t.in_width = next();
    t.in_channels = next();
    t.out_channels = next();
    t.out_width = task.in_width;
    return t;
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = forward(task);
    const int count = load_aligned<std::int32_t>(task.stream + Base::header);
    Band window = band;
    window.rows = band.rows + 2;
    std::byte* const scratch = band.scratch + 4 * t.rows * t.filter_width * t.in_channels;
    const auto arrays = Base::both(task, band, window.rows + t.rows, count, t.out_channels);
    const auto sums = Base::sums_of(band, scratch, arrays);
    const std::byte* g = band.rows[0];
    for (int x = 0; x < t.out_width; ++x, g += 4 * t.out_channels) {
      add_pixel(t, sums.weights, g, gather<float>(t, window, x, 0));
      add_scaled(sums.bias, g, t.out_channels, 1);
    }
    if (band.last) Base::finish(arrays, sums);
  }
  static constexpr void add_pixel(const Task& t, std::byte* sums, const std::byte* g,
                                  const std::byte* patch) {
    const int taps = t.rows * t.filter_width;
    if constexpr (is_depthwise) {
      const int multiplier = t.out_channels / t.in_channels;
      for (int tap = 0; tap < taps; ++tap, patch += 4 * t.in_channels)
        for (int o = 0; o < t.out_channels; ++o, sums += 4)
          add(sums, load<float>(g + 4 * o) * load<float>(patch + 4 * (o / multiplier)));
    } else {
      const int count = taps * t.in_channels;
      for (int o = 0; o < t.out_channels; ++o, sums += 4 * count)
        add_scaled(sums, patch, count, load<float>(g + 4 * o));
    }
  }
};

// A bias alone, or of a Dense over one pixel: the sum over all pixels. Scratch: the gradient,
// unless it is gathered.
template <Rule rule, bool gathers> struct BiasUpdate : Updates<rule, gathers> {
  using Base = Updates<rule, gathers>;
  static constexpr int stream_size(const GraphView&, const Value&) { return Base::header; }
  static constexpr int scratch(const GraphView&, const Value& v) {
    return gathers ? 0 : 4 * v.shape.size();
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    Base::pack_optimizer(v, to);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const auto bias =
        Base::trained(t, band.rows[2], band.out[0], band.rows[Base::keeps ? 3 : 2], t.in_channels);
    std::byte* const gradient = Base::sums(band, band.scratch, bias);
    for (int x = 0; x < t.in_width; ++x)
      add_scaled(gradient, band.rows[0] + 4 * x * t.in_channels, t.in_channels, 1);
    if (band.last) Base::finish(bias, gradient);
  }
};

// Which of them, by what the value says of its optimizer.
template <const Op& made, template <Rule, bool> class K> struct UpdatesOf {
  static constexpr const char* name = made.name;
  static constexpr bool serves(const GraphView& g, int value) { return g[value].op == made; }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr auto u = graph.values[value].options.template get<UpdateOptions>();
    return K<u.optimizer.rule, (u.gathers != 0)>{};
  }
};
template <Rule rule, bool gathers> using FullUpdate = ConvUpdate<rule, gathers, false>;
template <Rule rule, bool gathers> using DepthwiseUpdate = ConvUpdate<rule, gathers, true>;

}  // namespace graven::core::scalar_isa
