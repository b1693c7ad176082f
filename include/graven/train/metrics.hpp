// How good a network is: counted as samples come, in a few bytes.
#pragma once

#include "graven/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace graven::core::metric {

// The mean of what has come, or of about the last `window` values (0: of all).
struct RunningMean {
  std::uint32_t window = 0, count = 0;
  float value = 0;

  constexpr void add(float x) {
    if (count < (window > 0 ? window : 0xffffffff)) ++count;
    value += (x - value) / static_cast<float>(count);
  }
};

// Means over the elements of outputs and of what they should be, both of one length.
struct SquaredError {
  RunningMean mean{};

  constexpr void add(std::span<const float> output, std::span<const float> wanted) {
    for (std::size_t i = 0; i < output.size(); ++i)
      mean.add((output[i] - wanted[i]) * (output[i] - wanted[i]));
  }
};
struct AbsoluteError {
  RunningMean mean{};

  constexpr void add(std::span<const float> output, std::span<const float> wanted) {
    for (std::size_t i = 0; i < output.size(); ++i)
      mean.add(output[i] < wanted[i] ? wanted[i] - output[i] : output[i] - wanted[i]);
  }
};

struct Accuracy {
  std::uint32_t right = 0, count = 0;

  constexpr void add(int answer, int label) {
    right += answer == label ? 1 : 0;
    ++count;
  }
  constexpr float value() const {
    return count > 0 ? static_cast<float>(right) / static_cast<float>(count) : 0;
  }
};

// How often label l was answered by a; what is no class is not counted.
template <int classes> struct Confusion {
  static_assert(classes > 0 || error::out_of_range<error::got<classes>>,
                "Confusion: the number of classes must be at least 1.");
  static constexpr std::size_t size = std::size_t{classes > 0 ? classes : 1};
  std::array<std::array<std::uint32_t, size>, size> counts{};

  constexpr void add(int answer, int label) {
    const bool exist = answer >= 0 && answer < classes && label >= 0 && label < classes;
    if (exist) ++counts[static_cast<std::size_t>(label)][static_cast<std::size_t>(answer)];
  }
  // Of the samples of this class, the part that was recognized; of the answers, the part that was
  // right; 0 where there are none, as of what is no class.
  constexpr float recall(int label) const { return share(label, true); }
  constexpr float precision(int answer) const { return share(answer, false); }

private:
  constexpr float share(int which, bool by_label) const {
    if (which < 0 || which >= classes) return 0;
    const auto k = static_cast<std::size_t>(which);
    std::uint32_t all = 0;
    for (std::size_t i = 0; i < size; ++i) all += by_label ? counts[k][i] : counts[i][k];
    return all > 0 ? static_cast<float>(counts[k][k]) / static_cast<float>(all) : 0;
  }
};

}  // namespace graven::core::metric
