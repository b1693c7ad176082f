// What run(), push_row() and push() take: spans whose size the compiler knows.
#pragma once

#include "graven/error.hpp"

#include <span>
#include <type_traits>

namespace graven::core::detail {

// Is it a span, array or std::array that becomes a `Span` by itself?
template <class Data, class Span>
inline constexpr bool is_data = std::is_convertible_v<const Data&, Span>;

// What is said of everything else.
template <class Data, class Span> constexpr void refuse() {
  static_assert(is_data<Data, Span> ||
                    error::size_mismatch<error::in<Data>, error::in<Span>,
                                         error::expected<static_cast<long long>(Span::extent)>>,
                "Input: run() takes a span, array or std::array of input_size elements of the "
                "input's type, push_row() one of row_size, push() one of push_size (expected). Of "
                "what has its size at run time take std::span(data).first<input_size>().");
}

}  // namespace graven::core::detail
