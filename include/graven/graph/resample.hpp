// Where the pixels of a resized activation come from (layers/resize_*.hpp state the formulas).
#pragma once

#include "graven/quant.hpp"

namespace graven::core {

// The options of both resizes.
struct Resampling {
  int align_corners = 0, half_pixel_centers = 0;
};

constexpr int nearest(int i, int in, int out, Resampling how) {
  const float scale = how.align_corners && out > 1
                          ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                          : static_cast<float>(in) / static_cast<float>(out);
  const float at = (static_cast<float>(i) + (how.half_pixel_centers ? 0.5f : 0.0f)) * scale;
  const int whole = how.align_corners ? detail::round_away(at)
                                      : static_cast<int>(at);  // at >= 0: truncation is floor
  return whole < in - 1 ? whole : in - 1;
}

// A position between two pixels: `low` and `high`, and the distance from low in 1/1024.
struct Between {
  int low, high, part;
};

constexpr Between between(int i, int in, int out, Resampling how) {
  const bool corners = how.align_corners && out > 1;
  const int steps = corners ? out - 1 : out;
  const int scale = (1024 * (corners ? in - 1 : in) + steps / 2) / steps;
  const int at = i * scale + (how.half_pixel_centers ? scale / 2 - 512 : 0);
  const int floor = at / 1024 > 0 ? at / 1024 : 0, up = (at + 1023) / 1024;
  const int low = floor < in - 1 ? floor : in - 1;  // a rounded-up scale may step past the end
  return {low, up < in - 1 ? up : in - 1, at - 1024 * floor};
}

// The same in float32, for float activations.
struct BetweenFloat {
  int low, high;
  float part;
};

constexpr BetweenFloat between_float(int i, int in, int out, Resampling how) {
  const bool corners = how.align_corners && out > 1;
  const float scale = corners ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                              : static_cast<float>(in) / static_cast<float>(out);
  const auto step = static_cast<float>(i);
  const float at = how.half_pixel_centers ? (step + 0.5f) * scale - 0.5f : step * scale;
  const int whole = static_cast<int>(at);  // towards zero: at > -1
  const int low = at > 0 ? whole : 0;
  const int up = at > static_cast<float>(whole) ? whole + 1 : whole;
  const int high = up < in - 1 ? up : in - 1;
  return {low, high, at - static_cast<float>(low)};
}

}  // namespace graven::core
