// The products of Add, and the kernels that cores without SIMD share, against scalar: random
// shapes, quantizations and clamps.
#include <graven/isa/scalar.hpp>
#include <graven/isa/shared/bytewise.hpp>

#include "../kernel_run.hpp"

using namespace test;

namespace {

std::int32_t floor_of(std::int64_t product, int bits) {
  return static_cast<std::int32_t>(product >> bits);
}

template <int a, int b, int out> void check_add(unsigned seed, float scale_a, float scale_b) {
  Problem p(seed);
  const Shape shape{p.pick(1, 3), p.pick(1, 20), p.pick(1, 40)};
  for (Value& v : p.values) v.shape = shape;
  p.values[2].op = op::add;
  p.values[2].activation = p.of({none, relu, relu6});
  p.connect(2);
  p.values[0].quant = {scale_a, p.pick(-128, 127)};
  p.values[1].quant = {scale_b, p.pick(-128, 127)};
  p.values[2].quant = {0.05f, p.pick(-128, 127)};
  CAPTURE(seed);
  REQUIRE(BytewiseAdds<WideProducts>::serves(p.graph(), 2));
  const scalar_isa::AddShifts shifts = scalar_isa::AddShifts::of(p.graph(), p.value());
  REQUIRE((shifts.a == a && shifts.b == b && shifts.out == out));
  check_parity<scalar_isa::AddInt8, AddBytes<WideProducts, a, b, out>>(p);
  check_parity<scalar_isa::AddInt8, AddBytes<NarrowProducts, a, b, out>>(p);
}

}  // namespace

TEST_CASE("products in 32 bits are those in 64 bits") {
  std::mt19937 random(1);
  std::uniform_int_distribution<std::int32_t> multipliers(1 << 30, 0x7fffffff);
  std::uniform_int_distribution<std::int32_t> sums(-(1 << 28) + 1, (1 << 28) - 1);
  for (int i = 0; i < 20000; ++i) {
    const std::int32_t m = i % 50 == 0 ? 0x7fffffff : i % 50 == 1 ? 1 << 30 : multipliers(random);
    const std::int32_t largest = (1 << 28) - 1 - i;
    const std::int32_t sum = i % 3 == 0 ? largest : i % 3 == 1 ? -largest : sums(random);
    const std::int32_t x = i % 511 - 255;
    CHECK(NarrowProducts::of_operand(x, m) == floor_of(std::int64_t{x} * m, 10));
    CHECK(WideProducts::of_operand(x * (1 << 22), m) == floor_of(std::int64_t{x} * m, 10));
    CHECK(NarrowProducts::of_sum(sum, m) == floor_of(std::int64_t{sum} * m, 30));
    CHECK(WideProducts::of_sum(sum, m) == floor_of(std::int64_t{sum} * m, 30));
  }
}

TEST_CASE("add") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    check_add<0, 0, 18>(seed, 0.05f, 0.05f);
    check_add<0, 1, 18>(seed, 0.07f, 0.04f);
    check_add<4, 0, 17>(seed, 0.007f, 0.11f);
    check_add<0, 10, 13>(seed, 3.0f, 0.005f);
  }
}

TEST_CASE("nearest: pixels of whole words, and others") {
  for (unsigned seed = 0; seed < 100; ++seed) {
    Problem p(seed);
    p.values[0].shape = {p.pick(1, 4), p.pick(1, 9), p.of({1, 3, 4, 8, 16, 17})};
    p.values[2].shape = {1, p.pick(1, 20), p.values[0].shape.channels};
    p.values[2].op = op::nearest;
    p.connect(1);
    CAPTURE(seed);
    check_parity<scalar_isa::Nearest, NearestInWords>(p);
  }
}
