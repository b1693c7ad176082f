#include "support.hpp"

using namespace test;

static_assert(output_of<Flatten, At{{2, 3, 4}, 0}> == Shape{1, 1, 24});
static_assert(output_of<Reshape<Shape{4, 1, 6}>, At{{2, 3, 4}, 0}> == Shape{4, 1, 6});

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}, {}, {}};
constexpr auto input = int8s(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
template <Shape shape>
using Pooled =
    Model<Sequential<MaxPool<1>, Reshape<shape>, MaxPool<Extent{1, 2}>>, Shape{3, 4, 1}, params>;

TEST_CASE("rows of the new shape: longer, shorter, across the old ones") {
  check_equal<Pooled<Shape{2, 6, 1}>, input, int8s(2, 4, 6, 8, 10, 12)>();
  check_equal<Pooled<Shape{6, 2, 1}>, input, int8s(2, 4, 6, 8, 10, 12)>();
  check_equal<Pooled<Shape{1, 12, 1}>, input, int8s(2, 4, 6, 8, 10, 12)>();
  check_equal<Pooled<Shape{2, 2, 3}>, input, int8s(4, 5, 6, 10, 11, 12)>();
  check_equal<Pooled<Shape{3, 2, 2}>, input, int8s(3, 4, 7, 8, 11, 12)>();
}

constexpr Parameters two[] = {{.output = {0.1f, 0}}, {}, {}};
TEST_CASE("nothing is computed unless row boundaries move") {
  using Kept = Model<Sequential<MaxPool<1>, Reshape<Shape{3, 2, 2}>>, Shape{3, 4, 1}, two>;
  using First = Model<Sequential<Reshape<Shape{6, 2, 1}>, MaxPool<1>>, Shape{3, 4, 1}, two>;
  using Last = Model<Sequential<MaxPool<1>, Flatten>, Shape{3, 4, 1}, two>;
  CHECK(Kept::step_count == 3);
  CHECK(First::step_count == 6);  // the input comes in the new rows at once
  CHECK(Last::step_count == 3);   // rows of an output lie side by side anyway
  CHECK(Last::output_shape() == Shape{1, 1, 12});
  CHECK(Pooled<Shape{2, 6, 1}>::step_count == 3 + 2 + 2);
  check_equal<Last, input, input>();
  check_equal<First, input, input>();
}
