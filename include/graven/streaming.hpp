// Streaming: a network over a window of rows that slides along time, a few rows per push.
//
//   using Stream = graven::Streaming<Network, Shape{49, 40, 1}, params>;  // time is the height
//
//   Stream stream;
//
//   auto output = stream.push(rows);  // Stream::hop rows of 40 x 1
//
// The output is that of Model<Network, Shape{49, 40, 1}, params> on the last 49 rows, bit for bit;
// of the layers over time only the new rows are computed. Between pushes the last rows of what is
// read again stay in the State, apart from the scratch memory, which others may use meanwhile:
//
//   Stream::State left, right;
//   alignas(Stream::alignment) std::byte scratch[Stream::arena_size];
//   Stream::OnArena(left, scratch).push(rows);
#pragma once

#include "graven/graph/timeline.hpp"
#include "graven/model.hpp"
#include "graven/run/arena.hpp"
#include "graven/run/data.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace graven::core {

struct StreamPolicy {
  TimePadding padding = TimePadding::refused;  // timeline.hpp
  int hop = 0;                                 // rows per push; 0: as few as strides allow
  plan::Policy plan{};

  constexpr bool operator==(const StreamPolicy&) const = default;
};

namespace detail {

template <class Network, auto inputs, const auto& params, StreamPolicy policy>
inline constexpr auto timeline_of = trace_time(graph_of<Network, inputs, params, policy.plan.fuse>,
                                               policy.padding, policy.hop);
template <class Network, auto inputs, const auto& params, StreamPolicy policy>
inline constexpr auto stream_graph_of = unroll(graph_of<Network, inputs, params, policy.plan.fuse>,
                                               timeline_of<Network, inputs, params, policy>);

// What lasts from push to push; it starts as after reset().
template <std::size_t Size> struct StreamState {
  alignas(8) std::byte rows[Size > 0 ? Size : 1]{};
  std::uint16_t pushes = 0;  // since the last reset, as far as it matters
};

template <class State, std::size_t Size> struct OwnedStream {
  State state{};
  alignas(8) std::byte memory[Size > 0 ? Size : 1]{};
};
constexpr StreamPolicy without_limits(StreamPolicy policy) {
  policy.plan = plan::without_limits(policy.plan);
  return policy;
}
template <class StateType, std::size_t> struct BorrowedStream {
  StateType& state;
  std::byte* memory;
};

}  // namespace detail

template <class Network, auto Input, const auto& params, class Isa, StreamPolicy policy, bool owned>
class BasicStreaming {
  static constexpr auto inputs = detail::input_shapes(Input);
  static constexpr const auto& window_graph = graph_of<Network, inputs, params, policy.plan.fuse>;
  static constexpr const auto& timeline = detail::timeline_of<Network, inputs, params, policy>;
  static constexpr const auto& graph = detail::stream_graph_of<Network, inputs, params, policy>;
  static constexpr plan::Policy fed = plan::fed_by_rows(policy.plan);
  using Kernels =
      detail::KernelsOf<detail::stream_graph_of<Network, inputs, params, policy>, Isa, params, fed>;
  using Engine =
      core::Engine<detail::stream_graph_of<Network, inputs, params, policy>, Kernels, params, fed>;
  using Check =
      core::Check<detail::stream_graph_of<Network, inputs, params, policy>, Kernels, params>;
  static constexpr bool sound = detail::is_sound<Network, inputs, params, Check>();
  static_assert(sound || error::reported);
  static_assert(!sound || Check::template in_flash<fed.flash>());

  static constexpr const Value& in = graph.values[0];
  static constexpr const View& out(int i = 0) { return graph.outputs[i]; }
  static constexpr const Value& out_value(int i) { return graph.values[out(i).value]; }
  template <int I> using output_type = typename type_of<out_value(I).element>::type;

  static_assert(graph.input_count == 1 ||
                    error::unsupported<error::expected<1>, error::got<graph.input_count>>,
                "Streaming: only a network with one input can be fed push by push. Join the inputs "
                "along the channels.");
  static_assert(
      policy.padding == TimePadding::recomputed || timeline.whole_layer < 0 ||
          error::unsupported<error::at_layer<timeline.whole_layer>>,
      "Streaming: every row of this layer depends on where the window begins (padding along time, "
      "a resize, a constant per row), so nothing of it can be kept from push to push. Train the "
      "layer without padding along time, or choose a StreamPolicy: TimePadding::recomputed is "
      "exact and computes it whole at every push; TimePadding::at_reset has padding before the "
      "first push only.");
  static_assert(fed.goal != plan::Goal::within ||
                    Engine::arena_size <= static_cast<std::size_t>(fed.bytes) ||
                    error::does_not_fit<error::limit<fed.bytes>,
                                        error::got<static_cast<long long>(Engine::arena_size)>>,
                "Streaming: no plan fits the memory that plan::within allows (limit, and what "
                "scratch and state need together, in bytes). Raise the limit or shrink the "
                "network.");
  static_assert((fed.fast == 0 && fed.slow == 0) || error::unsupported<error::got<fed.fast>>,
                "Streaming: scratch memory is one piece. Use plan::Policy::fast and slow with "
                "Model only.");
  static_assert(policy.hop == 0 ||
                    (policy.hop == timeline.hop &&
                     policy.hop <= window_graph.values[0].shape.height) ||
                    error::out_of_range<error::expected<timeline.hop>, error::got<policy.hop>,
                                        error::limit<window_graph.values[0].shape.height>>,
                "Streaming: a push must bring a multiple of the rows that the strides advance "
                "together (expected), and no more than a window (limit).");

public:
  static constexpr int hop = in.shape.height;  // rows per push
  static constexpr Shape window_shape() { return window_graph.values[0].shape; }
  static constexpr Shape input_shape() { return in.shape; }
  static constexpr Shape output_shape(int i = 0) { return out(i).shape; }
  static constexpr Quant input_quant() { return in.quant; }
  static constexpr Quant output_quant(int i = 0) { return out_value(i).quant; }
  static constexpr Element input_element() { return in.element; }
  static constexpr Element output_element(int i = 0) { return out_value(i).element; }
  static constexpr int output_count = graph.output_count;
  // So many pushes after a reset() the output has forgotten it.
  static constexpr int pushes_to_fill = [] {
    constexpr int window = (window_shape().height + hop - 1) / hop;
    constexpr bool longer = policy.padding == TimePadding::at_reset && timeline.pushes > window;
    return longer ? timeline.pushes : window;
  }();

  static constexpr std::size_t arena_size = Engine::state_at;  // bytes of scratch
  static constexpr std::size_t alignment = Engine::alignment;
  using State = detail::StreamState<Engine::arena_size - Engine::state_at>;
  static constexpr std::size_t state_size = sizeof(State);
  static constexpr int step_count = Engine::steps;
  static constexpr std::uint64_t macs = [] {  // of one push
    std::uint64_t sum = 0;
    for (int v = 0; v < graph.count; ++v) sum += graph.values[v].macs;
    return sum;
  }();
  static constexpr std::size_t weight_size = sound ? Check::total(true) : 0;
  static constexpr std::size_t flash_size = weight_size + Check::table_size +
                                            sizeof(Engine::tables) + sizeof(Engine::order) +
                                            sizeof(Engine::places);
  using OnArena = BasicStreaming<Network, Input, params, Isa, policy, false>;
  using Twin = BasicStreaming<Network, Input, params, detail::TwinOf<Isa>,
                              detail::without_limits(policy), owned>;
  using Sample = typename type_of<in.element>::type;
  static constexpr std::size_t push_size = static_cast<std::size_t>(in.shape.size());  // elements
  using Data = std::span<const Sample, push_size>;

  constexpr BasicStreaming() requires owned = default;
  constexpr BasicStreaming(State& state, Memory<arena_size, alignment> scratch) requires(!owned)
      : own{state, scratch.start} {}
  constexpr BasicStreaming(State& state, Unchecked, std::byte* scratch) requires(!owned)
      : own{state, scratch} {}

  // The next `hop` rows; the output stays until the scratch memory is used again.
  auto push(Data rows) {
    push_bytes(reinterpret_cast<const std::byte*>(rows.data()));
    return output();
  }
  template <class Other>
  requires(!detail::is_data<Other, Data>) auto push(const Other&) {
    detail::refuse<Other, Data>();
    return output();
  }
  constexpr void push_bytes(const std::byte* rows) {
    State& state = own.state;
    if (state.pushes == 0) Engine::reset(memory());
    if (state.pushes < pushes_to_fill) ++state.pushes;
    constexpr int bytes = in.shape.row() * size_of(in.element);
    typename Engine::Progress progress{};
    Engine::advance(memory(), progress, Engine::steps);
    for (int r = 0; r < Engine::Plan::problem.values[0].steps; ++r, rows += bytes) {
      copy_bytes(Engine::input_row(memory(), r), rows, bytes);
      Engine::arrive(memory(), progress);
    }
  }
  template <int I = 0> auto output() {
    using T = const output_type<I>;
    constexpr std::size_t size = static_cast<std::size_t>(out(I).shape.size());
    return std::span<T, size>(reinterpret_cast<T*>(output_bytes(I).data()), size);
  }
  constexpr std::span<const std::byte> output_bytes(int i = 0) {
    return {memory() + outputs[i].place, outputs[i].size};
  }

  // Is the output that of a whole window of rows?
  constexpr bool is_full() const { return own.state.pushes == pushes_to_fill; }
  // Forgets all rows: those that the State keeps become real zeros.
  constexpr void reset() { own.state.pushes = 0; }

private:
  struct Port {
    std::size_t place, size;
  };
  static constexpr auto outputs = [] {
    std::array<Port, static_cast<std::size_t>(output_count)> ports{};
    for (int i = 0; i < output_count; ++i) {
      ports[i] = {static_cast<std::size_t>(Engine::Tables::place(out(i).value, out(i).first)),
                  static_cast<std::size_t>(out(i).shape.size() * size_of(out_value(i).element))};
    }
    return ports;
  }();
  constexpr Regions<Engine::state_at> memory() { return {{own.memory, own.state.rows}}; }

  std::conditional_t<owned, detail::OwnedStream<State, arena_size>,
                     detail::BorrowedStream<State, arena_size>>
      own;
};

// A stream that holds its memory.
template <class Network, auto Input, const auto& params, class Isa = native,
          StreamPolicy policy = StreamPolicy{}>
using Streaming = BasicStreaming<Network, Input, params, Isa, policy, true>;

}  // namespace graven::core
