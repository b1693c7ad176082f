#include "support.hpp"

#include <algorithm>
#include <vector>

using namespace test;

namespace {

static_assert(
    output_of<Attention<4, 2, 3>, At{{1, 5, 12}, 0}, At{{1, 7, 6}, 0}, At{{1, 7, 6}, 0}> ==
    Shape{1, 5, 12});

// q, k and v are the model's inputs.
template <Span span> using Net = Graph<Node<Attention<2, 1, 2, span>, 0, 1, 2>, Outputs<3>>;
constexpr Parameters real[]{{}, {}, {}, {}};
constexpr Parameters bytes[]{{.output = {0.05f, 3}},
                             {.output = {0.04f, -5}},
                             {.output = {0.03f, 7}},
                             {.output = {0.02f, -1}}};
constexpr Parameters words[]{{.output = {0.0002f, 0}, .element = Element::int16},
                             {.output = {0.0003f, 0}, .element = Element::int16},
                             {.output = {0.0002f, 0}, .element = Element::int16},
                             {.output = {0.0001f, 0}}};
template <Span span, int rows, int moments, const auto& params>
using M = Model<Net<span>,
                shapes(Shape{rows, moments, 4}, Shape{rows, moments, 2}, Shape{rows, moments, 2}),
                params>;

constexpr int length = 12;
template <class T> std::vector<T> sequence(int channels, unsigned seed) {
  std::vector<T> values;
  for (int i = 0; i < length * channels; ++i) {
    seed = seed * 1664525u + 1013904223u;
    const int q = static_cast<int>(seed >> 24) - 128;
    values.push_back(sizeof(T) == 1   ? static_cast<T>(q)
                     : sizeof(T) == 2 ? static_cast<T>(q * 250)
                                      : static_cast<T>(q) / T(50));
  }
  return values;
}

// What a model makes of a sequence that it gets in parts of its own length, from `first` on.
template <class Model, class T> std::vector<T> in_parts(Model& model, int first = 0) {
  const auto q = sequence<T>(4, 1), k = sequence<T>(2, 2), v = sequence<T>(2, 3);
  const int moments = Model::input_shape(0).height * Model::input_shape(0).width;
  std::vector<T> all;
  for (int t = first; t + moments <= length; t += moments) {
    std::copy_n(q.begin() + 4 * t, 4 * moments, model.template input<0>().begin());
    std::copy_n(k.begin() + 2 * t, 2 * moments, model.template input<1>().begin());
    std::copy_n(v.begin() + 2 * t, 2 * moments, model.template input<2>().begin());
    const auto out = model.run();
    all.insert(all.end(), out.begin(), out.end());
  }
  return all;
}

// float32 in double, moment by moment.
std::vector<double> expected(Span span) {
  const auto q = sequence<float>(4, 1), k = sequence<float>(2, 2), v = sequence<float>(2, 3);
  auto at = [](const std::vector<float>& x, int i) {
    return static_cast<double>(x[static_cast<std::size_t>(i)]);
  };
  std::vector<double> out;
  for (int t = 0; t < length; ++t)
    for (int head = 0; head < 2; ++head) {
      double sum = 0, a = 0, b = 0;
      for (int j = 0; j <= t; ++j) {
        if (span.kind == Span::Kind::sliding && j + span.context <= t) continue;
        if (span.kind == Span::Kind::stopping && j >= span.context - 1 && j < t) continue;
        const int o = 4 * t + 2 * head;
        const double score = at(q, o) * at(k, 2 * j) + at(q, o + 1) * at(k, 2 * j + 1);
        const double e = std::exp(score / std::sqrt(2.0));
        sum += e, a += e * at(v, 2 * j), b += e * at(v, 2 * j + 1);
      }
      out.push_back(a / sum);
      out.push_back(b / sum);
    }
  return out;
}

// In one run, row by row, moment by moment, by threes and fours.
template <Span span, const auto& params, class T> void check_parts() {
  static M<span, 1, length, params> whole;
  static M<span, length, 1, params> rows;
  static M<span, 1, 1, params> single;
  static M<span, 1, 3, params> threes;
  static M<span, 2, 2, params> fours;
  const auto all = in_parts<decltype(whole), T>(whole);
  CHECK(all == in_parts<decltype(rows), T>(rows));
  CHECK(all == in_parts<decltype(single), T>(single));
  CHECK(all == in_parts<decltype(threes), T>(threes));
  CHECK(all == in_parts<decltype(fours), T>(fours));
  if constexpr (sizeof(T) == 4) {
    const auto right = expected(span);
    for (std::size_t i = 0; i < right.size(); ++i)
      CHECK(std::abs(static_cast<double>(all[i]) - right[i]) < 1e-5);
  }
}

// After `prefix` moments one at a time, the rest in one run.
template <Span span, int prefix, const auto& params, class T> void check_prefix() {
  static M<span, 1, length, params> whole;
  static M<span, 1, 1, params> single;
  static M<span, 1, length - prefix, params> rest;
  const auto all = in_parts<decltype(whole), T>(whole);
  const auto q = sequence<T>(4, 1), k = sequence<T>(2, 2), v = sequence<T>(2, 3);
  for (int t = 0; t < prefix; ++t) {
    std::copy_n(q.begin() + 4 * t, 4, single.template input<0>().begin());
    std::copy_n(k.begin() + 2 * t, 2, single.template input<1>().begin());
    std::copy_n(v.begin() + 2 * t, 2, single.template input<2>().begin());
    single.run();
  }
  // The fingerprint is that of the State: a length of its own does not matter.
  std::array<std::byte, std::remove_cvref_t<decltype(single.state())>::saved_size> saved{};
  single.state().save(saved);
  REQUIRE(rest.state().restore(saved));
  const auto last = in_parts<decltype(rest), T>(rest, prefix);
  CHECK(std::equal(last.begin(), last.end(), all.begin() + 4 * prefix));
}

}  // namespace

TEST_CASE("a sequence in parts of any length has the same bits, and they are right") {
  check_parts<sliding(length), real, float>();
  check_parts<sliding(5), real, float>();
  check_parts<stopping(5), real, float>();
  check_parts<stopping(1), real, float>();
  check_parts<sliding(5), bytes, std::int8_t>();
  check_parts<stopping(4), bytes, std::int8_t>();
  check_parts<sliding(5), words, std::int16_t>();
  check_parts<stopping(4), words, std::int16_t>();
}

TEST_CASE("a cached prefix of any length gives the same as no cache") {
  check_prefix<sliding(length), 1, real, float>();
  check_prefix<sliding(length), 7, real, float>();
  check_prefix<sliding(length), 11, real, float>();
  check_prefix<sliding(4), 6, real, float>();
  check_prefix<stopping(4), 9, bytes, std::int8_t>();
  check_prefix<sliding(4), 9, bytes, std::int8_t>();
  check_prefix<stopping(4), 9, words, std::int16_t>();
}

TEST_CASE("past is what a memory that is never full sees") {
  static M<past, 1, length, real> without;
  static M<sliding(length), 1, length, real> with;
  static_assert(!decltype(without)::has_state && decltype(with)::has_state);
  CHECK(in_parts<decltype(without), float>(without) == in_parts<decltype(with), float>(with));
}

namespace {
// `added` to all scores of moments but the `hidden` one, which minus infinity or false takes out;
// with and without that mask.
template <const auto& params, class T> void check_masks() {
  using Net = Graph<Node<Attention<2, 1, 2>, 0, 1, 2, 3>, Outputs<4>>;
  using ByBooleans =
      Graph<Node<Cast<Element::boolean>, 3>, Node<Attention<2, 1, 2>, 0, 1, 2, 4>, Outputs<5>>;
  static constexpr Parameters with_mask[]{params[0], params[1], params[2], {}, params[3]};
  static constexpr Parameters with_seen[]{params[0], params[1], params[2], {}, {}, params[3]};
  constexpr Shape q{1, length, 4}, k{1, length, 2}, mask{1, 1, length};
  static M<everything, 1, length, params> without;
  static Model<Net, shapes(q, k, k, mask), with_mask> added;
  static Model<ByBooleans, shapes(q, k, k, mask), with_seen> seen;
  const auto all = in_parts<decltype(without), T>(without);
  for (const float number : {0.0f, 1.0f}) {
    std::ranges::fill(added.template input<3>(), number);
    const auto same = in_parts<decltype(added), T>(added);
    if (number == 0) CHECK(same == all);
    for (std::size_t i = 0; i < all.size(); ++i) CHECK(std::abs(same[i] - all[i]) <= 1);
  }
  std::ranges::fill(seen.template input<3>(), 1.0f);
  CHECK(in_parts<decltype(seen), T>(seen) == all);
  seen.template input<3>()[5] = 0;
  std::ranges::fill(added.template input<3>(), 0.0f);
  added.template input<3>()[5] = -std::numeric_limits<float>::infinity();
  const auto less = in_parts<decltype(added), T>(added);
  CHECK(less != all);
  CHECK(in_parts<decltype(seen), T>(seen) == less);
  // What is hidden has no part: its values do not matter.
  added.template input<2>()[10] = added.template input<2>()[11] = 99;
  const auto again = added.run();
  CHECK(std::equal(again.begin(), again.end(), less.begin()));
}
}  // namespace

TEST_CASE("a mask of zeros is none, and what it hides has no part, in integers") {
  check_masks<bytes, std::int8_t>();
  check_masks<words, std::int16_t>();
}

// The State is the memory of k and v, and the position; the arena has the scores of one query.
using Decoder = M<sliding(64), 1, 1, bytes>;
static_assert(sizeof(Decoder::State::rows) == 2 * 64 * 2 + 4);
static_assert(Decoder::macs == 2 * 4 * 64);

TEST_CASE("a mask takes moments out") {
  using Masked = Graph<Node<Attention<1, 1, 1>, 0, 1, 2, 3>, Outputs<4>>;
  static constexpr Parameters five[]{{}, {}, {}, {}, {}};
  static Model<Masked, shapes(Shape{1, 2, 1}, Shape{1, 3, 1}, Shape{1, 3, 1}, Shape{1, 2, 3}), five>
      model;
  std::ranges::copy(floats(0, 0), model.input<0>().begin());
  std::ranges::copy(floats(1, 1, 1), model.input<1>().begin());
  std::ranges::copy(floats(10, 20, 60), model.input<2>().begin());
  const float none = -std::numeric_limits<float>::infinity();
  std::ranges::copy(floats(0, 0, none, 0, 0, 0), model.input<3>().begin());
  const auto out = model.run();
  CHECK(static_cast<double>(out[0]) == doctest::Approx(15));
  CHECK(static_cast<double>(out[1]) == doctest::Approx(30));
}

TEST_CASE("each head has a mask of its own") {
  constexpr MaskOf of = MaskOf::head;
  using Heads = Graph<Node<Attention<2, 1, 1, everything, 0.0f, of>, 0, 1, 2, 3>, Outputs<4>>;
  static constexpr Parameters five[]{{}, {}, {}, {}, {}};
  constexpr Shape q{2, 1, 2}, k{2, 3, 1}, mask{4, 1, 3};  // two rows, of each two heads
  static Model<Heads, shapes(q, k, k, mask), five> model;
  std::ranges::copy(floats(0, 0, 0, 0), model.input<0>().begin());
  std::ranges::copy(floats(1, 1, 1, 1, 1, 1), model.input<1>().begin());
  std::ranges::copy(floats(10, 20, 60, 1, 2, 6), model.input<2>().begin());
  const float none = -std::numeric_limits<float>::infinity();
  std::ranges::copy(floats(0, 0, none, 0, 0, 0, none, 0, 0, none, none, 0),
                    model.input<3>().begin());
  const auto out = model.run();
  const double expected[]{15, 30, 4, 6};
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(static_cast<double>(out[i]) == doctest::Approx(expected[i]));
}
