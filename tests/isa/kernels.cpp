// Every kernel of scalar's list, and of what the compiler's own instruction set adds to it, makes a
// value of some network here: none hides behind another one.
#include "../networks.hpp"

#include <doctest/doctest.h>

#include <string>

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

// ---- the kernels by element types ---------------------------------------------------------------

constexpr std::int8_t bytes_of_weights[1]{};
constexpr std::int16_t words_of_weights[1]{};
constexpr std::int32_t short_sums[1]{};
constexpr Quant word{0.001f, 0}, byte{0.1f, 3};
constexpr Parameters hybrid[] = {{}, {.filter = bytes_of_weights}};
constexpr Parameters words[] = {{.output = word, .element = Element::int16},
                                {.filter = bytes_of_weights, .output = word}};
constexpr Parameters words_by_32[] = {
    {.output = word, .element = Element::int16},
    {.filter = bytes_of_weights, .bias = short_sums, .output = word}};
constexpr Parameters nibbles[] = {{.output = byte},
                                  {.filter = int4(bytes_of_weights), .output = byte}};
constexpr Parameters wide_weights[] = {{.output = byte},
                                       {.filter = words_of_weights, .output = byte}};
constexpr Parameters ints[] = {{.element = Element::int32}, {}};
constexpr Parameters bools[] = {{.element = Element::boolean}, {}};
constexpr Parameters energies[] = {{.element = Element::uint32}, {}};
constexpr Parameters sums[] = {{.element = Element::uint64}, {}};
constexpr Parameters byte_input{.output = byte},
    word_input{.output = word, .element = Element::int16}, real_input{};
template <Element to, const Parameters& in>
constexpr Parameters becomes[] = {in, {.output = to == Element::int8 ? byte : word, .element = to}};
constexpr Parameters same_scale[] = {byte_input, {}};
constexpr Parameters nano_rusts[] = {byte_input,
                                     {.filter = bytes_of_weights, .bias = bytes_of_weights}};
constexpr std::int32_t places[1]{};
constexpr std::int16_t zero_word[1]{};
constexpr std::int8_t zero_byte[1]{};
constexpr float zero[1]{}, one[1]{1};
constexpr Constant table[] = {{"indices", places}};
constexpr Parameters tabled[] = {byte_input, {.constants = table}};
// What lasts: its element, scale and zero point are those of a number by its name.
template <const auto& first, const auto& second>
constexpr Constant kept[] = {
    {"state", first, one}, {"hidden", first, one}, {"memory", second, one}};
template <const Parameters& in, const auto& first, const auto& second>
constexpr Parameters lasting[] = {in, {.constants = kept<first, second>, .output = in.output}};

constexpr Constant four_bits[]{{"gate", int4(bytes_of_weights), one}};
template <const Parameters& in>
constexpr Parameters mixed[] = {in, {.constants = four_bits, .output = in.output}};
using Experts = Graph<Node<MoE<8, 2, 8, 1>, 0, 0>, Outputs<1>>;
template <int output> using Top = Graph<Node<TopK<3>, 0>, Outputs<Out<1, output>>>;
using Heads = Graph<Node<Attention<2, 2, 4>, 0, 0, 0>, Outputs<1>>;
using Masked =
    Graph<Node<Slice<Axis::channels, 0, 6>, 0>, Node<Attention<2, 2, 4>, 0, 0, 0, 1>, Outputs<2>>;

template <class S, const auto& params> void serve_weighted(S& s) {
  s.template add_layer<Conv2D<8, 4, 3>, params>();
  s.template add_layer<Grouped, params>();
  s.template add_layer<DepthwiseConv2D<8, 1, 3>, params>();
  s.template add_layer<Dense<192, 3>, params>();
  s.template add_layer<Dense<8, 3>, params>();
  s.template add_layer<TransposeConv2D<8, 4, 2, 2>, params>();
}
template <class L> using Doubled = Graph<Node<L, 0, 0>, Outputs<1>>;
template <class S, const auto& params, class... Layers> void serve(S& s) {
  (s.template add_layer<Layers, params>(), ...);
}
constexpr Axis rows = Axis::height;

template <class S> void serve_elements(S& s) {
  serve_weighted<S, int8s>(s);
  serve_weighted<S, reals>(s);
  serve_weighted<S, hybrid>(s);
  serve_weighted<S, words>(s);
  serve_weighted<S, words_by_32>(s);
  serve_weighted<S, nibbles>(s);
  serve_weighted<S, wide_weights>(s);
  serve<S, int8s, CumSum<>, L2Normalization, LogSoftmax, Doubled<BatchMatMul<false, true>>,
        Doubled<Minimum>, Doubled<Maximum>, Doubled<SquaredDifference>, Doubled<Sub>, Doubled<Div>,
        Doubled<Equal>, Doubled<NotEqual>, Doubled<Less>, Doubled<LessEqual>, Doubled<Greater>,
        Doubled<GreaterEqual>, Doubled<Prelu>, Doubled<AddN>, ReduceMax<rows>, Sum<rows>, ArgMin<>,
        ArgMax<>, ZerosLike, Tanh>(s);
  serve<S, reals, Conv3D<2, 8, 4, 2>, CumSum<>, L2Normalization, LogSoftmax, L2Pool<2>,
        Doubled<BatchMatMul<false, true>>, Doubled<FloorDiv>, Doubled<FloorMod>, Doubled<Pow>,
        Doubled<AddN>, Mean<rows>, ReduceMax<rows>, ArgMax<>, Cast<Element::int32>>(s);
  serve<S, ints, Doubled<Add>, Doubled<Mul>, ReduceMax<rows>, Mean<rows>>(s);
  serve<S, bools, LogicalNot, Doubled<LogicalAnd>, Doubled<LogicalOr>, ReduceAny<rows>>(s);
  serve<S, same_scale, Doubled<Minimum>, Doubled<Maximum>>(s);
  serve<S, long_indices, ArgMin<>>(s);
  serve<S, long_real_indices, ArgMin<>>(s);
  serve<S, ints, Sum<rows>>(s);
  serve<S, reals, ArgMin<>>(s);
  serve<S, tabled, IndexTable<Shape{4, 6, 8}>>(s);
  serve<S, becomes<Element::int16, byte_input>, Quantize, Softmax>(s);
  serve<S, becomes<Element::int32, byte_input>, Quantize>(s);
  serve<S, becomes<Element::int8, word_input>, Quantize>(s);
  serve<S, becomes<Element::int32, word_input>, Quantize>(s);
  serve<S, becomes<Element::int16, real_input>, Quantize>(s);
  serve<S, lasting<byte_input, zero_byte, zero_word>, LSTM<3>, GRU<3>, SimpleRNN<3>>(s);
  serve<S, lasting<word_input, zero_word, zero_word>, LSTM<3>, GRU<3>, SimpleRNN<3>>(s);
  serve<S, lasting<real_input, zero, zero>, LSTM<3>, GRU<3>, SimpleRNN<3>, SVDF<2, 1, 3>>(s);
  serve<S, lasting<byte_input, zero_byte, zero_byte>, SVDF<2, 1, 3>>(s);
  serve<S, lasting<byte_input, zero_word, zero_word>, SVDF<2, 1, 3>>(s);
  serve<S, nano_rusts, nano_rust::Dense<192, 3>, nano_rust::Softmax>(s);
  serve<S, reals, Trees<1, 1, 1, 1>>(s);
  serve<S, words, ReduceMax<Axis::width>, ReduceMin<Axis::width>, MaxPool<2>, AvgPool<2>,
        Mean<rows>, Doubled<Add>, Doubled<Mul>, Sigmoid, GELU, Softmax, Dequantize, ReLU,
        Doubled<BatchMatMul<false, true>>, ResizeBilinear<8, 12>>(s);
}

using Kept = Graph<Node<Variable<Shape{4, 6, 8}>>, Node<Add, 0, 1>, Node<Assign, 1, 2>, Outputs<2>>;
constexpr Parameters of_kept[] = {byte_input, {.output = byte}, {.output = byte}, {}};
using Chosen = Graph<Node<Equal, 0, 0>, Node<Select, 1, 0, 0>, Outputs<2>>;
using Scaled = Graph<Node<FftAutoScale, 0>, Outputs<Out<1, 0>, Out<1, 1>>>;
using LessNoise = Graph<Node<SpectralSubtraction<1, 1, 1, 1, 0, 2, 1>, 0>,
                        Node<Pcan<1>, Out<1, 0>, Out<1, 1>>, Outputs<2>>;
using Roots =
    Graph<Node<Cast<Element::int32>, 0>, Node<Reshape<Shape{1, 1, 192}>, 1>,
          Node<Slice<Axis::channels, 0, 1>, 2>, Node<FilterBankSquareRoot, 0, 3>, Outputs<4>>;

template <Element index>
using Placed = Graph<
    Node<Cast<index>, 0>, Node<Slice<Axis::channels, 0, 1>, 1>, Node<Slice<Axis::width, 0, 1>, 2>,
    Node<Lookup<Shape{1, 4, 192}, 1, 1, 1>, 0, 3>,
    Node<UpdateSlice<Renewed{1, 1}, Renewed{1, 1}, Renewed{4, 1}, Renewed{192, 192}>, 4, 0, 3>,
    Outputs<5>>;

using ThereAndBack = Graph<Node<RealFft<8>, 0>, Node<InverseRealFft<8>, 1>, Outputs<2>>;

using Found =
    Graph<Node<Reshape<Shape{1, 24, 8}>, 0>, Node<Slice<Axis::channels, 0, 4>, 1>,
          Node<graven::Detections<3, 0, false, 0.5f, 0.5f, 1.0f, 1.0f, 1.0f, 1.0f>, 1, 1, 2>,
          Outputs<3>>;

template <class S> void serve_rest(S& s) {
  serve<S, int8s, Top<0>, Top<1>>(s);
  serve<S, words, Top<0>, Top<1>>(s);
  serve<S, reals, Top<0>, Top<1>>(s);
  s.template add_layer<Kept, of_kept>();
  s.template add_layer<Chosen, of_two>();
  serve<S, words, WindowFunction<12>, Scaled, ThereAndBack, Energy<0, 4>>(s);
  s.template add_layer<ThereAndBack, ints>();
  s.template add_layer<Found, reals>();
  s.template add_layer<ThereAndBack, reals>();
  serve<S, lasting<word_input, zero_word, zero_word>, OverlapAdd<3>>(s);
  serve<S, lasting<real_input, zero, zero>, OverlapAdd<3>>(s);
  serve<S, energies, LessNoise, FilterBankLog<64, 0>, FilterBank<3, 2>>(s);
  s.template add_layer<Roots, sums>();
  s.template add_layer<Placed<Element::int32>, same_scale>();
  s.template add_layer<Placed<Element::int64>, same_scale>();
}

template <class S> void serve_transformers(S& s) {
  serve<S, int8s, LayerNorm, RoPE<4>, Heads, Experts>(s);
  serve<S, reals, RMSNorm, RoPE<4>, Heads, Experts>(s);
  serve<S, int8s, Masked>(s);
  serve<S, words, LayerNorm, RoPE<4>, Heads, Experts>(s);
  serve<S, mixed<byte_input>, Experts>(s);
  serve<S, mixed<word_input>, Experts>(s);
  serve<S, becomes<Element::int8, word_input>, LayerNorm>(s);
}

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
  serve_elements(s);
  serve_rest(s);
  serve_transformers(s);
  s.add(stream_graph_of<Sequential<MaxPool<Extent{3, 1}, 1>>, std::array{Shape{9, 1, 2}}, int8s,
                        StreamPolicy{}>);
  return s;
}

// `Inherited`: the list that stands behind the kernels that are proved.
template <class List, class Inherited> void check_list() {
  const Served<List> served = serve_all<List>();
  for (int k = 0; k < List::count - Inherited::count; ++k) {
    INFO(std::string(List::names[k]));
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
