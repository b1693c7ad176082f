#include "sequences.hpp"

#include <algorithm>
#include <cmath>

using namespace test;

namespace {

static_assert(output_of<LSTM<3>, At{{1, 5, 2}, 0}> == Shape{1, 5, 3});

// One unit, one input; all weights one half, no biases.
constexpr float half[]{0.5f}, none[]{0};
constexpr Constant real[]{{"input_to_input", half},
                          {"recurrent_to_input", half},
                          {"input_bias", none},
                          {"input_to_forget", half},
                          {"recurrent_to_forget", half},
                          {"forget_bias", none},
                          {"input_to_cell", half},
                          {"recurrent_to_cell", half},
                          {"cell_bias", none},
                          {"input_to_output", half},
                          {"recurrent_to_output", half},
                          {"output_bias", none},
                          {"hidden", none},
                          {"memory", none}};
constexpr Parameters params[]{{}, {.constants = real}};

// The same in int8: the weights are 64 / 128.
constexpr std::int8_t weight[]{64}, zero8[]{0};
constexpr std::int16_t zero16[]{0};
constexpr std::int32_t bias[]{0};
constexpr float scale[]{1.0f / 128}, cell_scale[]{1.0f / 4096};
constexpr Constant integers[]{{"input_to_input", weight, scale},
                              {"recurrent_to_input", weight, scale},
                              {"input_bias", bias},
                              {"input_to_forget", weight, scale},
                              {"recurrent_to_forget", weight, scale},
                              {"forget_bias", bias},
                              {"input_to_cell", weight, scale},
                              {"recurrent_to_cell", weight, scale},
                              {"cell_bias", bias},
                              {"input_to_output", weight, scale},
                              {"recurrent_to_output", weight, scale},
                              {"output_bias", bias},
                              {"hidden", zero8, scale},
                              {"memory", zero16, cell_scale}};
constexpr Parameters params8[]{{.output = {1.0f / 32, 0}},
                               {.constants = integers, .output = {1.0f / 128, 0}}};

struct Expected {
  double hidden = 0, cell = 0;

  double next(double x) {
    const double sum = (x + hidden) / 2, gate = 1 / (1 + std::exp(-sum));
    cell = gate * cell + gate * std::tanh(sum);
    return hidden = gate * std::tanh(cell);
  }
};

}  // namespace

TEST_CASE("a sequence goes on from run to run, until a reset") {
  static Model<LSTM<1>, Shape{1, 3, 1}, params> model;
  for (int reset = 0; reset < 2; ++reset) {
    Expected expected;
    for (int run = 0; run < 4; ++run) {
      const std::array<float, 3> input{0.3f, -1.5f, static_cast<float>(run)};
      const auto output = model.run(input);
      for (std::size_t t = 0; t < 3; ++t)
        CHECK(static_cast<double>(output[t]) ==
              doctest::Approx(expected.next(static_cast<double>(input[t]))).epsilon(1e-5));
    }
    model.reset();
  }
}

TEST_CASE("along rows, along pixels and moment by moment it is the same") {
  static Model<LSTM<1>, Shape{6, 1, 1}, params8> tall;
  static Model<LSTM<1>, Shape{1, 6, 1}, params8> wide;
  static Model<LSTM<1>, Shape{1, 1, 1}, params8> short_one;
  constexpr auto input = int8s(10, -48, 127, -128, 3, 64);
  const auto a = tall.run(input), b = wide.run(input);
  Expected expected;
  for (std::size_t t = 0; t < 6; ++t) {
    const std::array<std::int8_t, 1> moment{input[t]};
    const auto c = short_one.run(moment);
    CHECK(a[t] == b[t]);
    CHECK(a[t] == c[0]);
    CHECK(std::abs(a[t] - 128 * expected.next(input[t] / 32.0)) <= 1.5);
  }
}

template <Recurrence how> using One = LSTM<1, how>;
TEST_CASE("as a whole, moment by moment, its last step, fresh in every run, saved") {
  check_sequences<One, params>(real_sequence);
  check_sequences<One, params8>(byte_sequence);
}

// Whatever is read of the sequence, the state has seen all of it.
using FirstOnly = Graph<Node<LSTM<1>, 0>, Node<Split<Axis::height, 3>, 1>,
                        Node<ReLUN1To1, Out<2, 0>>, Outputs<3>>;
constexpr Parameters first_params[]{params8[0], params8[1], {}, {}};
TEST_CASE("moments whose output nobody reads count as well") {
  static Model<FirstOnly, Shape{3, 1, 1}, first_params> some;
  static Model<LSTM<1>, Shape{3, 1, 1}, params8> all;
  for (std::int8_t run = 0; run < 3; ++run) {
    const auto input = int8s(10, -48 - run, 127);
    CHECK(some.run(input)[0] == all.run(input)[0]);
  }
}
