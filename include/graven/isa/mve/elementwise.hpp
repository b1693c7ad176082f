// Row kernels that go through a row once: the sum of two activations of one shape, tables.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/requantize.hpp"
#include "graven/isa/scalar/add.hpp"
#include "graven/isa/scalar/elementwise.hpp"
#include "graven/layers/binary.hpp"

namespace graven::core::mve_isa {

// Read by the assembler below. An operand's term is requantize(x * 2^20 + constant) or, where its
// multiplier is one half, x * 2^19 + constant.
struct AddTerm {
  std::int32_t constant, multiplier, shift;

  explicit AddTerm(Reader& from)
      : constant(from.next<std::int32_t>()), multiplier(from.next<std::int32_t>()),
        shift(from.next<std::int32_t>()) {}
};
struct AddJob {
  const std::byte *a, *b;
  std::byte* out;
  AddTerm first, second;
  std::int32_t multiplier, shift, zero;
  std::int32_t low, high, count;
};

//   r0 r1 operands, r2 out, r3-r5 and r6-r8 terms, r9 multiplier, r10 shift, r11 zero point
template <bool half_a, bool half_b, bool minus, int program>
GRAVEN_NAKED void add_row(const AddJob*) {
  asm volatile(R"(
    .macro term half q scale constant multiplier shift
    vmlas.s32 \q, \scale, \constant
    .ifeq \half
    vqrdmulh.s32 \q, \q, \multiplier
    vshr.s32 q2, \q, #31 ;  vadd.i32 \q, \q, q2
    vrshl.s32 \q, \shift
    .endif
    .endm

    push {r4-r11, lr}
    vpush {d8-d13}
    mov r12, r0
    ldrd r4, r5, [r12, #48]
    vdup.8 q5, r4 ;  vdup.8 q6, r5
    mov r4, #1 << (20 - %c[half_a]) ;  vdup.32 q3, r4
    mov r4, #1 << (20 - %c[half_b]) ;  vdup.32 q4, r4
    ldr lr, [r12, #56]
    ldm r12, {r0-r11}
    wlstp.32 lr, lr, 2f
  1:
    vldrb.s32 q0, [r0], #4
    vldrb.s32 q1, [r1], #4
    term %c[half_a], q0, q3, r3, r4, r5
    term %c[half_b], q1, q4, r6, r7, r8
    .if %c[minus]
    vsub.i32 q0, q0, q1
    .else
    vadd.i32 q0, q0, q1
    .endif
    vqrdmulh.s32 q0, q0, r9
    .if %c[program] != %c[rectified]
    vshr.s32 q2, q0, #31 ;  vadd.i32 q0, q0, q2
    .endif
    vrshl.s32 q0, r10
    vqmovnb.s32 q0, q0
    vqadd.s16 q0, q0, r11
    vqmovnb.s16 q0, q0
    .if %c[program] == %c[general]
    vmax.s8 q0, q0, q5 ;  vmin.s8 q0, q0, q6
    .endif
    vstrb.32 q0, [r2], #4
    letp lr, 1b
  2:
    vpop {d8-d13}
    pop {r4-r11, pc}
    .purgem term
  )" ::[half_a] "i"(half_a),
               [half_b] "i"(half_b), [minus] "i"(minus), [program] "i"(program),
               [rectified] "i"(rectified), [general] "i"(general));
}

// Is the multiplier of operand k one half?
constexpr bool halves(const GraphView& g, const Value& v, int k) {
  return scalar_isa::AddInt8::multipliers(g, v).inputs[k] == Multiplier{1 << 30, 0};
}
constexpr bool adds(const GraphView& g, const Value& v) {
  const AddMultipliers m = scalar_isa::AddInt8::multipliers(g, v);
  for (int k = 0; k < 2; ++k)
    if (g.input(v, k).shape != v.shape || (!halves(g, v, k) && m.inputs[k].shift >= 0))
      return false;
  return m.sum.shift < 0;
}
constexpr int adding_program(const Value& v) {
  const Clamp range = range_of(v);
  if (range.low != -128 || range.high != 127) return general;
  return v.quant.zero_point == -128 ? rectified : shifted;
}

// Stream: int32 constant, multiplier, shift of both terms; multiplier and shift of the sum.
template <bool half_a, bool half_b, bool minus, int program> struct Add : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 32; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const AddMultipliers all = scalar_isa::AddInt8::multipliers(g, v);
    for (int k = 0; k < 2; ++k) {
      const Multiplier m = all.inputs[k];
      const int bits = (k == 0 ? half_a : half_b) ? 19 : 20;
      to.put<std::int32_t>(-g.source(v, k).quant.zero_point * (1 << bits));
      to.put<std::int32_t>(m.multiplier);
      to.put<std::int32_t>(m.shift);
    }
    to.put<std::int32_t>(all.sum.multiplier);
    to.put<std::int32_t>(all.sum.shift);
  }
  static void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const AddTerm first(from), second(from);
    const auto multiplier = from.next<std::int32_t>(), shift = from.next<std::int32_t>();
    const AddJob job{band.rows[0],
                     band.rows[task.rows],
                     band.out[0],
                     first,
                     second,
                     multiplier,
                     shift,
                     task.out_zero,
                     task.low,
                     task.high,
                     task.out_width * task.out_channels};
    add_row<half_a, half_b, minus, program>(&job);
  }
};

struct Adds {
  static constexpr const char* name = "mve.add";
  static constexpr bool serves(const GraphView& g, int value) {
    const bool sums =
        makes<std::int8_t>(g, value, op::add) || makes<std::int8_t>(g, value, op::sub);
    return sums && adds(g, g[value]);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr GraphView g = graph.view();
    constexpr const Value& v = graph.values[value];
    return Add<halves(g, v, 0), halves(g, v, 1), v.op == op::sub, adding_program(v)>{};
  }
};

// out[i] = table[uint8(in[i])], sixteen at a time.
struct Map : scalar_isa::MapBytes {
  static constexpr const char* name = "mve.map";
  static constexpr bool serves(const GraphView& g, int value) {
    return MapBytes::serves(g, value) && g[value].op != op::quantize;
  }
  static void run(const Task& task, const Band& band) {
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    asm volatile(R"(
      wlstp.8 lr, %[count], 2f
    1:
      vldrb.8 q0, [%[in]], #16
      vldrb.u8 q1, [%[table], q0]
      vstrb.8 q1, [%[out]], #16
      letp lr, 1b
    2:
    )"
                 : [in] "+r"(in), [out] "+r"(out)
                 : [table] "r"(task.stream), [count] "r"(task.out_width * task.out_channels)
                 : "q0", "q1", "lr", "cc", "memory");
  }
};

}  // namespace graven::core::mve_isa

#endif
