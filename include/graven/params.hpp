// The source of a network's parameters: canonical weights and real scales, as a trained model has
// them. They exist for the compiler only; what reaches flash is packed from them (isa/).
#pragma once

#include "graven/quant.hpp"
#include "graven/shape.hpp"
#include "graven/text.hpp"

#include <cstddef>
#include <cstdint>

namespace graven::core {

// A constant array of any element type that parameters come in.
struct Array {
  Element element = Element::inherit;
  int size = 0;  // elements
  const std::int8_t* int8 = nullptr;
  const std::int16_t* int16 = nullptr;
  const std::int32_t* int32 = nullptr;
  const std::int64_t* int64 = nullptr;
  const float* float32 = nullptr;

  constexpr Array() = default;
  template <std::size_t N>
  constexpr Array(const std::int8_t (&data)[N])
      : element(Element::int8), size(static_cast<int>(N)), int8(data) {}
  template <std::size_t N>
  constexpr Array(const std::int16_t (&data)[N])
      : element(Element::int16), size(static_cast<int>(N)), int16(data) {}
  template <std::size_t N>
  constexpr Array(const std::int64_t (&data)[N])
      : element(Element::int64), size(static_cast<int>(N)), int64(data) {}
  template <std::size_t N>
  constexpr Array(const std::int32_t (&data)[N])
      : element(Element::int32), size(static_cast<int>(N)), int32(data) {}
  template <std::size_t N>
  constexpr Array(const float (&data)[N])
      : element(Element::float32), size(static_cast<int>(N)), float32(data) {}
};

// A constant of a layer by the name that the layer gives it: the operand of MulConstant, the
// matrices of an LSTM. Its element type, scale and zero point are its own.
struct Constant {
  const char* name = "";
  Array data{};
  Array scale{};  // of integers: one for all elements, or one per channel
  int zero_point = 0;
};

// An array of records with static storage, of any length.
template <class T> struct Listing {
  const T* first = nullptr;
  int size = 0;

  constexpr Listing() = default;
  template <std::size_t N>
  constexpr Listing(const T (&records)[N]) : first(records), size(static_cast<int>(N)) {}
  constexpr const T& operator[](int index) const { return first[index]; }
};

// One record per model input, then one per layer in reading order ({} where a layer has nothing):
//
//   constexpr graven::Parameters params[] = {
//       {.output = {1.0f / 255, -128}},                                   // the input
//       {.filter = w0, .bias = b0, .scale = s0, .output = {0.02f, -128}}, // Conv2D
//       {}, {}, {},                                                       // ReLU, MaxPool, Flatten
//       {.filter = w1, .bias = b1, .scale = s1, .output = {0.1f, 3}}};    // Dense
struct Parameters {
  Array filter{};  // Conv2D: OHWI, DepthwiseConv2D: HWC, Dense: output-major
  Array bias{};    // int32 in units of input scale * filter scale, or float; may be absent
  Array scale{};   // filter scales: one per output channel, or one for all; float: absent
  Listing<Constant> constants{};  // whatever else a layer has, by name
  Quant output{};            // scale 0: as the input of the layer, or as the layer's own rule says
  Listing<Quant> outputs{};  // of a layer with several outputs: one for each
  Element element = Element::inherit;
  const char* name = "";  // in the original model
  int index = -1;         // of the operator in the original model; -1: as layers are counted

  constexpr Quant quant(int k) const { return k < outputs.size ? outputs[k] : output; }
  // The index of a constant; -1: there is none of this name.
  constexpr int find(const char* constant) const {
    for (int k = 0; k < constants.size; ++k)
      if (equal(constants[k].name, constant)) return k;
    return -1;
  }
};

inline constexpr Parameters no_parameters{};

}  // namespace graven::core
