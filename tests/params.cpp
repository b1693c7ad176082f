#include <graven/graven.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <span>

using namespace graven;

using namespace graven::core;

constexpr std::int8_t bytes_of_filter[3] = {1, 2, 3};
constexpr std::int32_t words[2] = {4, 5};
constexpr float reals[1] = {6};
constexpr Parameters record{
    .filter = bytes_of_filter, .bias = words, .scale = reals, .output = {0.5f, 3}, .name = "conv"};

static_assert(record.filter.element == Element::int8 && record.filter.size == 3);
static_assert(record.filter.int8[2] == 3 && record.filter.float32 == nullptr);
static_assert(record.bias.element == Element::int32 && record.bias.int32[1] == 5);
static_assert(record.scale.element == Element::float32 && record.scale.float32[0] == 6);
static_assert(record.output == Quant{0.5f, 3} && record.element == Element::inherit);
static_assert(no_parameters.filter.size == 0 && no_parameters.filter.element == Element::inherit);

// std::array serves as well, for the constants and for the records.
constexpr std::array<std::int8_t, 2> weights{3, -1};
constexpr std::array<float, 1> scales{0.5f};
constexpr std::array<Parameters, 2> records{
    {{.output = {1.0f, 0}}, {.filter = weights, .scale = scales, .output = {0.5f, 0}}}};
using Small = Model<Sequential<Dense<2, 1>>, Shape{1, 1, 2}, records>;
static_assert(evaluate<Small>(std::array<std::int8_t, 2>{5, 7})[0] == 3 * 5 - 7);

// Of what weights are not made of, the size is kept for the check.
constexpr std::uint8_t unsigned_bytes[2] = {1, 2};
constexpr double doubles[3] = {};
static_assert(Array(unsigned_bytes).element == Element::uint8 && Array(unsigned_bytes).size == 2);
static_assert(Array(doubles).element == Element::inherit && Array(doubles).size == 3);

// Spans, arrays and std::arrays of the right size go into run().
TEST_CASE("run takes what becomes a span by itself") {
  static Small model;
  const std::int8_t plain[] = {5, 7};
  const std::array<std::int8_t, 2> array{5, 7};
  const std::span<const std::int8_t> dynamic = plain;
  CHECK(model.run(plain)[0] == 8);
  CHECK(model.run(array)[0] == 8);
  CHECK(model.run(dynamic.first<Small::input_size>())[0] == 8);
}

TEST_CASE("a record points at the arrays it was made of") {
  CHECK(record.filter.int8 == bytes_of_filter);
  CHECK(record.scale.float32 == reals);
  CHECK(no_parameters.name != nullptr);
}

// A filter as an object means the same as the array: in kernels that take it as it came, that pack
// it, and in streams of several parts.
constexpr auto values = [] {
  std::array<std::int8_t, 24 * 1600> all{};
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i] = static_cast<std::int8_t>(static_cast<int>(i * 37 % 256) - 128);
  return all;
}();
constexpr std::int8_t taps[3 * 3 * 4 * 4] = {1, -2, 3, 4, -5, -128, 127};
constexpr std::int8_t columns[3 * 3 * 4] = {-128, 5, 127, -1, 9};
constexpr float per_output[24] = {0.5f, 0.25f, 0.125f, 0.5f, 0.5f, 0.5f, 0.5f,  0.5f,
                                  0.5f, 0.5f,  0.5f,   0.5f, 0.5f, 0.5f, 0.5f,  0.5f,
                                  0.5f, 0.5f,  0.5f,   0.5f, 0.5f, 0.5f, 0.25f, 0.125f};
constexpr float one_scale[1] = {0.01f};
constexpr float real_values[4] = {1.5f, -2, 0.25f, 3};
using Mixed = Sequential<Conv2D<4, 4, 3, 1, same>, DepthwiseConv2D<4, 1, 3, 1, same>, Flatten,
                         Dense<1600, 24>>;
constexpr Int8Text<36> columns_text = {"\200\005\177\377\t"};
enum class As { arrays, objects, texts, text_objects };
template <As as> constexpr std::array<Parameters, 5> mixed_records() {
  const Array all[][3]{{taps, columns, values},
                       {whole_array<taps>, whole_array<columns>, whole_array<values>},
                       {taps, columns_text, values},
                       {taps, whole_array<columns_text>, values}};
  const auto& use = all[static_cast<int>(as)];
  return {{{.output = {0.5f, -3}},
           {.filter = use[0], .scale = one_scale, .output = {0.25f, 7}},
           {.filter = use[1], .scale = one_scale, .output = {0.25f, -7}},
           {},
           {.filter = use[2], .scale = per_output, .output = {300, 1}}}};
}
template <As as> constexpr auto mixed_by = mixed_records<as>();
template <class Isa, As as> void check_whole_arrays() {
  constexpr Shape shape{20, 20, 4};
  static Model<Mixed, shape, mixed_by<As::arrays>, Isa> expected;
  static Model<Mixed, shape, mixed_by<as>, Isa> found;
  static_assert(decltype(found)::flash_size == decltype(expected)::flash_size);
  std::array<std::int8_t, 1600> image{};
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<std::int8_t>(i * 11);
  const auto y = expected.run(image), z = found.run(image);
  CHECK(std::equal(y.begin(), y.end(), z.begin(), z.end()));
}
// In constant expressions, too.
constexpr Parameters single_object[]{{}, {.filter = whole_array<real_values>}};
static_assert(evaluate<Model<Sequential<Dense<4, 1>>, Shape{1, 1, 4}, single_object>>(
                  std::array<float, 4>{1, 2, 4, 0})[0] == -1.5f);
TEST_CASE("a filter as an object is the same as its array") {
  check_whole_arrays<scalar, As::objects>();
  check_whole_arrays<native, As::objects>();
}
TEST_CASE("a filter as a text is the same as its array") {
  check_whole_arrays<scalar, As::texts>();
  check_whole_arrays<native, As::texts>();
  check_whole_arrays<scalar, As::text_objects>();
  check_whole_arrays<native, As::text_objects>();
}
static_assert(Array(columns_text).size == 36 && Array(columns_text).int8[0] == -128);
static_assert(int4(Int8Text<2>{"\007\370"}).element == Element::int4);
TEST_CASE("so are filters of float32") {
  static constexpr Parameters plain[]{{}, {.filter = real_values}};
  static constexpr Parameters object[]{{}, {.filter = whole_array<real_values>}};
  static Model<Sequential<Dense<2, 2>>, Shape{1, 1, 2}, plain> expected;
  static Model<Sequential<Dense<2, 2>>, Shape{1, 1, 2}, object> found;
  const float x[]{3, -0.5f};
  const auto y = expected.run(x), z = found.run(x);
  CHECK(std::equal(y.begin(), y.end(), z.begin(), z.end()));
  CHECK(y[0] == 5.5f);
}
