// Model: a network with its input shape and parameters, ready to run.
#pragma once

#include "graven/facts.hpp"
#include "graven/run/arena.hpp"
#include "graven/run/data.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace graven::core {

namespace detail {

// Where a model's memory is: its own, or the caller's, in one piece or, with plan::Policy::fast, in
// two; what lasts from run to run is a piece of its own.
template <class Facts, int border, bool split, bool owned>
using MemoryOf = std::conditional_t<
    owned, OwnedArena<Facts::arena_size, Facts::alignment>,
    std::conditional_t<split, BorrowedRegions<static_cast<std::size_t>(border)>, BorrowedArena>>;

template <class Network, auto Input, const auto& params, class Isa, plan::Policy policy>
struct ModelOf {
  static constexpr auto inputs = input_shapes(Input);
  using Facts =
      core::Facts<Network, inputs,
                  graph_of<Network, input_shapes(Input), params, policy.fuse, !policy.row_input>,
                  params, Isa, policy>;
};

}  // namespace detail

// All constants and operations of a model; `Model` and `ModelOn` below choose whose the arena is.
template <class Network, auto Input, const auto& params, class Isa, plan::Policy policy, bool owned>
class BasicModel
    : public detail::ModelOf<Network, Input, params, Isa, policy>::Facts,
      detail::MemoryOf<typename detail::ModelOf<Network, Input, params, Isa, policy>::Facts,
                       policy.fast & ~7, (policy.fast > 0), owned>,
      detail::StateOf<typename detail::ModelOf<Network, Input, params, Isa, policy>::Facts, owned> {
  using F = typename detail::ModelOf<Network, Input, params, Isa, policy>::Facts;
  using Held = detail::MemoryOf<F, policy.fast & ~7, (policy.fast > 0), owned>;
  using Kept = detail::StateOf<F, owned>;
  using Engine = typename F::Engine;
  using typename F::Port;
  template <int I> using input_type = typename F::template input_type<I>;
  template <int I> using output_type = typename F::template output_type<I>;
  using F::in, F::out, F::output_ports;
  static constexpr auto inputs = detail::input_shapes(Input);
  static constexpr auto input_ports = [] {
    std::array<Port, static_cast<std::size_t>(F::input_count)> ports{};
    for (int i = 0; i < F::input_count; ++i)
      ports[static_cast<std::size_t>(i)] = F::port_of({i, in(i).shape});
    return ports;
  }();
  static constexpr bool split = policy.fast > 0;

public:
  using F::arena_size, F::alignment, F::has_state, F::input_count;
  using typename F::State;
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
  static constexpr Shape input_shape(int i = 0) { return inputs[static_cast<std::size_t>(i)]; }
  static constexpr bool row_input = policy.row_input;

  static_assert(policy.has_sound_limits() || error::out_of_range<>,
                "Model: the limits of a plan, bytes, fast, slow and flash, must not be negative; 0 "
                "is none.");

  static_assert(policy.goal != plan::Goal::within || policy.bytes < 0 ||
                    arena_size <= static_cast<std::size_t>(policy.bytes) ||
                    error::does_not_fit<error::limit<policy.bytes>,
                                        error::got<static_cast<long long>(arena_size)>>,
                "Model: no plan fits the arena that plan::within allows (limit, and what the "
                "smallest plan needs, in bytes). Raise the limit or shrink the network.");

  static_assert(policy.slow <= 0 || slow_size <= static_cast<std::size_t>(policy.slow) ||
                    error::does_not_fit<error::limit<policy.slow>,
                                        error::got<static_cast<long long>(slow_size)>>,
                "Model: what the fast region does not hold needs more of the slow one than the "
                "plan's `slow` allows (limit, and what is needed, in bytes). Raise a limit or "
                "shrink the network.");

  constexpr BasicModel() requires owned = default;
  // OnArena(memory), OnArenas(fast, slow), or a pointer to each after `unchecked` (run/arena.hpp).
  // Of a model with a State it comes first: OnArena(state, memory).
  constexpr explicit BasicModel(Memory<arena_size, alignment> arena) requires(!owned && !split &&
                                                                              !has_state)
      : Held(arena.start) {}
  constexpr BasicModel(Unchecked, std::byte* arena) requires(!owned && !split && !has_state)
      : Held(arena) {}
  constexpr BasicModel(Memory<fast_size, alignment> fast,
                       Memory<slow_size, alignment> slow) requires(!owned && split && !has_state)
      : Held(fast.start, slow.start) {}
  constexpr BasicModel(Unchecked, std::byte* fast,
                       std::byte* slow) requires(!owned && split && !has_state)
      : Held(fast, slow) {}
  constexpr BasicModel(State& state,
                       Memory<arena_size, alignment> arena) requires(!owned && !split && has_state)
      : Held(arena.start), Kept(state) {}
  constexpr BasicModel(State& state, Unchecked,
                       std::byte* arena) requires(!owned && !split && has_state)
      : Held(arena), Kept(state) {}
  constexpr BasicModel(State& state, Memory<fast_size, alignment> fast,
                       Memory<slow_size, alignment> slow) requires(!owned && split && has_state)
      : Held(fast.start, slow.start), Kept(state) {}
  constexpr BasicModel(State& state, Unchecked, std::byte* fast,
                       std::byte* slow) requires(!owned && split && has_state)
      : Held(fast, slow), Kept(state) {}

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
    return {arena() + input_ports.data()[i].offset, input_ports.data()[i].size};
  }
  constexpr std::span<const std::byte> output_bytes(int i) const {
    return {arena() + output_ports.data()[i].offset, output_ports.data()[i].size};
  }

  // One inference on what input() holds.
  constexpr void run_in_place() requires(!policy.row_input) {
    start();
    Engine::run(arena());
  }
  auto run() requires(!policy.row_input) {
    run_in_place();
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
    if constexpr (!row_input && input_count == 1 && F::sound) detail::refuse<Other, Data>();
    return output();
  }
  // Calls hook(const Step&) after every step; or, where a hook has it, hook.stepped(layer), for
  // which no rows are brought into pixel order.
  template <class Hook> void run_with(Hook&& hook) requires(!policy.row_input) {
    start();
    Engine::run_with(arena(), hook);
  }

  // Time slices: `Progress p; while (model.advance(p, 10)) other_work();`
  constexpr bool advance(Progress& progress, int steps = 1) requires(!policy.row_input) {
    if (progress.next == 0) start();
    return Engine::advance(arena(), progress, steps);
  }
  // Row input (policy plan::by_rows): the rows are consumed as they come.
  //   model.begin();
  //   for (each row of the input, from the top) model.push_row(row);
  //   use(model.finish());  // after row_count rows
  static constexpr int row_count = in(0).shape.height;
  static constexpr int row_size = in(0).shape.row();  // elements
  constexpr void begin() requires(policy.row_input&& input_count == 1) {
    start();
    feed = {};
    if constexpr (Engine::order[0] != Engine::Tables::arrival)  // what reads the State alone
      Engine::advance(arena(), feed.progress, Engine::steps);
  }
  using RowData = std::span<const input_type<0>, static_cast<std::size_t>(row_size)>;
  void push_row(RowData row) requires(row_input&& input_count == 1) {
    push_row_bytes(reinterpret_cast<const std::byte*>(row.data()));
  }
  template <class Other>
  requires(row_input && !detail::is_data<Other, RowData>) void push_row(const Other&) {
    if constexpr (F::sound) detail::refuse<Other, RowData>();
  }
  constexpr void push_row_bytes(const std::byte* row) requires(policy.row_input&& input_count ==
                                                               1) {
    if (feed.row++ >= Engine::Plan::problem.values[0].steps) return;  // a row that nobody reads
    copy_bytes(Engine::input_row(arena(), feed.row - 1), row, row_size * size_of(in(0).element));
    Engine::arrive(arena(), feed.progress);
  }
  auto finish() const requires(policy.row_input&& input_count == 1) { return output(); }
  // What lasts from run to run: to be copied, saved and restored (run/state.hpp).
  constexpr State& state() requires has_state { return this->kept; }
  // Forgets what lasts from run to run.
  constexpr void reset() {
    if constexpr (has_state) this->kept.reset();
  }

private:
  struct Feed {
    Progress progress{};
    int row = 0;
  };
  struct None {};
  [[no_unique_address]] std::conditional_t<policy.row_input, Feed, None> feed;

  constexpr void start() {
    if constexpr (has_state) {
      if (this->kept.runs == 0) Engine::reset(arena());
      this->kept.runs = 1;
    }
  }
  constexpr auto arena() {  // a pointer, or Regions
    constexpr std::size_t border = static_cast<std::size_t>(policy.fast & ~7);
    if constexpr (!has_state)
      return this->memory;
    else if constexpr (split && !owned && !Engine::Plan::is_split)  // all of it is fast
      return Regions<Engine::state_at>{{this->memory.pieces[0], this->kept.rows}};
    else if constexpr (split && !owned)
      return Regions<border, Engine::state_at>{
          {this->memory.pieces[0], this->memory.pieces[1], this->kept.rows}};
    else
      return Regions<Engine::state_at>{{this->memory, this->kept.rows}};
  }
  constexpr auto arena() const {
    if constexpr (has_state)
      return const_cast<BasicModel*>(this)->arena();
    else
      return this->memory;
  }
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
