#include "support.hpp"

#include <algorithm>
#include <span>

using namespace test;

static_assert(Split<Axis::channels, 3>::output<1, At{{5, 6, 9}, 0}>() == Shape{5, 6, 3});
static_assert(Split<Axis::height, 5>::output<4, At{{5, 6, 9}, 0}>() == Shape{1, 6, 9});

constexpr Parameters params[] = {{.output = {0.5f, 1}}, {}, {}};
constexpr auto input = int8s(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
enum { image, parts };

// The second part, clamped at zero (1), whichever way the image falls apart.
template <Axis axis>
using Second = Graph<Node<Split<axis, 2>, image>, Node<ReLU, Out<parts, 1>>, Outputs<2>>;
template <Axis axis> using Of = Model<Second<axis>, Shape{4, 2, 2}, params>;

TEST_CASE("parts along each axis") {
  check_equal<Of<Axis::height>, input, int8s(9, 10, 11, 12, 13, 14, 15, 16)>();
  check_equal<Of<Axis::width>, input, int8s(3, 4, 7, 8, 11, 12, 15, 16)>();
  check_equal<Of<Axis::channels>, input, int8s(2, 4, 6, 8, 10, 12, 14, 16)>();
}

// Along the height nothing is copied: a part is rows of the input.
using Added =
    Graph<Node<Split<Axis::height, 2>, image>, Node<Add, Out<parts, 0>, Out<parts, 1>>, Outputs<2>>;
constexpr Parameters joined[] = {{.output = {0.5f, 1}}, {}, {.output = {0.5f, 0}}};
TEST_CASE("parts that are joined again") {
  using M = Model<Added, Shape{4, 2, 2}, joined>;
  static_assert(M::step_count == 2);
  check_equal<M, input, int8s(8, 10, 12, 14, 16, 18, 20, 22)>();
}

// Parts may leave the network as they are.
using Both = Graph<Node<Split<Axis::height, 2>, image>, Outputs<Out<parts, 1>, Out<parts, 0>>>;
constexpr Parameters alone[] = {{.output = {0.5f, 1}}, {}};
TEST_CASE("parts as outputs") {
  static Model<Both, Shape{4, 2, 2}, alone> model;
  model.run(input);
  const auto first = model.template output<0>(), second = model.template output<1>();
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(first[i] == input[i + 8]);
    CHECK(second[i] == input[i]);
  }
}

// A part of the rows stays that part behind a reshape, a fused clamp and a Dense.
constexpr float weights[24]{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                            1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1,  1};
constexpr float nothing[1]{0};
constexpr Constant zero[]{{"operand", nothing}};
constexpr Parameters flat_params[]{{}, {}, {}, {}}, dense_params[]{{}, {}, {.filter = weights}};
constexpr Parameters sum_params[]{{}, {.constants = zero}, {}, {}}, shape_params[]{{}, {}, {}};
using Halved = Split<Axis::height, 2>;
using Flat = Graph<Node<Halved, 0>, Node<Flatten, Out<1, 1>>, Node<ReLU, 2>, Outputs<3>>;
using Shaped = Graph<Node<Halved, 0>, Node<Reshape<Shape{3, 2, 2}>, Out<1, 1>>, Outputs<2>>;
using Clamped =
    Graph<Node<AddConstant<Shape{1, 1, 1}>, 0>, Node<Halved, 1>, Node<ReLU, Out<2, 1>>, Outputs<3>>;
using Weighted = Graph<Node<Halved, 0>, Node<Dense<12, 2>, Out<1, 1>>, Outputs<2>>;

template <class M> void check_second_half() {
  static M model;
  std::array<float, 24> numbers{};
  for (std::size_t i = 0; i < 24; ++i) numbers[i] = static_cast<float>(i + 1);
  const auto output = model.run(numbers);
  for (std::size_t i = 0; i < 12; ++i) CHECK(output[i] == static_cast<float>(i + 13));
}
TEST_CASE("what reads a part of the rows reads that part") {
  check_second_half<Model<Flat, Shape{4, 3, 2}, flat_params>>();
  check_second_half<Model<Shaped, Shape{4, 3, 2}, shape_params>>();
  check_second_half<Model<Clamped, Shape{4, 3, 2}, sum_params>>();
  using M = Model<Weighted, Shape{4, 3, 2}, dense_params>;
  std::array<float, 24> numbers{};
  for (std::size_t i = 0; i < 24; ++i) numbers[i] = static_cast<float>(i + 1);
  check_near<M>(numbers, floats(1586, 222));
}

// Streams of parts equal the network on the window.
using Parts = Graph<Node<MaxPool<Extent{3, 1}, Extent{1, 1}>, 0>, Node<Split<Axis::height, 3>, 1>,
                    Node<MaxPool<Extent{2, 1}, Extent{2, 1}>, Out<2, 1>>,
                    Node<Concatenate<Axis::height>, Out<2, 2>, 3, Out<2, 0>>,
                    Node<Flatten, Out<2, 1>>, Outputs<4, 5, Out<2, 2>>>;
constexpr Parameters part_params[]{{}, {}, {}, {}, {}, {}};
template <int hop> void check_parts() {
  constexpr StreamPolicy policy{.padding = TimePadding::recomputed, .hop = hop};
  using Pushed = Streaming<Parts, Shape{14, 2, 1}, part_params, scalar, policy>;
  static Model<Parts, Shape{14, 2, 1}, part_params> model;
  static Pushed stream;
  std::array<float, 200> signal{};
  for (std::size_t i = 0; i < signal.size(); ++i)
    signal[i] = static_cast<float>((i * 37 + i * i) % 101);
  const std::span<const float> all(signal);
  for (std::size_t end = Pushed::hop; end <= 100; end += Pushed::hop) {
    stream.push(all.subspan(2 * (end - Pushed::hop)).template first<Pushed::push_size>());
    if (end < 14 || !stream.is_full()) continue;
    model.run(all.subspan(2 * (end - 14)).template first<28>());
    for (int o = 0; o < 3; ++o) {
      const auto expected = model.output_bytes(o), got = stream.output_bytes(o);
      CHECK(std::equal(expected.begin(), expected.end(), got.begin(), got.end()));
    }
  }
}
TEST_CASE("parts of a stream") {
  check_parts<0>();
  check_parts<2>();
  check_parts<14>();
}
