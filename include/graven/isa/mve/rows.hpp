// Products of a vector of halfwords with rows of bytes or halfwords, eight products per
// instruction, four rows side by side: scores and values of attention, matrices whose columns lie
// in one piece.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/scalar/batch_matmul.hpp"

#include <arm_mve.h>

namespace graven::core::mve_isa {

// Elements less their zero point, as halfwords. Their sum.
inline std::int32_t put_halves(std::int16_t* to, const std::byte* from, int count, int zero) {
  const auto* x = reinterpret_cast<const std::int8_t*>(from);
  std::int32_t sum = 0;
  for (; count > 0; count -= 8, x += 8, to += 8) {
    const mve_pred16_t some = vctp16q(static_cast<std::uint32_t>(count));
    const int16x8_t eight = vsubq_n_s16(vldrbq_z_s16(x, some), static_cast<std::int16_t>(zero));
    sum = vaddvaq_p_s16(sum, eight, some);
    vstrhq_p_s16(to, eight, some);
  }
  return sum;
}

// Eight elements of a row as halfwords, and sums that hold their products with halfwords.
template <class T> struct EightOf;
template <> struct EightOf<std::int8_t> {
  using Sum = std::int32_t;
  static int16x8_t load(const std::int8_t* x) { return vldrbq_s16(x); }
  static int16x8_t load(const std::int8_t* x, mve_pred16_t some) { return vldrbq_z_s16(x, some); }
  static Sum add(Sum sum, int16x8_t a, int16x8_t b) { return vmladavaq_s16(sum, a, b); }
};
template <> struct EightOf<std::int16_t> {
  using Sum = std::int64_t;
  static int16x8_t load(const std::int16_t* x) { return vldrhq_s16(x); }
  static int16x8_t load(const std::int16_t* x, mve_pred16_t some) { return vldrhq_z_s16(x, some); }
  static Sum add(Sum sum, int16x8_t a, int16x8_t b) { return vmlaldavaq_s16(sum, a, b); }
};

// Of `count` elements of a vector and four rows of T, `stride` bytes apart.
template <class T> struct FourSums {
  using Row = EightOf<T>;
  typename Row::Sum a = 0, b = 0, c = 0, d = 0;

  [[gnu::always_inline]] FourSums(const std::int16_t* vector, const std::byte* rows, int stride,
                                  int count) {
    auto at = [&](int k) { return reinterpret_cast<const T*>(rows + k * stride); };
    const T *first = at(0), *second = at(1), *third = at(2), *fourth = at(3);
    for (; count >= 8; count -= 8, vector += 8, first += 8, second += 8, third += 8, fourth += 8) {
      const int16x8_t eight = vldrhq_s16(vector);
      a = Row::add(a, eight, Row::load(first));
      b = Row::add(b, eight, Row::load(second));
      c = Row::add(c, eight, Row::load(third));
      d = Row::add(d, eight, Row::load(fourth));
    }
    if (count == 0) return;
    const mve_pred16_t some = vctp16q(static_cast<std::uint32_t>(count));
    const int16x8_t eight = vldrhq_z_s16(vector, some);
    a = Row::add(a, eight, Row::load(first, some));
    b = Row::add(b, eight, Row::load(second, some));
    c = Row::add(c, eight, Row::load(third, some));
    d = Row::add(d, eight, Row::load(fourth, some));
  }
};
template <class T>
inline typename EightOf<T>::Sum row_sum(const std::int16_t* vector, const std::byte* row,
                                        int count) {
  const auto* x = reinterpret_cast<const T*>(row);
  typename EightOf<T>::Sum sum = 0;
  for (; count > 0; count -= 8, vector += 8, x += 8) {
    const mve_pred16_t some = vctp16q(static_cast<std::uint32_t>(count));
    sum = EightOf<T>::add(sum, vldrhq_z_s16(vector, some), EightOf<T>::load(x, some));
  }
  return sum;
}

// Where rows of x and columns of y lie in one piece. Scratch: a row of x.
struct RowProducts : scalar_isa::BatchMatMul<std::int8_t> {
  using Scalar = scalar_isa::BatchMatMul<std::int8_t>;
  using Rule = scalar_isa::ProductOf<std::int8_t>;

  static constexpr const char* name = "mve.row_products";
  static constexpr bool serves(const GraphView& g, int value) {
    if (!Scalar::serves(g, value)) return false;
    const auto o = g[value].options.get<BatchMatMulOptions>();
    return o.adjoint_x == 0 && o.adjoint_y != 0;
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return (2 * g.input(v).shape.channels + 3) & ~3;
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const Rule rule(t);
    const int depth = t.in_channels;
    auto* const row = reinterpret_cast<std::int16_t*>(band.scratch);
    const std::byte* x = band.rows[0];
    std::byte* out = band.out[0];
    for (int i = 0; i < t.out_width; ++i, x += depth) {
      const std::int32_t less = rule.zero_y * put_halves(row, x, depth, rule.zero_x);
      const std::byte* y = band.rows[t.rows];
      int left = t.out_channels;
      for (; left >= 4; left -= 4, y += 4 * depth) {
        const FourSums<std::int8_t> four(row, y, depth, depth);
        for (const std::int32_t sum : {four.a, four.b, four.c, four.d})
          rule.finish(out++, sum - less);
      }
      for (; left > 0; --left, y += depth)
        rule.finish(out++, row_sum<std::int8_t>(row, y, depth) - less);
    }
  }
};

}  // namespace graven::core::mve_isa

#endif
