// Rows that are put together from pieces of others: index maps, CONCATENATION, nearest resizes.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/index_map.hpp"
#include "graven/isa/scalar/concat.hpp"
#include "graven/isa/scalar/resize.hpp"

namespace graven::core::mve_isa {

// How index maps copy that have no pattern: those whose runs go on in the next row, or are long,
// and those that read nothing. None of them copies elements apart.
struct MapCopies : scalar_isa::MapCopies {
  static std::byte* copy(std::byte* to, const std::byte* from, int count) {
    return VectorCopies::copy(to, from, count);
  }
  template <int size> static std::byte* fill(std::byte* to, const std::byte* sixteen, int count) {
    if (count > 0) fill_with(to, sixteen, count * size);
    return to + count * size;
  }
};

struct IndexMaps {
  static constexpr const char* name = "mve.index_map";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::IndexMaps::serves(g, value);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr int element = size_of(v.element);
    constexpr scalar_isa::Form form = scalar_isa::form_of(*v.moves, element);
    constexpr bool is_run = form.last == scalar_isa::Innermost::run && form.levels == 1;
    constexpr MapPlan plan = is_run ? MapPlan{} : plan_of(v);
    if constexpr (plan.exists())
      return PatternMapped<kind_of(plan, v)>{};
    else
      return scalar_isa::IndexMapped<form.size, form.levels, v.moves->fills, form.last,
                                     MapCopies>{};
  }
};

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

// Narrow pixels side by side: what comes in is read as it lies and scattered. Stream: per input
// int32 byte of the output where its first element goes, and its pattern.
template <PatternKind... kinds> struct PatternConcat : PlainKernel {
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    int size = 0;
    for (int k = 0; k < v.inputs; ++k) size += 4 + pattern(g, v, k).stream_size();
    return size;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    for (int k = 0, at = 0; k < v.inputs; ++k) {
      to.put<std::int32_t>(at);
      pattern(g, v, k).pack(to);
      at += g.input(v, k).shape.channels * size_of(v.element);
    }
  }
  static constexpr Pattern pattern(const GraphView& g, const Value& v, int k) {
    const int bytes = size_of(v.element), element = bytes < 4 ? bytes : 4;
    const int piece = g.input(v, k).shape.channels * bytes;
    Walks<2> walks{};
    walks.add({v.shape.width, piece, v.shape.channels * bytes});
    walks.add({piece / element, element, element});
    return pattern_of(walks, element);
  }

  template <PatternKind kind>
  static void move(std::byte* out, const std::byte* in, Reader& stream) {
    const auto at = stream.next<std::int32_t>();
    Mover<kind>(stream).run(out + at, in);
    stream.at += 20 + (kind.lanes == Lanes::neighbours ? 0 : 16 * kind.period);
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
          !PatternConcat<>::pattern(g, v, k).exists())
        return false;
    }
    return true;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr int inputs = graph.values[value].inputs;
    if constexpr (has_patterns(graph.view(), graph.values[value]))
      return []<int... k>(std::integer_sequence<int, k...>) {
        return PatternConcat<kind_of(
            PatternConcat<>::pattern(graph.view(), graph.values[value], k))...>{};
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
// Each pixel so many times. Stream: a pattern.
template <PatternKind kind> struct RepeatedNearest : PlainKernel {
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return pattern(g, v).stream_size();
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    pattern(g, v).pack(to);
  }
  static constexpr Pattern pattern(const GraphView& g, const Value& v) {
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
    constexpr Pattern pattern =
        bytes < 64 ? RepeatedNearest<PatternKind{}>::pattern(graph.view(), v) : Pattern{};
    if constexpr (pattern.exists())
      return RepeatedNearest<kind_of(pattern)>{};
    else
      return NearestOf<(bytes <= 16 ? bytes : 0)>{};
  }
};

// out[i] = in[places[i]], four at a time. Stream: the bits of the fill; int32 elements of a row of
// the input, and 2^32 / that, rounded up.
template <int size> struct IndexTabled : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 12; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const auto fill = v.options.get<FillOptions>();
    const int row = g.input(v).shape.row();
    to.put<std::int32_t>(fill.low);
    to.put<std::int32_t>(row);
    to.put(static_cast<std::int32_t>(static_cast<std::uint32_t>(((1ll << 32) + row - 1) / row)));
  }
  static void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const uint32x4_t fill = vdupq_n_u32(from.next<std::uint32_t>());
    const auto row = from.next<std::uint32_t>(), per_row = from.next<std::uint32_t>();
    auto places = reinterpret_cast<const std::int32_t*>(band.rows[task.rows]);
    const auto rows = reinterpret_cast<const std::uint32_t*>(band.rows);
    std::byte* out = band.out[0];
    const uint32x4_t factor = vdupq_n_u32(per_row);
    for (int left = task.out_width * task.out_channels; left > 0; left -= 4) {
      const mve_pred16_t mask = vctp32q(static_cast<std::uint32_t>(left));
      const int32x4_t place = vldrwq_z_s32(places, mask);
      const mve_pred16_t reads = vcmpgeq_m_n_s32(place, 0, mask);
      const uint32x4_t index = vreinterpretq_u32_s32(place), y = vmulhq_u32(index, factor);
      const uint32x4_t x = vsubq_u32(index, vmulq_n_u32(y, row));
      const uint32x4_t at = vldrwq_gather_shifted_offset_z_u32(rows, y, reads);
      const uint32x4_t read =
          gather_from<size>(nullptr, vaddq_u32(at, vmulq_n_u32(x, size)), reads);
      store_narrow<size>(out, vpselq_u32(read, fill, reads), mask);
      places += 4;
      out += 4 * size;
    }
  }
};
struct IndexTables {
  static constexpr const char* name = "mve.index_table";
  // The products of places and rows have 32 bits, so that quotients are exact.
  static constexpr bool serves(const GraphView& g, int value) {
    if (!scalar_isa::IndexTables::serves(g, value) || size_of(g[value].element) > 4) return false;
    const Shape in = g.input(g[value]).shape;
    return static_cast<std::uint64_t>(in.size()) * static_cast<std::uint64_t>(in.row()) <
               std::uint64_t{1} << 32 &&
           in.row() > 1;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return IndexTabled<size_of(graph.values[value].element)>{};
  }
};

}  // namespace graven::core::mve_isa

#endif
