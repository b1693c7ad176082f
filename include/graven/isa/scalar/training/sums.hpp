// Sums of products of floats, for training: in an order that every core keeps, so that all of them
// learn the same weights. Processors with vectors of floats make several elements at once, which
// changes no bit.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/kernel/bytes.hpp"

#include <bit>
#include <cstdint>

namespace graven::core::scalar_isa {

#if defined(__AVX__)
using Floats [[gnu::vector_size(32)]] = float;
#elif defined(__SSE2__)
using Floats [[gnu::vector_size(16)]] = float;
#else
using Floats = float;
#endif
inline constexpr int floats = sizeof(Floats) / 4;

// Of any address.
template <class T> constexpr T get(const std::byte* from) {
  if constexpr (sizeof(T) == 4) return load<T>(from);
  T value;
  __builtin_memcpy(&value, from, sizeof(T));
  return value;
}
template <class T> constexpr void put(std::byte* to, T value) {
  if constexpr (sizeof(T) == 4)
    store(to, value);
  else
    __builtin_memcpy(to, &value, sizeof(T));
}

// Calls each.operator()<T>(bytes from the first) for all elements, T being Floats or float.
template <class Each> constexpr void each_floats(int count, Each each) {
  int i = 0;
  if (floats > 1 && !std::is_constant_evaluated())
    for (; i + floats <= count; i += floats) each.template operator()<Floats>(4 * i);
  for (; i < count; ++i) each.template operator()<float>(4 * i);
}

// A sum of products is eight sums side by side, as vector units make them, then added in pairs.
inline constexpr int lanes = 8;
constexpr float added(const float (&sum)[lanes]) {
  return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}
constexpr void add_rest(const std::byte* a, const std::byte* b, int count, float (&sum)[lanes]) {
  for (int i = 0; i < count; ++i) sum[i] += load<float>(a + 4 * i) * load<float>(b + 4 * i);
}

// The sum of a[i] * b[i].
constexpr float product(const std::byte* a, const std::byte* b, int count) {
  float sum[lanes]{};
  for (; count >= lanes; count -= lanes, a += 4 * lanes, b += 4 * lanes)
    for (int i = 0; i < lanes; ++i) sum[i] += load<float>(a + 4 * i) * load<float>(b + 4 * i);
  add_rest(a, b, count, sum);
  return added(sum);
}

// Rows that are read side by side: as many sums as registers hold, for each waits for itself.
inline constexpr int side_by_side = floats == lanes ? 8 : 4;

// The same for so many rows of b, `count` floats each.
struct RowSums {
  float row[side_by_side]{};
};
#if defined(__SSE2__)
// added() of all rows at once, each row's sums in `sums`: [a b c d e f g h] of two rows become
// [a + e, ...], of four [(a + e) + (c + g), (b + f) + (d + h), ...].
#if defined(__AVX__)
inline Floats added_rows(const Floats (&sums)[side_by_side][1]) {
  Floats four[4];
  for (int r = 0; r < 4; ++r)
    four[r] = __builtin_shufflevector(sums[r][0], sums[r + 4][0], 0, 1, 2, 3, 8, 9, 10, 11) +
              __builtin_shufflevector(sums[r][0], sums[r + 4][0], 4, 5, 6, 7, 12, 13, 14, 15);
  auto two = [](Floats x, Floats y) {
    return __builtin_shufflevector(x, y, 0, 1, 8, 9, 4, 5, 12, 13) +
           __builtin_shufflevector(x, y, 2, 3, 10, 11, 6, 7, 14, 15);
  };
  const Floats x = two(four[0], four[1]), y = two(four[2], four[3]);
  return __builtin_shufflevector(x, y, 0, 2, 8, 10, 4, 6, 12, 14) +
         __builtin_shufflevector(x, y, 1, 3, 9, 11, 5, 7, 13, 15);
}
#else
inline Floats added_rows(const Floats (&sums)[side_by_side][2]) {
  auto two = [&](int r) {
    const Floats x = sums[r][0] + sums[r][1], y = sums[r + 1][0] + sums[r + 1][1];
    return __builtin_shufflevector(x, y, 0, 1, 4, 5) + __builtin_shufflevector(x, y, 2, 3, 6, 7);
  };
  const Floats x = two(0), y = two(2);
  return __builtin_shufflevector(x, y, 0, 2, 4, 6) + __builtin_shufflevector(x, y, 1, 3, 5, 7);
}
#endif
#endif
constexpr RowSums row_products(const std::byte* a, const std::byte* b, int count) {
  RowSums to;
  if (floats == 1 || std::is_constant_evaluated()) {
    for (int r = 0; r < side_by_side; ++r) to.row[r] = product(a, b + 4 * r * count, count);
    return to;
  }
  constexpr int parts = lanes / floats;
  Floats sums[side_by_side][parts]{};
  const int whole = count / lanes * lanes;
  for (int i = 0; i < whole; i += lanes)
#pragma GCC unroll 2
    for (int p = 0; p < parts; ++p) {
      const Floats x = get<Floats>(a + 4 * (i + p * floats));
#pragma GCC unroll 8  // sums in registers
      for (int r = 0; r < side_by_side; ++r)
        sums[r][p] += x * get<Floats>(b + 4 * (r * count + i + p * floats));
    }
#if defined(__SSE2__)
  if (whole == count) {
    const Floats all = added_rows(sums);
    __builtin_memcpy(to.row, &all, sizeof(all));
    return to;
  }
#endif
  for (int r = 0; r < side_by_side; ++r) {
    float sum[lanes];
    __builtin_memcpy(sum, sums[r], sizeof(sum));
    add_rest(a + 4 * whole, b + 4 * (r * count + whole), count - whole, sum);
    to.row[r] = added(sum);
  }
  return to;
}
// Calls finish(row, its sum of products with a) for each row.
template <class Finish>
constexpr void each_product(const std::byte* a, const std::byte* b, int count, int rows,
                            Finish finish) {
  int r = 0;
  for (; r + side_by_side <= rows; r += side_by_side, b += 4 * side_by_side * count) {
    const RowSums sums = row_products(a, b, count);
    for (int k = 0; k < side_by_side; ++k) finish(r + k, sums.row[k]);
  }
  for (; r < rows; ++r, b += 4 * count) finish(r, product(a, b, count));
}

// to[i] += from[i] * factor
constexpr void add_scaled(std::byte* to, const std::byte* from, int count, float factor) {
  each_floats(count, [&]<class T>(int at) {
    put<T>(to + at, get<T>(to + at) + get<T>(from + at) * factor);
  });
}
// to[i] += the sum over the rows of rows[r][i] * factors[r], one row after the other; rows whose
// factor is 0 add nothing: behind a ReLU they are many.
constexpr void add_rows(std::byte* to, const std::byte* rows, int count, const std::byte* factors,
                        int number) {
  for (int r = 0; r < number;) {
    const std::byte* row[side_by_side]{};
    float factor[side_by_side]{};
    int n = 0;
    for (; r < number && n < side_by_side; ++r)
      if (const float f = load<float>(factors + 4 * r); f != 0) {
        row[n] = rows + 4 * r * count;
        factor[n++] = f;
      }
    if (n == side_by_side)
      each_floats(count, [&]<class T>(int at) {
        T sum = get<T>(to + at);
        for (int k = 0; k < side_by_side; ++k) sum = sum + get<T>(row[k] + at) * factor[k];
        put<T>(to + at, sum);
      });
    for (int k = 0; n < side_by_side && k < n; ++k) add_scaled(to, row[k], count, factor[k]);
  }
}

// NaN, if one of them is.
constexpr float largest_magnitude(const std::byte* x, int count) {
  std::uint32_t most[4]{};  // of floats without their sign the bits are in the same order
  for (; count >= 4; count -= 4, x += 16)
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t size = load<std::uint32_t>(x + 4 * i) & 0x7fff'ffff;
      most[i] = size > most[i] ? size : most[i];
    }
  for (int i = 0; i < count; ++i) {
    const std::uint32_t size = load<std::uint32_t>(x + 4 * i) & 0x7fff'ffff;
    most[0] = size > most[0] ? size : most[0];
  }
  for (int i = 1; i < 4; ++i) most[0] = most[i] > most[0] ? most[i] : most[0];
  return std::bit_cast<float>(most[0]);
}

constexpr void add(std::byte* to, float x) { store(to, load<float>(to) + x); }

constexpr void clear(std::byte* to, int count) {
  if (count > 0) fill_bytes(to, std::byte{0}, 4 * count);
}

}  // namespace graven::core::scalar_isa
