// Parameters of recurrent cells, made by the compiler.
#pragma once

#include "random_parameters.hpp"

namespace parity {

// Random records of a cell whose input is `shape`.
template <class Layer, int Units, Shape shape, Style style> struct CellSource {
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

// Those of an SVDF, whose features are kept as Kept.
template <class Kept, int Units, int Rank, int Memory, int inputs, Style style> struct SvdfSource {
  static constexpr int features = Units * Rank;
  template <class T, int count, int seed>
  static constexpr auto numbers = [] {
    std::array<T, std::size_t{count}> w{};
    std::uint32_t state = 2463534242u + 7919u * seed;
    for (T& each : w) each = static_cast<T>(weight(next_random(state), style.weights) * 3);
    return w;
  }();
  static constexpr auto filter = numbers<std::int8_t, features * inputs, 1>;
  static constexpr auto time = numbers<Kept, features * Memory, 2>;
  static constexpr auto bias = numbers<std::int32_t, Units, 3>;
  static constexpr Kept before[]{0};
  static constexpr float scale[]{0.02f}, time_scale[]{0.01f}, kept_scale[]{0.03f};
  static constexpr Constant constants[]{{"time", time, time_scale}, {"state", before, kept_scale}};
  static constexpr Parameters params[]{{.output = {0.05f, style.in_zero}},
                                       {.filter = filter,
                                        .bias = bias,
                                        .scale = scale,
                                        .constants = constants,
                                        .output = {0.4f, style.out_zero}}};
};

// The same of float32.
template <class Layer, int Units, Shape shape> struct RealCellSource {
  static constexpr int inputs = shape.channels, gates = std::size(Layer::gates);
  template <int count, int seed>
  static constexpr auto weights = [] {
    std::array<float, std::size_t{count}> w{};
    std::uint32_t state = 2463534242u + 7919u * seed;
    for (float& each : w) each = static_cast<float>(weight(next_random(state), 0)) / 200;
    return w;
  }();
  static constexpr float none[]{0}, clip[]{0.5f};
  template <int... gate> static constexpr auto gates_of(std::integer_sequence<int, gate...>) {
    constexpr bool own = Layer::cell == core::op::gru && Layer::variant == 0;
    constexpr bool clips = Layer::cell == core::op::lstm;
    return std::array<Constant, std::size_t{3 * gates + 4}>{
        {{Layer::gates[gate].input, weights<Units * inputs, gate + 1>}...,
         {Layer::gates[gate].recurrent, weights<Units * Units, gate + 5>}...,
         {Layer::gates[gate].bias, weights<Units, gate + 9>}...,
         {"hidden", none},
         {"memory", none},
         {clips ? "clip" : "", clip},
         {own ? "recurrent_bias" : "", weights<Units, 13>}}};
  }
  static constexpr auto constants = gates_of(std::make_integer_sequence<int, gates>());
  static constexpr Parameters params[]{{}, {.constants = constants}};
};

}  // namespace parity
