// int8 values: MultiplyByQuantizedMultiplier in Python, independent of this library.
#include "support.hpp"

using namespace test;

static_assert(output_of<DepthwiseConv2D<2, 3, 3>, At{{5, 4, 2}, 0}> == Shape{3, 2, 6});
static_assert(output_of<DepthwiseConv2D<2, 1, 3, 2, same>, At{{5, 4, 2}, 0}> == Shape{3, 2, 2});
static_assert(output_of<DepthwiseConv2D<2, 1, 3, 1, valid, none, Extent{2, 1}>, At{{5, 4, 2}, 0}> ==
              Shape{1, 2, 2});

constexpr std::int8_t filter[] = {1, 2, -3, 4, 5, -6, 7, 8};
constexpr std::int32_t bias[] = {0, 100, -100, 50};
constexpr float scale[] = {0.02f, 0.01f, 0.03f, 0.005f};
constexpr Parameters params[] = {
    {.output = {0.5f, -3}}, {.filter = filter, .bias = bias, .scale = scale, .output = {0.25f, 7}}};
constexpr auto input = int8s(10, -10, 20, -20, 30, -30);

TEST_CASE("int8, two outputs per channel") {
  using M = Model<Sequential<DepthwiseConv2D<2, 2, Extent{1, 2}>>, Shape{1, 3, 2}, params>;
  check_equal<M, input, int8s(12, 7, -5, 6, 15, 6, -7, 5)>();
  CHECK(M::macs == 2 * 4 * 2);
}

TEST_CASE("int8, over one channel: a convolution with filters side by side") {
  // Column o of the filter is the filter of output o.
  constexpr auto transposed = std::array{1, 5, 2, -6, -3, 7, 4, 8};
  static constexpr auto ohwi = [&] {
    struct {
      std::int8_t data[8];
    } f{};
    for (int i = 0; i < 8; ++i)
      f.data[i] = static_cast<std::int8_t>(transposed[static_cast<std::size_t>(i)]);
    return f;
  }();
  static constexpr Parameters same_as_conv[] = {
      {.output = {0.5f, -3}},
      {.filter = ohwi.data, .bias = bias, .scale = scale, .output = {0.25f, 7}}};
  using Depthwise = Model<Sequential<DepthwiseConv2D<1, 4, Extent{1, 2}>>, Shape{2, 3, 1}, params>;
  using Conv = Model<Sequential<Conv2D<1, 4, Extent{1, 2}>>, Shape{2, 3, 1}, same_as_conv>;
  static_assert(evaluate<Depthwise>(input) == evaluate<Conv>(input));
  static_assert(evaluate<Depthwise>(input) != evaluate<Depthwise>(int8s(1, 2, 3, 4, 5, 6)));
  CHECK(Depthwise::weight_size == Conv::weight_size);
}

constexpr float real_filter[] = {1, 2, 3, 4, 5, 6};  // 3 rows, 2 channels
constexpr Parameters real_params[] = {{}, {.filter = real_filter}};

TEST_CASE("float32, padded above and below") {
  using M =
      Model<Sequential<DepthwiseConv2D<2, 1, Extent{3, 1}, 1, same>>, Shape{2, 1, 2}, real_params>;
  check_near<M>(floats(1, 10, 2, 20), floats(3 + 10, 40 + 120, 1 + 6, 20 + 80));
}
