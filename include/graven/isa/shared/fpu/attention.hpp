// Attention of float32 in the registers of an Arm FPU: four scores side by side, sums of sixteen
// channels. VMLA rounds the product before it adds it: scalar's bits, in one instruction.
#pragma once

#if defined(__ARM_FP) && (__ARM_FP & 4)

#include "graven/isa/scalar/attention.hpp"

namespace graven::core::fpu_isa {

struct AttentionRule : scalar_isa::AttentionFloat32 {
  using scalar_isa::AttentionFloat32::AttentionFloat32;
  using Glance = scalar_isa::Glance;

  void attend(const Glance& at, int count, std::byte* scores) const {
    const float most = put_scores(at, count, scores);
    float sum = 0;
    float* const e = reinterpret_cast<float*>(scores);
    for (int j = 0; j < at.seen; ++j) {
      e[j] = floating_point::exp(e[j] - most);
      sum += e[j];
    }
    const std::byte* values = at.values;
    std::byte* out = at.out;
    for (; count >= 16; count -= 16) put_values<16>(at, e, sum, values, out);
    for (; count >= 4; count -= 4) put_values<4>(at, e, sum, values, out);
    for (; count > 0; --count) put_values<1>(at, e, sum, values, out);
  }

private:
  // The largest.
  float put_scores(const Glance& at, int count, std::byte* scores) const {
    float most = -floating_point::infinity<float>;
    const std::byte *key = at.keys, *mask = at.mask;
    auto put = [&](float score) {
      score *= scale;
      if (mask != nullptr) {
        score += load<float>(mask);
        mask += 4;
      }
      store_aligned(scores, score);
      scores += 4;
      if (score > most) most = score;
    };
    int j = 0;
    for (; j + 4 <= at.seen; j += 4, key += 4 * at.stride) {
      float four[4]{};
      add_four(four, at.query, key, at.stride, count);
      for (const float score : four) put(score);
    }
    for (; j < at.seen; ++j, key += at.stride) {
      float score = 0;
      for (int c = 0; c < 4 * count; c += 4)
        score += load_aligned<float>(at.query + c) * load_aligned<float>(key + c);
      put(score);
    }
    return most;
  }
  // The products of a vector with four rows.
  static void add_four(float* sums, const std::byte* vector, const std::byte* a, int stride,
                       int count) {
    const std::byte *b = a + stride, *c = b + stride, *d = c + stride;
    asm volatile(
        R"(
    .macro add_two x y first second
      vldmia \first!, {s8-s15}
      vldmia \second!, {s16-s23}
      vmla.f32 \x, s8, s0 ;   vmla.f32 \y, s16, s0
      vmla.f32 \x, s9, s1 ;   vmla.f32 \y, s17, s1
      vmla.f32 \x, s10, s2 ;  vmla.f32 \y, s18, s2
      vmla.f32 \x, s11, s3 ;  vmla.f32 \y, s19, s3
      vmla.f32 \x, s12, s4 ;  vmla.f32 \y, s20, s4
      vmla.f32 \x, s13, s5 ;  vmla.f32 \y, s21, s5
      vmla.f32 \x, s14, s6 ;  vmla.f32 \y, s22, s6
      vmla.f32 \x, s15, s7 ;  vmla.f32 \y, s23, s7
    .endm
      vldmia %[sums], {s24-s27}
      subs %[n], #8 ;  blt 2f
    1:
      vldmia %[v]!, {s0-s7}
      add_two s24 s25 %[a] %[b]
      add_two s26 s27 %[c] %[d]
      subs %[n], #8 ;  bge 1b
    2:
      adds %[n], #8 ;  beq 4f
    3:
      vldmia %[v]!, {s0} ;  vldmia %[a]!, {s8} ;  vldmia %[b]!, {s9}
      vldmia %[c]!, {s10} ;  vldmia %[d]!, {s11}
      vmla.f32 s24, s8, s0 ;   vmla.f32 s25, s9, s0
      vmla.f32 s26, s10, s0 ;  vmla.f32 s27, s11, s0
      subs %[n], #1 ;  bne 3b
    4:
      vstmia %[sums], {s24-s27}
    .purgem add_two
    )"
        : [v] "+r"(vector), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [n] "+r"(count)
        : [sums] "r"(sums)
        : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13",
          "s14", "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26",
          "s27", "cc", "memory");
  }
  // Of n channels: what the exponentials make of the values, by their sum.
  template <int n>
  static void put_values(const Glance& at, const float* e, float sum, const std::byte*& values,
                         std::byte*& out) {
    float y[std::size_t{n}]{};
    if constexpr (n == 1) {
      for (int j = 0; j < at.seen; ++j) *y += e[j] * load<float>(values + j * at.moment);
    } else {
      add_values<n>(y, e, values, at.moment, at.seen);
    }
    for (int c = 0; c < n; ++c) store(out + 4 * c, y[c] / sum);
    values += 4 * n;
    out += 4 * n;
  }
  template <int n>
  static void add_values(float* y, const float* e, const std::byte* values, int step, int count) {
    asm volatile(R"(
    .macro add_moment e
      .if %c[n] > 4
      vldmia %[values]!, {s16-s23}
      .else
      vldmia %[values], {s16-s19}
      .endif
      vmla.f32 s0, s16, \e ;  vmla.f32 s1, s17, \e
      vmla.f32 s2, s18, \e ;  vmla.f32 s3, s19, \e
      .if %c[n] > 4
      vmla.f32 s4, s20, \e ;  vmla.f32 s5, s21, \e
      vmla.f32 s6, s22, \e ;  vmla.f32 s7, s23, \e
      vldmia %[values], {s16-s23}
      vmla.f32 s8, s16, \e ;   vmla.f32 s9, s17, \e
      vmla.f32 s10, s18, \e ;  vmla.f32 s11, s19, \e
      vmla.f32 s12, s20, \e ;  vmla.f32 s13, s21, \e
      vmla.f32 s14, s22, \e ;  vmla.f32 s15, s23, \e
      .endif
      add %[values], %[step]
    .endm
      vldmia %[y], {s0-s%c[last]}
      subs %[left], #4 ;  blt 2f
    1:
      vldmia %[e]!, {s24-s27}
      add_moment s24
      add_moment s25
      add_moment s26
      add_moment s27
      subs %[left], #4 ;  bge 1b
    2:
      adds %[left], #4 ;  beq 4f
    3:
      vldmia %[e]!, {s24}
      add_moment s24
      subs %[left], #1 ;  bne 3b
    4:
      vstmia %[y], {s0-s%c[last]}
    .purgem add_moment
    )"
                 : [e] "+r"(e), [values] "+r"(values), [left] "+r"(count)
                 : [y] "r"(y), [step] "r"(n > 4 ? step - 32 : step), [n] "i"(n), [last] "i"(n - 1)
                 : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12",
                   "s13", "s14", "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23",
                   "s24", "s25", "s26", "s27", "cc", "memory");
  }
};

struct Attention : scalar_isa::Attention<AttentionRule> {
  static constexpr const char* name = "fpu.attention";
};

}  // namespace graven::core::fpu_isa

#endif
