// A stream against the plain model on the window that ends with the newest row.
#include <graven/graven.hpp>

#include "plan_check.hpp"
#include "policies.hpp"

using namespace test;

namespace {

template <class C, Element element, std::uint32_t seed> struct Source {
  using Params = Random<typename C::Network, graven::detail::input_shapes(C::input), element, seed>;
  using Plain = ModelOn<typename C::Network, C::input, Params::params, scalar>;
  template <StreamPolicy policy, class Isa = scalar>
  using Stream = Streaming<typename C::Network, C::input, Params::params, Isa, policy>;
};

// What the compiler knows of a stream.
template <class C, Element element, std::uint32_t seed, StreamPolicy policy> struct Unrolled {
  using Params = typename Source<C, element, seed>::Params;
  static constexpr plan::Policy used = graven::detail::streaming_plan(policy.plan);
  static constexpr const auto& graph =
      graven::detail::stream_graph_of<typename C::Network, graven::detail::input_shapes(C::input),
                                      Params::params, policy>;
  using Engine = graven::Engine<
      graven::detail::stream_graph_of<typename C::Network, graven::detail::input_shapes(C::input),
                                      Params::params, policy>,
      scalar, Params::params, used>;
};

// `rows` rows of noise.
template <class M> Bytes noise(int rows, std::uint32_t seed) {
  Bytes all;
  const int row = M::input_shape().row();
  for (int i = 0; i < rows * row; ++i) {
    const std::uint32_t x = next_random(seed);
    if (size_of(M::input_element()) == 1) {
      all.push_back(static_cast<std::byte>(x >> 11));
    } else {
      std::byte four[4];
      store(four, static_cast<float>(x >> 16) / 16384.0f - 2.0f);
      append(all, four);
    }
  }
  return all;
}

template <class S> Bytes outputs(S& stream) {
  Bytes all;
  for (int o = 0; o < S::output_count; ++o) append(all, stream.output_bytes(o));
  return all;
}

template <class M> Bytes plain_outputs(const std::byte* window) {
  GuardedArena<M> memory(std::byte{0x5a});
  M model(memory.arena());
  std::memcpy(model.input_bytes(0).data(), window, model.input_bytes(0).size());
  model.run_in_place();
  return outputs_of(model);
}

// Every window position after the first full one.
template <class C, Element element, std::uint32_t seed, StreamPolicy policy> void check_stream() {
  CAPTURE(__PRETTY_FUNCTION__);
  using Plain = typename Source<C, element, seed>::Plain;
  using Stream = typename Source<C, element, seed>::template Stream<policy>;
  constexpr int row = Stream::input_shape().row() * size_of(Stream::input_element());
  constexpr int height = Stream::window_shape().height;
  constexpr int pushes = Stream::pushes_to_fill + 7;
  const Bytes input = noise<Stream>(pushes * Stream::hop, seed);
  CHECK(PlanCheck<Unrolled<C, element, seed, policy>>::run() == "");
  static typename Stream::State state;
  state = {};
  GuardedArena<typename Stream::OnArena> scratch(std::byte{0x5a});
  for (int push = 1; push <= pushes; ++push) {
    std::memset(scratch.arena(), 37 * push, Stream::arena_size);  // nothing stays in the scratch
    typename Stream::OnArena stream(state, scratch.arena());
    stream.push_bytes(input.data() + (push - 1) * Stream::hop * row);
    REQUIRE(stream.is_full() == (push >= Stream::pushes_to_fill));
    if (stream.is_full())
      CHECK(outputs(stream) ==
            plain_outputs<Plain>(input.data() + (push * Stream::hop - height) * row));
  }
  CHECK(scratch.guards_are_whole());
}

template <class C, StreamPolicy policy = StreamPolicy{}> void check_streams() {
  check_stream<C, Element::int8, 4, policy>();
  check_stream<C, Element::float32, 5, policy>();
}

using Chained = Case<Sequential<Conv2D<2, 4, 3>, ReLU, Conv2D<4, 3, Extent{3, 1}>, Flatten,
                                Dense<6 * 4 * 3, 5>, Softmax>,
                     Shape{10, 6, 2}>;
// 4 rows per push, and rows at the end of the window that nobody reads.
using Strided =
    Case<Sequential<Conv2D<1, 4, Extent{5, 3}, Extent{2, 1}>, DepthwiseConv2D<4, 1, 3>, ReLU6,
                    MaxPool<Extent{2, 1}>, Conv2D<4, 6, 1>, Sigmoid, GlobalAvgPool, Dense<6, 3>>,
         Shape{24, 7, 1}>;
using AlongTime =
    Case<Sequential<Conv2D<1, 3, Extent{4, 1}, Extent{3, 1}>, AvgPool<Extent{2, 1}, 1>>,
         Shape{23, 2, 1}>;  // the output slides, too
using Joined =
    Case<Sequential<Conv2D<2, 4, Extent{3, 1}>, Residual<Sequential<Conv2D<4, 4, 1>, ReLU>>,
                    Residual<DepthwiseConv2D<4, 1, Extent{1, 3}, 1, same>>,
                    Residual<Conv2D<4, 6, Extent{3, 1}, Extent{2, 1}>,
                             Conv2D<4, 6, Extent{2, 1}, Extent{2, 1}>>,
                    Concat<Identity, Conv2D<6, 2, 1>>, Mean<Axis::height>>,
         Shape{13, 4, 2}>;
using Dilations = Case<
    Sequential<Conv2D<1, 3, Extent{2, 1}, 1, valid, relu, Extent{4, 1}>,
               Conv2D<3, 3, Extent{3, 1}, 1, valid, none, Extent{2, 1}>, MaxPool<Extent{6, 2}>>,
    Shape{14, 2, 1}>;
using HeadOnly = Case<Sequential<Flatten, Dense<9 * 3 * 2, 4>>, Shape{9, 3, 2}>;
using Frames = Case<Sequential<Mean<Axis::width>, Sigmoid>, Shape{3, 5, 2}>;  // nothing overlaps
using Outs = Case<Graph<Node<Conv2D<1, 2, 3>, 0>, Node<Conv2D<2, 2, Extent{2, 1}>, 1>,
                        Node<GlobalAvgPool, 1>, Node<ArgMax<Axis::height>, 2>, Outputs<2, 1, 3, 4>>,
                  Shape{8, 4, 1}>;
using Regrouped = Case<
    Sequential<Conv2D<1, 2, Extent{3, 1}>, Reshape<Shape{3, 8, 2}>, Conv2D<2, 2, Extent{2, 1}>>,
    Shape{8, 4, 1}>;
using Weighed = Case<Graph<Node<Conv2D<1, 2, 3>, 0>, Node<GlobalAvgPool, 1>, Node<Add, 1, 2>,
                           Node<Conv2D<2, 3, 3>, 3>, Outputs<4>>,
                     Shape{9, 5, 1}>;

constexpr StreamPolicy by_twos{.hop = 2}, by_eights{.hop = 8};
constexpr StreamPolicy recomputed{.padding = TimePadding::recomputed};
constexpr StreamPolicy in_layers{.plan = {.order = plan::Order::layers}};

}  // namespace

TEST_CASE("chains") {
  check_streams<Chained>();
  check_streams<Strided>();
  check_streams<AlongTime>();
  check_streams<Dilations>();
}
TEST_CASE("joints, heads, several outputs") {
  check_streams<Joined>();
  check_streams<HeadOnly>();
  check_streams<Frames>();
  check_streams<Outs>();
  check_streams<Regrouped>();
}
TEST_CASE("several rows per push") {
  check_streams<Chained, by_twos>();
  check_streams<Strided, by_eights>();
  check_streams<HeadOnly, by_eights>();
  check_streams<Outs, by_eights>();
  check_streams<Joined, by_eights>();
}
TEST_CASE("layer by layer") {
  check_streams<Strided, in_layers>();
  check_streams<Joined, in_layers>();
}
TEST_CASE("recomputed, where every row depends on where the window begins") {
  check_streams<Weighed, recomputed>();
  for_each(All{}, []<class C>(C) {
    if constexpr (std::is_same_v<decltype(C::input), const Shape>)
      check_stream<C, Element::int8, 7, recomputed>();
  });
}
