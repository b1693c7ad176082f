// Numbers on their way from a target's compiler to this machine: eight bytes each, in a section of
// their own. Whoever writes a value of the planner's problem and whoever reads it visit its fields
// in one order, which stands here.
#pragma once

#include <graven/plan/schedule.hpp>

#include <cstddef>
#include <cstdint>

namespace graven_words {

// Counts what it is given, and keeps it where there is a place to.
struct Words {
  std::int64_t* to;
  std::size_t count = 0;

  template <class... Each> constexpr void put(Each... numbers) {
    ((to != nullptr ? void(to[count] = static_cast<std::int64_t>(numbers)) : void(), ++count), ...);
  }
  constexpr void put_text(const char* text) {
    for (; *text != 0; ++text) put(*text);
    put(0);
  }
};

// A field that is new in plan::Facts does not compile until it is here as well.
template <class Facts, class Visit> constexpr void each_field(Facts& facts, Visit visit) {
  auto& [rows, row_bytes, steps, band, scratch, wide, first_read, read_count, first_span, carries,
         reduces, is_input, is_constant, is_output, persistent, fresh, sliced, overwrites,
         waits] = facts;
  auto visit_all = [&visit](auto&... fields) { (visit(fields), ...); };
  visit_all(rows, row_bytes, steps, band, scratch, wide, first_read, read_count, first_span,
            carries, reduces, is_input, is_constant, is_output, persistent, fresh, sliced,
            overwrites, waits);
}

}  // namespace graven_words
