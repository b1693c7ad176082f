// Sums and differences of two rows of int8 or int16, of which one may be broadcast, eight elements
// at a time.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/binary.hpp"
#include "graven/isa/scalar/add.hpp"

namespace graven::core::mve_isa {

// A term has 20 fractional bits: requantize((x - zero) << 20), or half of that exactly for the
// operand of the larger scale. x and -zero times 16, or 8, have 16 bits; even and odd lanes make
// terms of 32 bits, which are narrowed into their places again. Of int16, of zero point 0, it has
// 15 fractional bits.
//   scaled   which operand has the smaller scale; none: both terms are halves
//   twofold  is the sum's right shift, of int8, 17 or more? Halfwords are then the high ones of
//            words, and the rest of it is made eight at a time
enum class Scaled { first, second, none };

// Stream: both zero points, negative and times 8 or 16; multiplier and shift of the smaller
// operand, and of the sum (twofold: what is left of it).
template <class T, Scaled scaled, bool twofold, bool minus, int program> struct Sums {
  using Adding = std::conditional_t<sizeof(T) == 1, scalar_isa::AddInt8, scalar_isa::AddInt16>;
  static constexpr int bytes = 24, size = sizeof(T);
  static constexpr bool first = scaled == Scaled::first;  // else the second one, or none
  static constexpr int scale = scaled == Scaled::none ? 8 : 16;
  enum {
    zero_scaled,
    zero_half,
    multiplier,
    shift,
    sum_multiplier,
    sum_shift,
    small_term,
    half_term
  };
  std::int32_t constants[11];  // by these names; the clamp and the zero point of the sum follow

  static constexpr int power(int k) {
    return scaled == (k == 0 ? Scaled::first : Scaled::second) ? 16 : 8;
  }
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    const AddMultipliers m = Adding::multipliers(g, v);
    for (const int k : {first ? 0 : 1, first ? 1 : 0})
      to.put<std::int32_t>(-g.source(v, k).quant.zero_point * power(k));
    put_multiplier(to, m.inputs[first ? 0 : 1]);
    put_multiplier(to, {m.sum.multiplier, m.sum.shift + (twofold ? 16 : 0)});
  }
  Sums(const Task& t, Reader& from) {
    for (int i = zero_scaled; i <= sum_shift; ++i) constants[i] = from.next<std::int32_t>();
    constants[small_term] = scale;
    constants[half_term] = 8;
    constants[8] = t.low;
    constants[9] = t.high;
    constants[10] = t.out_zero;
  }

  // What stays where it is, as a term: of the operand of the smaller scale, or of the other one.
  template <bool half> std::int32_t term(const std::byte* at) const {
    constexpr int left = (sizeof(T) == 1 ? 16 : 11);
    const std::int32_t x =
        (load<T>(at) * (half ? 8 : scale) + constants[half ? zero_half : zero_scaled]) *
        (1 << left);
    return half || scaled == Scaled::none
               ? x
               : requantize(x,
                            Multiplier{constants[multiplier], static_cast<int>(constants[shift])});
  }
  template <bool each_a, bool each_b>
  void run(const std::byte* a, const std::byte* b, std::byte* out, int count) {
    const std::byte *small = first ? a : b, *half = first ? b : a;
    constexpr bool each_small = first ? each_a : each_b, each_half = first ? each_b : each_a;
    if constexpr (!each_small) constants[small_term] = term<false>(small);
    if constexpr (!each_half) constants[half_term] = term<true>(half);
    const std::int32_t* at = constants;  // then the zero point is in its register
    asm volatile(GRAVEN_MVE_PUT R"(
      .macro next q from scale zero even left then
      get \q, \from, \then
      .if %c[words]
      vshllb.s16 \even, \q, #\left ;  vshllt.s16 \q, \q, #\left
      .else
      vmlas.s16 \q, \scale, \zero
      vshllb.s16 \even, \q, #16 ;  vshllt.s16 \q, \q, #16
      .endif
      .endm
      .macro rescale to q by
      vshr.s32 \to, \q, #31 ;  vqrdmlah.s32 \to, \q, \by
      .endm
      .macro join q x y
      .if %c[minus] == 0
      vadd.i32 \q, \x, \y
      .elseif %c[first]
      vsub.i32 \q, \x, \y
      .else
      vsub.i32 \q, \y, \x
      .endif
      .endm
      .macro finish to q
      .if %c[program] != %c[rectified]
      rescale \to, \q, r11
      .else
      vqrdmulh.s32 \to, \q, r11
      .endif
      .if %c[twofold] == 0
      vrshl.s32 \to, r12
      .endif
      .endm
      .macro eight then
      .if %c[each_small]
      .if %c[halves]
      next q1, %[small], q4, r4, q0, %c[left], \then
      .else
      next q3, %[small], q4, r4, q2, %c[left], \then
      rescale q0, q2, r9
      rescale q1, q3, r9
      vrshl.s32 q0, r10 ;  vrshl.s32 q1, r10
      .endif
      .endif
      .if %c[each_half]
      next q2, %[half], q5, r8, q3, 14, \then
      .if %c[each_small]
      join q3, q0, q3
      join q2, q1, q2
      .else
      join q3, q4, q3
      join q2, q4, q2
      .endif
      .else
      join q3, q0, q5
      join q2, q1, q5
      .endif
      .if %c[twofold]
      finish q1, q3
      finish q0, q2
      vsri.32 q0, q1, #16 ;  vrshl.s16 q0, r12
      .else
      finish q0, q3
      finish q1, q2
      vqmovnb.s32 q0, q0 ;  vqmovnt.s32 q0, q1
      .endif
      put %[at], q6, q7, \then
      .endm
      ldm %[at]!, {r4, r8, r9, r10, r11, r12}
      ldr lr, [%[at]] ;  .if %c[each_small] ;  vdup.16 q4, lr ;  .else ;  vdup.32 q4, lr
      .endif
      ldr lr, [%[at], #4] ;  .if %c[each_half] ;  vdup.16 q5, lr ;  .else
      vdup.32 q5, lr ;  .endif
      .if %c[words] ;  ldrd r4, r8, [%[at], #8] ;  vdup.16 q6, r4 ;  vdup.16 q7, r8
      .elseif %c[program] == %c[general]
      ldr lr, [%[at], #8] ;  vdup.8 q6, lr ;  ldr lr, [%[at], #12] ;  vdup.8 q7, lr
      .endif
      ldr %[at], [%[at], #16]
    )" GRAVEN_MVE_EIGHTS ".purgem next ;  .purgem rescale ;  .purgem join ;  .purgem finish\n"
                 : [small] "+l"(small), [half] "+l"(half), [out] "+l"(out), [count] "+r"(count),
                   [at] "+r"(at)
                 : [each_small] "i"(each_small), [each_half] "i"(each_half), [twofold] "i"(twofold),
                   [halves] "i"(scaled == Scaled::none), [minus] "i"(minus), [first] "i"(first),
                   [program] "i"(program), [rectified] "i"(rectified), [general] "i"(general),
                   [shifted] "i"(shifted), [words] "i"(size == 2),
                   [left] "i"(scaled == Scaled::none ? 14 : 15)
                 : "r4", "r8", "r9", "r10", "r11", "r12", "q0", "q1", "q2", "q3", "q4", "q5", "q6",
                   "q7", "lr", "cc", "memory");
  }
};

template <class T> struct Adds {
  static constexpr const char* name = sizeof(T) == 1 ? "mve.add" : "mve.int16_sums";
  using Adding = typename Sums<T, Scaled::none, false, false, shifted>::Adding;

  static constexpr bool serves(const GraphView& g, int value) {
    return (is_pair<T>(g, value, op::add) || is_pair<T>(g, value, op::sub)) &&
           scalar_isa::AddShifts::of<Adding>(g, g[value]).within(31);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr auto shifts = scalar_isa::AddShifts::of<Adding>(graph.view(), v);
    constexpr Scaled scaled = shifts.a != 0   ? Scaled::first
                              : shifts.b != 0 ? Scaled::second
                                              : Scaled::none;
    constexpr bool twofold = sizeof(T) == 1 && shifts.out >= 17;
    return in_runs<Sums<T, scaled, twofold, v.op == op::sub, adding_program(v)>, graph, value>();
  }
};

}  // namespace graven::core::mve_isa

#endif
