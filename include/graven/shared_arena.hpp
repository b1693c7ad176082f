// SharedArena: one piece of memory for several models that run one after the other.
//
//   static graven::SharedArena<wake_word::Model, command::Model> arena;
//   auto model = arena.use<wake_word::Model>();          // overwrites what the other one left
#pragma once

#include "graven/error.hpp"
#include "graven/run/arena.hpp"

#include <cstddef>
#include <type_traits>

namespace graven::core {

// As large as the largest of the models' arenas, aligned for all of them.
template <class... Models> class SharedArena {
  template <std::size_t... values> static constexpr std::size_t largest() {
    std::size_t most = 0;
    for (const std::size_t value : {values...}) most = value > most ? value : most;
    return most;
  }

public:
  static constexpr std::size_t size = largest<Models::arena_size...>();  // bytes
  static constexpr std::size_t alignment = largest<Models::alignment...>();

  // The model on this memory.
  template <class M> constexpr auto use() {
    check<M>();
    static_assert(
        !M::has_state || error::unsupported<error::in<M>>,
        "SharedArena: this model remembers from run to run, which nobody shares: keep its "
        "State, and say use<M>(state).");
    if constexpr (!M::has_state)
      return typename M::OnArena(unchecked, memory);  // the check has measured it
  }
  // One that remembers, such as a stream, goes on with its state.
  template <class M> constexpr auto use(typename M::State& state) {
    check<M>();
    return typename M::OnArena(state, unchecked, memory);
  }

private:
  template <class M> static constexpr void check() {
    static_assert((std::is_same_v<M, Models> || ...),
                  "SharedArena: this model is not one of those that the arena was made for. Add it "
                  "to the template arguments.");
  }
  alignas(alignment) std::byte memory[size];
};

}  // namespace graven::core
