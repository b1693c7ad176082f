// Products of matrices, a column of the second at a time: its bytes are taken apart once for two
// rows of the first. Zero points are left out of the sums and put right by sums of rows and
// columns:
//   sum((x - zx) * (y - zy)) = sum(x * y) - zy * sum(x) - zx * sum(y) + depth * zx * zy
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dense/rows.hpp"
#include "graven/isa/scalar/batch_matmul.hpp"

namespace graven::core::armv7em_isa {

// Where rows of x lie in one piece, columns of y not. Scratch: int32 per row of x; then a column.
struct BatchMatMul : scalar_isa::BatchMatMul<std::int8_t> {
  using Scalar = scalar_isa::BatchMatMul<std::int8_t>;
  using Rule = scalar_isa::ProductOf<std::int8_t>;

  static constexpr const char* name = "armv7em.batch_matmul";
  static constexpr bool serves(const GraphView& g, int value) {
    const auto o = g[value].options.get<BatchMatMulOptions>();
    return Scalar::serves(g, value) && o.adjoint_x == 0 && o.adjoint_y == 0 &&
           g.input(g[value]).shape.channels >= 4;
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return 4 * v.shape.width + ((g.input(v).shape.channels + 3) & ~3);
  }

  static std::int32_t sum(const std::byte* x, int depth) {
    std::int32_t sum = 0;
    for (; depth >= 4; depth -= 4, x += 4) {
      const auto four = load<std::uint32_t>(x);
      sum = smlad(even_bytes(four), 0x10001, sum);
      sum = smlad(odd_bytes(four), 0x10001, sum);
    }
    for (; depth > 0; --depth) sum += load<std::int8_t>(x++);
    return sum;
  }
  // Sums of products with rows `x` and `x + depth`, or of the first alone.
  struct Pair {
    std::int32_t first, second;
  };
  template <bool both>
  [[gnu::always_inline]] static inline Pair dots(const std::byte* x, const std::byte* y,
                                                 int depth) {
    const std::byte* const end = y + (depth & ~3);
    const std::byte* next = x + (both ? depth : 0);
    Pair acc{0, 0};
    for (; y != end; y += 4, x += 4, next += 4) {
      const auto column = load<std::uint32_t>(y), row = load<std::uint32_t>(x);
      const std::uint32_t even = even_bytes(column), odd = odd_bytes(column);
      acc.first = smlad(even_bytes(row), even, acc.first);
      acc.first = smlad(odd_bytes(row), odd, acc.first);
      if constexpr (both) {
        const auto below = load<std::uint32_t>(next);
        acc.second = smlad(even_bytes(below), even, acc.second);
        acc.second = smlad(odd_bytes(below), odd, acc.second);
      }
    }
    for (int left = depth & 3; left > 0; --left, ++x, ++y, ++next) {
      const std::int32_t column = load<std::int8_t>(y);
      acc.first += load<std::int8_t>(x) * column;
      if constexpr (both) acc.second += load<std::int8_t>(next) * column;
    }
    return acc;
  }

  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const Rule rule(t);
    const int depth = t.in_channels, rows = t.out_width, columns = t.out_channels;
    std::byte* const terms = band.scratch;
    for (int i = 0; i < rows; ++i) {
      const std::int32_t row = depth * rule.zero_x - sum(band.rows[0] + i * depth, depth);
      store_aligned(terms + 4 * i, rule.zero_y * row);
    }
    for (int j = 0; j < columns; ++j) {
      const std::byte* const column =
          gathered(band.rows[t.rows] + j, columns, depth, terms + 4 * rows);
      const std::int32_t term = -rule.zero_x * sum(column, depth);
      const std::byte* x = band.rows[0];
      const std::byte* row = terms;
      std::byte* out = band.out[0] + j;
      int left = rows;
      for (; left >= 2; left -= 2, x += 2 * depth, row += 8, out += 2 * columns) {
        const Pair both = dots<true>(x, column, depth);
        rule.finish(out, both.first + term + load_aligned<std::int32_t>(row));
        rule.finish(out + columns, both.second + term + load_aligned<std::int32_t>(row + 4));
      }
      if (left > 0)
        rule.finish(out,
                    dots<false>(x, column, depth).first + term + load_aligned<std::int32_t>(row));
    }
  }

private:
  static const std::byte* gathered(const std::byte* y, int step, int count, std::byte* to) {
    for (int k = 0; k < count; ++k, y += step) to[k] = *y;
    return to;
  }
};

// Where the columns of y lie in one piece as well: a row of x, less its zero point, with four of
// them. Scratch: that row as halfwords.
struct RowProducts : scalar_isa::BatchMatMul<std::int8_t> {
  using Scalar = scalar_isa::BatchMatMul<std::int8_t>;
  using Rule = scalar_isa::ProductOf<std::int8_t>;

  static constexpr const char* name = "armv7em.row_products";
  static constexpr bool serves(const GraphView& g, int value) {
    const auto o = g[value].options.get<BatchMatMulOptions>();
    return Scalar::serves(g, value) && o.adjoint_x == 0 && o.adjoint_y != 0 &&
           g.input(g[value]).shape.channels >= 4;
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return 2 * ((g.input(v).shape.channels + 3) & ~3);
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const Rule rule(t);
    const int depth = t.in_channels;
    const std::byte *x = band.rows[0], *const row = band.scratch;
    std::byte* out = band.out[0];
    for (int i = 0; i < t.out_width; ++i, x += depth) {
      std::int32_t less = 0;
      for (int k = 0; k < depth; ++k) {
        const int element = load<std::int8_t>(x + k) - rule.zero_x;
        store_aligned(band.scratch + half_at<1>(k), static_cast<std::int16_t>(element));
        less += rule.zero_y * element;
      }
      auto finish = [&](std::int32_t sum, const std::byte* y) {
        for (int k = depth & ~3; k < depth; ++k)
          sum += load_aligned<std::int16_t>(row + half_at<1>(k)) * load<std::int8_t>(y + k);
        rule.finish(out++, sum);
      };
      const std::byte* y = band.rows[t.rows];
      int left = t.out_channels;
      for (; left >= 4; left -= 4, y += 4 * depth) {
        std::int32_t a = -less, b = a, c = a, d = a;
        block_sums<1>(row, y, depth, depth / 4, a, b, c, d);
        finish(a, y), finish(b, y + depth), finish(c, y + 2 * depth), finish(d, y + 3 * depth);
      }
      for (; left > 0; --left, y += depth) finish(row_sum<1>(row, y, depth / 4) - less, y);
    }
  }
};

}  // namespace graven::core::armv7em_isa

#endif
