// Row kernels of CONCATENATION along the width and the channels: pieces of each input, one after
// the other.
#pragma once

#include "graven/isa/scalar/elementwise.hpp"
#include "graven/layers/concat.hpp"

namespace graven::core::scalar_isa {

// How pieces of `bytes` bytes that are neighbours get to places `pitch` bytes apart; an instruction
// set may have a better way. They are copied `step` bytes at once; 0: as a whole.
struct PieceCopies {
  template <int step>
  static constexpr void spread(std::byte* out, const std::byte* in, int bytes, int pieces,
                               int pitch) {
    for (int at = 0; pieces > 0; --pieces, at += pitch, in += bytes)
      if constexpr (step == 0)
        copy_bytes(out + at, in, bytes);
      else
        for (int i = 0; i < bytes; i += step) copy_bytes(out + at + i, in + i, step);
  }
  static constexpr void look_up(std::byte* out, const std::byte* in, const std::byte* table,
                                int bytes) {
    for (int i = 0; i < bytes; ++i) out[i] = table[load<std::uint8_t>(in + i)];
  }
};

// Stream: int32 inputs, pieces per row, bytes from a piece to the next; per input int32 bytes of a
// piece, offset of its table from the stream's start or 0; then the tables. Along the channels a
// piece is a pixel, else a row.
template <int step = 0, class Copies = PieceCopies> struct ConcatBy : PlainKernel {
  static constexpr bool rescales(const GraphView& g, const Value& v, int k) {
    return v.element == Element::int8 &&
           (g.source(v, k).quant != v.quant || v.activation != Activation::none);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    int size = 12 + 8 * v.inputs;
    for (int k = 0; k < v.inputs; ++k) size += rescales(g, v, k) ? 256 : 0;
    return size;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const bool by_pixel = has(v.options.get<ConcatOptions>().axis, Axis::channels);
    to.put<std::int32_t>(v.inputs);
    to.put<std::int32_t>(by_pixel ? v.shape.width : 1);
    to.put<std::int32_t>(by_pixel ? v.shape.channels * size_of(v.element) : 0);
    int table = 12 + 8 * v.inputs;
    for (int k = 0; k < v.inputs; ++k) {
      const Shape in = g.input(v, k).shape;
      to.put<std::int32_t>((by_pixel ? in.channels : in.row()) * size_of(v.element));
      to.put<std::int32_t>(rescales(g, v, k) ? table : 0);
      table += rescales(g, v, k) ? 256 : 0;
    }
    for (int k = 0; k < v.inputs; ++k)
      for (int i = 0; i < 256 && rescales(g, v, k); ++i)
        to.put(
            detail::rescaled(i < 128 ? i : i - 256, g.source(v, k).quant, v.quant, v.activation));
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const int inputs = from.next<std::int32_t>(), pieces = from.next<std::int32_t>();
    const int pitch = from.next<std::int32_t>();
    std::byte* out = band.out[0];
    for (int k = 0; k < inputs; ++k) {
      const std::byte* in = band.rows[k * t.rows];
      const int bytes = from.next<std::int32_t>(), table = from.next<std::int32_t>();
      if (in == nullptr) continue;
      if (table == 0)
        Copies::template spread<step>(out, in, bytes, pieces, pitch);
      else
        for (int piece = 0; piece < pieces; ++piece, in += bytes)
          Copies::look_up(out + piece * pitch, in, t.stream + table, bytes);
      out += bytes;
    }
  }
};

struct Concat {
  static constexpr const char* name = "scalar.concat";
  static constexpr bool serves(const GraphView& g, int value) {
    if (makes<std::int16_t>(g, value, op::concat)) {
      for (int k = 0; k < g[value].inputs; ++k)
        if (g.source(g[value], k).quant != g[value].quant) return false;
      return whole_range(g[value]);
    }
    return makes(g, value, op::concat);
  }
  // Of what all pieces consist, up to 64 bytes long; bytes where they are few.
  static constexpr int size(const GraphView& g, const Value& v) {
    if (!has(v.options.get<ConcatOptions>().axis, Axis::channels)) return 0;
    int all = 16, most = 0;
    for (int k = 0; k < v.inputs; ++k) {
      const int bytes = g.input(v, k).shape.channels * size_of(v.element);
      all |= bytes;
      if (bytes > most) most = bytes;
    }
    const int common = all & -all;
    return most > 64 ? 0 : common >= 4 ? (common < 16 ? 4 : 16) : most < 16 ? 1 : 0;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return ConcatBy<size(graph.view(), graph.values[value])>{};
  }
};

// Joined, then clamped. Stream: float low, high; then Concat's.
struct ClampedConcat : PlainKernel {
  static constexpr const char* name = "scalar.clamped_concat";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::concat) && g[value].activation != Activation::none;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return 8 + ConcatBy<>::stream_size(g, v);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    MapFloat32<>::pack(g, v, p, to);
    ConcatBy<>::pack(g, v, p, to);
  }
  static constexpr void run(const Task& task, const Band& band) {
    Task join = task;
    join.stream += 8;
    ConcatBy<>::run(join, band);
    const std::byte* joined = band.out[0];
    Band clamped = band;
    clamped.rows = &joined;
    MapFloat32<>::run(task, clamped);
  }
};

}  // namespace graven::core::scalar_isa
