// CONCATENATION by words, and resizes in which each pixel stands several times.
#pragma once

#if defined(__thumb2__)

#include "graven/isa/scalar/concat.hpp"
#include "graven/isa/scalar/resize.hpp"
#include "graven/isa/shared/movement/pieces.hpp"

#include <utility>

namespace graven::core::movement {

struct WordPieces : scalar_isa::PieceCopies {
  template <int>
  static void spread(std::byte* out, const std::byte* in, int bytes, int pieces, int pitch) {
    for (; pieces > 0; --pieces, out += pitch, in += bytes) copy_run(out, in, bytes);
  }
};
struct RunConcat : scalar_isa::ConcatBy<0, WordPieces> {};

// Pixel by pixel, a piece of each input. A piece of three bytes is a word, of which the next piece
// mends a byte.
template <int... bytes> struct PieceConcat : PlainKernel {
  static constexpr int inputs = sizeof...(bytes);

  template <int size, bool last>
  [[gnu::always_inline]] static void next(std::byte*& out, const std::byte*& in) {
    copy_piece<size == 3 && !last ? 4 : size>(out, in);
    out += size;
    in += size;
  }
  template <bool last, std::size_t... k>
  [[gnu::always_inline]] static std::byte* pixel(std::byte* out, const std::byte** in,
                                                 std::index_sequence<k...>) {
    (next<bytes, last>(out, in[k]), ...);
    return out;
  }
  static void run(const Task& task, const Band& band) {
    constexpr auto all = std::make_index_sequence<std::size_t{inputs}>{};
    const int rows = task.rows, width = task.out_width;
    const std::byte* in[std::size_t{inputs}];
#pragma GCC unroll 4
    for (int k = 0; k < inputs; ++k) in[k] = band.rows[k * rows];
    std::byte* out = band.out[0];
    for (int x = width; x > 1; --x) out = pixel<false>(out, in, all);
    pixel<true>(out, in, all);
  }
};

struct Concat {
  static constexpr const char* name = "shared.concat";
  static constexpr int longest = 32;  // bytes of a piece that is copied without a loop

  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::Concat::serves(g, value) && !scalar_isa::ClampedConcat::serves(g, value);
  }
  static constexpr int piece(const GraphView& g, const Value& v, int k) {
    return g.input(v, k).shape.channels * size_of(v.element);
  }
  // Several narrow pixels, few inputs, all of one scale.
  static constexpr bool has_pieces(const GraphView& g, const Value& v) {
    if (v.inputs > 4 || !has(v.options.get<ConcatOptions>().axis, Axis::channels)) return false;
    for (int k = 0; k < v.inputs; ++k)
      if (RunConcat::rescales(g, v, k) || piece(g, v, k) > longest) return false;
    return true;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr int inputs = graph.values[value].inputs;
    if constexpr (has_pieces(graph.view(), graph.values[value]))
      return []<int... k>(std::integer_sequence<int, k...>) {
        return PieceConcat<piece(graph.view(), graph.values[value], k)...>{};
      }
    (std::make_integer_sequence<int, inputs>{});
    else return RunConcat{};
  }
};

// Each pixel so many times.
template <int pixel, int times> struct Repeated : PlainKernel {
  static constexpr Group group = [] {
    Group made{times};
    for (int k = 0; k < times; ++k) made.out[k] = k * pixel;
    return made;
  }();
  static void run(const Task& task, const Band& band) {
    copy_groups<pixel, group, false>(band.out[0], band.rows[0],
                                     {task.in_width, pixel, times * pixel}, pixel);
  }
};
struct RepeatedNearest {
  static constexpr const char* name = "shared.repeated_nearest";
  static constexpr int pixel(const Value& v) { return v.shape.channels * size_of(v.element); }

  static constexpr bool serves(const GraphView& g, int value) {
    if (!scalar_isa::Nearest::serves(g, value)) return false;
    const Value& v = g[value];
    const int width = g.input(v).shape.width, times = v.shape.width / width;
    if (times < 2 || times > 4 || pixel(v) > 32 || times * width != v.shape.width) return false;
    for (int x = 0; x < v.shape.width; ++x)
      if (nearest(x, width, v.shape.width, v.options.get<Resampling>()) != x / times) return false;
    return true;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    return Repeated<pixel(v), v.shape.width / graph.view().input(v).shape.width>{};
  }
};

}  // namespace graven::core::movement

#endif
