// Model: a network with its input shape and parameters, ready to run.
#pragma once

#include "graven/isa/native.hpp"
#include "graven/plan/arena_map.hpp"
#include "graven/run/arena.hpp"
#include "graven/run/check.hpp"
#include "graven/run/data.hpp"
#include "graven/run/engine.hpp"
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
  std::size_t weight_size;  // bytes: packed filters, biases, multipliers, shifts
  int offset;               // byte offset in the arena of its first row
};

namespace detail {

// An instruction set with kernels of operators from outside names its own twin.
template <class Isa> struct Twins { using type = scalar; };
template <class Isa>
requires requires { typename Isa::twin; }
struct Twins<Isa> {
  using type = typename Isa::twin;
};
template <class Isa> using TwinOf = typename Twins<Isa>::type;

template <const auto& graph, class Isa, const auto& params, plan::Policy policy>
using KernelsOf = Variant<graph, decltype(checked_isa<Isa>()), params, policy>;

template <const auto& graph, class Isa, const auto& params, plan::Policy policy> struct ArenaOf {
  using Engine = core::Engine<graph, KernelsOf<graph, Isa, params, policy>, params, policy>;
  using Owned = OwnedArena<Engine::arena_size, Engine::alignment>;
  static constexpr bool split = policy.fast > 0;
  using Borrowed = std::conditional_t<split, BorrowedRegions<Engine::Plan::border>, BorrowedArena>;
  template <bool owned> using Choice = std::conditional_t<owned, Owned, Borrowed>;
};

}  // namespace detail

// All constants and operations of a model; `Model` and `ModelOn` below choose whose the arena is.
template <class Network, auto Input, const auto& params, class Isa, plan::Policy policy, bool owned>
class BasicModel
    : detail::ArenaOf<graph_of<Network, detail::input_shapes(Input), params, policy.fuse>, Isa,
                      params, policy>::template Choice<owned> {
  using Arena = detail::ArenaOf<graph_of<Network, detail::input_shapes(Input), params, policy.fuse>,
                                Isa, params, policy>;
  static constexpr auto inputs = detail::input_shapes(Input);
  static constexpr const auto& graph = graph_of<Network, inputs, params, policy.fuse>;
  using Kernels = detail::KernelsOf<graph, Isa, params, policy>;
  using Engine = core::Engine<graph, Kernels, params, policy>;
  using Check = core::Check<graph, Kernels, params>;
  static constexpr bool sound = detail::is_sound<Network, inputs, params, Check>();
  static_assert(sound || error::reported);
  static_assert(!sound || Check::template in_flash<policy.flash>());

  static constexpr const Value& in(int i) { return graph.values[i]; }
  static constexpr const View& out(int i) { return graph.outputs[i]; }
  template <int I> using input_type = typename type_of<in(I).element>::type;
  template <int I> using output_type = typename type_of<graph.values[out(I).value].element>::type;
  static constexpr std::size_t place(int value) {
    return static_cast<std::size_t>(Engine::Tables::place(value, 0));
  }

  // Where inputs and outputs lie: with an index known at run time the graph would come to flash.
  struct Port {
    std::size_t offset, size;  // bytes
  };
  static constexpr Port port_of(View view) {
    const int bytes = view.shape.size() * size_of(graph.values[view.value].element);
    return {place(view.value), static_cast<std::size_t>(bytes)};
  }
  static constexpr auto input_ports = [] {
    std::array<Port, static_cast<std::size_t>(graph.input_count)> ports{};
    for (int i = 0; i < graph.input_count; ++i) ports[i] = port_of({i, in(i).shape});
    return ports;
  }();
  static constexpr auto output_ports = [] {
    std::array<Port, static_cast<std::size_t>(graph.output_count)> ports{};
    for (int i = 0; i < graph.output_count; ++i) ports[i] = port_of(out(i));
    return ports;
  }();

  static constexpr bool split = policy.fast > 0;

public:
  static constexpr int input_count = graph.input_count, output_count = graph.output_count;
  static constexpr int layer_count = detail::count_layers<Network>();
  static constexpr int step_count = Engine::steps;
  static constexpr std::size_t arena_size = Engine::arena_size;  // bytes, input and output included
  static constexpr std::size_t arena_bound = static_cast<std::size_t>(Engine::Plan::bound);
  static constexpr std::size_t alignment = Engine::alignment;  // of the arena
  using Progress = typename Engine::Progress;
  using OnArena = BasicModel<Network, Input, params, Isa, policy, false>;
  // With plan::Policy::fast: bytes of the two regions; the arena in one piece leaves a gap.
  static constexpr std::size_t fast_size = static_cast<std::size_t>(Engine::Plan::fast_size);
  static constexpr std::size_t slow_size = static_cast<std::size_t>(Engine::Plan::slow_size);
  using OnArenas = OnArena;
  // The same in constant expressions, where intrinsics do not run: every ISA equals scalar.
  using Twin =
      BasicModel<Network, Input, params, detail::TwinOf<Isa>, plan::without_limits(policy), owned>;

  // Elements of the first input.
  static constexpr std::size_t input_size = static_cast<std::size_t>(in(0).shape.size());
  static constexpr Shape input_shape(int i = 0) { return inputs[i]; }
  static constexpr Shape output_shape(int i = 0) { return out(i).shape; }
  static constexpr Quant input_quant(int i = 0) { return in(i).quant; }
  static constexpr Quant output_quant(int i = 0) { return graph.values[out(i).value].quant; }
  static constexpr Element input_element(int i = 0) { return in(i).element; }
  static constexpr Element output_element(int i = 0) { return graph.values[out(i).value].element; }
  static constexpr const char* isa_name = Isa::name;
  static constexpr bool row_input = policy.row_input;

  static constexpr auto layers = [] {
    std::array<LayerInfo, static_cast<std::size_t>(layer_count)> all{};
    for (int k = 0; sound && k < layer_count; ++k) {
      const View view = graph.layers[k];
      const Value& v = graph.values[view.value];
      LayerInfo& info = all[k];
      const Parameters& p = detail::record_of<params>(graph.input_count + k);
      info = {p.name,
              graph.ops[k],
              p.index >= 0 ? p.index : k,
              view.shape,
              v.element,
              v.quant,
              0,
              0,
              static_cast<int>(place(view.value))};
    }
    for (int id = 0; sound && id < graph.count; ++id)
      if (const int k = graph.values[id].layer; k >= 0 && k < layer_count) {
        all[k].macs += graph.values[id].macs;
        all[k].weight_size += Check::weight_size(id);
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
        if (own > least) bytes[static_cast<std::size_t>(in(id).layer)] += own - least;
      }
    return bytes;
  }();  // no auto: stays lazy
  // Flash, in bytes: parameters, and the tables of plan and kernels. Code comes on top.
  static constexpr std::size_t weight_size = sound ? Check::total(true) : 0;
  static constexpr std::size_t table_size =
      Check::table_size + sizeof(Engine::tables) + sizeof(Engine::order) + sizeof(Engine::places);
  static constexpr std::size_t flash_size = weight_size + table_size;

  // Every row and all scratch: where in the arena and when (arena_map.hpp).
  static constexpr std::span<const RowInfo> rows =
      detail::ArenaMap<graph, typename Engine::Plan>::rows;  // no auto: stays lazy

  static_assert(policy.goal != plan::Goal::within ||
                    arena_size <= static_cast<std::size_t>(policy.bytes) ||
                    error::does_not_fit<error::limit<policy.bytes>,
                                        error::got<static_cast<long long>(arena_size)>>,
                "Model: no plan fits the arena that plan::within allows (limit, and what the "
                "smallest plan needs, in bytes). Raise the limit or shrink the network.");

  static_assert(policy.slow == 0 || slow_size <= static_cast<std::size_t>(policy.slow) ||
                    error::does_not_fit<error::limit<policy.slow>,
                                        error::got<static_cast<long long>(slow_size)>>,
                "Model: what the fast region does not hold needs more of the slow one than the "
                "plan's `slow` allows (limit, and what is needed, in bytes). Raise a limit or "
                "shrink the network.");

  constexpr BasicModel() requires owned = default;
  // OnArena(memory), OnArenas(fast, slow), or a pointer to each after `unchecked` (run/arena.hpp).
  constexpr explicit BasicModel(Memory<arena_size, alignment> arena) requires(!owned && !split)
      : Arena::Borrowed(arena.start) {}
  constexpr BasicModel(Unchecked, std::byte* arena) requires(!owned && !split)
      : Arena::Borrowed(arena) {}
  constexpr BasicModel(Memory<fast_size, alignment> fast,
                       Memory<slow_size, alignment> slow) requires(!owned && split)
      : Arena::Borrowed(fast.start, slow.start) {}
  constexpr BasicModel(Unchecked, std::byte* fast, std::byte* slow) requires(!owned && split)
      : Arena::Borrowed(fast, slow) {}

  // The input, to be filled before run(): its rows are reused while the network runs.
  template <int I = 0> auto input() requires(!policy.row_input) {
    using T = input_type<I>;
    constexpr std::size_t size = static_cast<std::size_t>(inputs[I].size());
    return std::span<T, size>(reinterpret_cast<T*>(arena() + input_ports[I].offset), size);
  }
  template <int I = 0> auto output() const {
    using T = const output_type<I>;
    constexpr std::size_t size = static_cast<std::size_t>(out(I).shape.size());
    return std::span<T, size>(reinterpret_cast<T*>(arena() + output_ports[I].offset), size);
  }
  constexpr std::span<std::byte> input_bytes(int i) requires(!policy.row_input) {
    return {arena() + input_ports[i].offset, input_ports[i].size};
  }
  constexpr std::span<const std::byte> output_bytes(int i) const {
    return {arena() + output_ports[i].offset, output_ports[i].size};
  }

  // One inference on what input() holds.
  constexpr void run_in_place() requires(!policy.row_input) { Engine::run(arena()); }
  auto run() requires(!policy.row_input) {
    Engine::run(arena());
    return output();
  }
  // Copies `data` into input() first; the caller's memory is not written.
  using Data = std::span<const input_type<0>, input_size>;
  auto run(Data data) requires(input_count == 1 && !policy.row_input) {
    __builtin_memcpy(arena() + input_ports[0].offset, data.data(), data.size_bytes());
    return run();
  }
  template <class Other>
  requires(!detail::is_data<Other, Data> || input_count > 1 || row_input) auto run(const Other&) {
    static_assert(!row_input, "run: this model takes its input row by row: begin(), push_row() for "
                              "each row, finish().");
    static_assert(row_input || input_count == 1,
                  "run: this model has several inputs. Fill input<0>(), input<1>() and so on, then "
                  "call run().");
    if constexpr (!row_input && input_count == 1) detail::refuse<Other, Data>();
    return output();
  }
  // Calls hook(const Step&) after every step; or, where a hook has it, hook.stepped(layer), for
  // which no rows are brought into pixel order.
  template <class Hook> void run_with(Hook&& hook) requires(!policy.row_input) {
    Engine::run_with(arena(), hook);
  }

  // Time slices: `Progress p; while (model.advance(p, 10)) other_work();`
  constexpr bool advance(Progress& progress, int steps = 1) requires(!policy.row_input) {
    return Engine::advance(arena(), progress, steps);
  }
  // Row input (policy plan::by_rows): the rows are consumed as they come.
  //   model.begin();
  //   for (each row of the input, from the top) model.push_row(row);
  //   use(model.finish());  // after row_count rows
  static constexpr int row_count = in(0).shape.height;
  static constexpr int row_size = in(0).shape.row();  // elements
  constexpr void begin() requires(policy.row_input&& input_count == 1) { feed = {}; }
  using RowData = std::span<const input_type<0>, static_cast<std::size_t>(row_size)>;
  void push_row(RowData row) requires(row_input&& input_count == 1) {
    push_row_bytes(reinterpret_cast<const std::byte*>(row.data()));
  }
  template <class Other>
  requires(row_input && !detail::is_data<Other, RowData>) void push_row(const Other&) {
    detail::refuse<Other, RowData>();
  }
  constexpr void push_row_bytes(const std::byte* row) requires(policy.row_input&& input_count ==
                                                               1) {
    if (feed.row++ >= Engine::Plan::problem.values[0].steps) return;  // a row that nobody reads
    copy_bytes(Engine::input_row(arena(), feed.row - 1), row, row_size * size_of(in(0).element));
    Engine::arrive(arena(), feed.progress);
  }
  auto finish() const requires(policy.row_input&& input_count == 1) { return output(); }
  // Forgets what persists between runs.
  constexpr void reset() { Engine::reset(arena()); }

  static constexpr auto quantize(float real) {  // to the integers of the input
    using T = std::conditional_t<input_element() == Element::uint8, std::uint8_t, std::int8_t>;
    return core::quantize<T>(real, input_quant());
  }
  static constexpr float dequantize(int value) { return core::dequantize(value, output_quant()); }

private:
  struct Feed {
    Progress progress{};
    int row = 0;
  };
  struct None {};
  [[no_unique_address]] std::conditional_t<policy.row_input, Feed, None> feed;

  constexpr auto arena() { return this->memory; }  // a pointer, or Regions
  constexpr auto arena() const { return this->memory; }
};

// A model that holds its arena. It needs no initialization and allocates nothing.
template <class Network, auto Input, const auto& params, class Isa = native,
          plan::Policy policy = plan::fastest>
using Model = BasicModel<Network, Input, params, Isa, policy, true>;

// The same on an arena of the caller's:
//   alignas(digits::Model::alignment) static std::byte memory[digits::Model::arena_size];
//   digits::Model::OnArena model(memory);
template <class Network, auto Input, const auto& params, class Isa = native,
          plan::Policy policy = plan::fastest>
using ModelOn = BasicModel<Network, Input, params, Isa, policy, false>;

}  // namespace graven::core
