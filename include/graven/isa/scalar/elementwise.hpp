// Row kernels that go through a row once: map, quantize, dequantize, copy.
#pragma once

#include "graven/kernel/prefer.hpp"
#include "graven/layers/dequantize.hpp"
#include "graven/layers/quantize.hpp"
#include "graven/layers/table.hpp"

namespace graven::core::scalar_isa {

// Any function of one byte is a table. Stream: out[uint8(q)]. A uint8 is an int8 with a zero point
// 128 higher.
struct MapBytes : PlainKernel {
  static constexpr const char* name = "scalar.map";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    auto is_byte = [](Element e) { return e == Element::int8 || e == Element::uint8; };
    if (v.op == op::quantize) return is_byte(v.element) && is_byte(g.source(v).element);
    return (makes<std::int8_t>(g, value, op::map) && !is_null(v.function.entry)) ||
           makes<std::int8_t>(g, value, op::clamp) || makes<std::int8_t>(g, value, op::table);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 256; }

  static constexpr Quant as_int8(const Value& v) {
    return {v.quant.scale, v.quant.zero_point - (v.element == Element::uint8 ? 128 : 0)};
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (v.op == op::table) {
      const auto& table = p.constants[p.find("table")].data.int8;
      for (int i = 0; i < 256; ++i) to.put(table[i ^ 128]);
      return;
    }
    const Quant in = as_int8(g.source(v)), out = as_int8(v);
    const int below = g.source(v).element == Element::uint8 ? 128 : 0;
    const int above = v.element == Element::uint8 ? 128 : 0;
    for (int i = 0; i < 256; ++i) {
      const int q = below > 0 || i < 128 ? i - below : i - 256;
      const std::int8_t y = v.op == op::map ? v.function.entry(q, in, out)
                                            : detail::rescaled(q, in, out, v.activation);
      to.put(static_cast<std::int8_t>(y + above));
    }
  }
  static constexpr void run(const Task& task, const Band& band) {
    const std::byte* table = task.stream;
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int i = task.out_width * task.out_channels; i > 0; --i)
      *out++ = table[load<std::uint8_t>(in++)];
  }
};

// Stream: float low, high.
constexpr float identity(float x) { return x; }
template <float (*function)(float) = identity> struct MapFloat32 : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 8; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    const RealClamp range = real_range(v.activation);
    to.put(range.low);
    to.put(range.high);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const RealClamp range{load_aligned<float>(task.stream), load_aligned<float>(task.stream + 4)};
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int i = task.out_width * task.out_channels; i > 0; --i, in += 4, out += 4)
      store(out, clamp(function(load<float>(in)), range));
  }
};
struct RealMaps {
  static constexpr const char* name = "scalar.map";
  static constexpr bool serves(const GraphView& g, int value) {
    return (makes<float>(g, value, op::map) && !is_null(g[value].function.real)) ||
           makes<float>(g, value, op::clamp);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    return MapFloat32<(v.op == op::map ? v.function.real : identity)>{};
  }
};

// Stream: float scale of the integer side.
template <class T> struct QuantizeFloat32 : PlainKernel {
  static constexpr const char* name = "scalar.quantize";
  static constexpr bool serves(const GraphView& g, int value) {
    return converts<float, T>(g, value, op::quantize);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 4; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    to.put(v.quant.scale);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Quant q{load_aligned<float>(task.stream), task.out_zero};
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int i = task.out_width * task.out_channels; i > 0; --i, in += 4, out += sizeof(T))
      store(out, quantize<T>(load<float>(in), q));
  }
};

template <class T> struct DequantizeBytes : PlainKernel {
  static constexpr const char* name = "scalar.dequantize";
  static constexpr bool serves(const GraphView& g, int value) {
    return converts<T, float>(g, value, op::dequantize);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 4; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    to.put(g.source(v).quant.scale);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Quant q{load_aligned<float>(task.stream), task.in_zero};
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int i = task.out_width * task.out_channels; i > 0; --i, in += sizeof(T), out += 4)
      store(out, dequantize(load<T>(in), q));
  }
};

// The elements of a value that the record's constant of that index gives.
constexpr void pack_constant(const Value& v, const Parameters& p, Writer& to) {
  const int index = v.options.get<ConstantOptions>().index;
  if (index < 0 || p.constants[index].data.size != v.shape.size()) return;  // check.hpp says it
  const Array& data = p.constants[index].data;
  if (data.element != v.element) return;  // this as well
  for (int i = 0; i < v.shape.size(); ++i) switch (v.element) {
      case Element::float32: to.put(data.float32[i]); break;
      case Element::int16: to.put(data.int16[i]); break;
      case Element::int32: to.put(data.int32[i]); break;
      case Element::int64: to.put(data.int64[i]); break;
      case Element::boolean: to.put(data.boolean[i]); break;
      default: to.put(data.int8[i]);
    }
}

// Rows in flash; nothing runs. Stream: the elements.
struct Constant : PlainKernel {
  static constexpr const char* name = "scalar.constant";
  static constexpr bool serves(const GraphView& g, int value) {
    const Element e = g[value].element;
    return g[value].op == op::constant &&
           (e == Element::int8 || e == Element::int16 || e == Element::int32 ||
            e == Element::int64 || e == Element::float32 || e == Element::boolean);
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return v.shape.size() * size_of(v.element);
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters& p, Writer& to) {
    pack_constant(v, p, to);
  }
  static constexpr void run(const Task&, const Band&) {}
};

// Moves row boundaries (Lowering::with_rows). Stream: int32 bytes of an input row, of an output
// row.
struct Copy : PlainKernel {
  static constexpr const char* name = "scalar.copy";
  static constexpr bool serves(const GraphView& g, int value) { return makes(g, value, op::copy); }
  static constexpr int stream_size(const GraphView&, const Value&) { return 8; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    to.put<std::int32_t>(g.input(v).shape.row() * size_of(v.element));
    to.put<std::int32_t>(v.shape.row() * size_of(v.element));
  }
  static constexpr void run(const Task& task, const Band& band) {
    const int in_row = load_aligned<std::int32_t>(task.stream);
    int left = load_aligned<std::int32_t>(task.stream + 4);
    int offset = band.step * left % in_row;
    std::byte* out = band.out[0];
    for (const std::byte* const* row = band.rows; left > 0; ++row, offset = 0) {
      const int piece = in_row - offset < left ? in_row - offset : left;
      copy_bytes(out, *row + offset, piece);
      out += piece;
      left -= piece;
    }
  }
};

// A row of a sliding window: its own row some steps on, or a new one. Stream: int32 bytes of a row.
struct Slide : PlainKernel {
  static constexpr const char* name = "scalar.slide";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes(g, value, op::window);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 4; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    to.put<std::int32_t>(v.shape.row() * size_of(v.element));
  }
  static constexpr void run(const Task& task, const Band& band) {
    const std::byte* row = band.rows[0] != nullptr ? band.rows[0] : band.rows[task.rows];
    copy_bytes(band.out[0], row, load_aligned<std::int32_t>(task.stream));
  }
};

}  // namespace graven::core::scalar_isa
