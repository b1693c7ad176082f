// The plan of a model as data: what the map says is what the plan promises.
#include <graven/graven.hpp>

#include "../policies.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

using namespace graven;

using namespace graven::core;

namespace {

using Network = Sequential<Conv2D<1, 8, 3>, ReLU, MaxPool<2>, Flatten, Dense<1352, 10>>;
using Digits = test::Subject<Network, Shape{28, 28, 1}, Element::int8, 11>::Owner;

// Of more rows than have places of their own: rings.
using Long =
    test::Subject<Sequential<Conv2D<1, 2, Extent{3, 1}>, ReLU6, Conv2D<2, 2, Extent{5, 1}, 2>,
                             Sigmoid, Residual<Conv2D<2, 2, Extent{3, 1}, 1, same>>, GlobalAvgPool>,
                  Shape{2 * plan::most_places + 100, 1, 1}, Element::int8, 12>::Owner;

constexpr bool overlap(const RowInfo& a, const RowInfo& b) {
  const bool bytes = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
  return bytes && a.first_step <= b.last_step && b.first_step <= a.last_step;
}

}  // namespace

// The data are constants.
static_assert(Digits::rows[0].layer == -1 && Digits::rows[0].row == 0 &&
              Digits::rows[0].bytes == 28);
static_assert(Digits::rows.back().last_step <= Digits::step_count);

TEST_CASE_TEMPLATE("no byte belongs to two rows at one step", M, Digits, Long) {
  int overlaps = 0;
  for (std::size_t i = 0; i < M::rows.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) overlaps += overlap(M::rows[i], M::rows[k]) ? 1 : 0;
  CHECK(overlaps == 0);
}

TEST_CASE_TEMPLATE("the rows fill the arena, and the most alive is the bound", M, Digits, Long) {
  int end = 0;
  std::vector<int> alive(M::step_count + 1);
  for (const RowInfo& row : M::rows) {
    CHECK(row.first_step <= row.last_step);
    end = std::max(end, row.offset + row.bytes);
    for (int t = row.first_step; t <= row.last_step; ++t)
      alive[static_cast<std::size_t>(t)] += row.bytes;
  }
  CHECK(end == static_cast<int>(M::arena_size));
  CHECK(*std::ranges::max_element(alive) == static_cast<int>(M::arena_bound));
}

TEST_CASE("the input's rows, every layer, and the output to the end") {
  std::vector<int> rows(Digits::layer_count + 1);
  for (const RowInfo& row : Digits::rows) {
    if (row.row >= 0) ++rows[static_cast<std::size_t>(row.layer + 1)];
    if (row.layer == Digits::layer_count - 1 && row.row >= 0)
      CHECK(row.last_step == Digits::step_count);
  }
  CHECK(rows[0] == 28);
  CHECK(rows[1] == 26);  // the convolution with its ReLU
  CHECK(rows[Digits::layer_count] == 1);
}
