// A sequence in one run, moment by moment, and from a saved State on: the same bits, after any
// number of moments.
#include "compare.hpp"
#include "random_cells.hpp"

namespace parity {

namespace {

constexpr int length = 9, part = 4;

template <class T> T element(std::uint32_t& state) {
  const auto byte = static_cast<std::int8_t>(next_random(state) >> 13);
  if constexpr (sizeof(T) == 1)
    return byte;
  else
    return static_cast<T>(byte) / T(50);
}

// Moments from `first` on, as many as the model takes; behind `out` what it yields.
template <class T, class Model, std::size_t... in>
void run(Model& model, int first, T* out, std::index_sequence<in...>) {
  const int moments = Model::input_shape(0).width;
  auto fill = [&](auto input, std::uint32_t seed) {
    const int channels = static_cast<int>(input.size()) / moments;
    std::uint32_t state = seed;
    for (int i = 0; i < first * channels; ++i) element<T>(state);
    for (auto& each : input) each = element<T>(state);
  };
  (fill(model.template input<in>(), 88172645u + static_cast<std::uint32_t>(in)), ...);
  const auto found = model.run();
  for (std::size_t i = 0; i < found.size(); ++i) out[i] = found[i];
}

template <class T, class Whole, class Single, class Part> void sequence(const char* name) {
  static Whole whole;
  static Single single;
  static Part rest;
  constexpr std::make_index_sequence<static_cast<std::size_t>(Whole::input_count)> inputs;
  constexpr int channels = Whole::output_shape().size() / length;
  static T expected[std::size_t{length * channels}], found[std::size_t{length * channels}];
  run(whole, 0, expected, inputs);
  bool steps = true, continues = true;
  for (int prefix = 0; prefix <= length - part; ++prefix) {
    std::array<std::byte, Single::State::saved_size> saved{};
    single.state().save(saved);
    rest.reset();
    continues = rest.state().restore(saved) && continues;
    run(rest, prefix, found, inputs);
    for (int i = 0; i < part * channels; ++i)
      continues = continues && found[i] == expected[prefix * channels + i];
    run(single, prefix, found, inputs);
    for (int i = 0; i < channels; ++i) steps = steps && found[i] == expected[prefix * channels + i];
  }
  expect(name, steps);
  expect(name, continues);
}

constexpr Parameters real_four[]{{}, {}, {}, {}};
constexpr Parameters four[]{{.output = {0.05f, 3}},
                            {.output = {0.04f, -5}},
                            {.output = {0.03f, 7}},
                            {.output = {0.02f, -1}}};
template <Span span, int moments, const auto& params>
using Attending =
    Model<Graph<Node<Attention<2, 1, 4, span>, 0, 1, 2>, Outputs<3>>,
          shapes(Shape{1, moments, 8}, Shape{1, moments, 4}, Shape{1, moments, 4}), params>;
template <Span span, const auto& params, class T> void attention(const char* name) {
  sequence<T, Attending<span, length, params>, Attending<span, 1, params>,
           Attending<span, part, params>>(name);
}

template <class Layer, int Units, bool real, int moments>
using Celled =
    Model<Sequential<Layer>, Shape{1, moments, 6},
          std::conditional_t<real, RealCellSource<Layer, Units, Shape{1, moments, 6}>,
                             CellSource<Layer, Units, Shape{1, moments, 6}, trained>>::params>;
template <class Layer, int Units, bool real> void cell(const char* name) {
  sequence<std::conditional_t<real, float, std::int8_t>, Celled<Layer, Units, real, length>,
           Celled<Layer, Units, real, 1>, Celled<Layer, Units, real, part>>(name);
}

}  // namespace

void check() {
  attention<sliding(12), four, std::int8_t>("attention, all moments");
  attention<sliding(5), four, std::int8_t>("attention, sliding");
  attention<stopping(5), four, std::int8_t>("attention, stopping");
  attention<sliding(12), real_four, float>("attention, float32, all moments");
  attention<sliding(5), real_four, float>("attention, float32, sliding");
  attention<stopping(5), real_four, float>("attention, float32, stopping");
  cell<LSTM<5>, 5, false>("LSTM");
  cell<GRU<5>, 5, false>("GRU");
  cell<GRU<5, Recurrence{}, Reset::before>, 5, false>("GRU, reset before");
  cell<SimpleRNN<5>, 5, false>("SimpleRNN");
  cell<LSTM<5>, 5, true>("LSTM, float32");
  cell<GRU<5>, 5, true>("GRU, float32");
  cell<GRU<5, Recurrence{}, Reset::before>, 5, true>("GRU, float32, reset before");
  cell<SimpleRNN<5>, 5, true>("SimpleRNN, float32");
}

}  // namespace parity
