// Rows that are put together from pieces of others: index maps, CONCATENATION, nearest resizes.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/copies.hpp"
#include "graven/isa/scalar/concat.hpp"
#include "graven/isa/scalar/index_map.hpp"
#include "graven/isa/scalar/resize.hpp"

namespace graven::core::mve_isa {

// How index maps copy (isa/scalar/index_map.hpp). `gathers`: elements apart by vectors.
template <bool gathers> struct MapCopies {
  static std::byte* copy(std::byte* to, const std::byte* from, int count) {
    return VectorCopies::copy(to, from, count);
  }
  template <int size> static std::byte* fill(std::byte* to, const std::byte* sixteen, int count) {
    if (count > 0) fill_with(to, sixteen, count * size);
    return to + count * size;
  }
  template <int size>
  static std::byte* apart(std::byte* to, const std::byte* from, int step, int count) {
    if constexpr (gathers) {
      gather_apart<size>(to, from, step, count);
      return to + count * size;
    } else if constexpr (size >= 8) {
      copy_pieces<1>(to, size, from, step, size, count);
      return to + count * size;
    } else {
      return scalar_isa::MapCopies::apart<size>(to, from, step, count);
    }
  }
};

struct IndexMaps {
  static constexpr const char* name = "mve.index_map";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::IndexMaps::serves(g, value);
  }
  // Elements apart, enough of them, whose places 16 bits can tell; they lie at whole elements.
  static constexpr bool gathers(const Moves& m, scalar_isa::Form form, int element) {
    const Loop& loop = m.loops[form.levels - 1];
    const int step = loop.elements * element, far = step < 0 ? -7 * step : 7 * step;
    return form.last == scalar_isa::Innermost::apart && form.levels == m.levels &&
           form.size == element && element <= 2 && loop.inside >= 6 && far <= 65535;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr int element = size_of(v.element);
    constexpr scalar_isa::Form form = scalar_isa::form_of(*v.moves, element);
    return scalar_isa::IndexMapped<form.size, form.levels, v.moves->fills, form.last,
                                   MapCopies<gathers(*v.moves, form, element)>>{};
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
struct Concat : scalar_isa::ConcatBy<0, VectorPieces> {
  static constexpr const char* name = "mve.concat";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::Concat::serves(g, value) && !scalar_isa::ClampedConcat::serves(g, value);
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
struct Nearest {
  static constexpr const char* name = "mve.nearest";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::Nearest::serves(g, value);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr int bytes = v.shape.channels * size_of(v.element);
    return NearestOf<(bytes <= 16 ? bytes : 0)>{};
  }
};

}  // namespace graven::core::mve_isa

#endif
