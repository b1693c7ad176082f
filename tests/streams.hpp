// A stream against the plain model on the window that ends with the newest row.
#pragma once

#include "plan_check.hpp"
#include "policies.hpp"

namespace test {

template <class C, Element element, std::uint32_t seed> struct Source {
  using Params =
      Random<typename C::Network, graven::core::detail::input_shapes(C::input), element, seed>;
  using Plain = ModelOn<typename C::Network, C::input, Params::params, scalar>;
  template <StreamPolicy policy, class Isa = scalar>
  using Stream = Streaming<typename C::Network, C::input, Params::params, Isa, policy>;
};

// What the compiler knows of a stream.
template <class C, Element element, std::uint32_t seed, StreamPolicy policy> struct Unrolled {
  using Params = typename Source<C, element, seed>::Params;
  static constexpr plan::Policy used = plan::fed_by_rows(policy.plan);
  static constexpr const auto& graph = graven::core::detail::stream_graph_of<
      typename C::Network, graven::core::detail::input_shapes(C::input), Params::params, policy>;
  using Engine =
      graven::core::Engine<graven::core::detail::stream_graph_of<
                               typename C::Network, graven::core::detail::input_shapes(C::input),
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
    std::memset(scratch.arena().data(), 37 * push,
                Stream::arena_size);  // nothing stays in the scratch
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

}  // namespace test
