// Every kernel of scalar's list, and of what the compiler's own instruction set adds to it, makes a
// value of some network here: none hides behind another one.
#include "../networks.hpp"

#include <doctest/doctest.h>

using namespace test;

namespace {

using graven::core::detail::stream_graph_of;

// Which kernels of a list make values.
template <class List> struct Served {
  bool kernels[List::count + 1]{};

  template <class Graph> void add(const Graph& graph) {
    for (int v = 0; v < graph.count; ++v) kernels[List::first(graph.view(), v)] = true;
  }
  template <class L, const auto& params, Shape shape = Shape{4, 6, 8}> void add_layer() {
    add(graph_of<Sequential<L>, std::array{shape}, params, true>);
  }
};

constexpr Parameters int8s[] = {{.output = {0.1f, 3}}, {.output = {0.2f, -7}}};
constexpr Parameters reals[] = {{}, {}};
constexpr Parameters of_two[] = {{.output = {0.1f, 3}}, {}, {}};
constexpr Parameters bytes[] = {{.output = {0.1f, 123}, .element = Element::uint8}, {}};
constexpr Parameters long_indices[] = {{.output = {0.1f, 3}}, {.element = Element::int64}};
constexpr Parameters long_real_indices[] = {{}, {.element = Element::int64}};
constexpr Parameters int8_of_real[] = {{}, {.output = {0.1f, 3}}};
constexpr Parameters to_uint8[] = {{}, {.output = {0.1f, 123}, .element = Element::uint8}};
using Grouped = Conv2D<8, 4, 3, 1, same, none, 1, 2>;
using Clamped = Concatenate<Axis::channels, relu>;
using Joined = Graph<Node<Clamped, 0, 0>, Outputs<1>>;
using Product = Graph<Node<Mul, 0, 0>, Outputs<1>>;
using Parts = Graph<Node<Split<Axis::width, 2>, 0>, Node<ReLU, Out<1, 1>>, Outputs<2>>;

template <class List> Served<List> serve_all() {
  Served<List> s;
  for_each(All{}, [&]<class C>(C) {
    s.add(Subject<typename C::Network, C::input, Element::int8, 6>::graph);
    s.add(Subject<typename C::Network, C::input, Element::float32, 6>::graph);
  });
  s.template add_layer<MaxPool<2>, int8s>();
  s.template add_layer<AvgPool<2>, int8s>();
  s.template add_layer<Grouped, int8s>();
  s.template add_layer<Grouped, reals>();
  s.template add_layer<graven::ArgMax<>, long_indices>();
  s.template add_layer<graven::ArgMax<>, long_real_indices>();
  s.template add_layer<Quantize, int8s>();
  s.template add_layer<Quantize, int8_of_real>();
  s.template add_layer<Quantize, to_uint8>();
  s.template add_layer<Dequantize, int8s>();
  s.template add_layer<Dequantize, bytes>();
  s.template add_layer<AddConstant<Shape{1, 1, 8}>, int8s>();
  s.template add_layer<Transpose<1, 0, 2>, int8s>();
  s.template add_layer<Joined, reals>();
  s.template add_layer<Product, int8s>();
  s.template add_layer<Product, reals>();
  s.template add_layer<Parts, of_two>();
  s.add(stream_graph_of<Sequential<MaxPool<Extent{3, 1}, 1>>, std::array{Shape{9, 1, 2}}, int8s,
                        StreamPolicy{}>);
  return s;
}

// `Inherited`: the list that stands behind the kernels that are proved.
template <class List, class Inherited> void check_list() {
  const Served<List> served = serve_all<List>();
  for (int k = 0; k < List::count - Inherited::count; ++k) {
    CAPTURE(List::names[k]);
    CHECK(served.kernels[k]);
  }
}

}  // namespace

TEST_CASE("every kernel of a list serves some network") {
  check_list<scalar::kernels, Prefer<>>();
#if defined(__AVX2__)
  check_list<avx2::kernels, scalar::kernels>();
#endif
#if defined(__AVXVNNI__) || (defined(__AVX512VNNI__) && defined(__AVX512VL__))
  check_list<avxvnni::kernels, avx2::kernels>();
#endif
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
  check_list<avx512vnni::kernels, avx2::kernels>();
#endif
}

// Of two that serve, the first wins; a list in a list stands for its kernels.
namespace {

template <int id, bool yes> struct Fixed : PlainKernel {
  static constexpr const char* name = id == 0 ? "zero" : "one";
  static constexpr bool serves(const GraphView&, int) { return yes; }
};
constexpr GraphView nothing{nullptr, nullptr, 0};
static_assert(Prefer<Fixed<0, true>, Fixed<1, true>>::first(nothing, 0) == 0);
static_assert(Prefer<Fixed<0, false>, Fixed<1, true>>::first(nothing, 0) == 1);
static_assert(Prefer<Fixed<0, false>, Prefer<Fixed<1, false>>>::first(nothing, 0) == 2);
static_assert(std::is_same_v<Prefer<Prefer<>, Fixed<0, true>, Prefer<Fixed<1, true>>>,
                             KernelList<Fixed<0, true>, Fixed<1, true>>>);
static_assert(!Listed<PlainKernel>);  // it has no name, and does not say what it serves

}  // namespace
