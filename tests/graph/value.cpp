#include <graven/graven.hpp>

#include <doctest/doctest.h>

using namespace graven;

using namespace graven::core;

static_assert(drop({8, 1, 4}, static_cast<int>(Axis::width)) == Shape{1, 8, 4});
static_assert(drop({8, 3, 4}, static_cast<int>(Axis::channels)) == Shape{1, 8, 3});
static_assert(drop({8, 3, 4}, static_cast<int>(Axis::height | Axis::channels)) == Shape{1, 1, 3});
static_assert(has(5, Axis::height) && !has(5, Axis::width) && has(5, Axis::channels));

static_assert(window_shape({10, 9, 3}, 7, {3, 2}, {2, 1}, {2, 3}, valid) == Shape{3, 6, 7});
static_assert(window_shape({10, 9, 3}, 7, {3, 2}, {2, 1}, {2, 3}, same) == Shape{5, 9, 7});

struct Windows {
  Value value{};
  View input{};
};
constexpr Windows windows = [] {
  Windows w{};
  w.value.shape = {5, 9, 1};
  w.input.shape = {10, 9, 3};
  set_window(w.value, w.input, {3, 2}, {2, 1}, {2, 3}, same);
  return w;
}();
// Vertically 4 * 2 + 5 - 10 = 3 rows of padding, 1 above; horizontally 8 + 4 - 9 = 3, 1 left.
static_assert(windows.value.left == 1 && windows.input.rows.first == -1);
static_assert(windows.input.rows.step == 2 && windows.input.rows.dilation == 2);
static_assert(windows.input.rows.count == 3 && windows.input.rows.reach() == 5);
static_assert(windows.input.rows.straight() && windows.input.rows.start(2) == 3);

// Rows of 6 elements copied into rows of 4: steps begin in row 0, 0, 1, 2, 2, 3.
constexpr Rows moved{0, 4, 6, 2};
static_assert(!moved.straight() && moved.start(1) == 0 && moved.start(2) == 1);
static_assert(moved.start(4) == 2 && moved.start(5) == 3);
static_assert(Rows{-3, 6, 3}.straight() && Rows{-3, 6, 3}.start(0) == -1);
static_assert(Rows{-1, 1, 2}.start(0) == -1);

// Rows given one by one are a formula where they are one.
constexpr std::array<std::uint16_t, 4> doubled{0, 0, 1, 1}, halved{0, 2, 4, 6};
static_assert(!listed(doubled).straight() && listed(doubled, 2).start(3) == 1);
static_assert(listed(doubled, 2).count == 2);
static_assert(listed(halved).straight() && listed(halved).advance() == 2);

template <std::size_t N> using Ops = std::array<Op, N>;
template <const auto& graph> constexpr auto ops() {
  Ops<graph.count> all{};
  for (std::size_t v = 0; v < all.size(); ++v) all[v] = graph.values[v].op;
  return all;
}
template <class Network, Shape shape, const auto& params, bool fuse = true>
constexpr auto ops_of = ops<graph_of<Network, std::array{shape}, params, fuse>>();

constexpr Parameters two[] = {{.output = {1, 0}}, {}, {}};
constexpr Parameters rescaled[] = {{.output = {1, 0}}, {}, {.output = {2, 0}}};
constexpr Parameters three[] = {{.output = {1, 0}}, {}, {}, {}};
constexpr Shape square{4, 4, 2};

// ReLU becomes a clamp: behind a layer that can, of equal quantization, with no other reader.
static_assert(ops_of<Sequential<MaxPool<2>, ReLU>, square, two> == Ops<2>{op::input, op::max_pool});
static_assert(ops_of<Sequential<MaxPool<2>, ReLU>, square, two, false> ==
              Ops<3>{op::input, op::max_pool, op::clamp});
static_assert(ops_of<Sequential<MaxPool<2>, ReLU>, square, rescaled> ==
              Ops<3>{op::input, op::max_pool, op::clamp});
static_assert(ops_of<Sequential<MaxPool<2, 2, valid, relu6>, ReLU>, square, two> ==
              Ops<3>{op::input, op::max_pool, op::clamp});
static_assert(
    ops_of<Graph<Node<MaxPool<2>, 0>, Node<ReLU, 1>, Node<Add, 1, 2>, Outputs<3>>, square, three> ==
    Ops<4>{op::input, op::max_pool, op::clamp, op::add});
static_assert(ops_of<Graph<Node<MaxPool<2>, 0>, Node<ReLU, 1>, Outputs<1, 2>>, square, two> ==
              Ops<3>{op::input, op::max_pool, op::clamp});
static_assert(ops_of<Sequential<Sigmoid, ReLU>, square, two> ==
              Ops<3>{op::input, op::map, op::clamp});

// A reshape is a copy only where a reader's rows move.
using Moved = Sequential<MaxPool<1>, Reshape<Shape{2, 8, 2}>, MaxPool<2>>;
static_assert(ops_of<Moved, square, three> ==
              Ops<4>{op::input, op::max_pool, op::copy, op::max_pool});
static_assert(ops_of<Sequential<Reshape<Shape{2, 8, 2}>, MaxPool<2>>, square, two> ==
              Ops<2>{op::input, op::max_pool});
constexpr auto reshaped =
    graph_of<Sequential<Reshape<Shape{2, 8, 2}>, MaxPool<2>>, std::array{square}, two, true>;
static_assert(reshaped.values[0].shape == Shape{2, 8, 2});

// An output is always computed: inputs are passed on by a copy.
constexpr Parameters one[] = {{.output = {1, 0}}, {}};
static_assert(ops_of<Sequential<Flatten>, square, one> == Ops<2>{op::input, op::copy});

// Layers keep their views when values vanish.
constexpr auto fused =
    graph_of<Sequential<MaxPool<2>, ReLU, Flatten>, std::array{square}, three, true>;
static_assert(fused.count == 2 && fused.layers[0].value == 1 && fused.layers[1].value == 1);
static_assert(fused.layers[2].value == 1 && fused.layers[2].shape == Shape{1, 1, 8});
static_assert(fused.values[1].activation == relu && fused.outputs[0].shape == Shape{1, 1, 8});

// Quantization and element types come down from the input.
static_assert(fused.values[1].quant == Quant{1, 0} && fused.values[1].element == Element::int8);
constexpr Parameters real[] = {{}, {}};
static_assert(graph_of<Sequential<ReLU>, std::array{square}, real, true>.values[0].element ==
              Element::float32);

// float32 that Dense alone reads comes in one row, if it is there as a whole.
constexpr float filter[64]{};
constexpr Parameters dense[] = {{}, {}, {.filter = filter}};
constexpr Parameters integers[] = {{.output = {1, 0}}, {}, {.filter = filter, .output = {1, 0}}};
using Flattened = Sequential<Flatten, Dense<32, 2>>;
constexpr auto whole = graph_of<Flattened, std::array{square}, dense, true, true>;
static_assert(ops<whole>() == Ops<2>{op::input, op::conv});
static_assert(whole.values[0].shape == Shape{1, 1, 32} && !whole.values[1].reduces);
static_assert(ops_of<Flattened, square, dense> == Ops<2>{op::input, op::dense});
static_assert(ops<graph_of<Flattened, std::array{square}, integers, true, true>>() ==
              Ops<2>{op::input, op::dense});
using ReadByBoth = Graph<Node<Flattened, 0>, Node<MaxPool<4>, 0>, Node<Add, 1, 2>, Outputs<3>>;
constexpr Parameters both[] = {{}, {}, {.filter = filter}, {}, {}};
static_assert(ops<graph_of<ReadByBoth, std::array{square}, both, true, true>>() ==
              Ops<4>{op::input, op::dense, op::max_pool, op::add});

TEST_CASE("readers") {
  static constexpr auto graph = graph_of<Graph<Node<MaxPool<1>, 0>, Node<Add, 1, 1>, Outputs<1, 2>>,
                                         std::array{square}, two, true>;
  CHECK(detail::readers(graph, 0) == 1);
  CHECK(detail::readers(graph, 1) == 3);  // twice by Add, and it leaves
  CHECK(detail::readers(graph, 2) == 1);
  constexpr auto all = detail::all_readers(graph);
  for (int v = 0; v < graph.count; ++v)
    CHECK(all[static_cast<std::size_t>(v)] == detail::readers(graph, v));
}
