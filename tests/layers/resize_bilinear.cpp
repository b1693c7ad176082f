// Expected values by hand: positions in 1/1024, weights in 1/2^20, rounded half away from zero.
#include "support.hpp"

#include <algorithm>
#include <vector>

using namespace test;

static_assert(output_of<ResizeBilinear<7, 2>, At{{3, 3, 5}, 0}> == Shape{7, 2, 5});

constexpr Parameters params[] = {{.output = {0.1f, 3}}, {}};
template <class L, Shape shape> using Of = Model<Sequential<L>, shape, params>;

TEST_CASE("int8") {
  // Columns 0, 0.5, 1, 1 (clamped); rows alike. 1.5, -0.5 and 0.5 go away from zero.
  check_equal<Of<ResizeBilinear<1, 4>, Shape{1, 2, 1}>, int8s(1, 2), int8s(1, 2, 2, 2)>();
  check_equal<Of<ResizeBilinear<4, 1>, Shape{2, 1, 1}>, int8s(-1, 0), int8s(-1, -1, 0, 0)>();
  check_equal<Of<ResizeBilinear<2, 2, true>, Shape{3, 3, 1}>, int8s(1, 2, 3, 4, 5, 6, 7, 8, 9),
              int8s(1, 3, 7, 9)>();
  // Centers: -0.25 (clamped), 0.25, 0.75, 1.25 (clamped): 0, 10, 30, 40 of [0, 40].
  check_equal<Of<ResizeBilinear<1, 4, false, true>, Shape{1, 2, 1}>, int8s(0, 40),
              int8s(0, 10, 30, 40)>();
  // The middle of four: (10 + 20 + 30 + 41) / 4 = 25.25.
  check_equal<Of<ResizeBilinear<3, 3, true>, Shape{2, 2, 1}>, int8s(10, 20, 30, 41),
              int8s(10, 15, 20, 20, 25, 31, 30, 36, 41)>();
}

// TFLM's ResizeBilinearInteger, pixel by pixel in 64 bits.
struct Reference {
  Shape in, out;
  bool align_corners, half_pixel_centers;

  struct Position {
    int low, high, part;
  };
  Position position(int i, int from, int to) const {
    const bool corners = align_corners && to > 1;
    const int steps = corners ? to - 1 : to;
    const int scale = (1024 * (corners ? from - 1 : from) + steps / 2) / steps;
    const int at = i * scale + (half_pixel_centers ? scale / 2 - 512 : 0);
    const int low = std::min(std::max(at / 1024, 0), from - 1);
    return {low, std::min((at + 1023) / 1024, from - 1), at - 1024 * low};
  }
  int at(const std::vector<std::int8_t>& input, int y, int x, int c) const {
    const Position down = position(y, in.height, out.height);
    const Position right = position(x, in.width, out.width);
    auto term = [&](int row, int column, std::int64_t of_row, std::int64_t of_column) {
      const int i = (row * in.width + column) * in.channels + c;
      return input[static_cast<std::size_t>(i)] * of_row * of_column;
    };
    const std::int64_t sum = term(down.low, right.low, 1024 - down.part, 1024 - right.part) +
                             term(down.high, right.low, down.part, 1024 - right.part) +
                             term(down.low, right.high, 1024 - down.part, right.part) +
                             term(down.high, right.high, down.part, right.part);
    return static_cast<int>((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
  }
};

// Random elements, or only the extremes.
template <Shape in, int height, int width, bool corners, bool centers> void check_reference() {
  using Layer = ResizeBilinear<height, width, corners, centers>;
  static Of<Layer, in> model;
  const Reference reference{in, {height, width, in.channels}, corners, centers};
  std::uint32_t random = 1;
  for (int pattern = 0; pattern < 4; ++pattern) {
    std::vector<std::int8_t> input(static_cast<std::size_t>(in.size()));
    for (std::int8_t& x : input) {
      random = random * 1664525 + 1013904223;
      const std::uint32_t bits = random >> 24;
      x = static_cast<std::int8_t>(pattern < 3 ? bits : (bits & 1) != 0 ? 127 : 128);
    }
    const auto output = model.run(std::span<const std::int8_t, std::size_t{in.size()}>(input));
    std::size_t i = 0;
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        for (int c = 0; c < in.channels; ++c, ++i) {
          CAPTURE(y);
          CAPTURE(x);
          CHECK(output[i] == reference.at(input, y, x, c));
        }
  }
}
template <Shape in, int height, int width> void check_options() {
  CAPTURE(__PRETTY_FUNCTION__);
  check_reference<in, height, width, false, false>();
  check_reference<in, height, width, true, false>();
  check_reference<in, height, width, false, true>();
}

TEST_CASE("int8, larger, smaller and single sides, against the reference") {
  check_options<Shape{4, 5, 1}, 8, 10>();
  check_options<Shape{3, 4, 5}, 11, 13>();
  check_options<Shape{9, 8, 5}, 4, 3>();
  check_options<Shape{2, 3, 3}, 7, 17>();
  check_options<Shape{1, 6, 5}, 3, 7>();
  check_options<Shape{5, 1, 2}, 2, 4>();
  check_options<Shape{6, 7, 1}, 1, 1>();
  check_options<Shape{1, 1, 5}, 3, 2>();
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32") {
  check_near<Model<Sequential<ResizeBilinear<1, 4>>, Shape{1, 2, 1}, real_params>>(
      floats(1, 2), floats(1, 1.5, 2, 2));
  check_near<Model<Sequential<ResizeBilinear<3, 3, true>>, Shape{2, 2, 1}, real_params>>(
      floats(10, 20, 30, 41), floats(10, 15, 20, 20, 25.25, 30.5, 30, 35.5, 41));
  check_near<Model<Sequential<ResizeBilinear<4, 1, false, true>>, Shape{2, 1, 1}, real_params>>(
      floats(0, 40), floats(0, 10, 30, 40));
}
