#include <graven/shape.hpp>

#include <doctest/doctest.h>

#include <type_traits>

using namespace graven;

using namespace graven::core;

static_assert(Shape{3, 4, 5}.size() == 60 && Shape{3, 4, 5}.row() == 20);
static_assert(Shape{3, 4, 5}.pixels() == 12);
static_assert(Shape{} == Shape{1, 1, 1} && Shape{3, 4, 5} != Shape{3, 5, 4});
static_assert(Shape{}.exists() && !no_shape.exists() && !Shape{2, 0, 2}.exists());
static_assert(Filter(3) == Extent{3, 3} && Filter(3, 1) != Extent{1, 3} &&
              Filter(3, 2).area() == 6);

static_assert(size_of(Element::int8) == 1 && size_of(Element::int16) == 2);
static_assert(size_of(Element::float32) == 4 && size_of(Element::int32) == 4);
static_assert(size_of(Element::int64) == 8 && size_of(Element::boolean) == 1);
static_assert(std::is_same_v<type_of<Element::int64>::type, std::int64_t>);

// TFLite: valid = ceil((in - span + 1) / stride).
static_assert(window_outputs(5, 3, 2, {}) == 2 && window_outputs(6, 3, 2, {}) == 2);
static_assert(window_outputs(7, 3, 2, {}) == 3 && window_outputs(3, 3, 4, {}) == 1);
static_assert(window_outputs(2, 3, 1, {}) == 0 && window_outputs(2, 3, 1, {1, 1}) == 2);
static_assert(window_outputs(224, 3, 2, {1, 1}) == 112);  // PyTorch's k3 s2 p1

// ComputePaddingWithOffset: ((out - 1) * stride + span - in) / 2 in front, the odd one behind.
static_assert(same_ends(5, 3, 1) == Ends{1, 1} && same_ends(6, 3, 2) == Ends{0, 1});
static_assert(same_ends(5, 3, 2) == Ends{1, 1} && same_ends(5, 4, 1) == Ends{1, 2});
static_assert(same_ends(49, 10, 2).before == 4);  // the first layer of a keyword spotter
static_assert(same_ends(8, 1, 4) == Ends{});      // windows that skip elements need none

static_assert(Padding{} == valid && valid != same && Padding{1, 0, 1, 0} != valid);

TEST_CASE("all outputs of a window lie in the padded input, and the next one would not") {
  for (int in = 1; in <= 12; ++in)
    for (int span = 1; span <= 5; ++span)
      for (int stride = 1; stride <= 4; ++stride) {
        CAPTURE(in);
        CAPTURE(span);
        CAPTURE(stride);
        const int out = window_outputs(in, span, stride, {});
        CHECK((out == 0 || (out - 1) * stride + span <= in));
        CHECK(out * stride + span > in);
        const Ends ends = same_ends(in, span, stride);
        const int padded = window_outputs(in, span, stride, ends);
        CHECK(padded == (in + stride - 1) / stride);
        CHECK((padded - 1) * stride < in);
        CHECK(padded * stride >= in);
        CHECK(ends.before >= 0);
        CHECK(ends.before < span);
        CHECK(ends.after < span);
      }
}
