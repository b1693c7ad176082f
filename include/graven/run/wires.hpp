// How a step finds its rows: what the tables of a plan consist of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace graven::core::detail {

template <std::uint64_t Most>
using unsigned_for =
    std::conditional_t<(Most <= 0xff), std::uint8_t,
                       std::conditional_t<(Most <= 0xffff), std::uint16_t, std::uint32_t>>;

// Where the rows of a value lie: row r at places[row + r] or, where plans have blocks
// (plan/schedule.hpp, most_places) and ring is not 0, at byte row + r % ring * pitch.
template <bool blocks> struct Slots { std::uint32_t row = 0; };
template <> struct Slots<true> {
  std::uint32_t row = 0, pitch = 0;
  std::uint16_t ring = 0;
};

// Of an input of a value, how many rows a step reads, where not all inputs have as many.
template <bool counts> struct RowCount {};
template <> struct RowCount<true> { std::uint16_t rows = 0; };

// Of one input of a value ... Flags, not null pointers, tell which: told to keep null checks, g++
// compares no address of a table in a constant expression.
template <bool blocks, bool counts> struct InputWire : RowCount<counts> {
  static constexpr std::uint16_t irregular = 0xffff;   // as stride: `starts` holds
  static constexpr std::uint32_t in_flash = 1u << 31;  // in slots.row: `constant` holds

  const std::byte* constant = nullptr;    // rows in flash
  const std::uint16_t* starts = nullptr;  // the first row of every step, plus `top`
  Slots<blocks> slots{};                  // of the input; row: for constants bytes per row
  std::uint16_t height = 0, stride = 0, dilation = 0;
  std::int16_t top = 0;
};

// ... and of a value.
template <bool blocks> struct Wire {
  Slots<blocks> slots{};
  std::uint32_t scratch = 0;
  std::uint16_t first_input = 0, height = 0, rows = 0;  // rows: pointers per input
  std::uint16_t steps = 0;                              // of a reduction; 0 for windows
  std::uint8_t inputs = 0, band = 1;

  // Rows that step `step` finishes: those of its band, of a reduction all at the last.
  constexpr int made(int step) const {
    if (steps != 0) return step + 1 == steps ? height : 0;
    const int left = height - step * band;
    return left < band ? left : band;
  }
};

}  // namespace graven::core::detail
