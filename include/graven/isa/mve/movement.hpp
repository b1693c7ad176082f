// Rows that are put together from pieces of others: CONCATENATION, nearest resizes.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/index_map.hpp"
#include "graven/isa/scalar/concat.hpp"
#include "graven/isa/scalar/resize.hpp"

namespace graven::core::mve_isa {

struct VectorPieces {
  template <int>
  static void spread(std::byte* out, const std::byte* in, int bytes, int pieces, int pitch) {
    if (pieces == 1)
      copy(out, in, bytes);
    else
      copy_pieces(out, pitch, in, bytes, bytes, pieces);
  }
  static void look_up(std::byte* out, const std::byte* in, const std::byte* table, int bytes) {
    mve_isa::look_up(out, in, table, bytes);
  }
};
struct PieceConcat : scalar_isa::ConcatBy<0, VectorPieces> {};

// Of input k.
constexpr Pattern joint_pattern(const GraphView& g, const Value& v, int k) {
  const int bytes = size_of(v.element), element = bytes < 4 ? bytes : 4;
  const int piece = g.input(v, k).shape.channels * bytes;
  Walks<2> walks{};
  walks.add({v.shape.width, piece, v.shape.channels * bytes});
  walks.add({piece / element, element, element});
  return pattern_of(walks, element);
}
// Narrow pixels side by side: what comes in is read as it lies and scattered. Stream: per input
// int32 byte of the output where its first element goes, and its pattern.
template <PatternKind... kinds> struct PatternConcat : PlainKernel {
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    int size = 0;
    for (int k = 0; k < v.inputs; ++k) size += 4 + joint_pattern(g, v, k).stream_size();
    return size;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    for (int k = 0, at = 0; k < v.inputs; ++k) {
      to.put<std::int32_t>(at);
      joint_pattern(g, v, k).pack(to);
      at += g.input(v, k).shape.channels * size_of(v.element);
    }
  }
  template <PatternKind kind>
  static void move(std::byte* out, const std::byte* in, Reader& stream) {
    const auto at = stream.next<std::int32_t>();
    Mover<kind>(stream).run(out + at, in);
    stream.at += kind.stream_size();
  }
  static void run(const Task& task, const Band& band) {
    Reader stream{task.stream};
    const int rows = task.rows;
    const std::byte* const* in = band.rows;
    (..., (move<kinds>(band.out[0], *in, stream), in += rows));
  }
};

struct Concat {
  static constexpr const char* name = "mve.concat";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::Concat::serves(g, value) && !scalar_isa::ClampedConcat::serves(g, value);
  }
  // Several narrow pixels, few inputs, all of one scale.
  static constexpr bool has_patterns(const GraphView& g, const Value& v) {
    if (v.inputs > 4 || v.shape.width < 2 ||
        !has(v.options.get<ConcatOptions>().axis, Axis::channels))
      return false;
    for (int k = 0; k < v.inputs; ++k) {
      const int bytes = g.input(v, k).shape.channels * size_of(v.element);
      if (PieceConcat::rescales(g, v, k) || (bytes > 24 && (bytes % 16 != 0 || bytes > 64)) ||
          !joint_pattern(g, v, k).exists())
        return false;
    }
    return true;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr int inputs = graph.values[value].inputs;
    if constexpr (has_patterns(graph.view(), graph.values[value]))
      return []<int... k>(std::integer_sequence<int, k...>) {
        return PatternConcat<kind_of(joint_pattern(graph.view(), graph.values[value], k))...>{};
      }
    (std::make_integer_sequence<int, inputs>{});
    else return PieceConcat{};
  }
};

// `pixel`: bytes, where these are few.
template <int pixel> struct NearestOf : scalar_isa::Nearest {
  static void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const int given = from.next<std::int32_t>(), bytes = pixel > 0 ? pixel : given;
    const std::byte* row = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = task.out_width; x > 0; --x, out += bytes) {
      const std::byte* at = row + from.next<std::uint16_t>() * bytes;
      if constexpr (pixel > 0 && (pixel < 4 || (pixel <= 8 && pixel % 4 == 0)))
        copy_bytes(out, at, pixel);
      else
        copy(out, at, bytes);
    }
  }
};
constexpr Pattern repeated_pattern(const GraphView& g, const Value& v) {
  const int bytes = size_of(v.element), element = bytes < 4 ? bytes : 4;
  const int pixel = v.shape.channels * bytes, width = g.input(v).shape.width;
  const int times = v.shape.width / width;
  if (times * width != v.shape.width) return {};
  for (int x = 0; x < v.shape.width; ++x)
    if (nearest(x, width, v.shape.width, v.options.get<Resampling>()) * times != x - x % times)
      return {};
  Walks<3> walks{};
  walks.add({width, pixel, times * pixel});
  walks.add({times, 0, pixel});
  walks.add({pixel / element, element, element});
  return pattern_of(walks, element);
}
// Each pixel so many times. Stream: a pattern.
template <PatternKind kind> struct RepeatedNearest : PlainKernel {
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return repeated_pattern(g, v).stream_size();
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    repeated_pattern(g, v).pack(to);
  }
  static void run(const Task& task, const Band& band) {
    Mover<kind>(Reader{task.stream}).run(band.out[0], band.rows[0]);
  }
};
struct Nearest {
  static constexpr const char* name = "mve.nearest";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::Nearest::serves(g, value);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr int bytes = v.shape.channels * size_of(v.element);
    constexpr Pattern pattern = bytes < 64 ? repeated_pattern(graph.view(), v) : Pattern{};
    if constexpr (pattern.exists())
      return RepeatedNearest<kind_of(pattern)>{};
    else
      return NearestOf<(bytes <= 16 ? bytes : 0)>{};
  }
};

}  // namespace graven::core::mve_isa

#endif
