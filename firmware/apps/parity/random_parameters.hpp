// Parameters for any network, made by the compiler: as trained models have them, or extreme.
#pragma once

#include <graven/graven.hpp>

namespace parity {

using namespace graven;
using namespace graven::core;

struct Style {
  int in_zero = -128, out_zero = -128;
  int weights = 0;      // 0: [-127, 127]; 1: [-128, 127]; 2: only -128 and 127; 3: small;
                        // 4: of four bits; 5: of nine bits, as uint8 models have them
  float scale = 0.02f;  // of the filters; times the input's it decides the shift
  int bias = 3000;      // [-bias, bias]
  float out_scale = 0.1f;
  bool one_scale = false;  // of all outputs
  bool real = false;       // float32, without any quantization
  bool hybrid = false;     // and weights of int8
  bool words = false;      // int16 with biases of int64
  int depthwise_zero = out_zero;
  Element quantized = Element::int8;  // by Quantize
};

constexpr std::uint32_t next_random(std::uint32_t& state) {
  state ^= state << 13;
  state ^= state >> 17;
  return state ^= state << 5;
}

constexpr std::int8_t weight(std::uint32_t random, int weights) {
  const int x = static_cast<int>(random >> 8 & 0xff);
  if (weights == 2) return x < 128 ? -128 : 127;
  if (weights == 3) return static_cast<std::int8_t>(x % 31 - 15);
  if (weights == 4) return static_cast<std::int8_t>(x % 16 - 8);
  return static_cast<std::int8_t>(x == 0 && weights == 0 ? 1 : x - 128);
}

template <class Network, auto inputs, Style style,
          class Layers = std::make_index_sequence<static_cast<std::size_t>(
              graven::core::detail::count_layers<Network>())>,
          class Ins = std::make_index_sequence<inputs.size()>>
struct Source;

// The graph without weights says what each layer needs.
template <class Network, auto inputs, Style style, std::size_t... Layer, std::size_t... In>
struct Source<Network, inputs, style, std::index_sequence<Layer...>, std::index_sequence<In...>> {
  static constexpr Quant in_quant =
      style.real ? Quant{} : Quant{style.words ? 0.0002f : 0.05f, style.in_zero};
  static constexpr Element in_element = style.words ? Element::int16 : Element::inherit;
  static constexpr Parameters bare[] = {{.output = ((void)In, in_quant), .element = in_element}...,
                                        ((void)Layer, Parameters{})...};
  static constexpr auto graph =
      graven::core::detail::lower_network<Network, inputs, bare, false, false>(
          std::make_index_sequence<inputs.size()>());

  template <std::size_t layer> struct Arrays {
    static constexpr Value value = graph.values[graph.layers[layer].value];
    static constexpr bool weighted =
        value.layer == static_cast<int>(layer) && value.op.has(Trait::weights);
    static constexpr int taps = weighted ? value.weights.size() : 0;
    static constexpr int channels = value.shape.channels;
    using Weight =
        std::conditional_t<style.real && !style.hybrid, float,
                           std::conditional_t<style.weights == 5, std::int16_t, std::int8_t>>;
    Weight filter[std::size_t{taps > 0 ? taps : 1}]{};
    using Bias = std::conditional_t<style.words, std::int64_t, std::int32_t>;
    std::conditional_t<style.real, float, Bias> bias[std::size_t{channels}]{};
    float scale[std::size_t{channels}]{};
  };
  template <std::size_t layer> static constexpr auto make_arrays() {
    Arrays<layer> a{};
    std::uint32_t state = 2463534242u + 7919u * static_cast<std::uint32_t>(layer + a.taps);
    for (auto& w : a.filter) {
      w = weight(next_random(state), style.weights);
      if constexpr (style.real && !style.hybrid) w /= 300;
      if constexpr (style.weights == 5) w = static_cast<std::int16_t>(2 * w + 1);
    }
    const auto range = 2 * static_cast<std::uint32_t>(style.bias) + 1;
    for (int o = 0; o < a.channels; ++o) {
      const auto bias = static_cast<std::int32_t>(next_random(state) % range) - style.bias;
      if constexpr (style.real)
        a.bias[o] = static_cast<float>(bias) / 7000;
      else
        a.bias[o] = bias;
      a.scale[o] = style.scale * (0.5f + static_cast<float>(next_random(state) % 64) / 64.0f);
    }
    return a;
  }
  template <std::size_t layer> static constexpr auto arrays = make_arrays<layer>();

  template <std::size_t layer> static constexpr Parameters record() {
    using A = Arrays<layer>;
    Parameters p{};
    if constexpr (A::weighted) {
      p.filter = arrays<layer>.filter;
      if (style.weights == 4) p.filter = int4(arrays<layer>.filter);
      p.bias = arrays<layer>.bias;
      if (!style.real || style.hybrid) p.scale = arrays<layer>.scale;
      if (style.one_scale) p.scale.size = 1;
    }
    constexpr Op op = A::value.op;
    if (op == op::quantize || style.quantized != Element::int8) {
      p.output = {style.out_scale, style.out_zero};
      p.element = style.quantized;
    }
    if (style.real) return p;
    const bool sums = op == op::add || op == op::sub || op == op::mul;
    if (A::weighted || sums || op == op::mean || op == op::sum || op == op::batch_matmul)
      p.output = {style.out_scale, op == op::depthwise ? style.depthwise_zero : style.out_zero};
    return p;
  }
  static constexpr Parameters params[] = {
      {.output = ((void)In, in_quant), .element = in_element}..., record<Layer>()...};
};

}  // namespace parity
