// Attention of float32 in the registers of an Arm FPU: four scores side by side, sums of sixteen
// channels. VMLA rounds the product before it adds it: scalar's bits, in one instruction.
#pragma once

#if defined(__ARM_FP) && (__ARM_FP & 4)

#include "graven/isa/scalar/attention_real.hpp"
#include "graven/isa/shared/fpu/exponentials.hpp"

namespace graven::core::fpu_isa {

struct AttentionRule : scalar_isa::AttentionFloat32 {
  using scalar_isa::AttentionFloat32::AttentionFloat32;
  using Glance = scalar_isa::Glance;

  void attend(const Glance& at, int count, std::byte* scores) const {
    const float most = put_scores(at, count, scores);
    float* const e = reinterpret_cast<float*>(scores);
    const float sum = put_exponentials(e, at.seen, most);
    const std::byte* values = at.values;
    std::byte* out = at.out;
    for (; count >= 12 && count % 16 != 0; count -= 12)  // 24 are two times twelve
      put_values<12>(at, e, sum, values, out);
    for (; count >= 16; count -= 16) put_values<16>(at, e, sum, values, out);
    for (; count >= 4; count -= 4) put_values<4>(at, e, sum, values, out);
    for (; count > 0; --count) put_values<1>(at, e, sum, values, out);
  }

private:
  // Of scores: the largest, and its bits, of which those of a larger number, and of NaN, are more;
  // of a negative one the least integer, so that all are compared.
  struct Largest {
    float score = -floating_point::infinity<float>;
    std::int32_t bits = (std::numeric_limits<std::int32_t>::min)();

    void take(float other) {
      if (!(other > score)) return;
      score = other;
      if (score >= 0) bits = std::bit_cast<std::int32_t>(score);
    }
  };
  // The largest.
  float put_scores(const Glance& at, int count, std::byte* scores) const {
    Largest most;
    const std::byte *key = at.keys, *mask = at.mask;
    const auto add_mask = [&](std::byte* score) {
      const float masked = load_aligned<float>(score) + load<float>(mask);
      store_aligned(score, masked);
      mask += 4;
      most.take(masked);
    };
    int j = 0;
    for (; j + 4 <= at.seen; j += 4, key += 4 * at.stride, scores += 16) {
      const bool larger = put_four(scores, at.query, key, at.stride, count, most.bits);
      if (mask == nullptr && !larger) continue;
      for (int k = 0; k < 16; k += 4)
        if (mask != nullptr)
          add_mask(scores + k);
        else
          most.take(load_aligned<float>(scores + k));
    }
    for (; j < at.seen; ++j, key += at.stride, scores += 4) {
      float score = 0;
      for (int c = 0; c < 4 * count; c += 4)
        score += load_aligned<float>(at.query + c) * load_aligned<float>(key + c);
      store_aligned(scores, score * scale);
      if (mask != nullptr)
        add_mask(scores);
      else
        most.take(score * scale);
    }
    return most.score;
  }
  // The products of a vector with four rows, by the scale. Are the bits of one, as an integer,
  // those or more? (Those of -0 are the least integer.)
  bool put_four(std::byte* to, const std::byte* vector, const std::byte* a, int stride, int count,
                std::int32_t bits) const {
    static constexpr float zeros[4]{};
    const std::byte *b, *c, *d;
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
      add %[b], %[a], %[stride] ;  add %[c], %[b], %[stride] ;  add %[d], %[c], %[stride]
      vldmia %[zeros], {s24-s27}
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
      vmul.f32 s24, s24, %[scale] ;  vmul.f32 s25, s25, %[scale]
      vmul.f32 s26, s26, %[scale] ;  vmul.f32 s27, s27, %[scale]
      vstmia %[to], {s24-s27}
      vmov %[a], %[b], s24, s25 ;  vmov %[c], %[d], s26, s27
      mov %[n], #0
      cmp %[a], %[bits] ;  ittt lt
      cmplt %[b], %[bits] ;  cmplt %[c], %[bits] ;  cmplt %[d], %[bits]
      it ge ;  movge %[n], #1
    .purgem add_two
    )" GRAVEN_STATEMENTS_64
        :
        [v] "+&r"(vector), [a] "+&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [n] "+&r"(count)
        :
        [to] "r"(to), [stride] "r"(stride), [bits] "r"(bits), [zeros] "r"(zeros), [scale] "t"(scale)
        : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13",
          "s14", "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26",
          "s27", "cc", "memory");
    return count != 0;
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
      .if %c[n] == 16
      vldmia %[values]!, {s16-s23}
      .elseif %c[n] == 12
      vldmia %[values], {s12-s23}
      vmla.f32 s0, s12, \e ;  vmla.f32 s1, s13, \e
      vmla.f32 s2, s14, \e ;  vmla.f32 s3, s15, \e
      vmla.f32 s4, s16, \e ;  vmla.f32 s5, s17, \e
      vmla.f32 s6, s18, \e ;  vmla.f32 s7, s19, \e
      vmla.f32 s8, s20, \e ;  vmla.f32 s9, s21, \e
      vmla.f32 s10, s22, \e ;  vmla.f32 s11, s23, \e
      .else
      vldmia %[values], {s16-s19}
      .endif
      .if %c[n] != 12
      vmla.f32 s0, s16, \e ;  vmla.f32 s1, s17, \e
      vmla.f32 s2, s18, \e ;  vmla.f32 s3, s19, \e
      .endif
      .if %c[n] == 16
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
      subs %[left], #4 ;  bge.w 1b
    2:
      adds %[left], #4 ;  beq 4f
    3:
      vldmia %[e]!, {s24}
      add_moment s24
      subs %[left], #1 ;  bne 3b
    4:
      vstmia %[y], {s0-s%c[last]}
    .purgem add_moment
    )" GRAVEN_STATEMENTS_64
                 : [e] "+&r"(e), [values] "+&r"(values), [left] "+&r"(count)
                 : [y] "r"(y), [step] "r"(n == 16 ? step - 32 : step), [n] "i"(n), [last] "i"(n - 1)
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
