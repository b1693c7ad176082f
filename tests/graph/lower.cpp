#include <graven/graven.hpp>

#include "../networks.hpp"

#include <doctest/doctest.h>

using namespace graven;

using namespace graven::core;

template <class C>
using Problem = typename test::Subject<typename C::Network, C::input, Element::int8, 3>;
template <class C> constexpr const auto& problem = Problem<C>::Engine::Plan::problem;
template <class C> constexpr plan::Span span(int value, int step, int read = 0) {
  const auto& f = problem<C>.values[value];
  return problem<C>.spans[f.first_span + step * f.read_count + read];
}
constexpr bool operator==(plan::Span a, plan::Span b) {
  return a.first == b.first && a.last == b.last;
}

// Conv2D 3x3 same over 11 rows: clipped above and below.
static_assert(span<test::Chain>(1, 0) == plan::Span{0, 1} &&
              span<test::Chain>(1, 5) == plan::Span{4, 6});
static_assert(span<test::Chain>(1, 10) == plan::Span{9, 10});
// Dilated twice: five rows in all.
static_assert(span<test::Dilated>(1, 0) == plan::Span{0, 4} &&
              span<test::Dilated>(1, 4) == plan::Span{4, 8});
// Reductions read one row per step.
static_assert(problem<test::MaxReduction>.values[2].reduces &&
              problem<test::MaxReduction>.values[2].steps == 6);
static_assert(span<test::MaxReduction>(2, 3) == plan::Span{3, 3});
// Concat along the height: a step reads one input.
static_assert(span<test::Joints>(3, 5, 1) == plan::Span{1, 1});
static_assert(span<test::Joints>(3, 1, 1).last < span<test::Joints>(3, 1, 1).first);

// The last row of 7 is not pooled; the second convolution, which nothing reads, is not there: the
// input, the other convolution, the sigmoid and the pool are.
static_assert(problem<test::Unread>.values[1].steps == 6);
static_assert(std::size(problem<test::Unread>.values) == 4);
static_assert(Problem<test::Unread>::Owner::layers[1].weight_size == 0);
static_assert(Problem<test::Unread>::Owner::layers[0].weight_size > 0);
using Everything =
    test::Subject<test::Unread::Network, test::Unread::input, Element::int8, 3, plan::inspectable>;
static_assert(Everything::Engine::Plan::problem.values[1].steps == 7);
static_assert(Everything::Engine::Plan::problem.values[2].steps == 5);

// Elementwise values overwrite an input that nobody else reads, unless rows shall stay apart.
static_assert(problem<test::Elementwise>.values[2].overwrites == 1);  // Sigmoid on Conv2D
static_assert(problem<test::Elementwise>.values[3].overwrites == 2);  // Tanh on Sigmoid
static_assert(problem<test::Residuals>.values[2].overwrites == -1);
static_assert(problem<test::TwoInTwoOut>.values[4].overwrites == 3);  // 2 is an output
static_assert(Everything::Engine::Plan::problem.values[3].overwrites == -1);

static_assert(shapes(Shape{1, 2, 3}, Shape{4, 5, 6})[1] == Shape{4, 5, 6});

TEST_CASE("the facts of inputs, outputs and rows") {
  const auto& p = problem<test::TwoInTwoOut>;
  CHECK((p.values[0].is_input && p.values[1].is_input && !p.values[2].is_input));
  CHECK((p.values[2].is_output && p.values[5].is_output && p.values[6].is_output));
  CHECK_FALSE(p.values[4].is_output);
  CHECK((p.values[0].rows == 5 && p.values[0].row_bytes == 8 && p.values[0].steps == 0));
  CHECK((p.values[6].rows == 1 && p.values[6].steps == 5));
}
