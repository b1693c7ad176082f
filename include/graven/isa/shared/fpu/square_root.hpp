// The square root of the audio front end's filter banks by the FPU's.
#pragma once

#include "graven/isa/scalar/signal.hpp"

#if defined(__ARM_FP) && (__ARM_FP & 4)

namespace graven::core::fpu_isa {

// As scalar_isa::signal::square_root. The root of 24 bits is off by 2^-23 of itself at most; what x
// has more than its square, divided by twice of it, leads to within one of the root, from below.
[[gnu::always_inline]] inline std::uint32_t square_root(std::uint64_t x) {
  constexpr float word = 4294967296.0f, most = 4294967040.0f;
  const auto high = static_cast<std::uint32_t>(x >> 32), low = static_cast<std::uint32_t>(x);
  float about = static_cast<float>(high) * word + static_cast<float>(low);
  asm("vsqrt.f32 %0, %0" : "+t"(about));
  const float first = about < most ? about : most;
  auto root = static_cast<std::uint32_t>(first);
  if (high != 0) {
    const auto more = static_cast<std::int64_t>(x - std::uint64_t{root} * root);
    const float real = static_cast<float>(static_cast<std::int32_t>(more >> 32)) * word +
                       static_cast<float>(static_cast<std::uint32_t>(more));
    root += static_cast<std::uint32_t>(static_cast<std::int32_t>(real / (2.0f * first) - 0.5f));
  }
  auto rest = static_cast<std::int64_t>(x - std::uint64_t{root} * root);
  for (; rest < 0; rest += 2 * std::int64_t{root} + 1) --root;
  for (; rest > 2 * std::int64_t{root}; ++root) rest -= 2 * std::int64_t{root} + 1;
  const std::uint32_t limit = high != 0 ? 0xffffffff : 0xffff;
  return rest > root && root != limit ? root + 1 : root;
}

struct BankRoot : scalar_isa::BankRootBy<square_root> {
  static constexpr const char* name = "fpu.filter_bank_square_root";
};

}  // namespace graven::core::fpu_isa

#endif
