#include "support.hpp"

#include <algorithm>

using namespace test;

namespace {

using Row = UpdateSlice<Renewed{3, 1}, Renewed{2, 2}>;
using Box = UpdateSlice<Renewed{3, 2}, Renewed{2, 1}>;
static_assert(output_of<Row, At{{3, 1, 2}, 0}, At{{1, 1, 2}, 0}, At{{1, 1, 2}, 0}> ==
              Shape{3, 1, 2});

template <class Index>
constexpr Parameters params[] = {
    {.output = {0.5f, 3}}, {.output = {0.5f, 3}}, {.element = element_of<Index>()}, {}};

template <class Index, class Layer, Shape in, Shape part, class Out>
void check(std::array<std::int8_t, 2> fresh, std::array<Index, 2> first, const Out& expected) {
  using M = Model<Graph<Node<Layer, 0, 1, 2>, Outputs<3>>, shapes(in, part, Shape{1, 1, 2}),
                  params<Index>>;
  static M model;
  constexpr auto old = int8s(1, 2, 3, 4, 5, 6);
  std::copy(old.begin(), old.end(), model.template input<0>().begin());
  std::copy(fresh.begin(), fresh.end(), model.template input<1>().begin());
  std::copy(first.begin(), first.end(), model.template input<2>().begin());
  const auto output = model.run();
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(output[i] == expected[i]);
}

template <class Index> void check_boxes() {
  constexpr Shape rows{3, 1, 2}, one{1, 3, 2}, part{1, 1, 2}, parts{2, 1, 1};
  check<Index, Row, rows, part>({8, 9}, {1, 0}, int8s(1, 2, 8, 9, 5, 6));
  check<Index, Row, one, parts>({8, 9}, {99, 99}, int8s(1, 2, 3, 4, 8, 9));
  check<Index, Box, rows, parts>({8, 9}, {1, 1}, int8s(1, 2, 3, 8, 5, 9));
  check<Index, Box, one, part>({8, 9}, {-5, 99}, int8s(1, 8, 3, 9, 5, 6));
}

}  // namespace

TEST_CASE("UpdateSlice: a row, a box, and indices that are moved inside") {
  check_boxes<std::int32_t>();
  check_boxes<std::int64_t>();
}
