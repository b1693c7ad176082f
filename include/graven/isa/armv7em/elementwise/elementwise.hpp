// Add, and resize by whole pixels.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/tiles.hpp"
#include "graven/isa/scalar/add.hpp"
#include "graven/isa/scalar/elementwise.hpp"
#include "graven/isa/scalar/resize.hpp"

namespace graven::core::armv7em_isa {

// ADD of equal shapes. With the right shifts of both operands and of the sum known, a term is
//   (round(s * 2 * m / 2^32) + half + (s < 0 ? -1 : 0)) >> shift, s = (x - zero) << 20,
// and that of the operand with the larger scale (m = 2^30, shift = 0) is s / 2 exactly.
// Stream: what AddShifts packs, and (2 * zero + 1) << (shift - 1).
template <int shift_a, int shift_b, int shift_out> struct Add : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 24; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    constexpr scalar_isa::AddShifts shifts{shift_a, shift_b, shift_out};
    shifts.pack(g, v, to, 21);
    to.put(static_cast<std::int32_t>((2 * v.quant.zero_point + 1) * (1 << (shift_out - 1))));
  }

  template <int shift>
  [[gnu::always_inline]] static std::int32_t term(std::int32_t x, std::int32_t zero,
                                                  std::int32_t multiplier) {
    if constexpr (shift == 0) {
      return x * (1 << 19) + zero;
    } else {
      const std::int32_t s = x * (1 << 21) + zero;
      return (smmlar(s, multiplier, 1 << (shift - 1)) + (s >> 31)) >> shift;
    }
  }

  GRAVEN_OPTIMIZE("no-schedule-insns") static void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const auto zero_a = from.next<std::int32_t>(), multiplier_a = from.next<std::int32_t>();
    const auto zero_b = from.next<std::int32_t>(), multiplier_b = from.next<std::int32_t>();
    const auto multiplier = from.next<std::int32_t>(), c = from.next<std::int32_t>();
    const std::byte *a = band.rows[0], *b = band.rows[task.rows];
    std::byte* out = band.out[0];
    for (std::byte* const end = out + task.out_width * task.out_channels; out != end;) {
      const std::int32_t sum = term<shift_a>(load<std::int8_t>(a++), zero_a, multiplier_a) +
                               term<shift_b>(load<std::int8_t>(b++), zero_b, multiplier_b);
      const std::int32_t y = smmlar(sum * 2, multiplier, c + (sum >> 31));
      *out++ = static_cast<std::byte>(saturate_half(y >> (shift_out - 1)));
    }
  }
};

struct Adds {
  static constexpr const char* name = "armv7em.add";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    return makes<std::int8_t>(g, value, op::add) && scalar_isa::AddInt8::is_plain(g, v) &&
           whole_range(v) && scalar_isa::AddShifts::of(g, v).within(22);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr auto shifts = scalar_isa::AddShifts::of(graph.view(), graph.values[value]);
    return Add<shifts.a, shifts.b, shifts.out>{};
  }
};

struct Nearest : scalar_isa::Nearest {
  static constexpr const char* name = "armv7em.nearest";
  static void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const int pixel = from.next<std::int32_t>(), width = task.out_width;
    const std::byte* row = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = 0; x < width; ++x)
      out = copy(out, row + from.next<std::uint16_t>() * pixel, pixel);
  }
};

}  // namespace graven::core::armv7em_isa

#endif
