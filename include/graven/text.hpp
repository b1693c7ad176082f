// Text in constant expressions: names of operators, constants and instruction sets.
#pragma once

#include <cstdint>

namespace graven::core {

constexpr bool equal(const char* a, const char* b) {
  for (; *a == *b; ++a, ++b)
    if (*a == 0) return true;
  return false;
}

// FNV-1a, 64 bits.
constexpr std::uint64_t hash_of(const char* text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (; *text != 0; ++text) hash = (hash ^ static_cast<std::uint8_t>(*text)) * 0x100000001b3;
  return hash;
}

}  // namespace graven::core
