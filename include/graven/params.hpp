// The source of a network's parameters: canonical weights and real scales, as a trained model has
// them. They exist for the compiler only; what reaches flash is packed from them (isa/).
#pragma once

#include "graven/quant.hpp"
#include "graven/shape.hpp"

#include <cstddef>
#include <cstdint>

namespace graven::core {

// A constant array of any element type that parameters come in.
struct Array {
  Element element = Element::inherit;
  int size = 0;  // elements
  const std::int8_t* int8 = nullptr;
  const std::int32_t* int32 = nullptr;
  const float* float32 = nullptr;

  constexpr Array() = default;
  template <std::size_t N>
  constexpr Array(const std::int8_t (&data)[N])
      : element(Element::int8), size(static_cast<int>(N)), int8(data) {}
  template <std::size_t N>
  constexpr Array(const std::int32_t (&data)[N])
      : element(Element::int32), size(static_cast<int>(N)), int32(data) {}
  template <std::size_t N>
  constexpr Array(const float (&data)[N])
      : element(Element::float32), size(static_cast<int>(N)), float32(data) {}
};

struct Channel;

// One record per model input, then one per layer in reading order ({} where a layer has nothing):
//
//   constexpr graven::Parameters params[] = {
//       {.output = {1.0f / 255, -128}},                                   // the input
//       {.filter = w0, .bias = b0, .scale = s0, .output = {0.02f, -128}}, // Conv2D
//       {}, {}, {},                                                       // ReLU, MaxPool, Flatten
//       {.filter = w1, .bias = b1, .scale = s1, .output = {0.1f, 3}}};    // Dense
struct Parameters {
  Array filter{};  // Conv2D: OHWI, DepthwiseConv2D: HWC, Dense: output-major; Constant: its values
  Array bias{};    // int32 in units of input scale * filter scale, or float; may be absent
  Array scale{};   // filter scales: one per output channel, or one for all; float: absent
  Quant output{};  // scale 0: as the input of the layer, or as the layer's own rule says
  Element element = Element::inherit;
  const char* name = "";  // in the original model
  int index = -1;         // of the operator in the original model; -1: as layers are counted
  const Channel* folded = nullptr;  // of every output, while a layer is packed (kernel/fold.hpp)
};

inline constexpr Parameters no_parameters{};

}  // namespace graven::core
