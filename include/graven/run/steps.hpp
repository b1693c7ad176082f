// One step of a plan: from its tables to the rows that a kernel reads and makes.
#pragma once

#include "graven/kernel/task.hpp"

#include <cstddef>
#include <cstdint>

namespace graven::core::detail {

// What a value's rows are to a hook.
struct Result {
  std::int16_t layer;
  bool visible;
  int row_bytes;
  bool lies_plain;  // in pixel order
  Shape shape;
  RowForm form;
};

// The addresses of rows that a step reads. Many are not cleared, which would cost each step more
// than the rest of it: kernels read those that are set. g++ makes better code of few that are.
template <int count, bool cleared = (count <= 8)> struct RowList {
  const std::byte* rows[std::size_t{count}]{};
};
template <int count> struct RowList<count, false> { const std::byte* rows[std::size_t{count}]; };

// `Tables`: FlashTables, or what has the same members.
template <class Tables> struct Steps {
  template <class Memory>
  static constexpr std::byte* row_at(Memory arena, const typename Tables::Slots& slots,
                                     std::uint32_t row) {
    if constexpr (Tables::has_blocks)
      if (slots.ring != 0) return arena + slots.row + row % slots.ring * slots.pitch;
    return arena + Tables::places[slots.row + row];
  }

  template <class Wire, class InputWire>
  static constexpr int rows_of(const Wire& wire, const InputWire& in) {
    if constexpr (Tables::has_unequal_inputs)
      return in.rows;
    else
      return wire.rows;
  }
  template <class Memory>
  static constexpr void step(Memory arena, typename Tables::Id id, int s, std::byte** out) {
    const typename Tables::Wire& wire = Tables::tables.wires[id];
    RowList<Tables::max_rows> list;
    const std::byte **const rows = list.rows, **row = rows;
    for (int k = 0; k < wire.inputs; ++k) {
      const typename Tables::InputWire& in =
          Tables::tables.inputs[static_cast<std::size_t>(wire.first_input + k)];
      const bool is_listed = Tables::has_row_lists && in.stride == in.irregular;
      int y = (is_listed ? in.starts[s] : s * in.stride) - in.top;
      const bool in_flash = Tables::has_constants && (in.slots.row & in.in_flash) != 0;
      for (int i = 0; i < rows_of(wire, in); ++i, y += in.dilation) {
        const bool exists = static_cast<unsigned>(y) < in.height;
        const auto index = static_cast<std::uint32_t>(y);
        *row++ = !exists    ? nullptr
                 : in_flash ? in.constant + index * (in.slots.row & ~in.in_flash)
                            : row_at(arena, in.slots, index);
      }
    }
    const bool reduction = Tables::has_reductions && wire.steps != 0;
    const int height = Tables::max_band == 1 ? 1 : wire.band;
    const int first = reduction ? 0 : s * height;
    const int left = wire.height - first;
    const int count = Tables::max_band == 1 || left >= height ? height : left;
    for (int i = 0; i < count; ++i)
      out[i] = row_at(arena, wire.slots, static_cast<std::uint32_t>(first + i));
    const Band band{rows,
                    out,
                    arena + wire.scratch,
                    s,
                    count,
                    !reduction || s == 0,
                    !reduction || s + 1 == wire.steps};
    const Task& task = Tables::tables.tasks[id];
    task.kernel(task, band);
  }
};

}  // namespace graven::core::detail
