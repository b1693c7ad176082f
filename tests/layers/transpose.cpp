#include "support.hpp"

using namespace test;

static_assert(output_of<Transpose<1, 0, 2>, At{{5, 6, 7}, 0}> == Shape{6, 5, 7});
static_assert(output_of<Transpose<2, 0, 1>, At{{5, 6, 7}, 0}> == Shape{7, 5, 6});

constexpr Parameters params[] = {{.output = {0.5f, 1}}, {}};
template <class L> using Of = Model<Sequential<L>, Shape{2, 3, 2}, params>;
constexpr auto input = int8s(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);

TEST_CASE("all orders of three axes") {
  check_equal<Of<Transpose<0, 1, 2>>, input, input>();
  check_equal<Of<Transpose<0, 2, 1>>, input, int8s(0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11)>();
  check_equal<Of<Transpose<1, 0, 2>>, input, int8s(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11)>();
  check_equal<Of<Transpose<1, 2, 0>>, input, int8s(0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11)>();
  check_equal<Of<Transpose<2, 0, 1>>, input, int8s(0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11)>();
  check_equal<Of<Transpose<2, 1, 0>>, input, int8s(0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11)>();
}

constexpr Parameters reals[] = {{}, {}};
TEST_CASE("float32") {
  using M = Model<Sequential<Transpose<1, 0, 2>>, Shape{2, 2, 1}, reals>;
  check_near<M>(floats(1, 2, 3, 4), floats(1, 3, 2, 4));
}
