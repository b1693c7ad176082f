// What lasts from run to run: the rows of values that persist, apart from all scratch.
#pragma once

#include "graven/graph/op.hpp"
#include "graven/kernel/bytes.hpp"
#include "graven/kernel/row_form.hpp"
#include "graven/plan/schedule.hpp"
#include "graven/text.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace graven::core {

// Plain bytes: a copy is a snapshot. `runs` counts since the last reset, as far as it matters; at 0
// the rows are not set up yet, so that a State starts as zeros and needs no code before main.
template <std::size_t Size, std::uint64_t fingerprint> struct State {
  static constexpr std::size_t saved_size = 16 + Size;

  alignas(8) std::byte rows[std::size_t{Size > 0 ? Size : 1}]{};
  std::uint16_t runs = 0;

  // Forgets everything: the rows become real zeros.
  constexpr void reset() { runs = 0; }

  // Bytes that restore() takes on any core that lays these rows alike: the fingerprint of the
  // network's state, the number of runs, the rows.
  constexpr void save(std::span<std::byte, saved_size> to) const {
    store(to.data(), fingerprint);
    store<std::uint64_t>(to.data() + 8, runs);
    copy_bytes(to.data() + 16, rows, static_cast<int>(Size));
  }
  // False, and nothing is changed, if these are not the bytes of a State of the same network.
  [[nodiscard]] constexpr bool restore(std::span<const std::byte, saved_size> from) {
    if (load<std::uint64_t>(from.data()) != fingerprint) return false;
    runs = static_cast<std::uint16_t>(load<std::uint64_t>(from.data() + 8));
    copy_bytes(rows, from.data() + 16, static_cast<int>(Size));
    return true;
  }
};

namespace detail {

// Of what the bytes of a State mean: which values persist, in which shape, element type, scale and
// form of row, and where they lie.
template <const auto& graph, class Isa, class Plan> constexpr std::uint64_t fingerprint_of() {
  std::uint64_t hash = hash_of("graven state 1");
  auto mix = [&](std::uint64_t number) { hash = (hash ^ number) * 0x100000001b3; };
  for (int v = 0; v < graph.count; ++v) {
    const auto& value = graph.values[v];
    if (!value.persistent || value.op.has(Trait::replaces)) continue;
    const int first = Plan::schedule.first_row[v] + Plan::problem.values[v].fresh;
    const RowForm form = Isa::row_form(graph.view(), v);
    mix(value.op.id);
    const int numbers[] = {value.shape.height,
                           value.shape.width,
                           value.shape.channels,
                           static_cast<int>(value.element),
                           value.quant.zero_point,
                           static_cast<int>(form.layout),
                           static_cast<int>(form.biased),
                           form.pixel_stride,
                           form.channel_stride,
                           form.front,
                           form.bytes,
                           form.repeat,
                           Plan::problem.values[v].fresh,
                           static_cast<int>(Plan::places.row[first]) -
                               static_cast<int>(Plan::places.state)};
    for (const int number : numbers) mix(static_cast<std::uint32_t>(number));
    mix(std::bit_cast<std::uint32_t>(value.quant.scale));
  }
  return hash;
}

// Whose the State is: the model's own, or the caller's.
struct NoState {};
template <class StateType> struct OwnedState { StateType kept{}; };
template <class StateType> struct BorrowedState {
  StateType& kept;

  constexpr explicit BorrowedState(StateType& state) : kept(state) {}
};
template <class Facts, bool owned>
using StateOf = std::conditional_t<!Facts::has_state, NoState,
                                   std::conditional_t<owned, OwnedState<typename Facts::State>,
                                                      BorrowedState<typename Facts::State>>>;

}  // namespace detail

}  // namespace graven::core
