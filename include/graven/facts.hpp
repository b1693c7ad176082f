// What can be read off a Model and a Streaming alike: constants of a graph under a plan, on an
// instruction set.
#pragma once

#include "graven/isa/native.hpp"
#include "graven/plan/arena_map.hpp"
#include "graven/run/check.hpp"
#include "graven/run/engine.hpp"
#include "graven/run/state.hpp"
#include "graven/run/variant.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace graven::core {

// What is known of a layer; an array of these is Model::layers.
struct LayerInfo {
  const char* name;  // in the original model
  const char* op;    // TFLite's name of the operator
  int index;         // in the original model, else in reading order
  Shape shape;       // of its output
  Element element;
  Quant quant;
  std::uint64_t macs;
  // Bytes: packed filters, biases, multipliers, shifts; 0 where an earlier layer has the same.
  std::size_t weight_size;
  int offset;          // byte offset in the arena of its first row
  const char* kernel;  // makes its output; "": it is free, or part of another layer
};

namespace detail {

// An instruction set for constant expressions, where a stream must be one array: reading goes from
// one member of an object to the next at run time only.
template <class Isa> struct InConstants : Isa { static constexpr bool one_array = true; };
// An instruction set with kernels of operators from outside names its own twin.
template <class Isa> struct Twins { using type = InConstants<scalar>; };
template <class Isa>
requires requires { typename Isa::twin; }
struct Twins<Isa> {
  using type = InConstants<typename Isa::twin>;
};
template <class Isa> using TwinOf = typename Twins<Isa>::type;

template <const auto& graph, class Isa, const auto& params, plan::Policy policy>
using KernelsOf = Variant<graph, decltype(checked_isa<Isa>()), params, policy>;

}  // namespace detail

template <class Network, const auto& inputs, const auto& value_graph, const auto& params, class Isa,
          plan::Policy plan_policy>
class Facts {
protected:
  static constexpr const auto& graph = value_graph;
  using Kernels = detail::KernelsOf<value_graph, Isa, params, plan_policy>;
  using Engine = core::Engine<value_graph, Kernels, params, plan_policy>;
  using Check = core::Check<value_graph, Kernels, params>;
  using Flash = detail::Flash<value_graph, Kernels, params, plan_policy>;
  static constexpr bool sound = detail::is_sound<Network, inputs, params, Check>();
  static_assert(sound || error::reported);
  static_assert(!sound || Flash::passed());

  static constexpr const Value& in(int i) { return graph.values[i]; }
  static constexpr const View& out(int i) { return graph.outputs[i]; }
  static constexpr const Value& out_value(int i) { return graph.values[out(i).value]; }
  template <int I> using input_type = typename type_of<in(I).element>::type;
  template <int I> using output_type = typename type_of<out_value(I).element>::type;
  static constexpr std::size_t place(int value, int row) {
    return static_cast<std::size_t>(Engine::Tables::place(value, row));
  }

  // Where inputs and outputs lie: with an index known at run time the graph would come to flash.
  struct Port {
    std::size_t offset, size;  // bytes
  };
  static constexpr Port port_of(const View& view) {
    const int bytes = view.shape.size() * size_of(graph.values[view.value].element);
    return {place(view.value, view.first), static_cast<std::size_t>(bytes)};
  }
  static constexpr auto output_ports = [] {
    std::array<Port, static_cast<std::size_t>(graph.output_count)> ports{};
    for (int i = 0; i < graph.output_count; ++i)
      ports[static_cast<std::size_t>(i)] = port_of(out(i));
    return ports;
  }();

public:
  static constexpr int input_count = graph.input_count, output_count = graph.output_count;
  static constexpr int layer_count = detail::count_layers<Network>();
  static constexpr int step_count = Engine::steps;
  // Bytes of scratch, input and output included; what lasts from run to run is the State's.
  static constexpr std::size_t arena_size = Engine::state_at;
  static constexpr std::size_t arena_bound = static_cast<std::size_t>(Engine::Plan::bound);
  static constexpr std::size_t alignment = Engine::alignment;  // of the arena
  static constexpr bool has_state = Engine::state_at < Engine::arena_size;
  using State = core::State<Engine::arena_size - Engine::state_at,
                            detail::fingerprint_of<value_graph, Kernels, typename Engine::Plan>()>;
  static constexpr std::size_t state_size = has_state ? sizeof(State) : 0;

  static constexpr Shape output_shape(int i = 0) { return out(i).shape; }
  static constexpr Quant input_quant(int i = 0) { return in(i).quant; }
  static constexpr Quant output_quant(int i = 0) { return out_value(i).quant; }
  static constexpr Element input_element(int i = 0) { return in(i).element; }
  static constexpr Element output_element(int i = 0) { return out_value(i).element; }
  static constexpr const char* isa_name = Isa::name;

  static constexpr auto layers = [] {
    std::array<LayerInfo, static_cast<std::size_t>(layer_count)> all{};
    for (int k = 0; sound && k < layer_count; ++k) {
      const View view = graph.layers[k];
      const Value& v = graph.values[view.value];
      LayerInfo& info = all[static_cast<std::size_t>(k)];
      const Parameters& p = detail::record_of<params>(graph.input_count + k);
      info = {p.name,
              graph.ops[k],
              p.index >= 0 ? p.index : k,
              view.shape,
              v.element,
              v.quant,
              0,
              0,
              static_cast<int>(place(view.value, view.first)),
              v.layer == k ? Kernels::kernels::template name_in<graph>(view.value) : ""};
    }
    for (int id = 0; sound && id < graph.count; ++id)
      if (const int k = graph.values[id].layer; k >= 0 && k < layer_count) {
        LayerInfo& info = all[static_cast<std::size_t>(k)];
        info.macs += graph.values[id].macs;
        info.weight_size += Check::weight_size(id);
      }
    return all;
  }();
  static constexpr std::uint64_t macs = [] {
    std::uint64_t sum = 0;
    for (const LayerInfo& layer : layers) sum += layer.macs;
    return sum;
  }();
  // Of each layer, bytes by which faster kernels expand its weights; plan::in_flash limits them.
  static constexpr std::array<std::size_t, static_cast<std::size_t>(layer_count)> expansions = [] {
    std::array<std::size_t, static_cast<std::size_t>(layer_count)> bytes{};
    using Least = typename detail::Unexpanded<Kernels>::type;
    if constexpr (sound && !std::is_same_v<Kernels, Least>)
      for (int id = 0; id < graph.count; ++id) {
        const std::size_t least = core::Check<graph, Least, params>::weight_size(id);
        const std::size_t own = Check::weight_size(id);
        if (own > least) bytes[static_cast<std::size_t>(graph.values[id].layer)] += own - least;
      }
    return bytes;
  }();  // no auto: stays lazy
  // Flash, in bytes: parameters, and the tables of plan and kernels. Code comes on top: by what its
  // kernels were measured to take in a minimal image; 0: the instruction set has no such record.
  static constexpr std::size_t weight_size = sound ? Flash::weights : 0;
  static constexpr std::size_t table_size = Flash::tables;
  static constexpr std::size_t flash_size = weight_size + table_size;
  static constexpr std::size_t code_estimate = sound ? Flash::code : 0;

  // Every row and all scratch: where in the arena and when (arena_map.hpp).
  static constexpr std::span<const RowInfo> rows =
      detail::ArenaMap<graph, typename Engine::Plan>::rows;  // no auto: stays lazy

  static constexpr auto quantize(float real) {  // to the integers of the input
    using T = std::conditional_t<input_element() == Element::uint8, std::uint8_t, std::int8_t>;
    return core::quantize<T>(real, input_quant());
  }
  static constexpr float dequantize(int value) { return core::dequantize(value, output_quant()); }
};

}  // namespace graven::core
