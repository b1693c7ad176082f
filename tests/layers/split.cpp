#include "support.hpp"

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
using Sum =
    Graph<Node<Split<Axis::height, 2>, image>, Node<Add, Out<parts, 0>, Out<parts, 1>>, Outputs<2>>;
constexpr Parameters joined[] = {{.output = {0.5f, 1}}, {}, {.output = {0.5f, 0}}};
TEST_CASE("parts that are joined again") {
  using M = Model<Sum, Shape{4, 2, 2}, joined>;
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
