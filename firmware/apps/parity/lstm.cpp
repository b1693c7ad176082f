// LSTM and SVDF, whose states begin with whatever lies in memory.
#include "compare.hpp"

namespace parity {

namespace {

// Random weights of an LSTM; `shape` is its input.
template <int Units, Shape shape, Style style> struct Recurrent {
  static constexpr int inputs = shape.channels;
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
  static constexpr float memory_scale[]{1.0f / 2048};
  static constexpr std::int8_t zero[]{static_cast<std::int8_t>(style.out_zero)};
  static constexpr std::int16_t none[]{0};
  static constexpr Constant constants[]{{"input_to_input", weights<Units * inputs, 1>, scale},
                                        {"input_to_forget", weights<Units * inputs, 2>, scale},
                                        {"input_to_cell", weights<Units * inputs, 3>, scale},
                                        {"input_to_output", weights<Units * inputs, 4>, scale},
                                        {"recurrent_to_input", weights<Units * Units, 5>, scale},
                                        {"recurrent_to_forget", weights<Units * Units, 6>, scale},
                                        {"recurrent_to_cell", weights<Units * Units, 7>, scale},
                                        {"recurrent_to_output", weights<Units * Units, 8>, scale},
                                        {"input_bias", bias<1>},
                                        {"forget_bias", bias<2>},
                                        {"cell_bias", bias<3>},
                                        {"output_bias", bias<4>},
                                        {"hidden", zero, hidden_scale, style.out_zero},
                                        {"memory", none, memory_scale}};
  static constexpr Parameters params[]{
      {.output = {0.05f, style.in_zero}},
      {.constants = constants, .output = {1.0f / 128, style.out_zero}}};
};

template <int Units, Shape shape, Style style> void lstm(const char* name) {
  static constexpr std::array shapes{shape};
  using Net = Sequential<LSTM<Units>>;
  using Source = Recurrent<Units, shape, style>;
  compare(name, SubjectOf<Net, shapes, Source::params, scalar, plan::fastest>::value,
          SubjectOf<Net, shapes, Source::params, native, plan::fastest>::value);
}

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
}

}  // namespace parity
