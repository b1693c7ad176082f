// The vocabulary of diagnostics: empty templates whose arguments the compiler prints.
//
//   static_assert(ok || error::channel_mismatch<error::at_layer<4>, error::expected<1000>,
//                                               error::got<1352>>, "Dense: ...");
//
// The sentence tells what is wrong and the likely fix; the template arguments carry the numbers.
#pragma once

namespace graven::core::error {

template <int Layer> struct at_layer {};  // counted from 0 in reading order
template <class Layer> struct in {};      // the layer's own type
template <long long Value> struct expected {};
template <long long Value> struct got {};
template <long long Value> struct limit {};
template <int Channel> struct at_channel {};

template <class...> inline constexpr bool channel_mismatch = false;
template <class...> inline constexpr bool size_mismatch = false;
template <class...> inline constexpr bool shape_mismatch = false;
template <class...> inline constexpr bool out_of_range = false;
template <class...> inline constexpr bool does_not_fit = false;
template <class...> inline constexpr bool unsupported = false;
template <class...> inline constexpr bool accumulator_overflow = false;

// What a condition may end in whose static_asserts have spoken already.
inline constexpr bool reported = true;

}  // namespace graven::core::error
