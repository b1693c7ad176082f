// int8 values: TFLM's QuantizedMeanOrSum in Python, independent of this library.
#include "support.hpp"

using namespace test;

static_assert(output_of<GlobalAvgPool, At{{5, 6, 7}, 0}> == Shape{1, 1, 7});
static_assert(output_of<Mean<Axis::width>, At{{5, 6, 7}, 0}> == Shape{5, 1, 7});
static_assert(output_of<Mean<Axis::width, false>, At{{5, 6, 7}, 0}> == Shape{1, 5, 7});
static_assert(output_of<Mean<Axis::height | Axis::channels, false>, At{{5, 6, 7}, 0}> ==
              Shape{1, 1, 6});

constexpr Parameters params[] = {{.output = {0.1f, -5}}, {.output = {0.07f, 4}}};
template <class L, Shape shape> using Of = Model<Sequential<L>, shape, params>;

TEST_CASE("int8") {
  constexpr Shape shape{2, 3, 1};
  check_equal<Of<GlobalAvgPool, shape>, int8s(1, 2, 3, 4, 5, 6), int8s(16)>();
  check_equal<Of<GlobalAvgPool, shape>, int8s(10, -7, 33, -90, 4, 0), int8s(-1)>();
  check_equal<Of<GlobalAvgPool, shape>, int8s(127, 127, 127, 127, 127, 127), int8s(127)>();
  check_equal<Of<GlobalAvgPool, shape>, int8s(-128, -128, -128, -128, -128, -128), int8s(-128)>();
  check_equal<Of<Mean<Axis::width>, shape>, int8s(1, 2, 3, 1, 2, 3), int8s(14, 14)>();
  check_equal<Of<Mean<Axis::channels>, Shape{2, 1, 2}>, int8s(-7, 9, -7, 9), int8s(13, 13)>();
  check_equal<Of<Mean<Axis::height>, Shape{2, 2, 1}>, int8s(-7, 9, 9, -7), int8s(13, 13)>();
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32, every set of axes") {
  constexpr Shape shape{2, 2, 2};
  const auto input = floats(1, 2, 3, 4, 5, 6, 7, 18);
  constexpr Axis height = Axis::height, width = Axis::width, channels = Axis::channels;
  check_near<Model<Sequential<Mean<height>>, shape, real_params>>(input, floats(3, 4, 5, 11));
  check_near<Model<Sequential<Mean<width>>, shape, real_params>>(input, floats(2, 3, 6, 12));
  check_near<Model<Sequential<Mean<channels>>, shape, real_params>>(input,
                                                                    floats(1.5, 3.5, 5.5, 12.5));
  check_near<Model<Sequential<GlobalAvgPool>, shape, real_params>>(input, floats(4, 7.5));
  check_near<Model<Sequential<Mean<height | channels>>, shape, real_params>>(input, floats(3.5, 8));
  check_near<Model<Sequential<Mean<width | channels>>, shape, real_params>>(input, floats(2.5, 9));
  check_near<Model<Sequential<Mean<height | width | channels, false>>, shape, real_params>>(
      input, floats(5.75));
}
