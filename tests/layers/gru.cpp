#include "sequences.hpp"

#include <cmath>

using namespace test;

namespace {

static_assert(output_of<GRU<3>, At{{1, 5, 2}, 0}> == Shape{1, 5, 3});
static_assert(output_of<GRU<3, Recurrence{.return_sequences = false}>, At{{1, 5, 2}, 0}> ==
              Shape{1, 1, 3});

// One unit, one input; all weights one half, biases of the gate `new` alone.
constexpr float half[]{0.5f}, none[]{0}, quarter[]{0.25f};
constexpr Constant real_before[]{{"input_to_update", half},    {"recurrent_to_update", half},
                                 {"update_bias", none},        {"input_to_reset", half},
                                 {"recurrent_to_reset", half}, {"reset_bias", none},
                                 {"input_to_new", half},       {"recurrent_to_new", half},
                                 {"new_bias", quarter},        {"hidden", none}};
constexpr Constant real[]{
    {"input_to_update", half}, {"recurrent_to_update", half}, {"update_bias", none},
    {"input_to_reset", half},  {"recurrent_to_reset", half},  {"reset_bias", none},
    {"input_to_new", half},    {"recurrent_to_new", half},    {"new_bias", quarter},
    {"hidden", none},          {"recurrent_bias", half}};

// The same in integers: weights of 64 / 128, biases in units of both scales.
constexpr std::int8_t weight[]{64}, zero8[]{0};
constexpr std::int16_t zero16[]{0};
constexpr std::int32_t no[]{0}, bias[]{1 << 10}, own_bias[]{1 << 13};
constexpr std::int64_t wide_no[]{0}, wide_bias[]{1 << 18}, wide_own_bias[]{1 << 21};
constexpr float scale[]{1.0f / 128}, unit[]{1.0f / 32768};
constexpr Constant bytes_before[]{{"input_to_update", weight, scale},
                                  {"recurrent_to_update", weight, scale},
                                  {"update_bias", no},
                                  {"input_to_reset", weight, scale},
                                  {"recurrent_to_reset", weight, scale},
                                  {"reset_bias", no},
                                  {"input_to_new", weight, scale},
                                  {"recurrent_to_new", weight, scale},
                                  {"new_bias", bias},
                                  {"hidden", zero8, scale},
                                  {"memory", zero16, unit}};
constexpr Constant bytes[]{{"input_to_update", weight, scale},
                           {"recurrent_to_update", weight, scale},
                           {"update_bias", no},
                           {"input_to_reset", weight, scale},
                           {"recurrent_to_reset", weight, scale},
                           {"reset_bias", no},
                           {"input_to_new", weight, scale},
                           {"recurrent_to_new", weight, scale},
                           {"new_bias", bias},
                           {"hidden", zero8, scale},
                           {"memory", zero16, unit},
                           {"recurrent_bias", own_bias}};
constexpr Constant words_before[]{{"input_to_update", weight, scale},
                                  {"recurrent_to_update", weight, scale},
                                  {"update_bias", wide_no},
                                  {"input_to_reset", weight, scale},
                                  {"recurrent_to_reset", weight, scale},
                                  {"reset_bias", wide_no},
                                  {"input_to_new", weight, scale},
                                  {"recurrent_to_new", weight, scale},
                                  {"new_bias", wide_bias},
                                  {"hidden", zero16, unit},
                                  {"memory", zero16, unit}};
constexpr Constant words[]{{"input_to_update", weight, scale},
                           {"recurrent_to_update", weight, scale},
                           {"update_bias", wide_no},
                           {"input_to_reset", weight, scale},
                           {"recurrent_to_reset", weight, scale},
                           {"reset_bias", wide_no},
                           {"input_to_new", weight, scale},
                           {"recurrent_to_new", weight, scale},
                           {"new_bias", wide_bias},
                           {"hidden", zero16, unit},
                           {"memory", zero16, unit},
                           {"recurrent_bias", wide_own_bias}};

template <const auto& constants> constexpr Parameters of_reals[]{{}, {.constants = constants}};
template <const auto& constants>
constexpr Parameters of_bytes[]{{.output = {1.0f / 32, 0}},
                                {.constants = constants, .output = {1.0f / 128, 0}}};
template <const auto& constants>
constexpr Parameters of_words[]{{.output = {1.0f / 8192, 0}, .element = Element::int16},
                                {.constants = constants, .output = {1.0f / 32768, 0}}};

struct Expected {
  bool before;
  double hidden = 0;

  double next(double x) {
    const double gate = 1 / (1 + std::exp(-(x + hidden) / 2));
    const double again = before ? gate * hidden / 2 : gate * (hidden / 2 + 0.5);
    return hidden = (1 - gate) * std::tanh(x / 2 + 0.25 + again) + gate * hidden;
  }
};

template <class Layer, const auto& params, class T>
void check_values(const std::array<T, 6>& input, double in_scale, double out_scale, bool before,
                  double tolerance) {
  static Model<Layer, Shape{6, 1, 1}, params> model;
  Expected expected{before};
  const auto output = model.run(input);
  for (std::size_t t = 0; t < 6; ++t) {
    const double wanted = expected.next(static_cast<double>(input[t]) * in_scale);
    CHECK(std::abs(static_cast<double>(output[t]) * out_scale - wanted) <= tolerance);
  }
}

template <Recurrence how> using After = GRU<1, how>;
template <Recurrence how> using Before = GRU<1, how, Reset::before>;

}  // namespace

TEST_CASE("hidden states of both kinds of reset") {
  check_values<GRU<1>, of_reals<real>>(real_sequence, 1, 1, false, 1e-6);
  check_values<Before<Recurrence{}>, of_reals<real_before>>(real_sequence, 1, 1, true, 1e-6);
  check_values<GRU<1>, of_bytes<bytes>>(byte_sequence, 1.0 / 32, 1.0 / 128, false, 1.0 / 128);
  check_values<Before<Recurrence{}>, of_bytes<bytes_before>>(byte_sequence, 1.0 / 32, 1.0 / 128,
                                                             true, 1.0 / 128);
  check_values<GRU<1>, of_words<words>>(word_sequence, 1.0 / 8192, 1.0 / 32768, false, 1e-3);
  check_values<Before<Recurrence{}>, of_words<words_before>>(word_sequence, 1.0 / 8192, 1.0 / 32768,
                                                             true, 1e-3);
}

TEST_CASE("as a whole, along rows, along pixels, moment by moment, saved") {
  check_sequences<After, of_reals<real>>(real_sequence);
  check_sequences<After, of_bytes<bytes>>(byte_sequence);
  check_sequences<After, of_words<words>>(word_sequence);
}
TEST_CASE("the same with the reset before") {
  check_sequences<Before, of_reals<real_before>>(real_sequence);
  check_sequences<Before, of_bytes<bytes_before>>(byte_sequence);
  check_sequences<Before, of_words<words_before>>(word_sequence);
}

// Forward, nothing, backward, nothing, nothing.
constexpr Parameters both_ways[]{{}, {.constants = real}, {}, {.constants = real}, {}, {}};
TEST_CASE("both directions") {
  constexpr Recurrence of_one_run{.stateful = false};
  using Net = Bidirectional<GRU<1, of_one_run>>;
  static Model<Net, Shape{6, 1, 1}, both_ways> model;
  static Model<GRU<1, of_one_run>, Shape{6, 1, 1}, of_reals<real>> one;
  static_assert(!decltype(model)::has_state && decltype(model)::output_shape() == Shape{6, 1, 2});
  auto backwards = real_sequence;
  std::reverse(backwards.begin(), backwards.end());
  for (int run = 0; run < 2; ++run) {
    const auto found = model.run(real_sequence);
    const auto forward = one.run(real_sequence);
    for (std::size_t t = 0; t < 6; ++t) CHECK(found[2 * t] == forward[t]);
    const auto backward = one.run(backwards);
    for (std::size_t t = 0; t < 6; ++t) CHECK(found[2 * t + 1] == backward[5 - t]);
  }
}

TEST_CASE("a slow update gate loses nothing to int8") {
  // logistic(5) of the state stays at each moment: less than half a step of int8 comes in at the
  // end, which only the memory's 16 bits hold.
  static constexpr std::int32_t slow[]{5 << 12};
  static constexpr Constant constants[]{{"input_to_update", zero8, scale},
                                        {"recurrent_to_update", zero8, scale},
                                        {"update_bias", slow},
                                        {"input_to_reset", zero8, scale},
                                        {"recurrent_to_reset", zero8, scale},
                                        {"reset_bias", no},
                                        {"input_to_new", weight, scale},
                                        {"recurrent_to_new", zero8, scale},
                                        {"new_bias", no},
                                        {"hidden", zero8, scale},
                                        {"memory", zero16, unit}};
  static Model<GRU<1>, Shape{1, 1, 1}, of_bytes<constants>> model;
  const double kept = 1 / (1 + std::exp(-5.0)), offered = std::tanh(0.5);
  double hidden = 0;
  for (int t = 0; t < 600; ++t) {
    hidden = kept * hidden + (1 - kept) * offered;
    CHECK(std::abs(model.run(std::array<std::int8_t, 1>{32})[0] - 128 * hidden) <= 1);
  }
}
