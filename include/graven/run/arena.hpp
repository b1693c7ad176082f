// The arena's memory: a model's own or the caller's, in one piece or in several (fast and slow RAM,
// what persists and what does not).
#pragma once

#include <cstddef>

namespace graven::core {

// Offsets below the first border lie in the first piece, from there on to the next border in the
// second, and so on. Stands where `std::byte*` does for an arena in one piece.
template <std::size_t... borders> struct Regions {
  std::byte* pieces[sizeof...(borders) + 1];

  constexpr std::byte* operator+(std::size_t place) const {
    constexpr std::size_t at[] = {borders...};
    std::size_t piece = 0;
    while (piece < sizeof...(borders) && place >= at[piece]) ++piece;
    return pieces[piece] + (piece > 0 ? place - at[piece - 1] : place);
  }
};

namespace detail {

template <std::size_t Size, std::size_t Alignment> struct OwnedArena {
  alignas(Alignment) std::byte memory[Size];  // no initializer: a global model lies in .bss
};
template <std::size_t, std::size_t> struct BorrowedArena {
  std::byte* memory;

  constexpr explicit BorrowedArena(std::byte* arena) : memory(arena) {}
};
template <std::size_t Border> struct BorrowedRegions {
  Regions<Border> memory;

  constexpr BorrowedRegions(std::byte* fast, std::byte* slow) : memory{{fast, slow}} {}
};

}  // namespace detail

}  // namespace graven::core
