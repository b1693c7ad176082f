// Pools of small windows against scalar: random shapes, strides, paddings and clamps.
#include <graven/isa/shared/small_windows.hpp>

#include "../kernel_run.hpp"

using namespace test;
using scalar_isa::Average, scalar_isa::Largest;

namespace {

template <class Rule> using Scalar = scalar_isa::Pool<std::int8_t, Rule, false>;

// Windows that hang over an edge only where `padded`.
template <class ScalarRule, class Rule, int height, int width, bool padded>
void check(unsigned seed, Op op, Activation activation) {
  Problem p(seed);
  const Shape in{p.pick(height, height + 6), p.pick(width, width + 9), p.pick(1, 20)};
  const Extent stride(p.pick(1, 3), p.pick(1, 3));
  Value& v = p.values[2];
  p.values[0].shape = in;
  v.shape = window_shape(in, in.channels, Extent(height, width), stride, 1, padded ? same : valid);
  p.views[0].shape = in;
  set_window(v, p.views[0], Extent(height, width), stride, 1, padded ? same : valid);
  v.op = op;
  v.activation = activation;
  p.connect(1);
  p.values[0].quant = v.quant = {0.05f, p.pick(-128, 127)};
  CAPTURE(seed);
  check_parity<Scalar<ScalarRule>, SmallWindows<Rule, Scalar<ScalarRule>, height, width, padded>>(
      p);
}
template <int height, int width, bool padded> void check_all() {
  using Mean = Average<std::int8_t, std::int16_t>;
  for (unsigned seed = 0; seed < 40; ++seed) {
    check<Largest<std::int8_t>, OneLargest<false>, height, width, padded>(seed, op::max_pool, none);
    check<Largest<std::int8_t>, OneLargest<true>, height, width, padded>(seed, op::max_pool, relu6);
    check<Mean, OneAverage<false>, height, width, padded>(seed, op::average_pool, none);
    check<Mean, OneAverage<true>, height, width, padded>(seed, op::average_pool, relu6);
  }
}

}  // namespace

TEST_CASE("two by two") {
  check_all<2, 2, false>();
  check_all<2, 2, true>();
}
TEST_CASE("three by three") {
  check_all<3, 3, false>();
  check_all<3, 3, true>();
}
TEST_CASE("one row, one column, one element") {
  check_all<1, 4, true>();
  check_all<5, 1, true>();
  check_all<1, 1, false>();
}
