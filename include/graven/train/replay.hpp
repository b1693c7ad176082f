// Replay<Sample, bytes>: a fair choice of all samples so far, in a fixed number of bytes.
//
// Whoever learns only what is new forgets what is old. A reservoir keeps each of n samples with the
// same probability, however many there have been (J. S. Vitter's algorithm R); train on one of them
// beside each new one.
#pragma once

#include "graven/error.hpp"
#include "graven/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace graven::core {

// `Sample`: a plain struct, such as {std::array<std::int8_t, 64> image; std::int32_t label;}.
template <class Sample, std::size_t bytes> class Replay {
  // What random numbers and the count take, where samples begin at a multiple of their alignment.
  static constexpr std::size_t beside = alignof(Sample) > 8 ? 2 * alignof(Sample) : 24;

public:
  static constexpr std::size_t capacity = bytes > beside ? (bytes - beside) / sizeof(Sample) : 0;
  static constexpr auto least = static_cast<long long>(beside + sizeof(Sample)),
                        given = static_cast<long long>(bytes);
  static_assert(
      capacity > 0 || error::does_not_fit<error::expected<least>, error::limit<given>>,
      "Replay: the bytes must hold at least one sample and, beside it, random numbers and "
      "a count: so many as expected.");

  constexpr explicit Replay(std::uint64_t seed) : random(seed) {}

  constexpr void add(const Sample& sample) {
    const std::uint32_t place = seen < capacity ? seen : random.below(seen + 1);
    if (place < capacity) samples[place] = sample;
    if (seen < 0xfffffffe) ++seen;  // seen + 1 is a number as well
  }
  constexpr std::size_t size() const { return seen < capacity ? seen : capacity; }
  constexpr const Sample& operator[](std::size_t i) const { return samples[i]; }
  // One of them; there must be one.
  constexpr const Sample& any() {
    return samples[random.below(static_cast<std::uint32_t>(size()))];
  }

private:
  Random random;
  std::uint32_t seen = 0;
  static constexpr std::size_t room = capacity > 0 ? capacity : 1;
  std::array<Sample, room> samples{};
};

}  // namespace graven::core
