// nano-rust's training step by hand; against its compiled core: test_nano_rust.py.
#include <graven/kernel/int8_sgd.hpp>

#include <doctest/doctest.h>

#include <array>

namespace {

constexpr auto trained() {
  std::array<std::int8_t, 6> weights{10, 10, 10, -120, 127, 0};
  std::array<std::int8_t, 2> bias{5, -128};
  const std::array<std::int8_t, 3> input{100, -100, 1};
  const std::array<std::int8_t, 2> grad{1, 127};
  graven::core::int8_sgd_step(weights, bias, input, grad, 8);
  return std::pair{weights, bias};
}
constexpr auto found = trained();

}  // namespace

TEST_CASE("a step rounds down and saturates") {
  // 800 >> 10 is 0, -800 >> 10 is -1; 101600 >> 10 is 99, -101600 >> 10 is -100, 1016 >> 10 is 0.
  static_assert(found.first == std::array<std::int8_t, 6>{10, 11, 10, -128, 127, 0});
  static_assert(found.second == std::array<std::int8_t, 2>{5, -128});
  CHECK(found.first[1] == 11);
}
