#include "support.hpp"

#include <algorithm>

using namespace test;

namespace {

static_assert(output_of<Lookup<Shape{2, 1, 3}, 1, 1, 5>, At{{1, 5, 3}, 0}, At{{1, 1, 2}, 0}> ==
              Shape{2, 1, 3});
static_assert(output_of<Lookup<Shape{1, 2, 2}, 1, 2, 4>, At{{2, 4, 1}, 0}, At{{1, 1, 2}, 0}> ==
              Shape{1, 2, 2});

template <class Index> constexpr Element index = element_of<Index>();
template <class Index>
constexpr Parameters params[] = {{.output = {0.5f, 3}}, {.element = index<Index>}, {}};
template <class Index, class Layer, Shape in, Shape places>
using Of = Model<Graph<Node<Layer, 0, 1>, Outputs<2>>, shapes(in, places), params<Index>>;

template <class M, class In, class Index, class Out>
void check(const In& in, const Index& places, const Out& expected) {
  static M model;
  std::copy(in.begin(), in.end(), model.template input<0>().begin());
  std::copy(places.begin(), places.end(), model.template input<1>().begin());
  const auto output = model.run();
  REQUIRE(output.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(output[i] == expected[i]);
}

constexpr auto input = int8s(0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32);

template <class Index> void check_rows() {
  using Rows = Lookup<Shape{1, 2, 3}, 1, 1, 4>;
  check<Of<Index, Rows, Shape{1, 4, 3}, Shape{1, 1, 2}>>(input, std::array<Index, 2>{2, 0},
                                                         int8s(20, 21, 22, 0, 1, 2));
  // Of a tensor in several rows, which a slice crosses; indices outside are the nearest inside.
  check<Of<Index, Rows, Shape{6, 1, 2}, Shape{2, 1, 1}>>(input, std::array<Index, 2>{-7, 99},
                                                         int8s(0, 1, 2, 30, 31, 32));
}

}  // namespace

TEST_CASE("Lookup: rows of a table") {
  check_rows<std::int32_t>();
  check_rows<std::int64_t>();
}

TEST_CASE("Lookup: along an axis, in batches, and by two numbers") {
  using Indices = std::array<std::int32_t, 2>;
  using Along = Lookup<Shape{2, 1, 2}, 1, 2, 3>;  // {2, 3, 2} along the second axis
  check<Of<std::int32_t, Along, Shape{2, 3, 2}, Shape{1, 1, 1}>>(
      input, std::array<std::int32_t, 1>{1}, int8s(2, 10, 22, 30));
  using Batches = Lookup<Shape{2, 1, 2}, 2, 1, 3>;
  check<Of<std::int32_t, Batches, Shape{2, 3, 2}, Shape{2, 1, 1}>>(input, Indices{0, 2},
                                                                   int8s(0, 1, 31, 32));
  using Places = Lookup<Shape{1, 1, 1}, 1, 1, 4, 3>;
  check<Of<std::int32_t, Places, Shape{1, 4, 3}, Shape{1, 1, 2}>>(input, Indices{3, 1}, int8s(31));
}

namespace {

static_assert(output_of<Embedding<3, 2>, At{{4, 5, 1}, 0}> == Shape{4, 5, 2});
static_assert(output_of<Embedding<3, 2>, At{{1, 1, 5}, 0}> == Shape{1, 5, 2});
constexpr float vectors[]{1, 2, 3, 4, 5, 6};
constexpr std::int8_t bytes[]{1, 2, 3, 4, 5, -6};
constexpr float half[]{0.5f};
constexpr Constant real_table[]{{"table", vectors}}, byte_table[]{{"table", bytes, half}};
constexpr Parameters reals[]{{.element = Element::int32}, {.constants = real_table}};
constexpr Parameters scaled[]{{.element = Element::int32}, {.constants = byte_table}};

template <class M> void check_tokens(std::array<double, 6> expected) {
  static M model;
  const auto output = model.run(std::array<std::int32_t, 3>{2, 0, 2});
  CHECK(std::equal(output.begin(), output.end(), expected.begin()));
}

}  // namespace

TEST_CASE("an embedding is the rows of its table that tokens name") {
  check_tokens<Model<Embedding<3, 2>, Shape{1, 3, 1}, reals>>({5, 6, 1, 2, 5, 6});
  check_tokens<Model<Embedding<3, 2>, Shape{3, 1, 1}, scaled>>({5, -6, 1, 2, 5, -6});
  static_assert(Model<Embedding<3, 2>, Shape{1, 3, 1}, scaled>::output_quant() == Quant{0.5f, 0});
}
