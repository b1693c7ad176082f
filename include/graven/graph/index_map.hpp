// IndexMap: out[i] = in[base + sum of digit * stride], the digits those of i, or `fill` where a
// digit is outside of its range
//
// All that moves elements and computes nothing: SLICE, STRIDED_SLICE, SPLIT_V, UNPACK, PAD, TILE,
// BROADCAST_TO, REVERSE_V2, SPACE_TO_DEPTH, DEPTH_TO_SPACE, TRANSPOSE of any rank, and any of them
// one after the other. The first digits count the rows. Rows of the input as they are, one after
// the other, are no copy but a view.
#pragma once

#include "graven/graph/moves.hpp"
#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op index_map{"index_map"};
inline constexpr Op numbered_map{"numbered_map", Trait::numbered};  // columns differ
inline constexpr Op index_table{"index_table", Trait::numbered};
}  // namespace op

// The bits of what stands where nothing is read, the lowest first.
struct FillOptions {
  std::int32_t low = 0, high = 0;

  constexpr FillOptions() = default;
  constexpr explicit FillOptions(std::int64_t fill)
      : low(static_cast<std::int32_t>(fill)), high(static_cast<std::int32_t>(fill >> 32)) {}
  constexpr std::byte byte(int i) const {
    return static_cast<std::byte>((i < 4 ? low : high) >> 8 * (i % 4) & 0xff);
  }
};

constexpr int extent_along(Shape s, Axis axis) {
  return axis == Axis::height ? s.height : axis == Axis::width ? s.width : s.channels;
}
constexpr Shape with_extent(Shape s, Axis axis, int extent) {
  (axis == Axis::height ? s.height : axis == Axis::width ? s.width : s.channels) = extent;
  return s;
}
// Elements from one index of an axis to the next.
constexpr int stride_along(Shape s, Axis axis) {
  return axis == Axis::height ? s.row() : axis == Axis::width ? s.channels : 1;
}

// A fill of float elements: graven::bits(1.5f).
constexpr std::int64_t bits(float x) { return std::bit_cast<std::int32_t>(x); }

template <Shape out, int base, std::int64_t fill, Digit... digits> struct IndexMap {
  static constexpr const char* op = "INDEX_MAP";

  template <At in> static constexpr Shape output() {
    static_assert(
        (out.exists() && are_digits) ||
            error::out_of_range<error::at_layer<in.layer>, error::in<IndexMap>>,
        "IndexMap: there are at most eight digits; each counts to 1 or more, and its first "
        "and last values that are outside are 0 or more, together at most its count.");
    static_assert(!out.exists() || !are_digits || outer >= 0 ||
                      error::size_mismatch<error::at_layer<in.layer>, error::in<IndexMap>,
                                           error::expected<out.size()>, error::got<size>>,
                  "IndexMap: the digits' counts must multiply to the output's elements, those of "
                  "the first ones to its height.");
    constexpr bool sound = out.exists() && are_digits && outer >= 0;
    static_assert(!sound || reads_inside(in.shape) ||
                      error::out_of_range<error::at_layer<in.layer>, error::in<IndexMap>,
                                          error::expected<in.shape.size()>, error::got<least()>,
                                          error::got<most()>>,
                  "IndexMap: the digits lead outside of the input: to the two elements that are "
                  "given, of an input of so many as expected.");
    return sound && reads_inside(in.shape) ? out : no_shape;
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    return lower_filled<in>(l, input, fill);
  }
  // With a fill that only the graph knows, such as the input's zero point.
  template <At in, class Lowering>
  static constexpr View lower_filled(Lowering& l, View input, std::int64_t value) {
    constexpr const auto& made = moves_of<in.shape>;
    input = l.with_rows(input, in.layer);
    if constexpr (made.view >= 0) return {input.value, out, input.first + made.view};
    const Quant quant = l.graph.values[input.value].quant;
    Value v = l.begin(made.numbered ? op::numbered_map : op::index_map, in.layer, out, input);
    v.quant = quant;
    v.moves = &moves<in.shape>;
    v.options.set(FillOptions(value));
    input.rows = made.rows;
    if constexpr (made.listed) {
      input.rows.per = 0;
      input.rows.starts = made.starts.data();
    }
    input.rows.elsewhere = made.moves.fills && value != quant.zero_point;
    return l.add(v, input);
  }

private:
  static constexpr int count = sizeof...(digits);
  static constexpr Digit all[sizeof...(digits) + 1]{digits..., Digit{}};
  static constexpr int size = [] {
    int product = 1;
    for (int k = 0; k < count; ++k) product = saturated(std::int64_t{product} * all[k].count);
    return product;
  }();
  static constexpr bool are_digits =
      count <= max_digits &&
      ((digits.count > 0 && digits.before >= 0 && digits.after >= 0 && digits.inside() >= 0) &&
       ...);
  static constexpr int outer = [] {  // how many count rows; -1: they do not
    int rows = 1, k = 0;
    while (k < count && rows < out.height) rows = saturated(std::int64_t{rows} * all[k++].count);
    return rows == out.height && size == out.size() ? k : -1;
  }();
  static constexpr bool is_read() { return ((digits.inside() > 0) && ...); }
  static constexpr int least() { return saturated((std::int64_t{base} + ... + digits.least())); }
  static constexpr int most() { return saturated((std::int64_t{base} + ... + digits.most())); }
  static constexpr bool reads_inside(Shape in) {
    return !is_read() || (least() >= 0 && most() < in.size());
  }

  template <Shape in>
  static constexpr auto moves_of = [] {
    detail::MoveMaker<out.height> maker{in, out, base, all, count, outer};
    maker.run();
    return maker.made;
  }();
  template <Shape in>
  static constexpr Moves moves = [] {
    Moves here = moves_of<in>.moves;
    if (moves_of<in>.numbered) here.columns = moves_of<in>.columns.data();
    return here;
  }();
};

// IndexTable: out[i] = in[indices[i]], or `fill` where the index is negative. For what is no
// IndexMap: `indices` is a constant of int32, which counts the input's elements. A step
// reads all rows.
template <Shape out, std::int64_t fill = 0> struct IndexTable {
  static constexpr const char* op = "INDEX_TABLE";

  template <At in> static constexpr Shape output() {
    static_assert(out.exists() ||
                      error::out_of_range<error::at_layer<in.layer>, error::in<IndexTable>>,
                  "IndexTable: height, width and channels must each be at least 1.");
    return out.exists() ? out : no_shape;
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    input.rows = {.first = 0, .step = 0, .count = in.shape.height};
    const View places = l.constant(in.layer, "indices", out);
    Value v = l.begin(core::op::index_table, in.layer, out, input);
    v.quant = l.graph.values[input.value].quant;
    v.options.set(FillOptions(fill));
    return l.add(v, input, places);
  }
};

}  // namespace graven::core
