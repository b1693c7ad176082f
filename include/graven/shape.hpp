// Shapes and element types as values: what the compiler calculates with.
#pragma once

#include <cstdint>

namespace graven::core {

// Shapes have at most this many rows, pixels and channels.
inline constexpr int max_extent = 65535;
constexpr bool is_near(int extent) { return extent >= -max_extent && extent <= max_extent; }

// A result that may be far beyond any extent: as near to it as is safe to go on with.
constexpr int saturated(std::int64_t x) {
  constexpr int most = 1 << 29;
  return x > most ? most : x < -most ? -most : static_cast<int>(x);
}

// An activation in HWC order: `height` rows of `width` pixels of `channels` elements (batch is 1).
// A vector is one row of one pixel: {1, 1, n}.
struct Shape {
  int height = 1, width = 1, channels = 1;

  constexpr int pixels() const { return height * width; }
  constexpr int row() const { return width * channels; }            // elements of one row
  constexpr int size() const { return height * width * channels; }  // elements
  constexpr bool is_countable() const {                             // of a size that an int holds
    return !exists() || std::int64_t{height} * width <= 0x7fffffff / channels;
  }
  constexpr bool is_small() const {
    return height <= max_extent && width <= max_extent && channels <= max_extent && is_countable();
  }
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
  constexpr int area() const { return saturated(std::int64_t{height} * width); }
  constexpr bool operator==(const Extent&) const = default;
};
using Filter = Extent;
using Stride = Extent;
using Dilation = Extent;
using Window = Extent;

// What is put around the input of a window, in elements: `valid` nothing, so only whole windows are
// used; Padding{1, 0, 1, 0} those numbers; `same` as many as make ceil(in / stride) outputs, the
// odd one at the end (TFLite's rule).
struct Padding {
  int top = 0, bottom = 0, left = 0, right = 0;
  bool is_same = false;

  static const Padding valid, same;
  constexpr bool operator==(const Padding&) const = default;
};
inline constexpr Padding Padding::valid{};
inline constexpr Padding Padding::same{.is_same = true};
inline constexpr Padding valid = Padding::valid, same = Padding::same;

// A clamp fused into a layer; on real values, before quantization.
enum class Activation : std::uint8_t { none, relu, relu6, relu_n1_to_1, relu_0_to_1 };
using enum Activation;

// `inherit` in a parameter record: as the layer's input, or the layer's own rule, has it.
// int4: of weights alone, two per byte in flash.
enum class Element : std::uint8_t {
  inherit,
  int8,
  uint8,
  int16,
  int32,
  int64,
  float32,
  boolean,
  uint32,
  uint64,
  int4
};

constexpr int size_of(Element element) {  // bytes
  switch (element) {
    case Element::int16: return 2;
    case Element::int32:
    case Element::uint32:
    case Element::float32: return 4;
    case Element::int64:
    case Element::uint64: return 8;
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
template <> struct type_of<Element::uint32> { using type = std::uint32_t; };
template <> struct type_of<Element::uint64> { using type = std::uint64_t; };
template <> struct type_of<Element::boolean> { using type = bool; };

// Padding along one axis of a window.
struct Ends {
  int before = 0, after = 0;
  constexpr bool operator==(const Ends&) const = default;
};

// TFLite's `same` (ComputePaddingWithOffset); `span` is the dilated window, (window - 1) * dilation
// + 1.
constexpr Ends same_ends(int in, int span, int stride) {
  const int total = ((in + stride - 1) / stride - 1) * stride + span - in;
  return total > 0 ? Ends{total / 2, total - total / 2} : Ends{};
}

// Outputs along one axis.
constexpr int window_outputs(int in, int span, int stride, Ends padding) {
  const int padded = padding.before + in + padding.after;
  return padded < span ? 0 : (padded - span) / stride + 1;
}

}  // namespace graven::core
