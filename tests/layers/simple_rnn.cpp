#include "sequences.hpp"

#include <cmath>

using namespace test;

namespace {

static_assert(output_of<SimpleRNN<3>, At{{4, 1, 2}, 0}> == Shape{4, 1, 3});
// Its one gate has 9 * 10^8 weights, which can be counted; four would not be.
static_assert(output_of<SimpleRNN<30000>, At{{4, 1, 2}, 0}> == Shape{4, 1, 30000});

// One unit, one input; all weights one half.
constexpr float half[]{0.5f}, none[]{0}, quarter[]{0.25f};
constexpr Constant real[]{
    {"input_to_new", half}, {"recurrent_to_new", half}, {"new_bias", quarter}, {"hidden", none}};

// The same in integers: weights of 64 / 128, the bias in units of both scales.
constexpr std::int8_t weight[]{64}, zero8[]{0}, least[]{-128};
constexpr std::int16_t zero16[]{0};
constexpr std::int32_t bias[]{1 << 10};
constexpr std::int64_t wide_bias[]{1 << 18};
constexpr float scale[]{1.0f / 128}, unit[]{1.0f / 32768}, relu_scale[]{1.0f / 64},
    relu_unit[]{1.0f / 8192};
template <const auto& zero, const auto& state_scale, const auto& of_new, int point>
constexpr Constant integers[]{{"input_to_new", weight, scale},
                              {"recurrent_to_new", weight, scale},
                              {"new_bias", of_new},
                              {"hidden", zero, state_scale, point}};
constexpr Parameters of_reals[]{{}, {.constants = real}};
constexpr Quant in_bytes{1.0f / 32, 0}, in_words{1.0f / 8192, 0};
constexpr Parameters of_bytes[]{
    {.output = in_bytes},
    {.constants = integers<zero8, scale, bias, 0>, .output = {1.0f / 128, 0}}};
constexpr Parameters of_words[]{
    {.output = in_words, .element = Element::int16},
    {.constants = integers<zero16, unit, wide_bias, 0>, .output = {1.0f / 32768, 0}}};
constexpr Parameters relu_of_bytes[]{
    {.output = in_bytes},
    {.constants = integers<least, relu_scale, bias, -128>, .output = {1.0f / 64, -128}}};
constexpr Parameters relu_of_words[]{
    {.output = in_words, .element = Element::int16},
    {.constants = integers<zero16, relu_unit, wide_bias, 0>, .output = {1.0f / 8192, 0}}};

template <Recurrence how> using Tanh1 = SimpleRNN<1, how>;
template <Recurrence how> using Relu1 = SimpleRNN<1, how, Squash::relu>;

template <class Layer, const auto& params, class T>
void check_values(const std::array<T, 6>& input, Quant in, Quant out, bool relu, double tolerance) {
  static Model<Layer, Shape{6, 1, 1}, params> model;
  const auto output = model.run(input);
  double hidden = 0;
  for (std::size_t t = 0; t < 6; ++t) {
    const double x = static_cast<double>(input[t]) * static_cast<double>(in.scale);
    const double sum = x / 2 + hidden / 2 + 0.25;
    hidden = !relu ? std::tanh(sum) : sum > 0 ? sum : 0;
    const double found =
        (static_cast<double>(output[t]) - out.zero_point) * static_cast<double>(out.scale);
    CHECK(std::abs(found - hidden) <= tolerance);
  }
}

}  // namespace

TEST_CASE("hidden states of both functions") {
  constexpr Quant one{1, 0};
  check_values<Tanh1<Recurrence{}>, of_reals>(real_sequence, one, one, false, 1e-6);
  check_values<Relu1<Recurrence{}>, of_reals>(real_sequence, one, one, true, 1e-6);
  check_values<Tanh1<Recurrence{}>, of_bytes>(byte_sequence, in_bytes, {1.0f / 128, 0}, false,
                                              1.0 / 128);
  check_values<Relu1<Recurrence{}>, relu_of_bytes>(byte_sequence, in_bytes, {1.0f / 64, -128}, true,
                                                   1.0 / 64);
  check_values<Tanh1<Recurrence{}>, of_words>(word_sequence, in_words, {1.0f / 32768, 0}, false,
                                              1e-3);
  check_values<Relu1<Recurrence{}>, relu_of_words>(word_sequence, in_words, {1.0f / 8192, 0}, true,
                                                   1e-3);
}

TEST_CASE("as a whole, along rows, along pixels, moment by moment, saved") {
  check_sequences<Tanh1, of_reals>(real_sequence);
  check_sequences<Tanh1, of_bytes>(byte_sequence);
  check_sequences<Tanh1, of_words>(word_sequence);
  check_sequences<Relu1, of_reals>(real_sequence);
  check_sequences<Relu1, relu_of_bytes>(byte_sequence);
  check_sequences<Relu1, relu_of_words>(word_sequence);
}
