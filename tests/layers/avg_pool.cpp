#include "support.hpp"

using namespace test;

static_assert(output_of<AvgPool<2>, At{{5, 7, 3}, 0}> == Shape{2, 3, 3});
static_assert(output_of<AvgPool<3, 2, same>, At{{5, 7, 3}, 0}> == Shape{3, 4, 3});

constexpr Parameters params[] = {{.output = {0.1f, -20}}, {}};
template <class L, Shape shape> using Of = Model<Sequential<L>, shape, params>;

TEST_CASE("int8: rounds half away from zero") {
  // 11/4, -10/4, 3/2, -3/2, -1/2, 22/3
  check_equal<Of<AvgPool<2>, Shape{2, 2, 2}>, int8s(1, -1, 2, -2, 3, -3, 5, -4), int8s(3, -3)>();
  check_equal<Of<AvgPool<Extent{1, 2}>, Shape{3, 2, 1}>, int8s(1, 2, -1, -2, 0, -1),
              int8s(2, -2, -1)>();
  check_equal<Of<AvgPool<Extent{3, 1}>, Shape{3, 2, 1}>, int8s(7, 127, 7, 127, 8, 127),
              int8s(7, 127)>();
}
TEST_CASE("int8: padding is not counted") {
  check_equal<Of<AvgPool<3, 1, same>, Shape{1, 3, 1}>, int8s(10, 20, 60), int8s(15, 30, 40)>();
  check_equal<Of<AvgPool<2, 2, same>, Shape{3, 3, 1}>, int8s(1, 2, 3, 4, 5, 6, 7, 8, 10),
              int8s(3, 5, 8, 10)>();  // 12/4, 9/2, 15/2, 10
}
TEST_CASE("int8: sums of many elements do not overflow") {
  constexpr auto low = [] {
    std::array<std::int8_t, 18 * 17> a{};
    for (auto& x : a) x = -128;
    return a;
  }();
  check_equal<Of<AvgPool<Extent{18, 17}>, Shape{18, 17, 1}>, low, int8s(-128)>();
  check_equal<Of<AvgPool<Extent{17, 18}>, Shape{17, 18, 1}>, low, int8s(-128)>();
}
TEST_CASE("int8: 255 elements of the least value, windowed and reduced") {
  constexpr auto low = [] {
    std::array<std::int8_t, 17 * 15> a{};
    for (auto& x : a) x = -128;
    return a;
  }();
  check_equal<Of<AvgPool<Extent{17, 15}>, Shape{17, 15, 1}>, low, int8s(-128)>();
  check_equal<Of<AvgPool<Extent{1, 255}>, Shape{1, 255, 1}>, low, int8s(-128)>();
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32") {
  check_near<Model<Sequential<AvgPool<2, 1, same>>, Shape{2, 2, 1}, real_params>>(
      floats(1, 2, 3, 5), floats(2.75, 3.5, 4, 5));
  check_near<Model<Sequential<AvgPool<2, 1, valid, relu>>, Shape{2, 2, 1}, real_params>>(
      floats(-1, -2, 3, -5), floats(0));
}
