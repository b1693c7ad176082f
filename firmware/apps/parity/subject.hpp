// A model as plain data, so that one loop, which is no template, runs all of them: of a case the
// compiler makes no more than kernels and tables.
#pragma once

#include <graven/graven.hpp>

namespace parity {

using namespace graven;

using namespace graven::core;

struct Port {
  std::uint32_t offset, bytes;
  Element element;
};

// Pointers to arrays of FlashTables, and which forms these have.
struct Subject {
  const Task* tasks;
  const void *wires, *inputs, *order, *places;
  const graven::core::detail::Result* results;
  const char* const* kernels;  // names
  const Port *in, *out;
  bool has_blocks, has_counts;
  std::uint8_t id_bytes, place_bytes;
  int values, places_count, steps, in_count, out_count;
};

// The forms that hold all others; what has tables of this kind makes steps.
struct Wide {
  static constexpr bool has_blocks = true, has_unequal_inputs = true, has_row_lists = true,
                        has_constants = true, has_reductions = true;
  static constexpr int max_rows = 72, max_band = 16, max_values = 16, max_views = 24,
                       max_places = 512, max_layers = 8;
  static constexpr std::size_t arena_size = 48 * 1024;
  using Id = int;
  using Slots = graven::core::detail::Slots<true>;
  using Wire = graven::core::detail::Wire<true>;
  using InputWire = graven::core::detail::InputWire<true, true>;
  struct Content {
    const Task* tasks;
    Wire wires[max_values];
    InputWire inputs[max_views];
  };
  static inline Content tables{};
  static inline std::uint32_t places[max_places]{};
};

template <class Network, auto shapes, const auto& params, class Isa, plan::Policy policy>
struct SubjectOf {
  static constexpr const auto& graph = graph_of<Network, shapes, params, policy.fuse>;
  using Kernels = graven::core::detail::Variant<graph, Isa, params, policy>;
  using Engine = graven::core::Engine<graph, Kernels, params, policy>;
  using Tables = typename Engine::Tables;
  static_assert(graven::core::detail::count_layers<Network>() <= Wide::max_layers &&
                Tables::max_rows <= Wide::max_rows && Tables::max_band <= Wide::max_band &&
                Tables::computed <= Wide::max_values && graph.view_count <= Wide::max_views &&
                Tables::places.size() <= Wide::max_places &&
                Engine::arena_size <= Wide::arena_size);

  static constexpr Port port_of(View view) {
    const Element element = graph.values[view.value].element;
    return {static_cast<std::uint32_t>(Tables::place(view.value, view.first)),
            static_cast<std::uint32_t>(view.shape.size() * size_of(element)), element};
  }
  static constexpr auto in = [] {
    std::array<Port, static_cast<std::size_t>(graph.input_count)> ports{};
    for (int i = 0; i < graph.input_count; ++i)
      ports[static_cast<std::size_t>(i)] = port_of({i, graph.values[i].shape});
    return ports;
  }();
  static constexpr auto out = [] {
    std::array<Port, static_cast<std::size_t>(graph.output_count)> ports{};
    for (int i = 0; i < graph.output_count; ++i)
      ports[static_cast<std::size_t>(i)] = port_of(graph.outputs[i]);
    return ports;
  }();
  static constexpr auto kernels = [] {
    std::array<const char*, static_cast<std::size_t>(Tables::computed)> names{};
    for (int v = 0; v < Tables::computed; ++v)
      names[static_cast<std::size_t>(v)] =
          Kernels::kernels::template name_in<graph>(Tables::first_value + v);
    return names;
  }();
  static constexpr Subject value{.tasks = Tables::tables.tasks.data(),
                                 .wires = Tables::tables.wires.data(),
                                 .inputs = Tables::tables.inputs.data(),
                                 .order = Tables::order.data(),
                                 .places = Tables::places.data(),
                                 .results = Engine::results.data(),
                                 .kernels = kernels.data(),
                                 .in = in.data(),
                                 .out = out.data(),
                                 .has_blocks = Tables::has_blocks,
                                 .has_counts = Tables::has_unequal_inputs,
                                 .id_bytes = sizeof(typename Tables::Id),
                                 .place_bytes = sizeof(typename Tables::Place),
                                 .values = Tables::computed,
                                 .places_count = static_cast<int>(Tables::places.size()),
                                 .steps = Tables::steps,
                                 .in_count = graph.input_count,
                                 .out_count = graph.output_count};
};

// Both on inputs of several patterns; every row of every layer must be the same, bit for bit.
void compare(const char* name, const Subject& expected, const Subject& got);

}  // namespace parity
