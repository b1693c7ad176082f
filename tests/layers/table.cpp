#include "support.hpp"

using namespace test;

namespace {

// x to 127 - x / 2 or so; what is near the ends of the table, and at its middle, is told apart.
constexpr auto falling = [] {
  std::array<std::int8_t, 256> table{};
  for (int q = -128; q < 128; ++q)
    table[static_cast<std::size_t>(q + 128)] = static_cast<std::int8_t>(q < 0 ? 100 : 63 - q / 2);
  return table;
}();
constexpr Constant named[]{{"table", falling}};
constexpr Parameters bytes[]{{.output = {0.5f, 0}}, {.constants = named, .output = {0.25f, 3}}};

// The square of x / 256, where lines between entries are exact at entries alone.
constexpr auto squares = [] {
  std::array<std::int16_t, 513> table{};
  for (int k = 0; k <= 512; ++k)
    table[static_cast<std::size_t>(k)] = static_cast<std::int16_t>((k - 256) * (k - 256) / 4);
  return table;
}();
constexpr Constant wide[]{{"table", squares}};
constexpr Parameters words[]{{.output = {0.5f, 0}, .element = Element::int16},
                             {.constants = wide, .output = {0.25f, 0}, .element = Element::int16}};

template <class... T> constexpr std::array<std::int16_t, sizeof...(T)> int16s(T... values) {
  return {static_cast<std::int16_t>(values)...};
}

}  // namespace

TEST_CASE("int8: an entry for each") {
  check_equal<Model<Sequential<MapTable>, Shape{1, 2, 3}, bytes>, int8s(-128, -1, 0, 1, 64, 127),
              int8s(100, 100, 63, 63, 31, 0)>();
}

TEST_CASE("int16: lines between entries, halves up") {
  check_equal<Model<Sequential<MapTable>, Shape{1, 1, 6}, words>,
              int16s(-32768, 0, 128, 64, -32, 32767), int16s(16384, 0, 0, 0, 0, 16383)>();
  // At 256 + 5: entries 1 and 2; 1 + ((2 - 1) * 5 + 64 >> 7) = 1.
  check_equal<Model<Sequential<MapTable>, Shape{1, 1, 3}, words>, int16s(256, 261, 321),
              int16s(1, 1, 2)>();
}

TEST_CASE("the scale is the record's") {
  using M = Model<Sequential<MapTable>, Shape{1, 2, 3}, bytes>;
  CHECK(M::output_quant().scale == 0.25f);
  CHECK(M::output_quant().zero_point == 3);
  CHECK(M::macs == 0);
}
