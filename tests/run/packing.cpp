// A layer whose stream is packed in several parts computes what its weights say.
#include <graven/graven.hpp>

#include <doctest/doctest.h>

#include <array>

using namespace graven;

namespace {

constexpr int inputs = 260, outputs = 301;  // 78,260 weights: three parts
struct Weights {
  std::int8_t w[inputs * outputs]{};
};
constexpr Weights weights = [] {
  Weights all;
  for (int i = 0; i < inputs * outputs; ++i)
    all.w[i] = static_cast<std::int8_t>((i * 37 + i / inputs * 11) % 255 - 127);
  return all;
}();
constexpr std::int32_t bias[outputs] = {1000, -2000, 3};
constexpr float scale[] = {0.01f};
constexpr Parameters params[] = {
    {.output = {0.02f, -3}},
    {.filter = weights.w, .bias = bias, .scale = scale, .output = {0.7f, 4}}};
using Large = Model<Sequential<Dense<inputs, outputs>>, Shape{1, 1, inputs}, params>;

// Three layers, the last of which has an output of its own scale, and so other multipliers.
constexpr int side = 190;  // 36,100 weights: two parts
struct Square {
  std::int8_t w[side * side]{};
};
template <int copy>
constexpr Square square = [] {
  Square all;
  for (int i = 0; i < side * side; ++i)
    all.w[i] = static_cast<std::int8_t>((i * 29 + i / side * 7) % 255 - 127);
  return all;
}();
template <int second, int third>
constexpr Parameters three[] = {{.output = {0.02f, 0}},
                                {.filter = square<0>.w, .scale = scale, .output = {0.02f, 0}},
                                {.filter = square<second>.w, .scale = scale, .output = {0.02f, 0}},
                                {.filter = square<third>.w, .scale = scale, .output = {0.03f, 0}}};
using Layers = Sequential<Dense<side, side>, Dense<side, side>, Dense<side, side>>;
template <int second, int third>
using Three = Model<Layers, Shape{1, 1, side}, three<second, third>>;

int expected(int output, std::span<const std::byte> in) {
  std::int32_t sum = bias[output];
  for (int i = 0; i < inputs; ++i)
    sum += (static_cast<std::int8_t>(in[static_cast<std::size_t>(i)]) + 3) *
           weights.w[output * inputs + i];
  const double product =
      static_cast<double>(0.02f) * static_cast<double>(0.01f) / static_cast<double>(0.7f);
  return core::clamp(core::requantize(sum, core::quantize_multiplier(product)) + 4, {-128, 127});
}

}  // namespace

TEST_CASE("a stream in parts") {
  static_assert(Large::weight_size > 2 * 32768);
  static Large model;
  const std::span<std::byte> in = model.input_bytes(0);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::byte>(i * 91 + i / 7);
  const auto given = [&] {
    std::array<std::byte, inputs> copy{};
    for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = in[i];
    return copy;
  }();
  model.run();
  for (int o = 0; o < outputs; ++o)
    CHECK(static_cast<std::int8_t>(model.output_bytes(0)[static_cast<std::size_t>(o)]) ==
          expected(o, given));
}

// Of one filter, the first with multipliers of its own.
constexpr Parameters later[] = {{.output = {0.02f, 0}},
                                {.filter = square<0>.w, .scale = scale, .output = {0.03f, 0}},
                                {.filter = square<0>.w, .scale = scale, .output = {0.03f, 0}},
                                {.filter = square<0>.w, .scale = scale, .output = {0.03f, 0}}};

TEST_CASE("a stream is that of any layer before it") {
  using Later = Model<Layers, Shape{1, 1, side}, later>;
  static_assert(Later::layers[0].weight_size > 0 && Later::layers[1].weight_size > 0);
  static_assert(Later::layers[2].weight_size == 0);
  CHECK(Later::weight_size == Later::layers[0].weight_size + Later::layers[1].weight_size);
}

TEST_CASE("layers with the same weights have them once") {
  using Shared = Three<0, 0>;
  using Apart = Three<1, 2>;
  static_assert(Shared::layers[1].weight_size == 0);
  static_assert(Shared::layers[2].weight_size == Apart::layers[2].weight_size);
  static_assert(Shared::weight_size + Apart::layers[1].weight_size == Apart::weight_size);
  static Shared shared;
  static Apart apart;
  for (std::size_t i = 0; i < side; ++i)
    shared.input_bytes(0)[i] = apart.input_bytes(0)[i] = static_cast<std::byte>(i * 91 + i / 7);
  shared.run();
  apart.run();
  for (std::size_t i = 0; i < side; ++i)
    CHECK(shared.output_bytes(0)[i] == apart.output_bytes(0)[i]);
}
