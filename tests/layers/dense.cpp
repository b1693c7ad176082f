// int8 values: MultiplyByQuantizedMultiplier in Python, independent of this library.
#include "support.hpp"

using namespace test;

static_assert(output_of<Dense<24, 5>, At{{2, 3, 4}, 0}> == Shape{1, 1, 5});
static_assert(output_of<Dense<4, 5>, At{{2, 3, 4}, 0}> == Shape{2, 3, 5});  // each pixel
static_assert(output_of<Dense<4, 5>, At{{1, 1, 4}, 0}> == Shape{1, 1, 5});

constexpr std::int8_t weights[] = {1, 2, 3, 4, -40, 30, -20, 10};
constexpr std::int32_t bias[] = {5, -300};
constexpr float scale[] = {0.02f};
constexpr Parameters params[] = {
    {.output = {0.5f, -3}},
    {.filter = weights, .bias = bias, .scale = scale, .output = {0.25f, 7}}};
constexpr auto input = int8s(10, -20, 30, 40);

TEST_CASE("int8, a vector or rows: the same sums") {
  check_equal<Model<Sequential<Dense<4, 2>>, Shape{1, 1, 4}, params>, input, int8s(17, -55)>();
  check_equal<Model<Sequential<Dense<4, 2>>, Shape{4, 1, 1}, params>, input, int8s(17, -55)>();
  check_equal<Model<Sequential<Dense<4, 2>>, Shape{2, 1, 2}, params>, input, int8s(17, -55)>();
  check_equal<Model<Sequential<Dense<4, 2, relu>>, Shape{2, 2, 1}, params>, input, int8s(17, 7)>();
}

TEST_CASE("int8, each pixel by itself") {
  using M = Model<Sequential<Dense<4, 2>>, Shape{2, 1, 4}, params>;
  check_equal<M, int8s(10, -20, 30, 40, 10, -20, 30, 40), int8s(17, -55, 17, -55)>();
  CHECK(M::macs == 16);
}

// One filter scale: TFLM rounds input * filter scale to float; one per channel: it does not.
constexpr float tiny_scales[] = {0.1f, 0.1f};
constexpr float tiny_scale[] = {0.1f};
constexpr Parameters per_channel[] = {
    {.output = {0.1f, 0}}, {.filter = weights, .scale = tiny_scales, .output = {0.3f, 0}}};
constexpr Parameters per_tensor[] = {{.output = {0.1f, 0}},
                                     {.filter = weights, .scale = tiny_scale, .output = {0.3f, 0}}};
template <const auto& records> constexpr Multiplier multiplier() {
  constexpr auto graph =
      graph_of<Sequential<Dense<4, 2>>, std::array{Shape{1, 1, 4}}, records, true>;
  return channel_multiplier(graph.view(), graph.values[1], records[1], 0);
}
static_assert(multiplier<per_tensor>() == Multiplier{1145324648, -4});
static_assert(multiplier<per_channel>() == Multiplier{1145324601, -4});

constexpr std::int8_t small[] = {1, -8, 7, 4, -4, 3, -2};
constexpr Parameters nibbles[] = {
    {.output = {0.5f, -3}}, {.filter = int4(small), .scale = tiny_scale, .output = {0.25f, 7}}};
template <class Isa> using Seven = Model<Sequential<Dense<7, 1>>, Shape{1, 1, 7}, nibbles, Isa>;

TEST_CASE("int8 with int4 weights") {
  // (4 - 8 * 5 + 7 * 6 + 4 * 7 - 4 * 8 + 3 * 9 - 2 * 10) / 5 + 7
  check_equal<Seven<graven::native>, int8s(1, 2, 3, 4, 5, 6, 7), int8s(9)>();
  CHECK(Seven<graven::scalar>::weight_size == 12 + 4);  // two per byte
}

// What uint8 weights less their zero point are.
constexpr std::int16_t far[] = {100, 200, 255, -255, -40, 30, -20, 10};
constexpr Parameters from_uint8[] = {
    {.output = {0.5f, -3}},
    {.filter = far, .bias = bias, .scale = tiny_scale, .output = {2.0f, 7}}};

TEST_CASE("int8 with int16 weights") {
  // (5 + 13 * 100 - 17 * 200 + 33 * 255 - 43 * 255) / 40 + 7;  (-300 - 520 - 510 - 660 + 430) / 40
  check_equal<Model<Sequential<Dense<4, 2>>, Shape{1, 1, 4}, from_uint8>, input,
              int8s(-109, -32)>();
  check_equal<Model<Sequential<Dense<4, 2>>, Shape{2, 1, 2}, from_uint8>, input,
              int8s(-109, -32)>();
}

constexpr std::int64_t wide_bias[] = {-50000, 1234567};
constexpr Parameters wide[] = {
    {.output = {0.5f, 0}, .element = Element::int16},
    {.filter = weights, .bias = wide_bias, .scale = tiny_scales, .output = {0.25f, 0}}};
constexpr Parameters wide_by_32[] = {
    {.output = {0.5f, 0}, .element = Element::int16},
    {.filter = weights, .bias = bias, .scale = tiny_scales, .output = {0.25f, 0}}};
constexpr auto words = std::array<std::int16_t, 4>{1000, -20000, 30000, 4001};

TEST_CASE("int16 with int8 weights") {
  // By 16 bits of the multiplier: (67004 - 50000) * 26214 / 2^17; (1234567 - 1199990) ...
  using M = Model<Sequential<Dense<4, 2>>, Shape{1, 1, 4}, wide>;
  check_equal<M, words, std::array<std::int16_t, 2>{3401, 6915}>();
  // (67004 + 5) / 5;  (-1199990 - 300) / 5
  using By32 = Model<Sequential<Dense<4, 2, relu>>, Shape{2, 2, 1}, wide_by_32>;
  check_equal<By32, words, std::array<std::int16_t, 2>{13402, 0}>();
}

constexpr float real_weights[] = {1, 2, 3, 4, -1, 0, 0, 1};
constexpr float real_bias[] = {0.5f, -10};
constexpr Parameters real_params[] = {{}, {.filter = real_weights, .bias = real_bias}};

constexpr float whole_scales[] = {0.5f, 0.25f};
constexpr Parameters hybrid[] = {{}, {.filter = weights, .bias = real_bias, .scale = whole_scales}};
constexpr Parameters hybrid_tensor[] = {{}, {.filter = weights, .scale = tiny_scale}};

TEST_CASE("float32 with int8 weights") {
  // (1 + 4 + 9 + 16) / 2 + 0.5;  (-40 + 60 - 60 + 40) / 4 - 10
  check_near<Model<Sequential<Dense<4, 2>>, Shape{1, 1, 4}, hybrid>>(floats(1, 2, 3, 4),
                                                                     floats(15.5, -10));
  check_near<Model<Sequential<Dense<4, 2, relu>>, Shape{2, 2, 1}, hybrid>>(floats(1, 2, 3, 4),
                                                                           floats(15.5, 0));
  using Bare = Model<Sequential<Dense<4, 2>>, Shape{1, 1, 4}, hybrid_tensor, graven::scalar>;
  check_near<Bare>(floats(1, 2, 3, 4), floats(3, 0));
  CHECK(Bare::weight_size == 8 + 2 * (4 + 4) + 8);  // the weights stay bytes
}

TEST_CASE("float32") {
  check_near<Model<Sequential<Dense<4, 2>>, Shape{1, 1, 4}, real_params>>(floats(1, 2, 3, 4),
                                                                          floats(30.5, -7));
  check_near<Model<Sequential<Dense<4, 2, relu>>, Shape{2, 2, 1}, real_params>>(floats(1, 2, 3, 4),
                                                                                floats(30.5, 0));
}
