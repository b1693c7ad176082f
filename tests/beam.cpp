#include <graven/beam.hpp>
#include <graven/graven.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace graven;

namespace {

constexpr int vocabulary = 5, length = 4;
template <int count, int seed>
constexpr auto weights = [] {
  std::array<float, std::size_t{count}> w{};
  std::uint32_t state = 2463534242u + 7919u * seed;
  for (float& each : w) {
    state = state * 1664525u + 1013904223u;
    each = static_cast<float>(static_cast<int>(state >> 24) - 128) / 60;
  }
  return w;
}();
constexpr Constant table[]{{"table", weights<vocabulary * 4, 1>}};
// What one token says, and all before it by attention.
using Net =
    Graph<Node<Embedding<vocabulary, 4>, 0>, Node<RoPE<4>, 1>,
          Node<Attention<1, 1, 4, sliding(8)>, 2, 2, 1>, Node<Dense<4, vocabulary>, 3>, Outputs<4>>;
constexpr Parameters params[]{{.element = Element::int32},
                              {.constants = table},
                              {},
                              {},
                              {.filter = weights<vocabulary * 4, 2>}};
using M = Model<Net, Shape{1, 1, 1}, params>;

// The score of every continuation, by running it alone.
struct Scored {
  double score;
  std::array<int, length> tokens;
};
std::vector<Scored> all() {
  static M model;
  std::vector<Scored> found;
  for (int code = 0; code < 625; ++code) {
    Scored each{0, {code / 125, code / 25 % 5, code / 5 % 5, code % 5}};
    model.reset();
    std::int32_t last = 3;
    for (const int token : each.tokens) {
      model.input()[0] = last;
      const auto logits = model.run();
      double sum = 0;
      for (const float x : logits) sum += std::exp(static_cast<double>(x));
      each.score += static_cast<double>(logits[static_cast<std::size_t>(token)]) - std::log(sum);
      last = token;
    }
    found.push_back(each);
  }
  std::ranges::sort(found, [](const Scored& a, const Scored& b) { return a.score > b.score; });
  return found;
}

}  // namespace

TEST_CASE("a beam that holds everything finds the best continuations") {
  static M model;
  static Beam<M, 625, length> beam;
  beam.begin(model, 3);
  while (beam.step(model)) {
  }
  CHECK(beam.length() == length);
  const auto expected = all();
  REQUIRE(beam.hypotheses().size() == 625);
  for (std::size_t k = 0; k < 20; ++k) {
    CHECK(std::abs(static_cast<double>(beam.hypotheses()[k].score) - expected[k].score) < 1e-4);
    CHECK(std::ranges::equal(beam.hypotheses()[k].tokens, expected[k].tokens));
  }
}

TEST_CASE("what lies too far below the best is given up, and not gone on with") {
  static M model;
  static Beam<M, 625, length> beam;
  beam.begin(model, 3);
  while (beam.step(model)) {
  }
  const auto expected = all();
  const double margin = expected[0].score - (expected[9].score + expected[10].score) / 2;
  REQUIRE(expected[9].score - expected[10].score > 1e-4);
  beam.prune(static_cast<float>(margin));
  CHECK(beam.hypotheses().size() == 10);
  beam.prune(0);
  CHECK(beam.hypotheses().size() == 1);
  beam.begin(model, 3);
  beam.step(model);
  beam.prune(0);
  beam.step(model);
  CHECK(beam.hypotheses().size() == 5);
}

TEST_CASE("a beam of one is the argmax, token by token") {
  static M model, greedy;
  static Beam<M, 1, length> beam;
  beam.begin(model, 3);
  while (beam.step(model)) {
  }
  std::int32_t last = 3;
  for (const std::int32_t token : beam.best().tokens) {
    greedy.input()[0] = last;
    last = argmax(greedy.run());
    CHECK(token == last);
  }
}
