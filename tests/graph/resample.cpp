// Expected positions: TFLite's formulas, worked out by hand.
#include <graven/graph/resample.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

using namespace graven;

using namespace graven::core;

// 4 -> 8: floor(i / 2).  3 -> 5, corners aligned: round(i / 2), half away.  4 -> 2, centers: 1, 3.
static_assert(nearest(0, 4, 8, {false, false}) == 0 && nearest(7, 4, 8, {false, false}) == 3);
static_assert(nearest(1, 3, 5, {true, false}) == 1 && nearest(3, 3, 5, {true, false}) == 2);
static_assert(nearest(4, 3, 5, {true, false}) == 2 && nearest(0, 3, 1, {true, false}) == 0);
static_assert(nearest(0, 4, 2, {false, true}) == 1 && nearest(1, 4, 2, {false, true}) == 3);
static_assert(nearest(2, 5, 3, {false, false}) == 3);  // 2 * 5 / 3 = 3.33

constexpr bool is(Between b, int low, int high, int part) {
  return b.low == low && b.high == high && b.part == part;
}
// 2 -> 4: scale 512 / 1024.
static_assert(is(between(0, 2, 4, {false, false}), 0, 0, 0));
static_assert(is(between(1, 2, 4, {false, false}), 0, 1, 512));
static_assert(is(between(3, 2, 4, {false, false}), 1, 1, 512));
// Half-pixel centers: (i + 0.5) / 2 - 0.5 = -0.25, 0.25, 0.75, 1.25.
static_assert(between(0, 2, 4, {false, true}).low == 0 &&
              between(0, 2, 4, {false, true}).part == -256);
static_assert(is(between(2, 2, 4, {false, true}), 0, 1, 768));
// Corners: 0, 1/3, 2/3, 1; the scale is round(1024 / 3) = 341.
static_assert(is(between(3, 2, 4, {true, false}), 0, 1, 1023));
static_assert(is(between(0, 5, 1, {true, false}), 0, 0, 0));

static_assert(between_float(1, 2, 4, {false, false}).part == 0.5f);
static_assert(between_float(3, 2, 4, {true, false}).low == 1);
static_assert(between_float(2, 2, 4, {false, true}).part == 0.75f);

TEST_CASE("positions stay inside, and near the real ones") {
  for (int in = 1; in <= 9; ++in)
    for (int out = 1; out <= 13; ++out)
      for (int mode = 0; mode < 3; ++mode) {
        const bool corners = mode == 1, centers = mode == 2;
        for (int i = 0; i < out; ++i) {
          CAPTURE(in);
          CAPTURE(out);
          CAPTURE(mode);
          CAPTURE(i);
          double scale = static_cast<double>(in) / out;
          if (corners && out > 1) scale = static_cast<double>(in - 1) / (out - 1);
          double real = centers ? (i + 0.5) * scale - 0.5 : i * scale;
          real = real < 0 ? 0 : real > in - 1 ? in - 1 : real;
          for (bool exact : {false, true}) {
            const Between q = between(i, in, out, {corners, centers});
            const BetweenFloat f = between_float(i, in, out, {corners, centers});
            const int low = exact ? f.low : q.low, high = exact ? f.high : q.high;
            const double part = exact ? static_cast<double>(f.part) : q.part / 1024.0;
            CHECK((low >= 0 && low < in && high >= 0 && high < in));
            const double at = low == high ? low : low + part;
            CHECK(std::abs(at - real) < (exact ? 1e-4 : 0.02));
          }
          const int near = nearest(i, in, out, {corners, centers});
          CHECK((near >= 0 && near < in));
          CHECK(std::abs(near - real) <= 1.01);
        }
      }
}
