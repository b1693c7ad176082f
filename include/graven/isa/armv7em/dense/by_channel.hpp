// Values of int8 attention channel by channel.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/scalar/attention.hpp"

namespace graven::core::armv7em_isa {

// The values of a head in one piece per channel, `row` bytes apart, four by four.
inline void put_by_channel(std::byte* to, int row, const scalar_isa::Glance& at, int channels) {
  int j = 0;
  for (; j + 4 <= at.seen; j += 4) {
    const std::byte* from = at.values + j * at.moment;
    std::byte* put = to + j;
    for (int c = 0; c < channels; c += 4, from += 4, put += 4 * row) {
      const auto get = [&](int k) { return load<std::uint32_t>(from + k * at.moment); };
      constexpr std::uint32_t even = 0x00ff00ff;
      const std::uint32_t a = get(0), b = get(1), x = get(2), y = get(3);
      const std::uint32_t first = (a & even) | (b & even) << 8;
      const std::uint32_t second = (a >> 8 & even) | (b & ~even);
      const std::uint32_t third = (x & even) | (y & even) << 8;
      const std::uint32_t fourth = (x >> 8 & even) | (y & ~even);
      store(put, (first & 0xffff) | third << 16);
      store(put + row, (second & 0xffff) | fourth << 16);
      store(put + 2 * row, first >> 16 | (third & 0xffff0000));
      store(put + 3 * row, second >> 16 | (fourth & 0xffff0000));
    }
  }
  for (; j < at.seen; ++j)
    for (int c = 0; c < channels; ++c) to[c * row + j] = at.values[j * at.moment + c];
}

}  // namespace graven::core::armv7em_isa

#endif
