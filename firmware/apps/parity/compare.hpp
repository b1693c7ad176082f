// The instruction set of this target against the specification: many small networks on both, in one
// image. Every row of every layer must be the same, bit for bit.
#pragma once

#include "random_parameters.hpp"
#include "runtime.hpp"

#include <array>

namespace parity {

alignas(8) inline std::byte memory[48 * 1024];
inline int cases = 0, failures = 0;

inline constexpr int max_layers = 8;

// Random elements; the last pattern has only the extremes of int8.
inline void fill(std::span<std::byte> input, Element element, int pattern, std::uint32_t& state) {
  for (std::byte& b : input) {
    const std::uint32_t random = next_random(state) >> 11;
    b = static_cast<std::byte>(pattern < 3 ? random : random & 1 ? 0x7f : 0x80);
  }
  if (element != Element::float32) return;
  for (std::size_t i = 0; i < input.size(); i += 4)  // in [-1, 1]
    store(input.data() + i, static_cast<float>(load<std::int16_t>(input.data() + i)) / 32768);
}

// A hash of every layer's rows, of a run on pseudo-random or extreme input.
template <class Model> std::array<std::uint32_t, max_layers> run(int pattern) {
  static_assert(Model::arena_size <= sizeof memory && Model::layer_count <= max_layers);
  for (std::byte& b : memory) b = std::byte{0x5a};
  Model model(memory);
  std::uint32_t state = 88172645u + static_cast<std::uint32_t>(pattern);
  for (int i = 0; i < Model::input_count; ++i)
    fill(model.input_bytes(i), Model::input_element(i), pattern, state);
  std::array<std::uint32_t, max_layers> hashes{};
  model.run_with([&](const Step& step) {
    std::uint32_t& hash = hashes[static_cast<std::size_t>(step.layer)];
    for (int r = 0; r < step.rows; ++r)
      for (int i = 0; i < step.row_bytes; ++i)
        hash = (hash ^ static_cast<std::uint32_t>(step.data[r][i])) * 16777619u + 1;
  });
  // The outputs without a hook as well.
  for (int i = 0; i < Model::output_count; ++i)
    for (const std::byte b : model.output_bytes(i))
      hashes[0] = (hashes[0] ^ static_cast<std::uint32_t>(b)) * 16777619u + 1;
  return hashes;
}

template <class Network, auto input, Style style, plan::Policy policy = plan::fastest>
void compare(const char* name) {
  using Source = Source<Network, graven::detail::input_shapes(input), style>;
  using Expected = ModelOn<Network, input, Source::params, scalar>;
  using Got = ModelOn<Network, input, Source::params, native, policy>;
  for (int pattern = 0; pattern < 4; ++pattern) {
    const auto expected = run<Expected>(pattern), got = run<Got>(pattern);
    ++cases;
    if (expected == got) continue;
    ++failures;
    std::size_t layer = 0;
    while (expected[layer] == got[layer]) ++layer;
    firmware::print_line("differs: ", name, ", layer ", layer, ", pattern ", pattern);
  }
}

inline constexpr Style trained{}, centred{.in_zero = 5, .out_zero = -9},
    full{.in_zero = 3, .out_zero = -128, .weights = 1}, extreme{.in_zero = -128, .weights = 2},
    left{.out_zero = 7, .weights = 3, .scale = 4.0f, .out_scale = 0.02f},
    tiny{.in_zero = -7, .out_zero = 100, .scale = 3e-9f},
    biased{.in_zero = 127, .scale = 1e-5f, .bias = 400'000'000},
    deep{.in_zero = 11, .scale = 1e-5f, .bias = 4'000'000},
    clamped{.out_zero = -60, .out_scale = 0.03f}, tied{.scale = 0.006f, .one_scale = true},
    real{.real = true}, lifted{.weights = 1, .depthwise_zero = 9},
    coarse{.weights = 3, .scale = 0.8f, .bias = 100},
    tied_whole{.in_zero = 11, .out_zero = 20, .scale = 0.006f, .bias = 20'000, .one_scale = true};

// One shape under parameters of every kind.
template <class Network, auto input> void compare_all(const char* name) {
  compare<Network, input, trained>(name);
  compare<Network, input, centred>(name);
  compare<Network, input, full>(name);
  compare<Network, input, extreme>(name);
  compare<Network, input, left>(name);
  compare<Network, input, tiny>(name);
  compare<Network, input, biased>(name);
  compare<Network, input, deep>(name);
  compare<Network, input, clamped>(name);
}

template <int In, int Out, auto filter, auto stride = Stride(1), Padding padding = same,
          Activation activation = none, auto dilation = Dilation(1)>
using C = Conv2D<In, Out, filter, stride, padding, activation, dilation>;
template <int Channels, auto filter, auto stride = Stride(1), Padding padding = same,
          Activation activation = relu, auto dilation = Dilation(1), int multiplier = 1>
using D = DepthwiseConv2D<Channels, multiplier, filter, stride, padding, activation, dilation>;

inline constexpr Extent e1{1}, e2{2}, e3{3}, e5{5};

void check();  // every unit has its own

}  // namespace parity
