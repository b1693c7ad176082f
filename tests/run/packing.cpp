// A layer whose stream is packed in several parts computes what its weights say.
#include <graven/graven.hpp>

#include <doctest/doctest.h>

#include <array>

using namespace graven;

namespace {

constexpr int inputs = 260, outputs = 301;  // 78,260 weights: three parts
struct Weights {
  std::int8_t w[inputs * outputs]{};
};
constexpr Weights weights = [] {
  Weights all;
  for (int i = 0; i < inputs * outputs; ++i)
    all.w[i] = static_cast<std::int8_t>((i * 37 + i / inputs * 11) % 255 - 127);
  return all;
}();
constexpr std::int32_t bias[outputs] = {1000, -2000, 3};
constexpr float scale[] = {0.01f};
constexpr Parameters params[] = {
    {.output = {0.02f, -3}},
    {.filter = weights.w, .bias = bias, .scale = scale, .output = {0.7f, 4}}};
using Large = Model<Sequential<Dense<inputs, outputs>>, Shape{1, 1, inputs}, params>;

int expected(int output, std::span<const std::byte> in) {
  std::int32_t sum = bias[output];
  for (int i = 0; i < inputs; ++i)
    sum += (static_cast<std::int8_t>(in[static_cast<std::size_t>(i)]) + 3) *
           weights.w[output * inputs + i];
  const double product =
      static_cast<double>(0.02f) * static_cast<double>(0.01f) / static_cast<double>(0.7f);
  return core::clamp(core::requantize(sum, core::quantize_multiplier(product)) + 4, {-128, 127});
}

}  // namespace

TEST_CASE("a stream in parts") {
  static_assert(Large::weight_size > 2 * 32768);
  static Large model;
  const std::span<std::byte> in = model.input_bytes(0);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::byte>(i * 91 + i / 7);
  const auto given = [&] {
    std::array<std::byte, inputs> copy{};
    for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = in[i];
    return copy;
  }();
  model.run();
  for (int o = 0; o < outputs; ++o)
    CHECK(static_cast<std::int8_t>(model.output_bytes(0)[static_cast<std::size_t>(o)]) ==
          expected(o, given));
}
