// int8 values: TFLM's QuantizedMeanOrSum in Python, independent of this library.
#include "support.hpp"

#include <algorithm>
#include <vector>

using namespace test;

static_assert(output_of<GlobalAvgPool, At{{5, 6, 7}, 0}> == Shape{1, 1, 7});
static_assert(output_of<Mean<Axis::width>, At{{5, 6, 7}, 0}> == Shape{5, 1, 7});
static_assert(output_of<Mean<Axis::width, false>, At{{5, 6, 7}, 0}> == Shape{1, 5, 7});
static_assert(output_of<Mean<Axis::height | Axis::channels, false>, At{{5, 6, 7}, 0}> ==
              Shape{1, 1, 6});

static_assert(output_of<Sum<Axis::width>, At{{5, 6, 7}, 0}> == Shape{5, 1, 7});
static_assert(output_of<ReduceMax<Axis::height, false>, At{{5, 6, 7}, 0}> == Shape{1, 6, 7});

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

// TFLM's QuantizedMeanOrSum, at the scales and zero points above.
int reference(const std::vector<std::int8_t>& input, Shape in, Shape out, int output) {
  std::int32_t sum = 0;
  std::size_t i = 0;
  for (int y = 0; y < in.height; ++y)
    for (int x = 0; x < in.width; ++x)
      for (int c = 0; c < in.channels; ++c, ++i) {
        const int row = out.height == 1 ? 0 : y, column = out.width == 1 ? 0 : x;
        const int channel = out.channels == 1 ? 0 : c;
        if ((row * out.width + column) * out.channels + channel == output) sum += input[i];
      }
  const Multiplier scales =
      quantize_multiplier(static_cast<double>(0.1f) / static_cast<double>(0.07f));
  const int count = in.size() / out.size(),
            shift = static_cast<int>(std::bit_width(static_cast<unsigned>(count))) - 1;
  const std::int64_t multiplier = (std::int64_t{scales.multiplier} << shift) / count;
  const Multiplier m{static_cast<std::int32_t>(multiplier), scales.shift - shift};
  return std::clamp(requantize(sum + 5 * count, m) + 4, -128, 127);
}

// Random elements, or only the extremes: equal ones, so that no sum can be larger.
template <Axis axes, Shape in> void check_reference() {
  CAPTURE(__PRETTY_FUNCTION__);
  constexpr Shape out = output_of<Mean<axes>, At{in, 0}>;
  static Of<Mean<axes>, in> model;
  std::uint32_t random = 1;
  for (int pattern = 0; pattern < 4; ++pattern) {
    std::vector<std::int8_t> input(static_cast<std::size_t>(in.size()));
    for (std::int8_t& x : input) {
      random = random * 1664525 + 1013904223;
      x = static_cast<std::int8_t>(pattern == 2 ? 127 : pattern == 3 ? 128 : random >> 24);
    }
    const auto output = model.run(std::span<const std::int8_t, std::size_t{in.size()}>(input));
    for (int i = 0; i < out.size(); ++i)
      CHECK(output[static_cast<std::size_t>(i)] == reference(input, in, out, i));
  }
}
template <Shape in> void check_axes() {
  constexpr Axis height = Axis::height, width = Axis::width, channels = Axis::channels;
  check_reference<height, in>();
  check_reference<width, in>();
  check_reference<channels, in>();
  check_reference<height | width, in>();
  check_reference<height | channels, in>();
  check_reference<width | channels, in>();
  check_reference<height | width | channels, in>();
}

TEST_CASE("int8, every set of axes, against the reference") {
  check_axes<Shape{3, 5, 1}>();
  check_axes<Shape{5, 4, 3}>();
  check_axes<Shape{4, 3, 10}>();
  check_axes<Shape{1, 7, 5}>();
  check_axes<Shape{6, 1, 13}>();
  check_axes<Shape{17, 16, 5}>();  // sums of more than 255 elements
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

TEST_CASE("int8: sums, rescaled") {
  constexpr Shape shape{2, 3, 1};
  // (6 + 15) * 0.1 / 0.07 + 4 = 34, (15 + 15) * 0.1 / 0.07 + 4 = 46.9
  check_equal<Of<Sum<Axis::width>, shape>, int8s(1, 2, 3, 4, 5, 6), int8s(34, 47)>();
  check_equal<Of<Sum<Axis::height>, shape>, int8s(1, 2, 3, 4, 5, 6), int8s(25, 28, 31)>();
  check_equal<Of<Sum<Axis::height | Axis::width>, shape>, int8s(1, 2, 3, 4, 5, 6), int8s(77)>();
  check_equal<Of<Sum<Axis::height>, shape>, int8s(127, 127, 0, 127, 0, 0), int8s(127, 127, 18)>();
}

constexpr Parameters kept[] = {{.output = {0.1f, -5}}, {}};
template <class L, Shape shape> using Kept = Model<Sequential<L>, shape, kept>;

TEST_CASE("int8: extremes keep the quantization") {
  constexpr Shape shape{2, 2, 2};
  constexpr auto input = int8s(1, -128, 3, 127, -5, 6, 7, 8);
  constexpr Axis height = Axis::height, width = Axis::width, channels = Axis::channels;
  check_equal<Kept<ReduceMax<height>, shape>, input, int8s(1, 6, 7, 127)>();
  check_equal<Kept<ReduceMax<width>, shape>, input, int8s(3, 127, 7, 8)>();
  check_equal<Kept<ReduceMax<channels, false>, shape>, input, int8s(1, 127, 6, 8)>();
  check_equal<Kept<ReduceMin<height | width>, shape>, input, int8s(-5, -128)>();
  check_equal<Kept<ReduceMin<width | channels>, shape>, input, int8s(-128, -5)>();
  check_equal<Kept<ReduceMin<height | width | channels>, shape>, input, int8s(-128)>();
  check_equal<Kept<ReduceMin<height>, Shape{1, 1, 2}>, int8s(9, -9), int8s(9, -9)>();
}

constexpr Parameters numbers[] = {{.element = Element::int32}, {}};
template <class L> using OfNumbers = Model<Sequential<L>, Shape{2, 1, 3}, numbers>;
TEST_CASE("int32: numbers as they are, modulo 2^32") {
  constexpr std::array input{1, -2, 3, 0x7fffffff, 5, 1 << 20};
  constexpr Axis height = Axis::height, channels = Axis::channels;
  using std::array;
  check_equal<OfNumbers<Sum<height>>, input, array{-0x7fffffff - 1, 3, 0x100003}>();
  check_equal<OfNumbers<ReduceMax<channels>>, input, array{3, 0x7fffffff}>();
  check_equal<OfNumbers<ReduceMin<height>>, input, array{1, -2, 3}>();
  check_equal<OfNumbers<ReduceProd<height>>, input, array{0x7fffffff, -10, 3 << 20}>();
}

TEST_CASE("float32: sums, products, extremes") {
  constexpr Shape shape{2, 2, 2};
  const auto input = floats(1, 2, 3, 4, 5, 6, -7, 0.5);
  constexpr Axis height = Axis::height, width = Axis::width, channels = Axis::channels;
  check_near<Model<Sequential<Sum<height | width>>, shape, real_params>>(input, floats(2, 12.5));
  check_near<Model<Sequential<ReduceProd<channels>>, shape, real_params>>(input,
                                                                          floats(2, 12, 30, -3.5));
  check_near<Model<Sequential<ReduceMax<height>>, shape, real_params>>(input, floats(5, 6, 3, 4));
  check_near<Model<Sequential<ReduceMin<width>>, shape, real_params>>(input, floats(1, 2, -7, 0.5));
}

TEST_CASE("float32: NaN is neither the largest nor the least, as in TFLM") {
  const float nan = std::nanf("");
  const std::array input{nan, 2.0f, nan, 1.0f};
  check_near<Model<Sequential<ReduceMax<Axis::channels>>, Shape{1, 2, 2}, real_params>>(
      input, floats(2, 1));
  check_near<Model<Sequential<ReduceMin<Axis::width>>, Shape{1, 2, 2}, real_params>>(
      std::array{3.0f, nan, nan, 1.0f}, floats(3, 1));
}
