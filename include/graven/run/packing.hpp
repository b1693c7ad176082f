// Streams, packed by the compiler. Compilers limit what one constant may cost, so that outputs are
// folded and large streams are packed in parts, each a constant of its own.
#pragma once

#include "graven/kernel/fold.hpp"
#include "graven/plan/problem_of.hpp"

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace graven::core::detail {

// A packed stream, aligned for the instruction set's loads.
template <int Size, int Alignment = 4> struct Stream {
  alignas(Alignment) std::byte bytes[std::size_t{Size > 0 ? Size : 1}]{};
};
// Parts of a stream, one behind the other without gaps.
template <int Count, class Part, class Last> struct Chained {
  Part parts[std::size_t{Count}];
  Last last;
};

template <int Size, int Alignment>
constexpr const std::byte* bytes_of(const Stream<Size, Alignment>& stream) {
  return stream.bytes;
}
template <int Count, class Part, class Last>
constexpr const std::byte* bytes_of(const Chained<Count, Part, Last>& stream) {
  return stream.parts[0].bytes;
}

template <int Count> struct Channels { Channel channel[std::size_t{Count > 0 ? Count : 1}]{}; };

// What is packed of a value. `size` and `program` for all of it, the parts of its stream apart.
template <const auto& graph, class Isa, const auto& params, int value> struct Packing {
  using K = kernel_of<graph, Isa, value>;
  static constexpr int weights_at_once = 1 << 15, bytes_at_once = 1 << 15;
  static constexpr GraphView g = graph.view();
  static constexpr const Value& v = graph.values[value];
  static constexpr Parameters given = record_of<params>(v.record);

  // ---- the outputs ----

  static constexpr bool folds = K::holds_weights &&
                                (given.filter.int8 != nullptr || given.filter.int16 != nullptr) &&
                                v.op.has(Trait::weights) && v.element == Element::int8;
  static constexpr int outputs = folds ? v.weights.outputs : 0;
  static constexpr int together = [] {
    const int fit = folds ? weights_at_once / (v.weights.taps > 0 ? v.weights.taps : 1) : 1;
    return fit < 1 ? 1 : fit < outputs ? fit : outputs > 0 ? outputs : 1;
  }();
  static constexpr bool asks_extremes = [] {
    if constexpr (requires { Isa::asks_extremes; })
      return Isa::asks_extremes;
    else
      return true;
  }();
  using Weight = typename type_of<given.filter.int8 != nullptr    ? Element::int8
                                  : given.filter.int16 != nullptr ? Element::int16
                                                                  : Element::float32>::type;
  using Filter = WholeArray<Weight, given.filter.size>;  // what `whole` points to, if anywhere
  // Of an array as an object, sums take half the compiler's memory.
  static constexpr Known known_of(int output) {
    Known known{.extremes = asks_extremes};
    if constexpr (given.filter.whole != nullptr && given.filter.int8 != nullptr) {
      if (v.weights.tap_step != 1) return known;
      known.summed = true;
      known.sum = static_cast<const Filter&>(*given.filter.whole)
                      .sum(v.weights.index(output, 0), v.weights.taps);
    }
    return known;
  }
  template <int first> static constexpr auto make_channels() {
    constexpr int count = outputs - first < together ? outputs - first : together;
    Channels<count> some;
    for (int i = 0; i < count; ++i) {
      some.channel[i] = fold(g, v, given, first + i, known_of(first + i));
      if constexpr (requires { K::note(g, v, given, 0); })
        some.channel[i].note = K::note(g, v, given, first + i);
    }
    return some;
  }
  template <int first> static constexpr auto channels_from = make_channels<first>();
  template <int... part> static constexpr auto all_channels(std::integer_sequence<int, part...>) {
    Channels<outputs> all;
    int count = 0;
    auto add = [&](const auto& some) {
      for (const Channel& c : some.channel)
        if (count < outputs) all.channel[count++] = c;
      return true;
    };
    [[maybe_unused]] const bool done[]{add(channels_from<part * together>)..., true};
    return all;
  }
  static constexpr auto channels = [] {
    if constexpr (outputs <= together)
      return channels_from<0>;
    else
      return all_channels(std::make_integer_sequence<int, (outputs + together - 1) / together>());
  }();
  static constexpr int outside_channel = [] {
    for (int o = 0; o < outputs; ++o)
      if (channels.channel[o].outside) return o;
    return -1;
  }();
  static constexpr int overflowing_channel = [] {
    for (int o = 0; o < outputs; ++o)
      if (channels.channel[o].overflows) return o;
    if (K::holds_weights && v.op.has(Trait::weights) && v.element == Element::int16)
      for (int o = 0; o < v.weights.outputs; ++o)
        if (can_overflow_wide(g, v, given, o)) return o;
    return -1;
  }();
  static constexpr std::array<int, 2> bad_channels{outside_channel, overflowing_channel};
  static constexpr Parameters folded = [] {
    Parameters p = given;
    if constexpr (folds) p.folded = channels.channel;
    return p;
  }();

  // ---- the stream ----

  template <int Size> struct Part {
    Stream<Size, Isa::alignment> stream{};
    int program = 0;  // which of a kernel's `programs` reads the stream
    int end = 0;      // bytes that packing has written: stream_size is an upper bound
    int filter_at = -1;
  };
  template <int from, int until, bool takes_filter> static constexpr auto pack_part() {
    Part<until - from> part;
    Writer to{part.stream.bytes, from, until};
    to.takes_filter = takes_filter;
    K::pack(g, v, folded, to);
    part.program = to.program;
    part.end = to.at;
    part.filter_at = to.filter_at;
    return part;
  }
  template <int from, int until, bool takes_filter = false>
  static constexpr auto part = pack_part<from, until, takes_filter>();

  static constexpr int most = K::stream_size(g, v);
  static constexpr int first_end = most < bytes_at_once ? most : bytes_at_once;
  static constexpr bool offers_filter = given.filter.whole != nullptr && !requires {
    Isa::one_array;
  };
  // Where the filter begins that ends the stream as it came, copied at once; -1: it is packed.
  static constexpr int filter_at = [] {
    if constexpr (!offers_filter) {
      return -1;
    } else {
      constexpr const auto& found = part<0, first_end, true>;
      constexpr int at = found.filter_at;
      constexpr bool ends = found.end == at + int{sizeof(typename Filter::Copy)};
      return at > 0 && at <= bytes_at_once && at % Isa::alignment == 0 && ends ? at : -1;
    }
  }();
  // A kernel that did not take the offer has packed what it packs without one.
  static constexpr bool once = [] {
    if constexpr (offers_filter)
      return filter_at > 0 || part<0, first_end, true>.filter_at < 0;
    else
      return false;
  }();
  static constexpr const Part<first_end>& first_part = part<0, first_end, once>;  // no auto: lazy
  static constexpr int program = first_part.program, size = first_part.end;

  template <int index>
  static constexpr const Part<bytes_at_once>& whole_part =
      part<index * bytes_at_once, (index + 1) * bytes_at_once, index == 0 && once>;
  template <int index> static constexpr const Part<bytes_at_once>& part_at() {
    return whole_part<index>;
  }
  template <int... index> static constexpr auto join_parts(std::integer_sequence<int, index...>) {
    constexpr int count = sizeof...(index), rest = size - count * bytes_at_once;
    using Whole = Stream<bytes_at_once, Isa::alignment>;
    using Last = Stream<rest, Isa::alignment>;
    static_assert(sizeof(Whole) == bytes_at_once);
    return Chained<count, Whole, Last>{{whole_part<index>.stream...},
                                       part<count * bytes_at_once, size>.stream};
  }
  static constexpr auto make_stream() {
    if constexpr (filter_at > 0) {
      using Head = Stream<filter_at, Isa::alignment>;
      static_assert(sizeof(Head) == filter_at);
      return Chained<1, Head, typename Filter::Copy>{
          {part<0, filter_at, true>.stream}, static_cast<const Filter&>(*given.filter.whole).copy};
    } else if constexpr (size > bytes_at_once) {
      return join_parts(std::make_integer_sequence<int, (size - 1) / bytes_at_once>());
    } else if constexpr (size == first_end) {
      return first_part.stream;  // as a whole: cheaper for the compiler
    } else {
      Stream<size, Isa::alignment> stream{};
      for (int i = 0; i < size; ++i) stream.bytes[i] = first_part.stream.bytes[i];
      return stream;
    }
  }
};

// ---- streams that are equal ----

// How many values of the same layer stand before a value.
template <const auto& graph> constexpr int place_in_layer(int value) {
  int place = 0;
  for (int v = 0; v < value; ++v)
    if (graph.values[v].record == graph.values[value].record) ++place;
  return place;
}
// The next value, `from` or after it, whose layer refers to the same arrays and that stands at the
// same place in it; the value itself, if there is none before it. A constant each: limits, above.
template <const auto& graph, const auto& params> constexpr int find_alike(int value, int from) {
  const int own = graph.values[value].record;
  if (own < 0) return value;
  const Parameters& record = record_of<params>(own);
  if (record.filter.size == 0 && record.constants.size == 0) return value;
  for (int v = from; v < value; ++v) {
    const int other = graph.values[v].record;
    if (other >= 0 && other != own && have_same_arrays(record, record_of<params>(other)) &&
        place_in_layer<graph>(v) == place_in_layer<graph>(value))
      return v;
  }
  return value;
}
template <const auto& graph, const auto& params, int value, int from = 0>
inline constexpr int alike = find_alike<graph, params>(value, from);

template <class A, class B> constexpr bool begin_alike(const A& a, const B& b, int count) {
  for (int i = 0; i < count; ++i)
    if (a.stream.bytes[i] != b.stream.bytes[i]) return false;
  return true;
}
template <class A, class B, int index>
inline constexpr bool part_is_alike = [] {
  constexpr int from = index * A::bytes_at_once, until = from + A::bytes_at_once;
  constexpr bool is_last = until >= A::size;
  if constexpr (is_last)
    return begin_alike(A::template part<from, A::size>, B::template part<from, A::size>,
                       A::size - from);
  else
    return begin_alike(A::template part_at<index>(), B::template part_at<index>(), until - from);
}();
template <class A, class B, int... index>
constexpr bool parts_are_alike(std::integer_sequence<int, index...>) {
  for (const bool one : {part_is_alike<A, B, index>...})
    if (!one) return false;
  return true;
}
// Of two Packings whose layers refer to the same arrays.
template <class A, class B> constexpr bool are_alike() {
  if constexpr (A::size != B::size || A::filter_at != B::filter_at)
    return false;
  else if constexpr (A::filter_at > 0)  // the filter itself is the same array
    return begin_alike(A::template part<0, A::filter_at, true>,
                       B::template part<0, A::filter_at, true>, A::filter_at);
  else if constexpr (A::size > A::bytes_at_once)
    return parts_are_alike<A, B>(
        std::make_integer_sequence<int, (A::size - 1) / A::bytes_at_once + 1>());
  else
    return begin_alike(A::first_part, B::first_part, A::size);
}

template <const auto& graph, class Isa, const auto& params, int value, int first>
constexpr int find_owner();
// Whose stream a value reads, which may be its own: layers that share their weights have them once
// in flash, where a kernel packs them alike.
template <const auto& graph, class Isa, const auto& params, int value>
inline constexpr int
    stream_owner = find_owner<graph, Isa, params, value, alike<graph, params, value>>();

// Does the value `first` own the stream that the value would have?
template <const auto& graph, class Isa, const auto& params, int value, int first>
constexpr bool owns_alike() {
  using K = kernel_of<graph, Isa, value>;
  if constexpr (!std::is_same_v<K, kernel_of<graph, Isa, first>> || !K::holds_weights)
    return false;
  else if constexpr (stream_owner<graph, Isa, params, first> != first)
    return false;
  else
    return are_alike<Packing<graph, Isa, params, first>, Packing<graph, Isa, params, value>>();
}
template <const auto& graph, class Isa, const auto& params, int value, int first>
constexpr int find_owner() {
  if constexpr (first == value)
    return value;
  else if constexpr (owns_alike<graph, Isa, params, value, first>())
    return first;
  else
    return find_owner<graph, Isa, params, value, alike<graph, params, value, first + 1>>();
}

// Apart from the above, so that nothing else comes to flash with it.
template <const auto& graph, class Isa, const auto& params, int value>
inline constexpr auto packed_stream = Packing<graph, Isa, params, value>::make_stream();
template <const auto& graph, class Isa, const auto& params, int value>
inline constexpr const auto& stream_of =
    packed_stream<graph, Isa, params, stream_owner<graph, Isa, params, value>>;

}  // namespace graven::core::detail
