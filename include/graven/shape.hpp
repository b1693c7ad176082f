// Shapes and element types as values: what the compiler calculates with.
#pragma once

#include <cstdint>

namespace graven::core {

// An activation in HWC order: `height` rows of `width` pixels of `channels` elements (batch is 1).
// A vector is one row of one pixel: {1, 1, n}.
struct Shape {
  int height = 1, width = 1, channels = 1;

  constexpr int pixels() const { return height * width; }
  constexpr int row() const { return width * channels; }            // elements of one row
  constexpr int size() const { return height * width * channels; }  // elements
  constexpr bool exists() const { return height > 0 && width > 0 && channels > 0; }
  constexpr bool operator==(const Shape&) const = default;
};

// What a layer yields whose static_assert has failed: nothing behind it is checked. A mark, which
// no arithmetic on wrong sizes comes to.
inline constexpr Shape no_shape{-0x7fffffff, 1, 1};

// A height and a width: filter sides, strides, dilations, pool windows. `3` means {3, 3}.
struct Extent {
  int height = 1, width = 1;

  constexpr Extent(int side) : height(side), width(side) {}
  constexpr Extent(int tall, int wide) : height(tall), width(wide) {}
  constexpr int area() const { return height * width; }
  constexpr bool operator==(const Extent&) const = default;
};
using Filter = Extent;
using Stride = Extent;
using Dilation = Extent;
using Window = Extent;

// TFLite's rules: `same` gives ceil(in / stride) outputs and pads the rest at the end;
// `valid` uses only whole windows.
enum class Padding : std::uint8_t { valid, same };
using enum Padding;

// A clamp fused into a layer; on real values, before quantization.
enum class Activation : std::uint8_t { none, relu, relu6, relu_n1_to_1 };
using enum Activation;

// `inherit` in a parameter record: as the layer's input, or the layer's own rule, has it.
enum class Element : std::uint8_t { inherit, int8, uint8, int16, int32, int64, float32, boolean };

constexpr int size_of(Element element) {  // bytes
  switch (element) {
    case Element::int16: return 2;
    case Element::int32:
    case Element::float32: return 4;
    case Element::int64: return 8;
    default: return 1;
  }
}

// Does a scale make real numbers of them?
constexpr bool is_quantized(Element element) {
  return element == Element::int8 || element == Element::uint8 || element == Element::int16;
}

template <Element element> struct type_of;
template <> struct type_of<Element::int8> { using type = std::int8_t; };
template <> struct type_of<Element::uint8> { using type = std::uint8_t; };
template <> struct type_of<Element::int16> { using type = std::int16_t; };
template <> struct type_of<Element::int32> { using type = std::int32_t; };
template <> struct type_of<Element::int64> { using type = std::int64_t; };
template <> struct type_of<Element::float32> { using type = float; };
template <> struct type_of<Element::boolean> { using type = bool; };

// Outputs along one axis: `span` is the dilated window, (window - 1) * dilation + 1.
constexpr int window_outputs(int in, int span, int stride, Padding padding) {
  return padding == Padding::same ? (in + stride - 1) / stride
         : in < span              ? 0
                                  : (in - span) / stride + 1;
}

// Padding before the first element; what remains after the division goes to the end (TFLite's
// ComputePaddingWithOffset).
constexpr int padding_before(int in, int out, int span, int stride) {
  const int total = (out - 1) * stride + span - in;
  return total > 0 ? total / 2 : 0;
}

}  // namespace graven::core
