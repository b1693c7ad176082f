// Schedules of a problem made by hand: two values, each over three rows of the one before.
#include <graven/plan/schedule.hpp>

#include <doctest/doctest.h>

using namespace graven::core::plan;

constexpr auto make() {
  Problem<3, 2, 8> p{};
  p.values[0] = {.rows = 6, .row_bytes = 10, .is_input = true};
  p.values[1] = {
      .rows = 5, .row_bytes = 7, .steps = 5, .first_read = 0, .read_count = 1, .first_span = 0};
  p.values[2] = {.rows = 2,
                 .row_bytes = 3,
                 .steps = 2,
                 .scratch = 5,
                 .first_read = 1,
                 .read_count = 1,
                 .first_span = 5,
                 .is_output = true};
  p.reads[1] = 1;
  for (int s = 0; s < 5; ++s) p.spans[s] = {s, s + 1};
  p.spans[5] = {0, 1};
  p.spans[6] = {2, 3};  // row 4 of value 1 is not read
  return p;
}
constexpr auto trimmed = [] {
  auto p = make();
  trim(p);
  return p;
}();
static_assert(trimmed.values[1].steps == 4 && trimmed.values[2].steps == 2);

constexpr Policy nothing{};
constexpr auto stream = simulate<6, 13>(trimmed, nothing, Order::stream);
constexpr auto layers = simulate<6, 13>(trimmed, nothing, Order::layers);
template <class S> constexpr bool in_order(const S& s, const int (&order)[6]) {
  for (int t = 0; t < 6; ++t)
    if (s.order[t] != order[t]) return false;
  return true;
}
static_assert(in_order(stream, {1, 1, 2, 1, 1, 2}));
static_assert(in_order(layers, {1, 1, 1, 1, 2, 2}));

// Rows of value 0 begin at 0, of value 1 at 6, of value 2 at 11.
static_assert(stream.first_row[1] == 6 && stream.first_row[2] == 11);
static_assert(stream.birth[0] == 0 && stream.death[0] == 0 && stream.death[1] == 1);
static_assert(stream.birth[6] == 0 && stream.death[6] == 2 && stream.birth[8] == 3);
static_assert(stream.death[9] == 5 && stream.birth[10] == -1);  // not made
static_assert(stream.birth[11] == 2 && stream.death[11] == 6);  // stays after the run
static_assert(stream.first[2] == 2 && stream.last[2] == 5);

constexpr Policy keeping{.keep_input = true};
static_assert(simulate<6, 13>(trimmed, keeping, Order::stream).death[0] == 6);
constexpr Policy whole{.whole = {2}};  // value 1
static_assert(in_order(simulate<6, 13>(trimmed, whole, Order::mixed), {1, 1, 1, 1, 2, 2}));

TEST_CASE("a reduction has its rows after the last step") {
  const Facts sum{.rows = 1, .steps = 4, .carries = true, .reduces = true};
  CHECK(sum.rows_after(3) == 0);
  CHECK(sum.rows_after(4) == 1);
  const Facts bands{.rows = 5, .steps = 3, .band = 2};
  CHECK(bands.rows_after(2) == 4);
  CHECK(bands.rows_after(3) == 5);
}
