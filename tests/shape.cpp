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

// TFLite: same = ceil(in / stride); valid = ceil((in - span + 1) / stride).
static_assert(window_outputs(5, 3, 2, same) == 3 && window_outputs(6, 3, 2, same) == 3);
static_assert(window_outputs(5, 3, 2, valid) == 2 && window_outputs(6, 3, 2, valid) == 2);
static_assert(window_outputs(7, 3, 2, valid) == 3 && window_outputs(3, 3, 4, valid) == 1);
static_assert(window_outputs(2, 3, 1, valid) == 0 && window_outputs(2, 3, 1, same) == 2);

// ComputePaddingWithOffset: ((out - 1) * stride + span - in) / 2 in front, the odd one behind.
static_assert(padding_before(5, 5, 3, 1) == 1 && padding_before(6, 3, 3, 2) == 0);
static_assert(padding_before(5, 3, 3, 2) == 1 && padding_before(5, 5, 4, 1) == 1);
static_assert(padding_before(49, 25, 10, 2) == 4);  // the first layer of a keyword spotter
static_assert(padding_before(8, 2, 1, 4) == 0);     // windows that skip elements need none

TEST_CASE("all outputs of a window lie in the padded input, and the next one would not") {
  for (int in = 1; in <= 12; ++in)
    for (int span = 1; span <= 5; ++span)
      for (int stride = 1; stride <= 4; ++stride) {
        CAPTURE(in);
        CAPTURE(span);
        CAPTURE(stride);
        const int out = window_outputs(in, span, stride, valid);
        CHECK((out == 0 || (out - 1) * stride + span <= in));
        CHECK(out * stride + span > in);
        const int padded = window_outputs(in, span, stride, same);
        CHECK((padded - 1) * stride < in);
        CHECK(padded * stride >= in);
        const int before = padding_before(in, padded, span, stride);
        CHECK(before >= 0);
        CHECK(before < span);
      }
}
