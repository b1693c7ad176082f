#include "support.hpp"

#include <array>

using namespace test;

static_assert(output_of<Conv3D<4, 2, 3, 2>, At{{4 * 5, 6, 2}, 0}> == Shape{3 * 4, 5, 3});
static_assert(output_of<Conv3D<4, 2, 3, Extent3{1, 2, 3}>, At{{4 * 5, 6, 2}, 0}> ==
              Shape{4 * 4, 4, 3});
static_assert(output_of<Conv3D<4, 2, 3, 3, Extent3{3, 2, 1}, same>, At{{4 * 5, 6, 2}, 0}> ==
              Shape{2 * 3, 6, 3});
static_assert(
    output_of<Conv3D<4, 2, 3, 2, 1, valid, none, Extent3{3, 2, 1}>, At{{4 * 5, 6, 2}, 0}> ==
    Shape{1 * 3, 5, 3});
static_assert(std::is_same_v<Conv5D<4, 2, 3, 2>, Conv3D<4, 2, 3, 2>>);

// What the formula says of small whole numbers, which floats hold whatever the order of the sum.
struct Numbers {
  Extent3 in, filter, stride, dilation, front, out;
  int channels, outputs;
};
constexpr int element(int i) { return i * 7 % 11 - 5; }
constexpr int weight(int i) { return i * 5 % 7 - 3; }

template <std::size_t N> std::array<float, N> expected(const Numbers& n) {
  std::array<float, N> found{};
  std::size_t at = 0;
  auto row = [&](int z, int y, int x, int o) {
    int sum = o + 1;  // the bias
    for (int tap = 0; tap < n.filter.volume() * n.channels; ++tap) {
      const int c = tap % n.channels, k = tap / n.channels % n.filter.width;
      const int j = tap / n.channels / n.filter.width % n.filter.height;
      const int i = tap / n.channels / n.filter.width / n.filter.height;
      const int from_z = z * n.stride.depth - n.front.depth + i * n.dilation.depth;
      const int from_y = y * n.stride.height - n.front.height + j * n.dilation.height;
      const int from_x = x * n.stride.width - n.front.width + k * n.dilation.width;
      if (from_z < 0 || from_z >= n.in.depth || from_y < 0 || from_y >= n.in.height || from_x < 0 ||
          from_x >= n.in.width)
        continue;
      const int pixel = (from_z * n.in.height + from_y) * n.in.width + from_x;
      sum += element(pixel * n.channels + c) * weight(tap * n.outputs + o);
    }
    return static_cast<float>(sum);
  };
  for (int z = 0; z < n.out.depth; ++z)
    for (int y = 0; y < n.out.height; ++y)
      for (int x = 0; x < n.out.width; ++x)
        for (int o = 0; o < n.outputs; ++o) found[at++] = row(z, y, x, o);
  return found;
}

constexpr auto weights = [] {
  std::array<float, 27 * 3 * 2> w{};
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(weight(static_cast<int>(i)));
  return w;
}();
constexpr float biases[] = {1, 2, 3};

template <int taps, int outputs> struct Record {
  static constexpr auto filter = [] {
    std::array<float, std::size_t(taps * outputs)> w{};
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = weights[i];
    return w;
  }();
  static constexpr auto bias = [] {
    std::array<float, std::size_t(outputs)> b{};
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = biases[i];
    return b;
  }();
  static constexpr Parameters params[] = {{}, {.filter = filter, .bias = bias}};
};

template <class Layer, Numbers n> void check_formula() {
  constexpr Shape in{n.in.depth * n.in.height, n.in.width, n.channels};
  using M = Model<Sequential<Layer>, in, Record<n.filter.volume() * n.channels, n.outputs>::params>;
  std::array<float, std::size_t(in.size())> input{};
  for (std::size_t i = 0; i < input.size(); ++i)
    input[i] = static_cast<float>(element(static_cast<int>(i)));
  const auto want = expected<std::size_t(n.out.volume() * n.outputs)>(n);
  check_near<M>(input, want);
  CHECK(M::macs == std::uint64_t(n.out.volume() * n.outputs * n.filter.volume() * n.channels));
}

TEST_CASE("valid") {
  check_formula<Conv3D<4, 2, 3, Extent3(2, 3, 2)>,
                Numbers{{4, 5, 3}, {2, 3, 2}, 1, 1, 0, {3, 3, 2}, 2, 3}>();
  check_formula<Conv3D<2, 2, 1, 1>, Numbers{{2, 3, 2}, 1, 1, 1, 0, {2, 3, 2}, 2, 1}>();
}

TEST_CASE("same: padding on all sides, the odd one behind") {
  check_formula<Conv3D<3, 1, 2, 3, 1, same>, Numbers{3, 3, 1, 1, 1, 3, 1, 2}>();
  check_formula<Conv3D<4, 2, 2, Extent3(2, 3, 2), Extent3(3, 2, 1), same>,
                Numbers{{4, 5, 3}, {2, 3, 2}, {3, 2, 1}, 1, {0, 1, 0}, {2, 3, 3}, 2, 2}>();
}

TEST_CASE("dilation, also where a window lies between all rows") {
  check_formula<Conv3D<5, 1, 3, 2, 1, valid, none, Extent3(4, 2, 1)>,
                Numbers{{5, 4, 3}, 2, 1, {4, 2, 1}, 0, {1, 2, 2}, 1, 3}>();
  check_formula<Conv3D<2, 1, 1, 2, 1, same, none, Extent3(3, 1, 1)>,
                Numbers{{2, 2, 2}, 2, 1, {3, 1, 1}, {1, 0, 0}, {2, 2, 2}, 1, 1}>();
}

TEST_CASE("an activation is fused, and the compiler finds what the model does") {
  static constexpr float taps[] = {1, -1};
  static constexpr Parameters records[] = {{}, {.filter = taps}};
  using M =
      Model<Sequential<Conv3D<3, 1, 1, Extent3(2, 1, 1), 1, valid, relu>>, Shape{3, 1, 1}, records>;
  static_assert(evaluate<M>(std::array{5.0f, 3.0f, 9.0f}) == std::array{2.0f, 0.0f});
  check_near<M>(floats(5, 3, 9), floats(2, 0));
}

// Two slices and some rows of a third, never the volume.
TEST_CASE("rows stream through") {
  static constexpr float taps[27] = {1};
  static constexpr Parameters records[] = {{}, {}, {.filter = taps}, {}};
  using Net = Sequential<MaxPool<1>, Conv3D<16, 1, 1, 3>, GlobalAvgPool>;
  using Streamed = Model<Net, Shape{16 * 8, 8, 1}, records, scalar, plan::by_rows>;
  static Streamed model;
  model.begin();
  for (int y = 0; y < 16 * 8; ++y) model.push_row(std::array<float, 8>{1, 1, 1, 1, 1, 1, 1, 1});
  CHECK(model.finish()[0] == 1);
  CHECK(Streamed::arena_bound < 3 * 8 * 8 * 4);
}
