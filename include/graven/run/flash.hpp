// What a network takes of flash: weights, tables, and code as it was measured kernel by kernel.
#pragma once

#include "graven/kernel/code_size.hpp"
#include "graven/run/check.hpp"
#include "graven/run/engine.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace graven::core::detail {

// Of a network without mistakes; bytes.
template <const auto& graph, class Isa, const auto& params, plan::Policy policy> struct Flash {
  using Engine = core::Engine<graph, Isa, params, policy>;
  using Check = core::Check<graph, Isa, params>;
  using Tables = typename Engine::Tables;
  static constexpr std::size_t weights = Check::total(true), kernel_tables = Check::table_size;
  static constexpr std::size_t plan_tables =
      sizeof(Engine::tables) + sizeof(Engine::order) + sizeof(Engine::places);
  static constexpr std::size_t tables = kernel_tables + plan_tables;

  // Values of one function share its code. 0: nothing was measured for the instruction set.
  static constexpr std::size_t count_code() {
    constexpr auto record = code_sizes<Isa>();
    int sum = code_size_of(record, "");
    for (std::size_t v = 0; v < Tables::computed; ++v) {
      const Kernel kernel = Tables::tables.tasks[v].kernel;
      bool is_new = kernel != nullptr;
      for (std::size_t w = 0; w < v; ++w)
        is_new = is_new && Tables::tables.tasks[w].kernel != kernel;
      if (!is_new || record.empty()) continue;
      const int value = static_cast<int>(v) + Tables::first_value;
      sum += code_size_of(record, Isa::kernels::template name_in<graph>(value));
    }
    return static_cast<std::size_t>(sum);
  }
  static constexpr std::size_t code = count_code();
  static constexpr std::size_t total = weights + tables + code;
  static constexpr bool fits = total <= static_cast<std::size_t>(policy.flash);

  // Against plan::Policy::flash.
  static constexpr bool passed() {
    if constexpr (policy.flash > 0)
      static_assert(fits || error::does_not_fit<error::limit<policy.flash>,
                                                error::got<static_cast<long long>(total)>>,
                    "Model: the network needs more flash than plan::in_flash allows (limit, and "
                    "what weights, tables and measured code need at least, in bytes). Raise the "
                    "limit, or prune or shrink the network.");
    return true;
  }
};

}  // namespace graven::core::detail
