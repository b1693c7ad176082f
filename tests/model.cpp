// The model as users meet it.
#include <graven/graven.hpp>

#include "policies.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string_view>
#include <vector>

using namespace graven;

using namespace graven::core;

namespace {

// The sentence of the documentation, verbatim.
using Network = Sequential<Conv2D<1, 8, 3>, ReLU, MaxPool<2>, Flatten, Dense<1352, 10>>;
using Int8Digits = test::Subject<Network, Shape{28, 28, 1}, Element::int8, 11>::Owner;
using RealDigits = test::Subject<Network, Shape{28, 28, 1}, Element::float32, 11>::Owner;

Int8Digits int8_model, other_instance;
RealDigits real_model;

template <class T> std::vector<T> noise(std::size_t size, std::uint32_t seed) {
  std::vector<T> values(size);
  for (T& x : values)
    x = static_cast<T>(static_cast<std::int32_t>(test::next_random(seed) % 256) - 128);
  return values;
}
template <class M> auto input_span(const auto& values) {
  return std::span<const typename type_of<M::input_element()>::type, 784>(values.data(), 784);
}

}  // namespace

static_assert(Int8Digits::macs == 26 * 26 * 8 * 9 + 1352 * 10);
static_assert(Int8Digits::layer_count == 5 && Int8Digits::input_count == 1);
static_assert(Int8Digits::output_shape() == Shape{1, 1, 10});
static_assert(Int8Digits::layers[0].shape == Shape{26, 26, 8});
static_assert(Int8Digits::layers[2].shape == Shape{13, 13, 8});
static_assert(Int8Digits::layers[3].shape == Shape{1, 1, 1352});
static_assert(std::string_view(Int8Digits::layers[4].op) == "FULLY_CONNECTED");
static_assert(Int8Digits::layers[4].macs == 13520 && Int8Digits::layers[4].index == 4);
static_assert(Int8Digits::layers[1].weight_size == 0);
static_assert(Int8Digits::weight_size >= 72 + 13520 + 18 * 9);
static_assert(Int8Digits::flash_size == Int8Digits::weight_size + Int8Digits::table_size);
static_assert(Int8Digits::arena_size >= Int8Digits::arena_bound);
static_assert(Int8Digits::arena_size < 28 * 28 + 26 * 26 * 8);  // it streams
static_assert(sizeof(Int8Digits) >= Int8Digits::arena_size);
static_assert(sizeof(Int8Digits) < Int8Digits::arena_size + Int8Digits::alignment);
static_assert(std::is_trivially_default_constructible_v<Int8Digits>);

TEST_CASE_TEMPLATE("the sentence of the documentation", M, Int8Digits, RealDigits) {
  using T = typename type_of<M::input_element()>::type;
  static M model;
  const auto image = noise<T>(784, 3);
  const auto first = model.run(input_span<M>(image));
  static_assert(std::is_same_v<decltype(first), const std::span<const T, 10>>);
  const std::vector<T> kept(first.begin(), first.end());
  bool all_equal = true;
  for (T x : kept) all_equal = all_equal && x == kept[0];
  CHECK_FALSE(all_equal);
  // input() and run() are the same as run(span), again and again.
  for (int i = 0; i < 2; ++i) {
    std::ranges::copy(image, model.input().begin());
    const auto again = model.run();
    CHECK(std::vector<T>(again.begin(), again.end()) == kept);
  }
  CHECK(argmax(first) == std::ranges::max_element(kept) - kept.begin());
}

TEST_CASE("run(span) does not write to the caller's memory") {
  const auto image = noise<std::int8_t>(784, 4);
  auto copy = image;
  int8_model.run(input_span<Int8Digits>(copy));
  CHECK(copy == image);
}

TEST_CASE("two instances and two models side by side") {
  const auto one = noise<std::int8_t>(784, 5), two = noise<std::int8_t>(784, 6);
  const auto real = noise<float>(784, 7);
  auto run = [](auto& model, const auto& image) {
    using M = std::remove_reference_t<decltype(model)>;
    const auto output = model.run(input_span<M>(image));
    return std::vector(output.begin(), output.end());
  };
  const auto alone = run(int8_model, one);
  const auto expected_two = run(int8_model, two);
  REQUIRE(alone != expected_two);
  const auto view = int8_model.run(input_span<Int8Digits>(one));
  CHECK(run(other_instance, two) == expected_two);
  CHECK(run(real_model, real) == run(real_model, real));
  CHECK(std::vector(view.begin(), view.end()) == alone);  // untouched by the others
}

TEST_CASE("two models in one arena, one after the other") {
  using Int8 = test::Subject<Network, Shape{28, 28, 1}, Element::int8, 11>::OnArena;
  using Real = test::Subject<Network, Shape{28, 28, 1}, Element::float32, 11>::OnArena;
  constexpr std::size_t size = std::max(Int8::arena_size, Real::arena_size);
  alignas(8) static std::byte memory[size];
  Int8 int8_on(memory);
  Real real_on(memory);
  const auto image = noise<std::int8_t>(784, 8);
  const auto real_image = noise<float>(784, 9);
  for (int i = 0; i < 2; ++i) {
    const auto int8_output = int8_on.run(input_span<Int8>(image));
    const auto int8_expected = int8_model.run(input_span<Int8Digits>(image));
    CHECK(std::ranges::equal(int8_output, int8_expected));
    const auto real_output = real_on.run(input_span<Real>(real_image));
    const auto real_expected = real_model.run(input_span<RealDigits>(real_image));
    CHECK(std::ranges::equal(real_output, real_expected));
  }
}

TEST_CASE("helpers") {
  CHECK(Int8Digits::quantize(0) == Int8Digits::input_quant().zero_point);
  CHECK(Int8Digits::dequantize(Int8Digits::output_quant().zero_point) == 0);
  CHECK(argmax(std::array{1, 5, 5, 2}) == 1);  // the first one wins
  CHECK(argmax(std::array{-1.0f}) == 0);
}

// ---- constant expressions ---------------------------------------------------------------------

namespace {

template <class C, Element element> void check_constant() {
  CAPTURE(__PRETTY_FUNCTION__);
  using M = typename test::Subject<typename C::Network, C::input, element, 9>::Owner;
  using T = typename type_of<M::input_element()>::type;
  static constexpr auto input = [] {
    std::array<T, static_cast<std::size_t>(C::input.size())> values{};
    std::uint32_t seed = 5;
    for (T& x : values) x = static_cast<T>(static_cast<std::int8_t>(test::next_random(seed)));
    return values;
  }();
  static constexpr auto constant = evaluate<M>(input);
  static M model;
  const auto output = model.run(input);
  for (std::size_t i = 0; i < constant.size(); ++i) CHECK(output[i] == constant[i]);
}

}  // namespace

TEST_CASE("what the compiler computes is what runs: int8") {
  check_constant<test::Chain, Element::int8>();
  check_constant<test::Residuals, Element::int8>();
  check_constant<test::Branches, Element::int8>();
  check_constant<test::Resizes, Element::int8>();
  check_constant<test::Shrinking, Element::int8>();
  check_constant<test::DenseRows, Element::int8>();
  check_constant<test::MovedRows, Element::int8>();
  check_constant<test::Broadcast, Element::int8>();
  check_constant<test::Elementwise, Element::int8>();
  check_constant<test::Dilated, Element::int8>();
  check_constant<test::Means, Element::int8>();
}
TEST_CASE("what the compiler computes is what runs: float32") {
  check_constant<test::AverageReduction, Element::float32>();
  check_constant<test::DenseRows, Element::float32>();
  check_constant<test::Dilated, Element::float32>();
}

// ---- several inputs and outputs ---------------------------------------------------------------

TEST_CASE("inputs and outputs are found by index, as spans and as bytes") {
  using M =
      test::Subject<test::TwoInTwoOut::Network, test::TwoInTwoOut::input, Element::int8, 3>::Owner;
  static_assert(M::input_count == 2 && M::output_count == 3);
  static_assert(M::input_shape(1) == Shape{5, 4, 1} && M::output_shape(1) == Shape{1, 4, 3});
  static M model;
  CHECK(model.input<0>().size() == 40);
  CHECK(model.input<1>().size() == 20);
  CHECK(model.output<2>().size() == 60);
  CHECK(static_cast<void*>(model.input<1>().data()) == model.input_bytes(1).data());
  CHECK(static_cast<const void*>(model.output<1>().data()) == model.output_bytes(1).data());
  CHECK(model.output_bytes(0).size() == 60);
}
