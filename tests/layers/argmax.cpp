#include "support.hpp"

using namespace test;

static_assert(output_of<ArgMax<>, At{{2, 3, 4}, 0}> == Shape{1, 2, 3});
static_assert(output_of<ArgMax<Axis::height>, At{{2, 3, 4}, 0}> == Shape{1, 3, 4});
static_assert(output_of<ArgMax<Axis::width>, At{{2, 3, 4}, 0}> == Shape{1, 2, 4});

constexpr Parameters params[] = {{.output = {0.1f, 3}}, {}};
constexpr Parameters wide_params[] = {{.output = {0.1f, 3}}, {.element = Element::int64}};
constexpr auto input = int8s(1, 9, 9, -1, -5, -1, 3, 4, 5, 5, 4, 3);
constexpr auto wide = std::array<std::int64_t, 4>{1, 0, 2, 0};

TEST_CASE("int8: the first of equals wins") {
  using std::array;
  check_equal<Model<Sequential<ArgMax<>>, Shape{2, 2, 3}, params>, input, array{1, 0, 2, 0}>();
  check_equal<Model<Sequential<ArgMax<Axis::width>>, Shape{2, 2, 3}, params>, input,
              array{0, 0, 0, 1, 0, 0}>();
  check_equal<Model<Sequential<ArgMax<Axis::height>>, Shape{2, 2, 3}, params>, input,
              array{1, 0, 0, 1, 1, 1}>();
  check_equal<Model<Sequential<ArgMax<>>, Shape{2, 2, 3}, wide_params>, input, wide>();
}

TEST_CASE("int8: along an axis of one element") {
  using std::array;
  check_equal<Model<Sequential<ArgMax<Axis::width>>, Shape{2, 1, 2}, params>, int8s(1, 2, 3, 4),
              array{0, 0, 0, 0}>();
}

TEST_CASE("int8: the place of the least, the first of equals") {
  using std::array;
  check_equal<Model<Sequential<ArgMin<>>, Shape{2, 2, 3}, params>, input, array{0, 1, 0, 2}>();
  check_equal<Model<Sequential<ArgMin<Axis::height>>, Shape{2, 2, 3}, params>, input,
              array{0, 1, 1, 0, 0, 0}>();
}

TEST_CASE("spans of 8-byte elements are aligned under every plan") {
  using Odd = Sequential<MaxPool<1>, ArgMax<>>;
  static constexpr Parameters odd_params[] = {
      {.output = {0.1f, 3}}, {}, {.element = Element::int64}};
  static Model<Odd, Shape{1, 3, 3}, odd_params> streamed;
  static Model<Odd, Shape{1, 3, 3}, odd_params, scalar, plan::inspectable> apart;
  CHECK(reinterpret_cast<std::uintptr_t>(streamed.output().data()) % 8 == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(apart.output().data()) % 8 == 0);
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32") {
  using M = Model<Sequential<ArgMax<>>, Shape{1, 2, 2}, real_params>;
  static M model;
  const auto output = model.run(floats(-3, -2, 1e30f, -1e30f));
  static_assert(std::is_same_v<decltype(output), const std::span<const std::int32_t, 2>>);
  CHECK((output[0] == 1 && output[1] == 0));
}
