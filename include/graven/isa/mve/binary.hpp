// Two rows, of which one may be broadcast; products of int8 and int16 eight at a time, extremes of
// int8 sixteen.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/elementwise.hpp"
#include "graven/isa/scalar/binaries.hpp"
#include "graven/isa/scalar/mul.hpp"
#include "graven/isa/shared/runs.hpp"
#include "graven/kernel/multiplier.hpp"

namespace graven::core::mve_isa {

// The bytes of an element.
template <class Math> constexpr int element_of_math() {
  if constexpr (requires { Math::size; }) return Math::size;
  return 1;
}

template <class Math, bool each_a, bool each_b> struct InRuns : RunsKernel<Math> {
  static void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    int runs = from.next<std::int32_t>();
    const int length = from.next<std::int32_t>();
    const int step_a = from.next<std::int32_t>(), step_b = from.next<std::int32_t>();
    Math math(task, from);
    const std::byte *a = band.rows[0], *b = band.rows[task.rows];
    std::byte* out = band.out[0];
    constexpr int size = element_of_math<Math>();
    for (; runs > 0; --runs, a += size * step_a, b += size * step_b, out += size * length)
      math.template run<each_a, each_b>(a, b, out, length);
  }
};
template <class Math, const auto& graph, int value> constexpr auto in_runs() {
  constexpr Runs runs(graph.view(), graph.values[value]);
  return InRuns<Math, runs.each[0], runs.each[1]>{};
}

// For the assembler of what makes eight elements at a time, of lanes of 32 bits: `get` loads eight,
// as halfwords; `put` stores the halfwords in q0; GRAVEN_MVE_EIGHTS runs the macro `eight`
// %[count] / 8 times with n, and for what is left once with t, predicated. Of `words` the zero
// point is 0.
#define GRAVEN_MVE_PUT                                                                             \
  ".macro get q, from, then\n"                                                                     \
  ".if %c[words] ;  each \\then, vldrh, .u16, \\q, \\from, 16\n"                                   \
  ".else ;  each \\then, vldrb, .s16, \\q, \\from, 8 ;  .endif\n"                                  \
  ".endm\n"                                                                                        \
  ".macro each then, does, type, q, at, step\n"                                                    \
  ".ifc \\then, t ;  vpst ;  \\does\\()t\\type \\q, [\\at]\n"                                      \
  ".else ;  \\does\\type \\q, [\\at], #\\step ;  .endif\n"                                         \
  ".endm\n"                                                                                        \
  ".macro put zero, low, high, then\n"                                                             \
  ".if %c[words]\n"                                                                                \
  ".if %c[program] != %c[shifted] ;  vmax.s16 q0, q0, \\low ;  .endif\n"                           \
  ".if %c[program] == %c[general] ;  vmin.s16 q0, q0, \\high ;  .endif\n"                          \
  "each \\then, vstrh, .16, q0, %[out], 16\n"                                                      \
  ".else\n"                                                                                        \
  "vqadd.s16 q0, q0, \\zero\n"                                                                     \
  "vqmovnb.s16 q0, q0\n"                                                                           \
  ".if %c[program] == %c[general]\n"                                                               \
  "vmax.s8 q0, q0, \\low ;  vmin.s8 q0, q0, \\high\n"                                              \
  ".endif\n"                                                                                       \
  "each \\then, vstrb, .16, q0, %[out], 8\n"                                                       \
  ".endif\n"                                                                                       \
  ".endm\n"
#define GRAVEN_MVE_EIGHTS                                                                          \
  "lsrs lr, %[count], #3\n"                                                                        \
  "wls lr, lr, 2f\n"                                                                               \
  "1: eight n\n"                                                                                   \
  "le lr, 1b\n"                                                                                    \
  "2: ands %[count], %[count], #7\n"                                                               \
  "beq 3f\n"                                                                                       \
  "vctp.16 %[count]\n"                                                                             \
  "eight t\n"                                                                                      \
  "3: .purgem eight ;  .purgem put ;  .purgem each ;  .purgem get\n"

// With a right shift. Even and odd lanes make products of 32 bits, which are narrowed into their
// places again. Of the last vector only loads and the store are predicated: a product of which half
// were, would keep the other half. Stream: both zero points, negative; multiplier, shift.
template <class T, int program> struct Products {
  static constexpr int bytes = 16, size = sizeof(T);
  std::int32_t zero_a, zero_b;
  std::int32_t constants[7];  // first, second, multiplier, shift, low, high, zero point

  Products(const Task& t, Reader& from)
      : zero_a(from.next<std::int32_t>()),
        zero_b(from.next<std::int32_t>()), constants{zero_a, zero_b, 0,         0,
                                                     t.low,  t.high, t.out_zero} {
    constants[2] = from.next<std::int32_t>();
    constants[3] = from.next<std::int32_t>();
  }
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    for (int k = 0; k < 2; ++k) to.put<std::int32_t>(-g.source(v, k).quant.zero_point);
    put_multiplier(to, scalar_isa::MulQuantized<T>::multiplier(g, v));
  }
  template <bool each_a, bool each_b>
  void run(const std::byte* a, const std::byte* b, std::byte* out, int count) {
    if constexpr (!each_a) constants[0] = load<T>(a) + zero_a;
    if constexpr (!each_b) constants[1] = load<T>(b) + zero_b;
    const std::int32_t* at = constants;  // then the zero point is in its register
    asm volatile(GRAVEN_MVE_PUT R"(
      .macro next q from zero then
      get \q, \from, \then
      .if %c[words] == 0 ;  vadd.i16 \q, \q, \zero ;  .endif
      .endm
      .macro finish to q
      .if %c[program] != %c[rectified]
      vshr.s32 \to, \q, #31 ;  vqrdmlah.s32 \to, \q, r10
      .else
      vqrdmulh.s32 \to, \q, r10
      .endif
      vrshl.s32 \to, \to, q7
      .endm
      .macro eight then
      .if %c[each_a]
      next q2, %[a], r8, \then
      .endif
      .if %c[each_b]
      next q3, %[b], r9, \then
      .endif
      vmullb.s16 q1, q2, q3 ;  vmullt.s16 q4, q2, q3
      finish q0, q1
      finish q1, q4
      vqmovnb.s32 q0, q0 ;  vqmovnt.s32 q0, q1
      put %[at], q5, q6, \then
      .endm
      ldm %[at]!, {r8, r9, r10}
      vdup.16 q2, r8 ;  vdup.16 q3, r9
      ldr lr, [%[at]] ;  vdup.32 q7, lr
      .if %c[words] ;  ldrd r8, r9, [%[at], #4] ;  vdup.16 q5, r8 ;  vdup.16 q6, r9
      .else
      ldr lr, [%[at], #4] ;  vdup.8 q5, lr
      ldr lr, [%[at], #8] ;  vdup.8 q6, lr
      .endif
      ldr %[at], [%[at], #12]
    )" GRAVEN_MVE_EIGHTS ".purgem next ;  .purgem finish\n"
                 : [a] "+l"(a), [b] "+l"(b), [out] "+l"(out), [count] "+r"(count), [at] "+r"(at)
                 : [each_a] "i"(each_a), [each_b] "i"(each_b), [program] "i"(program),
                   [rectified] "i"(rectified), [general] "i"(general), [shifted] "i"(shifted),
                   [words] "i"(size == 2)
                 : "r8", "r9", "r10", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "lr", "cc",
                   "memory");
  }
};
// int8, and int16 around zero.
template <class T> constexpr bool is_pair(const GraphView& g, int value, const Op& op) {
  if (!makes<T>(g, value, op) || g[value].inputs != 2) return false;
  const Value& v = g[value];
  return sizeof(T) == 1 || (v.quant.zero_point == 0 && g.source(v, 0).quant.zero_point == 0 &&
                            g.source(v, 1).quant.zero_point == 0);
}
template <class T> struct Muls {
  static constexpr const char* name = sizeof(T) == 1 ? "mve.mul" : "mve.int16_products";
  static constexpr bool serves(const GraphView& g, int value) {
    return is_pair<T>(g, value, op::mul) &&
           scalar_isa::MulQuantized<T>::multiplier(g, g[value]).shift < 0;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return in_runs<Products<T, adding_program(graph.values[value])>, graph, value>();
  }
};

// Minimum and Maximum.
template <bool least> struct Extremes {
  static constexpr int bytes = 0;

  Extremes(const Task&, Reader&) {}
  static constexpr void pack(const GraphView&, const Value&, Writer&) {}
  template <bool each_a, bool each_b>
  void run(const std::byte* a, const std::byte* b, std::byte* out, int count) const {
    asm volatile(
        R"(
      vdup.8 q0, %[first] ;  vdup.8 q1, %[second]
      wlstp.8 lr, %[count], 2f
    1:
      .if %c[each_a]
      vldrb.8 q0, [%[a]], #16
      .endif
      .if %c[each_b]
      vldrb.8 q1, [%[b]], #16
      .endif
      .if %c[least]
      vmin.s8 q2, q0, q1
      .else
      vmax.s8 q2, q0, q1
      .endif
      vstrb.8 q2, [%[out]], #16
      letp lr, 1b
    2:
    )"
        : [a] "+r"(a), [b] "+r"(b), [out] "+r"(out)
        : [first] "r"(load<std::uint8_t>(a)), [second] "r"(load<std::uint8_t>(b)),
          [count] "r"(count), [each_a] "i"(each_a), [each_b] "i"(each_b), [least] "i"(least)
        : "q0", "q1", "q2", "lr", "cc", "memory");
  }
};
template <bool least> struct Bounds {
  static constexpr const char* name = least ? "mve.minimum" : "mve.maximum";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::bounds_as_is<std::int8_t, least>(g, value);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return in_runs<Extremes<least>, graph, value>();
  }
};

}  // namespace graven::core::mve_isa

#endif
