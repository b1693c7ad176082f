#include <graven/params.hpp>

#include <doctest/doctest.h>

using namespace graven;

using namespace graven::core;

constexpr std::int8_t bytes[3] = {1, 2, 3};
constexpr std::int32_t words[2] = {4, 5};
constexpr float reals[1] = {6};
constexpr Parameters record{
    .filter = bytes, .bias = words, .scale = reals, .output = {0.5f, 3}, .name = "conv"};

static_assert(record.filter.element == Element::int8 && record.filter.size == 3);
static_assert(record.filter.int8[2] == 3 && record.filter.float32 == nullptr);
static_assert(record.bias.element == Element::int32 && record.bias.int32[1] == 5);
static_assert(record.scale.element == Element::float32 && record.scale.float32[0] == 6);
static_assert(record.output == Quant{0.5f, 3} && record.element == Element::inherit);
static_assert(no_parameters.filter.size == 0 && no_parameters.filter.element == Element::inherit);

TEST_CASE("a record points at the arrays it was made of") {
  CHECK(record.filter.int8 == bytes);
  CHECK(record.scale.float32 == reals);
  CHECK(no_parameters.name != nullptr);
}
