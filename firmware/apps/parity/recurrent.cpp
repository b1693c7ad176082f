// LSTM, GRU and SimpleRNN, whose states begin with whatever lies in memory.
#include "compare.hpp"
#include "random_cells.hpp"

namespace parity {

namespace {

template <class Layer, int Units, Shape shape> void real_cell(const char* name) {
  static constexpr std::array shapes{shape};
  using Net = Sequential<Layer>;
  using Records = RealCellSource<Layer, Units, shape>;
  compare(name, SubjectOf<Net, shapes, Records::params, scalar, plan::fastest>::value,
          SubjectOf<Net, shapes, Records::params, native, plan::fastest>::value);
}

template <class Layer, int Units, Shape shape, Style style, plan::Policy policy = plan::fastest>
void cell(const char* name) {
  static constexpr std::array shapes{shape};
  using Net = Sequential<Layer>;
  using Records = CellSource<Layer, Units, shape, style>;
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
template <class Kept, int Units, int Rank, int Memory, int inputs, Style style = trained>
void svdf(const char* name) {
  static constexpr std::array shapes{Shape{1, 1, inputs}};
  using Net = Sequential<SVDF<Units, Rank, Memory>>;
  using Records = SvdfSource<Kept, Units, Rank, Memory, inputs, style>;
  compare(name, SubjectOf<Net, shapes, Records::params, scalar, plan::fastest>::value,
          SubjectOf<Net, shapes, Records::params, native, plan::fastest>::value);
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
  svdf<std::int16_t, 4, 2, 10, 33>("SVDF: int16");
  svdf<std::int16_t, 3, 1, 17, 16, centred>("SVDF: int16, a feature per unit");
  svdf<std::int16_t, 5, 1, 1, 3, extreme>("SVDF: one moment");
  svdf<std::int8_t, 4, 2, 8, 20>("SVDF: int8");
  svdf<std::int8_t, 2, 3, 13, 7, centred>("SVDF: int8, odd sizes");
  real_cell<LSTM<8, fresh>, 8, Shape{1, 5, 12}>("LSTM: float32");
  real_cell<LSTM<5, fresh>, 5, Shape{4, 1, 7}>("LSTM: float32, odd sizes");
  real_cell<GRU<19, fresh>, 19, Shape{1, 5, 10}>("GRU: float32");
  real_cell<GRU<3, fresh, Reset::before>, 3, Shape{1, 4, 5}>("GRU: float32, reset before");
  real_cell<SimpleRNN<21, fresh>, 21, Shape{1, 4, 9}>("SimpleRNN: float32");
  real_cell<SimpleRNN<1, fresh, Squash::relu>, 1, Shape{1, 4, 1}>("SimpleRNN: float32, one unit");
}

}  // namespace parity
