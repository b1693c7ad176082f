// Which rows a push makes and keeps, and streams of random chains.
#include "../streams.hpp"

using namespace test;

namespace {

template <class Network, Shape input, TimePadding padding = TimePadding::refused, int hop = 0>
constexpr auto timeline = [] {
  constexpr auto inputs = graven::core::detail::input_shapes(input);
  using Params = Random<Network, inputs, Element::int8, 3>;
  return graven::core::detail::trace_time(graph_of<Network, inputs, Params::params, true>, padding,
                                          hop);
}();

constexpr bool is(const graven::core::detail::Track& t, int rate, int made, int last, int kept) {
  return t.timed && t.rate == rate && t.made == made && t.last == last && t.kept == kept;
}

// 3 rows, every second, of 12: row 4 reads rows 8 to 10, row 11 waits.
using Pair = Sequential<Conv2D<1, 2, Extent{3, 1}, Extent{2, 1}>, Conv2D<2, 2, Extent{2, 1}>>;
constexpr auto pair = timeline<Pair, Shape{12, 1, 1}>;
static_assert(pair.hop == 2 && pair.whole_layer < 0);
static_assert(is(pair.tracks[0], 1, 2, 11, 4));
static_assert(is(pair.tracks[1], 2, 1, 4, 2));
static_assert(is(pair.tracks[2], 2, 1, 3, 4));  // the output is kept whole
constexpr auto pair_by_4 = timeline<Pair, Shape{12, 1, 1}, TimePadding::refused, 4>;
static_assert(is(pair_by_4.tracks[0], 1, 4, 11, 6) && is(pair_by_4.tracks[1], 2, 2, 4, 3));

// Padding: whole from there on, or late by a row.
using Padded = Sequential<Conv2D<1, 1, Extent{3, 1}, 1, same>, ReLU, GlobalAvgPool>;
constexpr auto whole = timeline<Padded, Shape{6, 1, 1}, TimePadding::recomputed>;
static_assert(whole.whole_layer == 0 && whole.tracks[0].kept == 6 && !whole.tracks[1].timed);
constexpr auto late = timeline<Padded, Shape{6, 1, 1}, TimePadding::at_reset>;
static_assert(late.whole_layer < 0 && is(late.tracks[1], 1, 1, 4, 6));

// ---- random chains ----------------------------------------------------------------------------

// What layer `k` of chain `seed` is, over one or two rows per row, always four channels.
constexpr std::uint32_t dice(std::uint32_t seed, std::uint32_t k, std::uint32_t sides) {
  std::uint32_t state = seed * 7919u + k * 104729u + 1;
  for (int i = 0; i < 4; ++i) next_random(state);
  return state % sides;
}
template <std::uint32_t seed, std::uint32_t k> constexpr auto pick() {
  constexpr int tall = 1 + static_cast<int>(dice(seed, 10 + k, 4));
  constexpr int down = 1 + static_cast<int>(dice(seed, 20 + k, 3)) / 2;
  constexpr std::uint32_t kind = dice(seed, 30 + k, 7);
  if constexpr (kind == 0)
    return DepthwiseConv2D<4, 1, Extent{tall, 2}, Extent{down, 1}>{};
  else if constexpr (kind == 1)
    return MaxPool<Extent{tall, 1}, Extent{down, 1}>{};
  else if constexpr (kind == 2)
    return AvgPool<Extent{tall, 2}, Extent{down, 1}>{};
  else if constexpr (kind == 3)
    return Residual<Sequential<Conv2D<4, 4, 1>, ReLU>>{};
  else if constexpr (kind == 4)
    return Sigmoid{};
  else
    return Conv2D<4, 4, Extent{tall, 1}, Extent{down, 1}>{};
}
template <std::uint32_t seed>
using Trunk = Sequential<Conv2D<2, 4, 1>, decltype(pick<seed, 0>()), decltype(pick<seed, 1>()),
                         decltype(pick<seed, 2>()), decltype(pick<seed, 3>())>;
template <std::uint32_t seed> constexpr Shape input{76 + static_cast<int>(dice(seed, 1, 9)), 6, 2};
template <std::uint32_t seed> constexpr auto headed() {
  constexpr Shape out = Trunk<seed>::template output<At{input<seed>}>();
  if constexpr (dice(seed, 2, 3) == 0)
    return Trunk<seed>{};
  else if constexpr (dice(seed, 2, 3) == 1)
    return Sequential<Trunk<seed>, GlobalAvgPool, Dense<4, 3>>{};
  else
    return Sequential<Trunk<seed>, Flatten, Dense<out.size(), 3>>{};
}

template <std::uint32_t... seed> void check_chains(std::integer_sequence<std::uint32_t, seed...>) {
  (check_stream<Case<decltype(headed<seed>()), input<seed>>, Element::int8, seed + 1,
                StreamPolicy{}>(),
   ...);
}

}  // namespace

TEST_CASE("random chains") { check_chains(std::make_integer_sequence<std::uint32_t, 10>()); }
