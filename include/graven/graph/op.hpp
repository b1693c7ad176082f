// What a value computes: an operator is a value that its layer makes. Whoever adds an operator
// makes another one; nothing lists them.
#pragma once

#include "graven/text.hpp"

#include <cstdint>

namespace graven::core {

// What the graph's passes and checks want to know of an operator.
enum class Trait : std::uint8_t {
  clamps = 1,     // can apply an activation to its result at no cost
  weights = 2,    // multiplies with a filter: the record has filter, bias and scales
  uncentred = 4,  // its sums may start at the plain bias and add (x - zero_point) * weight
  numbered = 8,   // its kernel depends on the number of a step in the whole
  decides = 16,   // yields bool
  shares = 32,    // its int16 may begin with 0: a zero point of -2^15
  replaces = 64   // its rows are those of its second input, a state: the content of the next run
};
constexpr int operator|(Trait a, Trait b) { return static_cast<int>(a) | static_cast<int>(b); }
constexpr int operator|(int set, Trait trait) { return set | static_cast<int>(trait); }

struct Op {
  const char* name = "";
  std::uint64_t id = 0;  // two operators are the same if their names are
  int traits = 0;

  constexpr Op() = default;
  constexpr explicit Op(const char* text, int set = 0)
      : name(text), id(hash_of(text)), traits(set) {}
  constexpr Op(const char* text, Trait trait) : Op(text, static_cast<int>(trait)) {}

  constexpr bool has(Trait trait) const { return (traits & static_cast<int>(trait)) != 0; }
  constexpr bool operator==(const Op& other) const { return id == other.id; }
};

// What the graph itself is made of; all others stand in the headers of their layers.
namespace op {

inline constexpr Op input{"input"}, constant{"constant"};
inline constexpr Op copy{"copy"};      // moves row boundaries (Lowering::with_rows)
inline constexpr Op window{"window"};  // the last rows of a stream (timeline.hpp)
inline constexpr Op map{"map"};        // a function of every element (Value::function)
inline constexpr Op clamp{"clamp"};    // an activation, and a change of scale
inline constexpr Op concat{"concat"};  // joins its inputs (layers/concat.hpp)
// A convolution, which a Dense over one row is as well (layers/conv2d.hpp); Dense over several.
inline constexpr Op conv{"conv", Trait::clamps | Trait::weights};
inline constexpr Op dense{"dense", Trait::clamps | Trait::weights};
inline constexpr Op state{"state"};  // what the run before has left (layers/variable.hpp)
inline constexpr Op assign{"assign", Trait::replaces};  // ... and its new content

}  // namespace op

}  // namespace graven::core
