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

#include <cstddef>
#include <span>
#include <type_traits>

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
// Of a network with a mistake in it: the empty one that stands for it.
template <class Network, auto inputs, const auto& params, StreamPolicy policy>
constexpr auto make_stream_graph() {
  constexpr const auto& graph = graph_of<Network, inputs, params, policy.plan.fuse>;
  if constexpr (is_whole<Network, inputs, params>)
    return unroll(graph, timeline_of<Network, inputs, params, policy>);
  else
    return graph;
}
template <class Network, auto inputs, const auto& params, StreamPolicy policy>
inline constexpr auto stream_graph_of = make_stream_graph<Network, inputs, params, policy>();

// Facts want arrays with static storage.
template <auto Input> struct Inputs { static constexpr auto shapes = input_shapes(Input); };

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
class BasicStreaming
    : public Facts<Network, detail::Inputs<Input>::shapes,
                   detail::stream_graph_of<Network, detail::input_shapes(Input), params, policy>,
                   params, Isa, plan::fed_by_rows(policy.plan)> {
  static constexpr auto inputs = detail::input_shapes(Input);
  using F = Facts<Network, detail::Inputs<Input>::shapes,
                  detail::stream_graph_of<Network, inputs, params, policy>, params, Isa,
                  plan::fed_by_rows(policy.plan)>;
  static constexpr const auto& window_graph = graph_of<Network, inputs, params, policy.plan.fuse>;
  static constexpr const auto& timeline = detail::timeline_of<Network, inputs, params, policy>;
  static constexpr plan::Policy fed = plan::fed_by_rows(policy.plan);
  using Engine = typename F::Engine;
  template <int I> using output_type = typename F::template output_type<I>;
  using F::graph, F::out, F::output_ports;
  static constexpr const Value& in = F::graph.values[0];
  static constexpr int first_variable = [] {
    for (int v = 0; v < window_graph.count; ++v)
      if (const Op op = window_graph.values[v].op; op == op::state || op == op::window)
        return window_graph.values[v].layer;
    return -1;
  }();

  static_assert(graph.input_count == 1 ||
                    error::unsupported<error::expected<1>, error::got<graph.input_count>>,
                "Streaming: only a network with one input can be fed push by push. Join the inputs "
                "along the channels.");
  static_assert(
      policy.padding == TimePadding::recomputed || timeline.whole_layer < 0 ||
          first_variable >= 0 || error::unsupported<error::at_layer<timeline.whole_layer>>,
      "Streaming: every row of this layer depends on where the window begins (padding along time, "
      "a resize, a constant per row), so nothing of it can be kept from push to push. Train the "
      "layer without padding along time, or choose a StreamPolicy: TimePadding::recomputed is "
      "exact and computes it whole at every push; TimePadding::at_reset has padding before the "
      "first push only.");
  static_assert(first_variable < 0 || error::unsupported<error::at_layer<first_variable>>,
                "Streaming: this network has Variables, which last from run to run: it is a stream "
                "by itself. Make a Model of it, and feed that with the new rows.");
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
                    error::out_of_range<error::expected<timeline.advance>, error::got<policy.hop>,
                                        error::limit<window_graph.values[0].shape.height>>,
                "Streaming: a push must bring a multiple of the rows that the strides advance "
                "together (expected), and no more than a window (limit).");

public:
  static constexpr int hop = in.shape.height;  // rows per push
  static constexpr Shape window_shape() { return window_graph.values[0].shape; }
  static constexpr Shape input_shape() { return in.shape; }
  // So many pushes after a reset() the output has forgotten it.
  static constexpr int pushes_to_fill = [] {
    constexpr int window = (window_shape().height + hop - 1) / hop;
    constexpr bool longer = policy.padding == TimePadding::at_reset && timeline.pushes > window;
    return longer ? timeline.pushes : window;
  }();

  using F::arena_size, F::alignment;
  using typename F::State;
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
  auto push(Data data) {
    push_bytes(reinterpret_cast<const std::byte*>(data.data()));
    return output();
  }
  template <class Other>
  requires(!detail::is_data<Other, Data>) auto push(const Other&) {
    if constexpr (F::sound) detail::refuse<Other, Data>();
    return output();
  }
  constexpr void push_bytes(const std::byte* data) {
    State& state = own.state;
    if (state.runs == 0) Engine::reset(memory());
    if (state.runs < pushes_to_fill) ++state.runs;
    constexpr int bytes = in.shape.row() * size_of(in.element);
    typename Engine::Progress progress{};
    Engine::advance(memory(), progress, Engine::steps);
    for (int r = 0; r < Engine::Plan::problem.values[0].steps; ++r, data += bytes) {
      copy_bytes(Engine::input_row(memory(), r), data, bytes);
      Engine::arrive(memory(), progress);
    }
  }
  template <int I = 0> auto output() {
    using T = const output_type<I>;
    constexpr std::size_t size = static_cast<std::size_t>(out(I).shape.size());
    return std::span<T, size>(reinterpret_cast<T*>(output_bytes(I).data()), size);
  }
  constexpr std::span<const std::byte> output_bytes(int i = 0) {
    return {memory() + output_ports[static_cast<std::size_t>(i)].offset,
            output_ports[static_cast<std::size_t>(i)].size};
  }

  // Is the output that of a whole window of rows?
  constexpr bool is_full() const { return own.state.runs == pushes_to_fill; }
  // Forgets all rows: those that the State keeps become real zeros.
  constexpr void reset() { own.state.reset(); }

private:
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
