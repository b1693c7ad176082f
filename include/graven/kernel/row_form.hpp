// How one row of a value lies in the arena.
#pragma once

#include "graven/shape.hpp"

#include <cstddef>
#include <cstdint>

namespace graven::core {

// How one row of a value lies in the arena. `pixels` (HWC) is what users see; an instruction set
// may ask for another form of a value that only its kernels read.
enum class Layout : std::uint8_t { pixels, planar };

struct RowForm {
  Layout layout = Layout::pixels;
  Element element = Element::int8;
  bool biased = false;     // stored + 128, so that an unsigned clamp is a ReLU
  int pixel_stride = 0;    // bytes from a pixel to the next, same channel
  int channel_stride = 0;  // bytes from a channel to the next, same pixel
  int front = 0;           // bytes before the first pixel (padding that the ISA wants)
  int bytes = 0;           // of the whole row, padding included
  int repeat = 1;          // neighbouring pixels that share their bytes

  constexpr bool operator==(const RowForm&) const = default;
};

// The row in pixel order and signed, from its form.
constexpr void decode_row(const std::byte* row, const RowForm& form, Shape shape, std::byte* to) {
  const int size = size_of(form.element);
  for (int x = 0; x < shape.width; ++x)
    for (int c = 0; c < shape.channels; ++c)
      for (int i = 0; i < size; ++i, ++to) {
        *to = row[form.front + x / form.repeat * form.pixel_stride + c * form.channel_stride + i];
        if (form.biased && i + 1 == size) *to ^= std::byte{0x80};
      }
}

constexpr RowForm pixel_rows(Shape shape, Element element) {
  const int size = size_of(element);
  return {Layout::pixels, element, false, shape.channels * size, size, 0, shape.row() * size};
}

}  // namespace graven::core
