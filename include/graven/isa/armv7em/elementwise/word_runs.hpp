// Two int16 rows, two elements at a time, either of which may be broadcast.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dsp.hpp"
#include "graven/isa/shared/attributes.hpp"
#include "graven/isa/shared/runs.hpp"
#include "graven/kernel/prefer.hpp"

namespace graven::core::armv7em_isa {

// Whole eights of elements, if Math has a way to make them of whole words; the bytes made.
template <class Math>
[[gnu::always_inline]] inline int in_eights(const Math& math, const std::byte* a,
                                            const std::byte* b, std::byte* out, int length) {
  if constexpr (requires { Math::has_eights; })
    if constexpr (Math::has_eights)
      if (length >= 8 && are_aligned(a, b, out)) {
        math.eights(a, b, out, length >> 3);
        return 2 * (length & ~7);
      }
  return 0;
}

// Math makes two outputs of two elements of each operand.
template <class Math, bool each_a, bool each_b, bool clamps> struct WordsInRuns : RunsKernel<Math> {
  GRAVEN_OPTIMIZE("no-schedule-insns") static void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    int runs = from.next<std::int32_t>();
    const int length = from.next<std::int32_t>();
    const int step_a = 2 * from.next<std::int32_t>(), step_b = 2 * from.next<std::int32_t>();
    const Math math(from);
    const Clamp range{task.low, task.high};
    const std::byte *row_a = band.rows[0], *row_b = band.rows[task.rows];
    std::byte* out = band.out[0];
    const auto two = [&](std::uint32_t x, std::uint32_t y) {
      const std::uint32_t made = math.two(x, y);
      if constexpr (!clamps) return made;
      return two_words(clamp(static_cast<std::int16_t>(made), range),
                       clamp(static_cast<std::int32_t>(made) >> 16, range));
    };
    for (; runs > 0; --runs, row_a += step_a, row_b += step_b) {
      const std::byte *a = row_a, *b = row_b;
      const std::uint32_t first = load<std::uint16_t>(a) * 0x10001u;
      const std::uint32_t second = load<std::uint16_t>(b) * 0x10001u;
      const auto at = [&](int i) {
        const std::uint32_t x = each_a ? load<std::uint32_t>(a + i) : first;
        store(out + i, two(x, each_b ? load<std::uint32_t>(b + i) : second));
      };
      const auto on = [&](int bytes) {
        if (each_a) a += bytes;
        if (each_b) b += bytes;
        out += bytes;
      };
      std::byte* const end = out + 2 * (length & ~1);
      std::byte* const before = out + 2 * (length & ~7);
      if constexpr (each_a && each_b && !clamps) on(in_eights(math, a, b, out, length));
      while (out != before) at(0), at(4), at(8), at(12), on(16);
      while (out != end) at(0), on(4);
      if ((length & 1) == 0) continue;
      const std::uint32_t x = each_a ? load<std::uint16_t>(a) : first;
      const std::uint32_t y = each_b ? load<std::uint16_t>(b) : second;
      store(out, static_cast<std::int16_t>(two(x, y)));
      out += 2;
    }
  }
};
template <class Math, const auto& graph, int value> constexpr auto words_in_runs() {
  constexpr const Value& v = graph.values[value];
  constexpr Runs runs(graph.view(), v);
  return WordsInRuns<Math, runs.each[0], runs.each[1], !whole_range(v)>{};
}
constexpr bool are_words(const GraphView& g, int value, const Op& op) {
  if (!makes<std::int16_t>(g, value, op)) return false;
  const Value& v = g[value];
  return v.quant.zero_point == 0 && g.source(v, 0).quant.zero_point == 0 &&
         g.source(v, 1).quant.zero_point == 0;
}

}  // namespace graven::core::armv7em_isa

#endif
