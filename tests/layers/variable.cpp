#include "support.hpp"

#include <algorithm>
#include <span>

using namespace test;

namespace {

// A delay line: the last two rows and the new one, of which the last two are kept.
enum { image, kept, joined, halves };
constexpr Parameters delay[] = {
    {.output = {0.5f, 3}}, {.output = {0.5f, 3}}, {.output = {0.5f, 3}}, {}, {}};
using Delay = Graph<Node<Variable<Shape{1, 2, 1}>>, Node<Concatenate<Axis::height>, kept, image>,
                    Node<Split<Axis::height, 2>, joined>, Node<Assign, kept, Out<halves, 1>>,
                    Outputs<joined>>;
using Delayed = Model<Delay, Shape{1, 2, 1}, delay>;
static_assert(Delayed::has_state && Delayed::State::saved_size == 16 + 4);

template <class M, std::size_t N>
void check_rows(M& model, std::array<std::int8_t, N> expected, std::int8_t a, std::int8_t b) {
  const std::array<std::int8_t, 2> row{a, b};
  const auto output = model.run(row);
  CHECK(std::equal(output.begin(), output.end(), expected.begin(), expected.end()));
}

template <class M> void check_delay() {
  static M model;
  model.reset();
  check_rows(model, int8s(3, 3, 1, 2), 1, 2);  // real zeros before
  check_rows(model, int8s(1, 2, 4, 5), 4, 5);
  std::array<std::byte, M::State::saved_size> bytes{};
  model.state().save(bytes);
  check_rows(model, int8s(4, 5, 6, 7), 6, 7);
  CHECK(model.state().restore(bytes));
  check_rows(model, int8s(4, 5, 8, 9), 8, 9);
  model.reset();
  check_rows(model, int8s(3, 3, 8, 9), 8, 9);
}

// Two variables change places, with contents of their own at first; readers that stand behind an
// Assign see the old content as well.
constexpr float five[]{5, 6}, seven[]{7, 8};
constexpr Constant first[]{{"initial", five}}, second[]{{"initial", seven}};
constexpr Parameters swap[] = {{}, {.constants = first}, {.constants = second}, {}, {}, {}, {}};
enum { in, a, b, into_a, into_b, sum, both };
using Swap =
    Graph<Node<Variable<Shape{1, 1, 2}>>, Node<Variable<Shape{1, 1, 2}>>, Node<Assign, a, b>,
          Node<Assign, b, a>, Node<Add, a, in>, Node<Concatenate<>, sum, b>, Outputs<both, a>>;

template <class M> void check_swap() {
  static M model;
  const std::array<float, 2> input{1, 2};
  for (int run = 0; run < 4; ++run) {
    if (run == 3) model.reset();
    const auto out = model.run(input);
    const bool even = run % 2 == 0 || run == 3;
    const std::array<float, 4> expected =
        even ? std::array<float, 4>{6, 8, 7, 8} : std::array<float, 4>{8, 10, 5, 6};
    CHECK(std::equal(out.begin(), out.end(), expected.begin(), expected.end()));
    const auto old = model.template output<1>();
    CHECK(old[0] == (even ? 5 : 7));
  }
}

// A running sum over rows, more of them than fit a place each; a window reads the old content and
// is not done before the last row is overwritten.
constexpr int tall = 300;
constexpr Parameters sums[] = {{}, {}, {}, {}, {}};
using Sums = Graph<Node<Variable<Shape{tall, 1, 1}>>, Node<Add, 1, 0>, Node<Assign, 1, 2>,
                   Node<MaxPool<Extent{3, 1}>, 1>, Outputs<2, 4>>;

// Of bool, with a content of its own at first.
constexpr bool ready[]{true, false};
constexpr Constant initially[]{{"initial", ready}};
constexpr Parameters flags[] = {{.element = Element::boolean},
                                {.constants = initially, .element = Element::boolean},
                                {.element = Element::boolean},
                                {}};
using Flags =
    Graph<Node<Variable<Shape{1, 1, 2}>>, Node<LogicalAnd, 1, 0>, Node<Assign, 1, 0>, Outputs<2>>;

}  // namespace

TEST_CASE("a delay line") {
  check_delay<Delayed>();
  check_delay<Model<Delay, Shape{1, 2, 1}, delay, native, plan::smallest>>();
  check_delay<Model<Delay, Shape{1, 2, 1}, delay, native, plan::inspectable>>();
  check_delay<Model<Delay, Shape{1, 2, 1}, delay, scalar>>();
}

// A delay line that layers read is one value: three rows moved up and two made, three pooled.
enum { sound, older, line, parts };
constexpr Parameters pooled[] = {
    {.output = {0.5f, 3}}, {.output = {0.5f, 3}}, {.output = {0.5f, 3}}, {}, {}, {}};
using Pooled = Graph<Node<Variable<Shape{2, 1, 1}>>, Node<Concatenate<Axis::height>, older, sound>,
                     Node<Split<Axis::height, 2>, line>, Node<Assign, older, Out<parts, 1>>,
                     Node<MaxPool<Extent{3, 1}, Stride(1)>, line>, Outputs<5>>;
template <plan::Policy policy>
using PooledModel = Model<Pooled, Shape{2, 1, 1}, pooled, native, policy>;

TEST_CASE("a delay line that layers read is moved up once") {
  using Fused = PooledModel<plan::fastest>;
  static_assert(Fused::step_count == 4 + 2);
  static_assert(PooledModel<plan::inspectable>::step_count == 4 + 2 + 2);
  static_assert(Fused::State::saved_size == PooledModel<plan::inspectable>::State::saved_size);
  static Fused fused;
  static PooledModel<plan::inspectable> plain;
  for (std::int8_t t = 0; t < 6; ++t) {
    if (t == 4) fused.reset(), plain.reset();
    const auto rows = int8s(50 - 20 * t, 7 * t);
    const auto a = fused.run(rows), b = plain.run(rows);
    CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  }
}

TEST_CASE("row input with a state") {
  static Model<Delay, Shape{1, 2, 1}, delay, native, plan::by_rows> model;
  for (std::int8_t t = 0; t < 4; ++t) {
    const std::array<std::int8_t, 2> row{t, t};
    model.begin();
    model.push_row(row);
    const auto out = model.finish();
    CHECK(out[0] == (t == 0 ? 3 : t - 1));
    CHECK(out[2] == t);
  }
}

TEST_CASE("two variables change places") {
  check_swap<Model<Swap, Shape{1, 1, 2}, swap>>();
  check_swap<Model<Swap, Shape{1, 1, 2}, swap, native, plan::inspectable>>();
}

TEST_CASE("the new content waits until all have read the old one") {
  static Model<Sums, Shape{tall, 1, 1}, sums> model;
  std::array<float, tall> input{};
  for (std::size_t i = 0; i < tall; ++i) input[i] = static_cast<float>(i % 7);
  for (int run = 1; run <= 3; ++run) {
    const auto sum = model.run(input);
    const auto most = model.output<1>();
    for (std::size_t i = 0; i < tall; ++i) CHECK(sum[i] == static_cast<float>(run) * input[i]);
    for (std::size_t i = 0; i < tall / 3; ++i)
      CHECK(most[i] == static_cast<float>(run - 1) *
                           std::max({input[3 * i], input[3 * i + 1], input[3 * i + 2]}));
  }
}

TEST_CASE("in two memories") {
  using M = Model<Delay, Shape{1, 2, 1}, delay, native, plan::Policy{.fast = 4}>;
  typename M::State state;
  alignas(8) std::byte fast[M::fast_size + 8], slow[M::slow_size + 8];
  typename M::OnArenas model(state, fast, slow);
  check_rows(model, int8s(3, 3, 1, 2), 1, 2);
  check_rows(model, int8s(1, 2, 4, 5), 4, 5);
}

TEST_CASE("flags that are set after a reset") {
  static Model<Flags, Shape{1, 1, 2}, flags> model;
  for (const bool expected : {true, true}) {
    const auto out = model.run(std::array<bool, 2>{true, true});
    CHECK(out[0] == expected);
    CHECK(out[1] == false);
    model.reset();
  }
}
