// Int8Head: nano-rust's layer in its forward pass, its step in 1,290 bytes.
#include "graven/graven.hpp"
#include "graven/train.hpp"

#include <doctest/doctest.h>

namespace {

using namespace graven;

constexpr int in = 128, out = 10;
static_assert(sizeof(Int8Head<in, out>) == 1290);

// The same weights in flash, for the layer.
constexpr auto weights = [] {
  std::array<std::int8_t, in * out> w{};
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<std::int8_t>(i * 89 % 251 - 125);
  return w;
}();
constexpr std::array<std::int8_t, out> bias{-128, 127, 3, -4, 5, 0, 60, -70, 1, 2};
constexpr Parameters params[]{{.output = {1, 0}}, {.filter = weights, .bias = bias}};
using Layer = Model<nano_rust::Dense<in, out>, Shape{1, 1, in}, params>;

TEST_CASE("an answer is that of nano-rust's dense layer") {
  static Layer layer;
  Int8Head<in, out> head{weights, bias};
  Random random(5);
  for (int n = 0; n < 200; ++n) {
    std::array<std::int8_t, in> x;
    for (std::int8_t& e : x) e = static_cast<std::int8_t>(random.below(256) - 128);
    if (n == 0) x.fill(-128);
    const auto wanted = layer.run(x);
    const auto y = head.run(x);
    for (std::size_t o = 0; o < y.size(); ++o) CHECK(y[o] == wanted[o]);
  }
}

TEST_CASE("it learns two classes") {
  Int8Head<in, 2> head;
  Random random(7);
  int right = 0;
  for (int n = 0; n < 400; ++n) {
    const bool second = random.below(2) == 1;
    std::array<std::int8_t, in> x;
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<std::int8_t>(random.below(40) + ((i < 64) == second ? 60 : 0));
    const auto y = head.run(x);
    if (n >= 300) right += (y[1] > y[0]) == second ? 1 : 0;
    const std::int8_t slopes[]{static_cast<std::int8_t>(second ? 32 : -32),
                               static_cast<std::int8_t>(second ? -32 : 32)};
    head.step(x, slopes, 1);
  }
  CHECK(right >= 95);
}

}  // namespace
