#include "support.hpp"

using namespace test;

static_assert(output_of<L2Pool<2>, At{{5, 4, 2}, 0}> == Shape{2, 2, 2});

constexpr Parameters params[] = {{}, {}};
TEST_CASE("float32: the root of the mean of squares") {
  const auto in = floats(1, 7, -3, 4, 2, 0, 0, 5);
  check_near<Model<Sequential<L2Pool<Extent{1, 2}>>, Shape{1, 4, 2}, params>>(
      in, floats(std::sqrt(5), std::sqrt(32.5), std::sqrt(2), std::sqrt(12.5)));
  check_near<Model<Sequential<L2Pool<Extent{4, 1}>>, Shape{4, 1, 2}, params>>(  // a reduction
      in, floats(std::sqrt(3.5), std::sqrt(22.5)));
  check_near<Model<Sequential<L2Pool<2, 1, same, relu6>>, Shape{1, 2, 1}, params>>(floats(3, 30),
                                                                                   floats(6, 6));
}
