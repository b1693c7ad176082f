// The arena's memory: a model's own or the caller's, in one piece or in several (fast and slow RAM,
// what persists and what does not).
#pragma once

#include "graven/error.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace graven::core {

// For memory of which the compiler knows neither size nor alignment: Model::OnArena(unchecked, p).
struct Unchecked {};
inline constexpr Unchecked unchecked{};

// Memory of the caller's: an array, std::array or span of std::byte. A size that the compiler knows
// and that is too small does not compile. What it cannot know, the size of a dynamic span and the
// alignment, is looked at in every build where the model is made, and a mistake stops the program
// (a trap); for static memory the compiler proves it and no code is left.
template <std::size_t Size, std::size_t Alignment> struct Memory {
  std::byte* start;

  template <std::size_t N> constexpr Memory(std::byte (&bytes)[N]) : Memory(bytes, N) {
    require<N>();
  }
  template <std::size_t N>
  constexpr Memory(std::array<std::byte, N>& bytes) : Memory(bytes.data(), N) {
    require<N>();
  }
  template <std::size_t N>
  constexpr Memory(std::span<std::byte, N> bytes) : Memory(bytes.data(), bytes.size()) {
    if constexpr (N != std::dynamic_extent) require<N>();
  }
  template <class Other>
  requires(!std::same_as<std::remove_cvref_t<Other>, Memory>) constexpr Memory(Other&&)
      : start(nullptr) {
    static_assert(std::is_same_v<Other, Memory> || error::unsupported<error::in<Other>>,
                  "Arena: the memory must be an array, a std::array or a span of std::byte. Of a "
                  "pointer nobody knows size and alignment: say so with (unchecked, pointer).");
  }
  constexpr Memory(Unchecked, std::byte* bytes) : start(bytes) {}

private:
  template <std::size_t N> static constexpr void require() {
    static_assert(N >= Size || error::size_mismatch<error::expected<static_cast<long long>(Size)>,
                                                    error::got<static_cast<long long>(N)>>,
                  "Arena: the memory is smaller than what is put there (expected bytes, got). Size "
                  "it by Model::arena_size (OnArenas: fast_size, then slow_size; a stream: "
                  "arena_size for scratch).");
  }
  constexpr Memory(std::byte* bytes, std::size_t size) : start(bytes) {
    if (std::is_constant_evaluated()) return;
    const bool aligned = reinterpret_cast<std::uintptr_t>(bytes) % Alignment == 0;
    if (size < Size || !aligned) __builtin_trap();  // alignas(Model::alignment) is missing
  }
};

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
  alignas(Alignment)
      std::byte memory[std::size_t{Size}];  // no initializer: a global model lies in .bss
};
struct BorrowedArena {
  std::byte* memory;

  constexpr explicit BorrowedArena(std::byte* arena) : memory(arena) {}
};
template <std::size_t Border> struct BorrowedRegions {
  Regions<Border> memory;

  constexpr BorrowedRegions(std::byte* fast, std::byte* slow) : memory{{fast, slow}} {}
};

}  // namespace detail

}  // namespace graven::core
