#include "support.hpp"

#include <vector>

using namespace test;

static_assert(output_of<TransposeConv2D<1, 3, 2, 2>, At{{3, 4, 1}, 0}> == Shape{6, 8, 3});
static_assert(output_of<TransposeConv2D<1, 3, 3, 2, same>, At{{3, 4, 1}, 0}> == Shape{6, 8, 3});
static_assert(output_of<TransposeConv2D<1, 3, 3, 2>, At{{3, 4, 1}, 0}> == Shape{7, 9, 3});
static_assert(output_of<TransposeConv2D<1, 3, 3, 2, same, none, Extent{5, 7}>, At{{3, 4, 1}, 0}> ==
              Shape{5, 7, 3});
static_assert(output_of<TransposeConv2D<1, 1, 1, Stride{3, 2}>, At{{2, 2, 1}, 0}> ==
              Shape{6, 4, 1});

constexpr float filter[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
constexpr Parameters real[] = {{}, {.filter = filter}};

TEST_CASE("float32: filters overlap where the stride is smaller") {
  using M = Model<Sequential<TransposeConv2D<1, 1, 3, 2>>, Shape{1, 2, 1}, real>;
  check_near<M>(floats(1, 10), floats(1, 2, 13, 20, 30,  //
                                      4, 5, 46, 50, 60,  //
                                      7, 8, 79, 80, 90));
  using S = Model<Sequential<TransposeConv2D<1, 1, 3, 2, same>>, Shape{1, 2, 1}, real>;
  check_near<S>(floats(1, 10), floats(1, 2, 13, 20, 4, 5, 46, 50));
}

TEST_CASE("float32: a stride beyond the filter leaves the bias between") {
  constexpr static float one[] = {2}, bias[] = {0.5};
  static constexpr Parameters params[] = {{}, {.filter = one, .bias = bias}};
  using M = Model<Sequential<TransposeConv2D<1, 1, 1, 2>>, Shape{1, 2, 1}, params>;
  check_near<M>(floats(1, -3), floats(2.5, 0.5, -5.5, 0.5, 0.5, 0.5, 0.5, 0.5));
}

constexpr std::int8_t weights[] = {10, -20, 30, 40, 1, 2, 3, -128};
constexpr std::int32_t bias[] = {100, -100};
constexpr float scale[] = {0.02f, 0.01f};
constexpr Parameters params[] = {
    {.output = {0.5f, -3}},
    {.filter = weights, .bias = bias, .scale = scale, .output = {0.25f, 7}}};

TEST_CASE("int8: what does not exist adds nothing, whatever the zero point") {
  // Filters of 2x2; (7 + 3) * 10 + 100 = 200, times 0.02 * 0.5 / 0.25, plus 7 = 15
  using M = Model<Sequential<TransposeConv2D<1, 2, 2, 2>>, Shape{1, 1, 1}, params>;
  check_equal<M, int8s(7), int8s(15, 5, 3, 5, 23, 6, 27, -21)>();
  using Clamped =
      Model<Sequential<TransposeConv2D<1, 2, 2, 2, valid, relu>>, Shape{1, 1, 1}, params>;
  check_equal<Clamped, int8s(7), int8s(15, 7, 7, 7, 23, 7, 27, 7)>();
  CHECK(M::macs == 8);
}

// A row at a time: the input never is in the arena as a whole.
TEST_CASE("rows stream through") {
  static constexpr float taps[4 * 4] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  static constexpr Parameters records[] = {{}, {}, {.filter = taps}, {}};
  using Net = Sequential<MaxPool<1>, TransposeConv2D<1, 1, 4, 2, same>, MaxPool<2>>;
  using Streamed = Model<Net, Shape{16, 4, 1}, records, scalar, plan::by_rows>;
  static Streamed model;
  model.begin();
  for (int y = 0; y < 16; ++y) model.push_row(floats(1, 1, 1, 1));
  const auto output = model.finish();
  CHECK(output[0] == 4);
  CHECK(output[5] == 4);
  CHECK(Streamed::arena_bound < 16 * 4 * 4 + 16 * 4 * 4);
}
