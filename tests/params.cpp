#include <graven/graven.hpp>

#include <doctest/doctest.h>

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
