// Sums and differences of two int8 rows, of which one may be broadcast, eight elements at a time.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/binary.hpp"
#include "graven/isa/scalar/add.hpp"

namespace graven::core::mve_isa {

// A term has 20 fractional bits: requantize((x - zero) << 20), or half of that exactly for the
// operand of the larger scale. x and -zero times 16, or 8, have 16 bits; even and odd lanes make
// terms of 32 bits, which are narrowed into their places again.
//   scaled   which operand has the smaller scale; none: both terms are halves
//   by_one   is its right shift 1? A mean with its sign then rounds as requantize does
enum class Scaled { first, second, none };

// Stream: both zero points, negative and times 8 or 16; multiplier and shift of the smaller
// operand, and of the sum.
template <Scaled scaled, bool by_one, bool minus, int program> struct Sums {
  static constexpr int bytes = 24;
  static constexpr bool first = scaled == Scaled::first;  // else the second one, or none
  std::int32_t zero_scaled, zero_half, multiplier, shift, last[4], sum_multiplier, sum_shift, zero;

  static constexpr int power(int k) {
    return scaled == (k == 0 ? Scaled::first : Scaled::second) ? 16 : 8;
  }
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    const AddMultipliers m = scalar_isa::AddInt8::multipliers(g, v);
    for (const int k : {first ? 0 : 1, first ? 1 : 0})
      to.put<std::int32_t>(-g.source(v, k).quant.zero_point * power(k));
    put_multiplier(to, m.inputs[first ? 0 : 1]);
    put_multiplier(to, m.sum);
  }
  Sums(const Task& t, Reader& from)
      : zero_scaled(from.next<std::int32_t>()), zero_half(from.next<std::int32_t>()),
        multiplier(from.next<std::int32_t>()),
        shift(from.next<std::int32_t>()), last{scaled == Scaled::none ? 8 : 16, 8, t.low, t.high},
        sum_multiplier(from.next<std::int32_t>()), sum_shift(from.next<std::int32_t>()),
        zero(t.out_zero) {}

  // What stays where it is, as a term: of the operand of the smaller scale, or of the other one.
  template <bool half> std::int32_t term(const std::byte* at) const {
    const std::int32_t x =
        (load<std::int8_t>(at) * (half ? 8 : last[0]) + (half ? zero_half : zero_scaled)) *
        (1 << 16);
    return half || scaled == Scaled::none
               ? x
               : requantize(x, Multiplier{multiplier, static_cast<int>(shift)});
  }
  template <bool each_a, bool each_b>
  void run(const std::byte* a, const std::byte* b, std::byte* out, int count) const {
    const std::byte *small = first ? a : b, *half = first ? b : a;
    constexpr bool each_small = first ? each_a : each_b, each_half = first ? each_b : each_a;
#if defined(__clang__) || defined(__OPTIMIZE__)
    std::int32_t constants[5]{last[0], last[1], last[2], last[3], zero};
    if constexpr (!each_small) constants[0] = term<false>(small);
    if constexpr (!each_half) constants[1] = term<true>(half);
    const std::int32_t* at = constants;  // then the zero point is in its register
    asm volatile(
        R"(
      .macro next q from scale zero even then
      .ifc \then, t
      vpst ;  vldrbt.s16 \q, [\from]
      .else
      vldrb.s16 \q, [\from], #8
      .endif
      vmlas.s16 \q, \scale, \zero
      vshllb.s16 \even, \q, #16 ;  vshllt.s16 \q, \q, #16
      .endm
      .macro rescale q
      vqrdmulh.s32 \q, \q, %[multiplier] ;  vshr.s32 q2, \q, #31
      .if %c[by_one]
      vrhadd.s32 \q, \q, q2
      .else
      vadd.i32 \q, \q, q2 ;  vrshl.s32 \q, %[shift]
      .endif
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
      .macro finish q
      vqrdmulh.s32 \q, \q, %[sum_multiplier]
      .if %c[program] != %c[rectified]
      vshr.s32 q2, \q, #31 ;  vadd.i32 \q, \q, q2
      .endif
      vrshl.s32 \q, %[sum_shift]
      .endm
      .macro eight then
      .if %c[each_small]
      next q1, %[small], q4, %[zero_scaled], q0, \then
      .if %c[halves] == 0
      rescale q0
      rescale q1
      .endif
      .endif
      .if %c[each_half]
      next q2, %[half], q5, %[zero_half], q3, \then
      .if %c[each_small]
      join q0, q0, q3
      join q1, q1, q2
      .else
      join q0, q4, q3
      join q1, q4, q2
      .endif
      .else
      join q0, q0, q5
      join q1, q1, q5
      .endif
      finish q0
      finish q1
      vqmovnb.s32 q0, q0 ;  vqmovnt.s32 q0, q1
      vqadd.s16 q0, q0, %[at]
      vqmovnb.s16 q0, q0
      .if %c[program] == %c[general]
      vmax.s8 q0, q0, q6 ;  vmin.s8 q0, q0, q7
      .endif
      .ifc \then, t
      vpst ;  vstrbt.16 q0, [%[out]]
      .else
      vstrb.16 q0, [%[out]], #8
      .endif
      .endm

      ldr lr, [%[at]] ;  .if %c[each_small] ;  vdup.16 q4, lr ;  .else ;  vdup.32 q4, lr
      .endif
      ldr lr, [%[at], #4] ;  .if %c[each_half] ;  vdup.16 q5, lr ;  .else
      vdup.32 q5, lr ;  .endif
      .if %c[program] == %c[general]
      ldr lr, [%[at], #8] ;  vdup.8 q6, lr ;  ldr lr, [%[at], #12] ;  vdup.8 q7, lr
      .endif
      ldr %[at], [%[at], #16]
      lsrs lr, %[count], #3
      wls lr, lr, 2f
    1:
      eight n
      le lr, 1b
    2:
      ands %[count], %[count], #7
      beq 3f
      vctp.16 %[count]
      eight t
    3:
      .purgem next
      .purgem rescale
      .purgem join
      .purgem finish
      .purgem eight
    )"
        :
        [small] "+l"(small), [half] "+l"(half), [out] "+l"(out), [count] "+r"(count), [at] "+r"(at)
        : [zero_scaled] "r"(zero_scaled), [zero_half] "r"(zero_half), [multiplier] "r"(multiplier),
          [shift] "r"(shift), [sum_multiplier] "r"(sum_multiplier), [sum_shift] "r"(sum_shift),
          [each_small] "i"(each_small), [each_half] "i"(each_half), [by_one] "i"(by_one),
          [halves] "i"(scaled == Scaled::none), [minus] "i"(minus), [first] "i"(first),
          [program] "i"(program), [rectified] "i"(rectified), [general] "i"(general)
        : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "lr", "cc", "memory");
#else  // g++ has no register left over
    for (int i = 0; i < count; ++i) {
      const std::int32_t x = term<false>(small + (each_small ? i : 0));
      const std::int32_t y = term<true>(half + (each_half ? i : 0));
      const std::int32_t sum = !minus ? x + y : first ? x - y : y - x;
      const Multiplier m{sum_multiplier, static_cast<int>(sum_shift)};
      store(out + i,
            static_cast<std::int8_t>(clamp(requantize(sum, m) + zero, Clamp{last[2], last[3]})));
    }
#endif
  }
};

struct Adds {
  static constexpr const char* name = "mve.add";
  static constexpr bool serves(const GraphView& g, int value) {
    const bool sums =
        makes<std::int8_t>(g, value, op::add) || makes<std::int8_t>(g, value, op::sub);
    return sums && scalar_isa::AddShifts::of(g, g[value]).within(31);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr auto shifts = scalar_isa::AddShifts::of(graph.view(), v);
    constexpr Scaled scaled = shifts.a != 0   ? Scaled::first
                              : shifts.b != 0 ? Scaled::second
                                              : Scaled::none;
    return in_runs<Sums<scaled, shifts.a + shifts.b == 1, v.op == op::sub, adding_program(v)>,
                   graph, value>();
  }
};

}  // namespace graven::core::mve_isa

#endif
