// Bytes of any address, sixteen at a time.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/kernel/bytes.hpp"

namespace graven::core::mve_isa {

// Exactly `count` bytes, by a tail-predicated loop or, where that is known to be shorter, by words.
[[gnu::always_inline]] inline void copy(std::byte* to, const std::byte* from, int count) {
  if (__builtin_constant_p(count) && count <= 8 && count % 4 == 0) {
    for (int i = 0; i < count; i += 4) store(to + i, load<std::uint32_t>(from + i));
    return;
  }
  asm volatile(R"(
    wlstp.8 lr, %[count], 2f
  1:
    vldrb.8 q0, [%[from]], #16
    vstrb.8 q0, [%[to]], #16
    letp lr, 1b
  2:
  )"
               : [to] "+r"(to), [from] "+r"(from)
               : [count] "r"(count)
               : "q0", "lr", "cc", "memory");
}
[[gnu::always_inline]] inline void fill(std::byte* to, int value, int count) {
  asm volatile(R"(
    vdup.8 q0, %[value]
    wlstp.8 lr, %[count], 2f
  1:
    vstrb.8 q0, [%[to]], #16
    letp lr, 1b
  2:
  )"
               : [to] "+r"(to)
               : [value] "r"(value), [count] "r"(count)
               : "q0", "lr", "cc", "memory");
}
// The same sixteen bytes again and again.
[[gnu::always_inline]] inline void fill_with(std::byte* to, const std::byte* sixteen, int count) {
  asm volatile(R"(
    vldrb.8 q0, [%[sixteen]]
    wlstp.8 lr, %[count], 2f
  1:
    vstrb.8 q0, [%[to]], #16
    letp lr, 1b
  2:
  )"
               : [to] "+r"(to)
               : [sixteen] "r"(sixteen), [count] "r"(count)
               : "q0", "lr", "cc", "memory");
}
// to[i] = table[uint8(from[i])]
[[gnu::always_inline]] inline void look_up(std::byte* to, const std::byte* from,
                                           const std::byte* table, int count) {
  asm volatile(R"(
    wlstp.8 lr, %[count], 2f
  1:
    vldrb.8 q0, [%[from]], #16
    vldrb.u8 q1, [%[table], q0]
    vstrb.8 q1, [%[to]], #16
    letp lr, 1b
  2:
  )"
               : [from] "+r"(from), [to] "+r"(to)
               : [table] "r"(table), [count] "r"(count)
               : "q0", "q1", "lr", "cc", "memory");
}

// `count` pieces of 16 * (vectors - 1) and up to sixteen bytes more, from places `step` bytes apart
// to such `pitch` bytes apart. Not beside intrinsics: it changes VPR, which no clobber can name.
template <int vectors>
[[gnu::always_inline]] inline void copy_pieces(std::byte* to, int pitch, const std::byte* from,
                                               int step, int bytes, int count) {
  constexpr int whole = 16 * (vectors - 1);
  asm volatile(R"(
    vctp.8 %[rest]
    wls lr, %[count], 2f
  1:
    .rept %c[vectors] - 1
    vldrb.8 q0, [%[from]], #16
    vstrb.8 q0, [%[to]], #16
    .endr
    vpstt
    vldrbt.8 q0, [%[from]]
    vstrbt.8 q0, [%[to]]
    add %[from], %[step]
    add %[to], %[pitch]
    le lr, 1b
  2:
  )"
               : [to] "+r"(to), [from] "+r"(from)
               : [rest] "r"(bytes - whole), [count] "r"(count), [step] "r"(step - whole),
                 [pitch] "r"(pitch - whole), [vectors] "i"(vectors)
               : "q0", "lr", "cc", "memory");
}
[[gnu::always_inline]] inline void copy_pieces(std::byte* to, int pitch, const std::byte* from,
                                               int step, int bytes, int count) {
  if (bytes <= 16) return copy_pieces<1>(to, pitch, from, step, bytes, count);
  if (bytes <= 32) return copy_pieces<2>(to, pitch, from, step, bytes, count);
  for (; count > 0; --count, to += pitch, from += step) copy(to, from, bytes);
}

struct VectorCopies {
  static std::byte* copy(std::byte* to, const std::byte* from, int count) {
    mve_isa::copy(to, from, count);
    return to + count;
  }
  static std::byte* fill(std::byte* to, int value, int count) {
    mve_isa::fill(to, value, count);
    return to + count;
  }
};

}  // namespace graven::core::mve_isa

#endif
