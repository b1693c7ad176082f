#include "support.hpp"

#include <array>
#include <cstdint>

using namespace test;

namespace {

constexpr Shape frame{1, 1, 8};
static_assert(output_of<RealFft<8>, At{frame, 0}> == Shape{1, 1, 10});
static_assert(output_of<RealFft<16>, At{{2, 3, 8}, 0}> == Shape{2, 3, 18});
static_assert(output_of<Energy<0, 5>, At{{1, 1, 10}, 0}> == Shape{1, 1, 5});
static_assert(output_of<FilterBank<3, 4>, At{{1, 1, 5}, 0}> == Shape{1, 1, 3});

static_assert(output_of<InverseRealFft<16>, At{{2, 3, 18}, 0}> == Shape{2, 3, 16});
static_assert(output_of<OverlapAdd<2>, At{{2, 3, 5}, 0}> == Shape{2, 1, 6});

constexpr Parameters samples{.output = {1, 0}, .element = Element::int16};
constexpr Parameters params[]{samples, {}};
constexpr std::array<std::int16_t, 10> transformed(const std::array<std::int16_t, 8>& in) {
  return evaluate<Model<RealFft<8>, frame, params, scalar>>(in);
}

// An impulse has the same share of all frequencies: a quarter by the first stage and an eighth by
// all of them, rounded; a constant has one of frequency 0.
static_assert(transformed({8000}) ==
              std::array<std::int16_t, 10>{1000, 0, 1000, 0, 1000, 0, 1000, 0, 1000, 0});
static_assert(transformed({800, 800, 800, 800, 800, 800, 800, 800})[0] == 800);

// Of float32 nothing is lost there and back; of int16 a fourth of a spectrum's sum is left.
constexpr Parameters reals[]{{}, {}, {}};
using ThereAndBack = Sequential<RealFft<8>, InverseRealFft<8>>;
constexpr std::array<std::int16_t, 10> flat{800, 0, 800, 0, 800, 0, 800, 0, 800, 0};
static_assert(evaluate<Model<InverseRealFft<8>, Shape{1, 1, 10}, params, scalar>>(flat)[0] == 800);

// Logarithms of 2^n, to base e and in 1/64: 44.36 each.
constexpr Parameters logs[]{{.element = Element::uint32}, {}};
static_assert(evaluate<Model<FilterBankLog<64, 0>, Shape{1, 1, 4}, logs, scalar>>(
                  std::array<std::uint32_t, 4>{0, 2, 4, 1u << 31}) ==
              std::array<std::int16_t, 4>{0, 44, 89, 1375});

constexpr std::int16_t ones[]{4096, 4096, 4096, 4096, 4096, 4096, 4096, -8192};
constexpr Constant window[]{{"window", ones}};
constexpr Parameters windowed[]{samples, {.constants = window}};
static_assert(evaluate<Model<WindowFunction<12>, frame, windowed, scalar>>(
                  std::array<std::int16_t, 8>{1, -2, 3, 4, 5, 6, 7, 30000}) ==
              std::array<std::int16_t, 8>{1, -2, 3, 4, 5, 6, 7, -32768});

}  // namespace

TEST_CASE("float32: there and back") {
  check_near<Model<ThereAndBack, frame, reals>>(floats(1, -2, 3, 4, 5.5, -6, 7, 8),
                                                floats(1, -2, 3, 4, 5.5, -6, 7, 8));
}

TEST_CASE("frames that overlap add up, saturated; what is left lasts from run to run") {
  static constexpr std::int16_t zero[]{0};
  static constexpr float one[]{1};
  static constexpr Constant state[]{{"state", zero, one}};
  static constexpr Parameters params[]{samples, {.constants = state}};
  static Model<OverlapAdd<2>, Shape{1, 2, 3}, params> model;
  const auto first = model.run(std::array<std::int16_t, 6>{1, 2, 30000, 4000, 5, 6});
  const std::array<std::int16_t, 4> expected{1, 2, 32767, 5};
  for (std::size_t i = 0; i < 4; ++i) CHECK(first[i] == expected[i]);
  CHECK(model.run(std::array<std::int16_t, 6>{})[0] == 6);
}

TEST_CASE("the noise estimate lasts from run to run") {
  using Net = Graph<Node<SpectralSubtraction<1 << 13, 1 << 13, 1 << 13, 1 << 13, 0, 4, 14>, 0>,
                    Outputs<Out<1, 0>, Out<1, 1>>>;
  static constexpr Parameters params[]{{.element = Element::uint32}, {}};
  using M = Model<Net, Shape{1, 1, 2}, params>;
  static_assert(M::has_state);
  static M model;
  for (int reset = 0; reset < 2; ++reset) {
    // The estimate is half way from what it was, in 1/16.
    const std::uint32_t noise[3][2]{{800, 80}, {1200, 120}, {1400, 140}};
    for (const auto& expected : noise) {
      model.run(std::array<std::uint32_t, 2>{100, 10});
      const auto signal = model.template output<0>(), estimate = model.template output<1>();
      for (std::size_t c = 0; c < 2; ++c) {
        CHECK(estimate[c] == expected[c]);
        CHECK(signal[c] == ((c == 0 ? 1600u : 160u) - expected[c]) / 16);
      }
    }
    model.reset();
  }
}
