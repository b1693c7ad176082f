// LSTM, GRU and SimpleRNN, whose states begin with whatever lies in memory.
#include "compare.hpp"

namespace parity {

namespace {

// Random records of a cell whose input is `shape`.
template <class Layer, int Units, Shape shape, Style style> struct Source {
  static constexpr int inputs = shape.channels, gates = std::size(Layer::gates);
  template <int count, int seed>
  static constexpr auto weights = [] {
    std::array<std::int8_t, std::size_t{count}> w{};
    std::uint32_t state = 2463534242u + 7919u * seed;
    for (std::int8_t& each : w) each = weight(next_random(state), style.weights);
    return w;
  }();
  template <int seed>
  static constexpr auto bias = [] {
    std::array<std::int32_t, std::size_t{Units}> b{};
    std::uint32_t state = 362436069u + 7919u * seed;
    for (std::int32_t& each : b)
      each = static_cast<std::int32_t>(next_random(state) % 20'000) - 10'000;
    return b;
  }();
  static constexpr float scale[]{style.scale / 8}, hidden_scale[]{1.0f / 128};
  static constexpr float memory_scale[]{Layer::cell == core::op::lstm ? 1.0f / 2048 : 1.0f / 32768};
  static constexpr std::int8_t zero[]{static_cast<std::int8_t>(style.out_zero)};
  static constexpr std::int16_t none[]{0};
  template <int... gate> static constexpr auto gates_of(std::integer_sequence<int, gate...>) {
    constexpr bool own = Layer::cell == core::op::gru && Layer::variant == 0;
    return std::array<Constant, std::size_t{3 * gates + 3}>{
        {{Layer::gates[gate].input, weights<Units * inputs, gate + 1>, scale}...,
         {Layer::gates[gate].recurrent, weights<Units * Units, gate + 5>, scale}...,
         {Layer::gates[gate].bias, bias<gate + 1>}...,
         {"hidden", zero, hidden_scale, style.out_zero},
         {"memory", none, memory_scale},
         {own ? "recurrent_bias" : "", bias<9>}}};
  }
  static constexpr auto constants = gates_of(std::make_integer_sequence<int, gates>());
  static constexpr Parameters params[]{
      {.output = {0.05f, style.in_zero}},
      {.constants = constants, .output = {1.0f / 128, style.out_zero}}};
};

template <class Layer, int Units, Shape shape, Style style, plan::Policy policy = plan::fastest>
void cell(const char* name) {
  static constexpr std::array shapes{shape};
  using Net = Sequential<Layer>;
  using Records = Source<Layer, Units, shape, style>;
  compare(name, SubjectOf<Net, shapes, Records::params, scalar, policy>::value,
          SubjectOf<Net, shapes, Records::params, native, policy>::value);
}
template <int Units, Shape shape, Style style> void lstm(const char* name) {
  cell<LSTM<Units>, Units, shape, style>(name);
}
template <int Units, Shape shape, Style style> void gru(const char* name) {
  cell<GRU<Units>, Units, shape, style>(name);
}
template <int Units, Shape shape, Style style> void rnn(const char* name) {
  cell<SimpleRNN<Units>, Units, shape, style>(name);
}
constexpr Recurrence fresh{.stateful = false}, last{.return_sequences = false};

}  // namespace

void check() {
  lstm<8, Shape{1, 5, 12}, centred>("eight units");
  lstm<8, Shape{5, 1, 12}, trained>("rows");
  lstm<5, Shape{1, 6, 7}, full>("odd sizes");
  lstm<6, Shape{1, 4, 3}, extreme>("extreme weights");
  lstm<1, Shape{1, 4, 1}, left>("one unit");
  lstm<16, Shape{1, 3, 40}, tiny>("small scales");
  lstm<12, Shape{1, 5, 20}, tied>("right shifts");
  lstm<9, Shape{3, 2, 10}, tied_whole>("rows of two moments");
  gru<8, Shape{1, 5, 12}, centred>("GRU: eight units");
  gru<5, Shape{4, 1, 37}, trained>("GRU: odd sizes");
  gru<6, Shape{1, 4, 3}, extreme>("GRU: extreme weights");
  gru<7, Shape{1, 4, 6}, left>("GRU: left shifts");
  gru<12, Shape{1, 3, 20}, tied>("GRU: right shifts");
  rnn<8, Shape{5, 1, 12}, centred>("SimpleRNN: eight units");
  rnn<5, Shape{1, 4, 37}, trained>("SimpleRNN: odd sizes");
  rnn<6, Shape{1, 4, 3}, extreme>("SimpleRNN: extreme weights");
  cell<GRU<8, Recurrence{}, Reset::before>, 8, Shape{1, 4, 12}, trained>("GRU: reset before");
  cell<GRU<9, fresh>, 9, Shape{4, 1, 12}, trained>("GRU: zeros in every run");
  cell<LSTM<6, fresh>, 6, Shape{4, 1, 12}, trained>("LSTM: zeros in every run");
  cell<GRU<9>, 9, Shape{4, 1, 11}, trained, plan::smallest>("GRU: in little memory");
  cell<LSTM<7>, 7, Shape{4, 1, 13}, trained, plan::smallest>("LSTM: in little memory");
  cell<LSTM<6, last>, 6, Shape{1, 4, 12}, trained>("LSTM: the last moment");
  cell<SimpleRNN<7, fresh, Squash::relu>, 7, Shape{4, 1, 12}, trained>("SimpleRNN: relu");
}

}  // namespace parity
