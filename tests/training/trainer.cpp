// Trainer: what it needs, what it learns, what it refuses, what it saves.
#include "graven/graven.hpp"
#include "graven/train.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using namespace graven;

// An input of random numbers and what a network should say of it.
template <std::size_t size> struct Sample {
  float x[size];
  explicit Sample(std::uint64_t seed) {
    Random random(seed);
    for (float& value : x) value = random.normal();
  }
};

template <class T> struct Held {
  typename T::State state;
  alignas(T::alignment) std::byte memory[T::arena_size];
  T trainer{state, memory};
};

using Perceptron = Sequential<Dense<8, 16, relu>, Dense<16, 4>>;
constexpr Parameters empty[3]{}, empty_of_one[2]{};
constexpr Shape vector{1, 1, 8};

// The class of a vector: the largest of its first four numbers.
std::int32_t label_of(const float* x) {
  int best = 0;
  for (int i = 1; i < 4; ++i)
    if (x[i] > x[best]) best = i;
  return best;
}

template <TrainPolicy policy> float loss_after(int steps) {
  using T = Trainer<Perceptron, vector, empty, policy>;
  static Held<T> held;
  held.trainer.initialize(Initializer::he_uniform, 7);
  float mean = 0;
  for (int i = 0; i < steps; ++i) {
    const Sample<8> sample(static_cast<std::uint64_t>(i % 64));
    const Learned learned = held.trainer.step(sample.x, label_of(sample.x));
    CHECK(learned.is_sound());
    if (i >= steps - 64) mean += learned.loss / 64;
  }
  return mean;
}

// Deviation and reach of the weights that an initializer makes, of one seed.
template <Initializer initializer> std::pair<double, double> spread(std::uint64_t seed) {
  using T = Trainer<Sequential<Dense<96, 32>>, Shape{1, 1, 96}, empty_of_one>;
  static_assert(T::array_count == 2);
  static Held<T> held;
  held.trainer.initialize(initializer, seed);
  const auto weights = held.trainer.template weights<0>();
  CHECK(weights.size() == 96 * 32);
  CHECK(held.trainer.template weights<1>().size() == 32);
  for (const float bias : held.trainer.template weights<1>()) CHECK(bias == 0);
  double squares = 0, most = 0;
  for (const float w : weights) {
    squares += static_cast<double>(w) * static_cast<double>(w);
    most = std::max(most, std::abs(static_cast<double>(w)));
  }
  return {std::sqrt(squares / (96 * 32)), most};
}

TEST_CASE("initializers: deviations of He and Xavier, uniform and normal, by a seed") {
  const double he = std::sqrt(2.0 / 96), xavier = std::sqrt(2.0 / 128);
  const auto he_uniform = spread<Initializer::he_uniform>(1);
  CHECK(he_uniform.first == doctest::Approx(he).epsilon(0.03));
  CHECK(he_uniform.second <= he * 1.7321);
  CHECK(he_uniform.second > he * 1.7);
  CHECK(spread<Initializer::he_normal>(1).first == doctest::Approx(he).epsilon(0.05));
  CHECK(spread<Initializer::he_normal>(1).second > he * 3);
  CHECK(spread<Initializer::xavier_uniform>(1).first == doctest::Approx(xavier).epsilon(0.03));
  CHECK(spread<Initializer::xavier_uniform>(1).second <= xavier * 1.7321);
  CHECK(spread<Initializer::xavier_normal>(1).first == doctest::Approx(xavier).epsilon(0.05));
  CHECK(spread<Initializer::he_uniform>(1) == he_uniform);
  CHECK(spread<Initializer::he_uniform>(2) != he_uniform);
}

TEST_CASE("every optimizer learns") {
  CHECK(loss_after<TrainPolicy{.optimizer = optimizer::sgd(0.05f)}>(4096) < 0.15f);
  CHECK(loss_after<TrainPolicy{.optimizer = optimizer::momentum(0.005f)}>(4096) < 0.15f);
  CHECK(loss_after<TrainPolicy{.optimizer = optimizer::nesterov(0.005f)}>(4096) < 0.15f);
  CHECK(loss_after<TrainPolicy{.optimizer = optimizer::rmsprop(0.002f)}>(4096) < 0.15f);
  CHECK(loss_after<TrainPolicy{.optimizer = optimizer::adam(0.005f)}>(4096) < 0.15f);
  CHECK(loss_after<TrainPolicy{.optimizer = optimizer::adamw(0.005f)}>(4096) < 0.15f);
}

TEST_CASE("batches and clipping learn as well") {
  CHECK(loss_after<TrainPolicy{.optimizer = optimizer::adam(0.01f), .batch = 4}>(8192) < 0.15f);
  CHECK(loss_after<TrainPolicy{.optimizer = optimizer::sgd(0.05f), .clip = {.value = 0.5f}}>(4096) <
        0.15f);
  CHECK(loss_after<TrainPolicy{.optimizer = optimizer::sgd(0.05f), .clip = {.norm = 1.0f}}>(4096) <
        0.15f);
}

// A network of every layer that a gradient goes back through.
using Mixed = Sequential<Conv2D<2, 4, 3, 1, same, relu>, MaxPool<3, 2, same>,
                         DepthwiseConv2D<4, 2, 3, 2, same>, Sigmoid,
                         Residual<Conv2D<8, 8, 1, 1, valid, relu6>>, AvgPool<2, 1>, Tanh, Flatten,
                         Dense<32, 6>, LeakyReLU<0.1f>, Dense<6, 3>>;
constexpr Parameters of_mixed[13]{};
constexpr Shape image{12, 12, 2};

template <TrainPolicy policy> std::vector<float> weights_after(int steps) {
  using T = Trainer<Mixed, image, of_mixed, policy>;
  static Held<T> held;
  held.trainer.initialize(Initializer::xavier_normal, 5);
  for (int i = 0; i < steps; ++i) {
    const Sample<288> sample(static_cast<std::uint64_t>(i));
    static_cast<void>(held.trainer.step(sample.x, i % 3));
  }
  std::vector<float> all;
  [&]<int... k>(std::integer_sequence<int, k...>) {
    (all.insert(all.end(), held.trainer.template weights<k>().begin(),
                held.trainer.template weights<k>().end()),
     ...);
  }
  (std::make_integer_sequence<int, T::array_count>());
  return all;
}

TEST_CASE("values that are made again change no bit of what is learned, and save memory") {
  constexpr TrainPolicy kept{}, remade{.remake = true};
  CHECK(weights_after<kept>(20) == weights_after<remade>(20));
  static_assert(Trainer<Mixed, image, of_mixed, remade>::arena_size <
                Trainer<Mixed, image, of_mixed, kept>::arena_size);
}

TEST_CASE("the order of steps changes no bit") {
  constexpr TrainPolicy layers{.plan = {.order = core::plan::Order::layers}};
  CHECK(weights_after<TrainPolicy{}>(10) == weights_after<layers>(10));
}

// Learning of one sample twice in a batch is learning of it once.
TEST_CASE("a batch learns from the mean of its gradients") {
  using One = Trainer<Perceptron, vector, empty, TrainPolicy{.optimizer = optimizer::adam()}>;
  using Two =
      Trainer<Perceptron, vector, empty, TrainPolicy{.optimizer = optimizer::adam(), .batch = 2}>;
  static Held<One> one;
  static Held<Two> two;
  one.trainer.initialize(Initializer::he_normal, 1);
  two.trainer.initialize(Initializer::he_normal, 1);
  for (std::uint64_t i = 0; i < 10; ++i) {
    const Sample<8> sample(i);
    one.trainer.step(sample.x, 1);
    two.trainer.step(sample.x, 1);
    two.trainer.step(sample.x, 1);
  }
  for (std::size_t i = 0; i < 64; ++i)
    CHECK(one.trainer.weights<2>()[i] ==
          doctest::Approx(static_cast<double>(two.trainer.weights<2>()[i])).epsilon(1e-5));
}

TEST_CASE("a weight that would be NaN stays, and the step says so") {
  using T = Trainer<Perceptron, vector, empty>;
  static Held<T> held;
  held.trainer.initialize(Initializer::he_uniform, 3);
  const std::vector<float> before(held.trainer.weights<0>().begin(),
                                  held.trainer.weights<0>().end());
  Sample<8> sample(1);
  sample.x[3] = std::numeric_limits<float>::quiet_NaN();
  const Learned learned = held.trainer.step(sample.x, 1);
  CHECK(!learned.is_sound());
  CHECK(std::isnan(learned.loss));
  CHECK(std::equal(before.begin(), before.end(), held.trainer.weights<0>().begin()));
  sample.x[3] = 0;
  CHECK(held.trainer.step(sample.x, 1).is_sound());
}

// Of such losses the gradient of NaN is a number: what multiplies it must not become a weight.
TEST_CASE("NaN in an input stays out of the weights also where the loss bounds its gradient") {
  using T = Trainer<Dense<8, 4>, vector, empty_of_one, TrainPolicy{.loss = loss::mae}>;
  static Held<T> held;
  held.trainer.initialize(Initializer::he_uniform, 3);
  Sample<8> sample(1);
  sample.x[0] = std::numeric_limits<float>::quiet_NaN();
  const float wanted[4]{};
  CHECK(!held.trainer.step(sample.x, wanted).is_sound());
  for (const float w : held.trainer.weights<0>()) CHECK(!std::isnan(w));
}

TEST_CASE("with a batch, a step with NaN in it changes nothing at all") {
  using T = Trainer<Perceptron, vector, empty, TrainPolicy{.batch = 2}>;
  static Held<T> held;
  held.trainer.initialize(Initializer::he_uniform, 3);
  const std::vector<float> before(held.trainer.weights<2>().begin(),
                                  held.trainer.weights<2>().end());
  Sample<8> sample(1);
  held.trainer.step(sample.x, 1);
  sample.x[3] = std::numeric_limits<float>::infinity();
  CHECK(held.trainer.step(sample.x, 1).refused == 8 * 16 + 16 + 16 * 4 + 4);
  CHECK(std::equal(before.begin(), before.end(), held.trainer.weights<2>().begin()));
  CHECK(held.trainer.step(Sample<8>(2).x, 1).is_sound());
}

TEST_CASE("no rate makes a weight infinite or NaN") {
  using T = Trainer<Perceptron, vector, empty>;
  static Held<T> held;
  constexpr float infinite = std::numeric_limits<float>::infinity(), huge = 3e38f;
  for (const float rate :
       {std::numeric_limits<float>::quiet_NaN(), infinite, -infinite, huge, -huge}) {
    held.trainer.initialize(Initializer::he_uniform, 3);
    held.trainer.set_rate(rate);
    int refused = 0;
    for (std::uint64_t i = 0; i < 4; ++i) refused += held.trainer.step(Sample<8>(i).x, 1).refused;
    CHECK(refused > 0);
    for (const float w : held.trainer.weights<0>()) CHECK(std::isfinite(w));
    for (const float w : held.trainer.weights<2>()) CHECK(std::isfinite(w));
  }
}

TEST_CASE("a checkpoint lies at any address") {
  using T = Trainer<Perceptron, vector, empty>;
  static Held<T> a, b;
  static std::byte flash[T::saved_size + 8];
  a.trainer.initialize(Initializer::he_uniform, 3);
  for (std::size_t at = 0; at < 8; ++at) {
    const std::span<std::byte, T::saved_size> place(flash + at, T::saved_size);
    a.trainer.step(Sample<8>(at).x, 1);
    a.trainer.save(place);
    REQUIRE(b.trainer.restore(place) == Restored::done);
    CHECK(std::memcmp(a.state.rows, b.state.rows, sizeof(a.state.rows)) == 0);
  }
}

TEST_CASE("the rate can change from step to step; 0 learns nothing") {
  using T = Trainer<Perceptron, vector, empty>;
  static Held<T> held;
  held.trainer.initialize(Initializer::he_uniform, 3);
  const float before = held.trainer.weights<0>()[5];
  held.trainer.set_rate(0);
  held.trainer.step(Sample<8>(1).x, 1);
  CHECK(held.trainer.weights<0>()[5] == before);
}

template <Optimizer rule, int batch = 1>
constexpr std::uint64_t fingerprint =
    Trainer<Perceptron, vector, empty, TrainPolicy{.optimizer = rule, .batch = batch}>::fingerprint;

TEST_CASE("what has been learned is saved and restored; other bytes are refused") {
  using T = Trainer<Perceptron, vector, empty, TrainPolicy{.optimizer = optimizer::adam()}>;
  using Other = Trainer<Perceptron, vector, empty, TrainPolicy{.optimizer = optimizer::sgd(0.1f)}>;
  static_assert(T::fingerprint != Other::fingerprint);
  static_assert(fingerprint<optimizer::adam()> != fingerprint<optimizer::adamw()>);
  static_assert(fingerprint<optimizer::momentum(0.1f)> != fingerprint<optimizer::rmsprop(0.1f)>);
  static_assert(fingerprint<optimizer::momentum(0.1f)> != fingerprint<optimizer::sgd(0.1f), 2>);
  static_assert(fingerprint<optimizer::sgd(0.1f)> == fingerprint<optimizer::sgd(0.2f)>);
  static Held<T> a, b;
  static std::byte flash[T::saved_size];
  a.trainer.initialize(Initializer::he_uniform, 3);
  for (std::uint64_t i = 0; i < 10; ++i) a.trainer.step(Sample<8>(i).x, 1);
  a.trainer.save(flash);
  REQUIRE(b.trainer.restore(flash) == Restored::done);
  a.trainer.step(Sample<8>(20).x, 2);
  b.trainer.step(Sample<8>(20).x, 2);
  CHECK(std::memcmp(a.state.rows, b.state.rows, sizeof(a.state.rows)) == 0);

  const auto refuses = [&](std::size_t at, Restored reason) {
    flash[at] ^= std::byte{1};
    const float before = b.trainer.weights<0>()[0];
    CHECK(b.trainer.restore(flash) == reason);
    CHECK(b.trainer.weights<0>()[0] == before);
    flash[at] ^= std::byte{1};
  };
  refuses(0, Restored::nothing);
  refuses(4, Restored::other_format);
  refuses(8, Restored::other_model);
  refuses(16, Restored::torn);
  for (std::size_t at = 24; at < T::saved_size; ++at) refuses(at, Restored::torn);
}

TEST_CASE("a State of larger batches goes on in smaller ones, with a new batch") {
  using Four = Trainer<Perceptron, vector, empty, TrainPolicy{.batch = 4}>;
  using Two = Trainer<Perceptron, vector, empty, TrainPolicy{.batch = 2}>;
  static Held<Four> four;
  static Held<Two> two;
  static std::byte flash[Four::saved_size];
  four.trainer.initialize(Initializer::he_uniform, 3);
  for (int i = 0; i < 3; ++i) four.trainer.step(Sample<8>(1).x, 1);
  four.trainer.save(flash);
  REQUIRE(two.trainer.restore(flash) == Restored::done);
  const float before = two.trainer.weights<3>()[1];
  two.trainer.step(Sample<8>(1).x, 1);
  CHECK(two.trainer.weights<3>()[1] == before);
  two.trainer.step(Sample<8>(1).x, 1);
  CHECK(two.trainer.weights<3>()[1] != before);
}

// The head of a frozen int8 network: its weights and at most 1 KB more than inference needs.
constexpr std::int8_t w0[9 * 8]{1, -2, 3};
constexpr float scale0[]{0.01f};
constexpr float w1[4 * 4 * 8 * 10]{0.1f};
using Frozen = Sequential<Conv2D<1, 8, 3, 1, same, relu>, MaxPool<2>, Dequantize, Flatten,
                          TrainableDense<128, 10>>;
constexpr Parameters of_frozen[]{
    {.output = {0.01f, 0}}, {.filter = w0, .scale = scale0, .output = {0.02f, -128}}, {}, {}, {},
    {.filter = w1}};
constexpr Shape small{8, 8, 1};

TEST_CASE("a head on a frozen int8 network takes its weights and at most 1 KB") {
  using T = Trainer<Frozen, small, of_frozen, TrainPolicy{.optimizer = optimizer::sgd(0.5f)}>;
  using M = Model<Frozen, small, of_frozen>;
  static_assert(T::state_size <= 5160 + 64);
  static_assert(T::state_size + T::arena_size <= 5160 + M::arena_size + 1024);
  static_assert(T::array_count == 2);
  static Held<T> held;
  std::int8_t x[64];
  for (int i = 0; i < 64; ++i) x[i] = static_cast<std::int8_t>(i * 37 % 255 - 127);
  const float first = held.trainer.step(x, 3).loss;
  for (int i = 0; i < 200; ++i) held.trainer.step(x, 3);
  CHECK(held.trainer.step(x, 3).loss < first / 10);
}

// What was learned behind other frozen weights is of no use: restore() says so.
constexpr std::int8_t w0_other[9 * 8]{1, -2, 4};
constexpr Parameters of_other[]{{.output = {0.01f, 0}},
                                {.filter = w0_other, .scale = scale0, .output = {0.02f, -128}},
                                {},
                                {},
                                {},
                                {.filter = w1}};
constexpr Parameters of_scale[]{
    {.output = {0.01f, 0}}, {.filter = w0, .scale = scale0, .output = {0.03f, -128}}, {}, {}, {},
    {.filter = w1}};
constexpr float w1_other[4 * 4 * 8 * 10]{0.2f};
constexpr Parameters of_start[]{
    {.output = {0.01f, 0}}, {.filter = w0, .scale = scale0, .output = {0.02f, -128}}, {}, {}, {},
    {.filter = w1_other}};
template <const auto& params>
constexpr std::uint64_t frozen_print = Trainer<Frozen, small, params>::fingerprint;
static_assert(frozen_print<of_frozen> != frozen_print<of_other>);
static_assert(frozen_print<of_frozen> != frozen_print<of_scale>);
static_assert(frozen_print<of_frozen> == frozen_print<of_start>);

TEST_CASE("every loss") {
  const auto descends = [](auto policy) {
    using T = Trainer<Perceptron, vector, empty, decltype(policy)::value>;
    static Held<T> held;
    held.trainer.initialize(Initializer::xavier_uniform, 3);
    const float wanted[]{1, -1, 2, 0.5f};
    const float first = held.trainer.step(Sample<8>(3).x, wanted).loss;
    for (int i = 0; i < 200; ++i) held.trainer.step(Sample<8>(3).x, wanted);
    return held.trainer.step(Sample<8>(3).x, wanted).loss < first / 10;
  };
  CHECK(descends(std::integral_constant<TrainPolicy, TrainPolicy{.loss = loss::mse}>()));
  CHECK(descends(std::integral_constant<TrainPolicy, TrainPolicy{.loss = loss::mae}>()));
  CHECK(descends(std::integral_constant<TrainPolicy, TrainPolicy{.loss = loss::huber(0.5f)}>()));
}

// Two questions with answers of their own; one of them by a Sigmoid at the end.
template <class Net, const auto& params> float yes_or_no() {
  using T =
      Trainer<Net, vector, params,
              TrainPolicy{.loss = loss::binary_cross_entropy, .optimizer = optimizer::sgd(0.1f)}>;
  static Held<T> held;
  held.trainer.initialize(Initializer::xavier_uniform, 3);
  float last = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Sample<8> sample(i % 50);
    const float wanted[]{sample.x[0] > 0 ? 1.0f : 0.0f, sample.x[1] > 0.5f ? 1.0f : 0.0f};
    last = held.trainer.step(sample.x, wanted).loss;
  }
  return last;
}
TEST_CASE("binary cross-entropy, of scores or of a Sigmoid") {
  const float last = yes_or_no<Dense<8, 2>, empty_of_one>();
  CHECK(last < 0.3f);
  CHECK(yes_or_no<Sequential<Dense<8, 2>, Sigmoid>, empty>() == last);
}
TEST_CASE("binary cross-entropy of large scores is no infinity") {
  static constexpr float weight[1]{500};
  static constexpr Parameters one[]{{}, {.filter = weight}};
  using T =
      Trainer<Dense<1, 1>, Shape{1, 1, 1}, one, TrainPolicy{.loss = loss::binary_cross_entropy}>;
  static Held<T> held;
  held.trainer.set_rate(0);
  const float x[]{1}, no[]{0}, yes[]{1};
  CHECK(held.trainer.step(x, no).loss == 500);
  CHECK(held.trainer.step(x, yes).loss == 0);
}

TEST_CASE("a Softmax at the end is part of the cross-entropy") {
  using Scores = Sequential<Dense<8, 4>>;
  using Shares = Sequential<Dense<8, 4>, Softmax>;
  static Held<Trainer<Scores, vector, empty_of_one>> scores;
  static Held<Trainer<Shares, vector, empty>> shares;
  scores.trainer.initialize(Initializer::he_uniform, 3);
  shares.trainer.initialize(Initializer::he_uniform, 3);
  for (std::uint64_t i = 0; i < 5; ++i)
    CHECK(scores.trainer.step(Sample<8>(i).x, 2).loss ==
          shares.trainer.step(Sample<8>(i).x, 2).loss);
  CHECK(shares.trainer.run(Sample<8>(0).x)[2] > 0);
}

// The loss of a third step.
template <class Net, const auto& params, TrainPolicy policy> float third_loss() {
  using T = Trainer<Net, Shape{3, 2, 8}, params, policy>;
  static Held<T> held;
  held.trainer.initialize(Initializer::he_uniform, 1);
  typename T::Target wanted[T::target_size];
  for (std::size_t i = 0; i < T::target_size; ++i)
    wanted[i] = static_cast<typename T::Target>(i % 3);
  const Sample<48> sample(1);
  held.trainer.step(sample.x, wanted);
  held.trainer.step(sample.x, wanted);
  return held.trainer.step(sample.x, wanted).loss;
}

TEST_CASE("a reshape at the end changes nothing of what is learned") {
  using Conv = Conv2D<8, 4, 1>;
  static constexpr Parameters two[2]{}, three[3]{}, four[4]{};
  constexpr TrainPolicy squares{.loss = loss::mse}, scores{};
  const float plain = third_loss<Conv, two, squares>();
  CHECK(third_loss<Sequential<Conv, Flatten>, three, squares>() == plain);
  CHECK(third_loss<Sequential<Conv, Reshape<Shape{8, 1, 3}>>, three, squares>() == plain);
  const float classes = third_loss<Conv, two, scores>();
  CHECK(third_loss<Sequential<Conv, Reshape<Shape{1, 6, 4}>>, three, scores>() == classes);
  CHECK(third_loss<Sequential<Conv, Softmax, Reshape<Shape{6, 1, 4}>>, four, scores>() == classes);
}

// Such a part is what a recurrent layer hands on with its last moment.
TEST_CASE("layers learn from a part of the rows of what is frozen as from these rows alone") {
  const auto agrees = []<class Layer>() {
    constexpr TrainPolicy squares{.loss = loss::mse};
    static constexpr Parameters two[2]{}, three[3]{};
    using Part = Sequential<Slice<Axis::height, 2, 3>, Layer>;
    static Held<Trainer<Part, Shape{5, 4, 2}, three, squares>> part;
    static Held<Trainer<Layer, Shape{3, 4, 2}, two, squares>> alone;
    part.trainer.initialize(Initializer::he_uniform, 4);
    alone.trainer.initialize(Initializer::he_uniform, 4);
    const Sample<40> sample(1);
    const std::span<const float, 24> rows(sample.x + 16, 24);
    const float wanted[decltype(alone.trainer)::target_size]{};
    bool equal = true;
    for (int i = 0; i < 5; ++i)
      equal = equal &&
              part.trainer.step(sample.x, wanted).loss == alone.trainer.step(rows, wanted).loss;
    return equal;
  };
  CHECK(agrees.operator()<Dense<24, 3>>());
  CHECK(agrees.operator()<Conv2D<2, 3, 3, 1, same, relu>>());
  CHECK(agrees.operator()<DepthwiseConv2D<2, 2, 3>>());
}

TEST_CASE("a label that is no class brings neither loss nor gradient") {
  static Held<Trainer<Perceptron, vector, empty>> held;
  held.trainer.initialize(Initializer::he_uniform, 3);
  const auto weights = held.trainer.weights<2>();
  const std::vector<float> before(weights.begin(), weights.end());
  using Limits = std::numeric_limits<std::int32_t>;
  for (const std::int32_t label : {-1, 4, (Limits::min)(), (Limits::max)()}) {
    const Learned learned = held.trainer.step(Sample<8>(1).x, label);
    CHECK(learned.loss == 0);
    CHECK(learned.is_sound());
  }
  CHECK(std::equal(before.begin(), before.end(), weights.begin()));
  CHECK(held.trainer.step(Sample<8>(1).x, 3).loss > 0);
}

TEST_CASE("only biases, only the last layers") {
  static constexpr float f0[8 * 16]{0.5f, 0.25f, -1}, f1[16 * 4]{1, 2, 3};
  static constexpr Parameters full[]{{}, {.filter = f0}, {.filter = f1}};
  using Biases = Trainer<Perceptron, vector, full, TrainPolicy{.learns = learns::biases}>;
  using Last = Trainer<Perceptron, vector, full, TrainPolicy{.learns = learns::head}>;
  static_assert(Biases::array_count == 2 && Biases::state_size < 160);
  static_assert(Last::array_count == 2 && Last::layer_of(0) == 1);
  static Held<Biases> biases;
  static Held<Last> last;
  const Sample<8> sample(2);
  const float before = biases.trainer.step(sample.x, 1).loss;
  for (int i = 0; i < 100; ++i) biases.trainer.step(sample.x, 1);
  CHECK(biases.trainer.step(sample.x, 1).loss < before);
  CHECK(last.trainer.step(sample.x, 1).loss == before);
}

}  // namespace
