// How many rows of an index map a step makes.
#include <graven/isa/shared/map_rows.hpp>

#include <doctest/doctest.h>

using namespace graven::core;

namespace {

constexpr Shape image{12, 5, 3};
constexpr int short_row = 15, long_row = 257;

constexpr int together(const Rows& rows, int row_bytes = short_row, bool always = false) {
  return rows_together(rows, image, row_bytes, always);
}

}  // namespace

TEST_CASE("short rows are made four at a time, sixteen where all read the same rows") {
  CHECK(together({.step = 1}) == 4);
  CHECK(together({.step = 0, .count = 5}) == 16);
  CHECK(together({.step = 0, .count = 5}, 50) == 8);
  CHECK(rows_together({.step = 1}, {2, 5, 3}, short_row, false) == 2);
  CHECK(rows_together({.step = 1}, {1, 5, 3}, short_row, false) == 1);
}

TEST_CASE("long rows are made one by one, but where a step makes them at once") {
  CHECK(together({.step = 1}, long_row) == 1);
  CHECK(together({.step = 0, .count = 5}, long_row, true) == 4);
}

TEST_CASE("rows that lie far apart, or are many, are made one by one") {
  CHECK(together({.step = 2}) == 4);
  CHECK(together({.step = 3}) == 1);
  CHECK(together({.step = 8, .count = 8}) == 4);
  CHECK(together({.step = 9, .count = 9}) == 1);
  CHECK(together({.step = 1000}) == 1);
  CHECK(together({.step = 1000, .count = 1000}) == 1);
}

TEST_CASE("rows that repeat, go backwards or have gaps are made one by one") {
  CHECK(together({.step = 1, .per = 2}) == 1);
  CHECK(together({.step = -1}) == 1);
  CHECK(together({.step = 1, .count = 2, .dilation = 2}) == 1);
}
