// Copies from and to places that are known while the model runs: Lookup, UpdateSlice.
#pragma once

#include "graven/kernel/prefer.hpp"
#include "graven/layers/lookup.hpp"
#include "graven/layers/update_slice.hpp"

namespace graven::core::scalar_isa {

// A tensor in rows, seen as one: `row` bytes each.
struct Rowed {
  const std::byte* const* rows;
  int row;

  constexpr const std::byte* at(int place) const { return rows[place / row] + place % row; }
  // `count` bytes, which may go on in the next rows.
  constexpr void copy(int place, std::byte* out, int count) const {
    while (count > 0) {
      const int left = row - place % row, run = left < count ? left : count;
      copy_bytes(out, at(place), run);
      out += run;
      place += run;
      count -= run;
    }
  }
};

// The nearest index of an axis.
template <class Index> constexpr int within(Index index, int most) {
  return index < 0 ? 0 : index > most ? most : static_cast<int>(index);
}

template <class Index> constexpr bool reads_places(const GraphView& g, int value, const Op& op) {
  const Value& v = g[value];
  return v.op == op && g.source(v).element == v.element &&
         g.source(v, v.inputs - 1).element == element_of<Index>();
}

// Stream: int32 bytes of an element, of a row of the input, of the places; places per batch;
// batches, outer, extents, then each of them.
template <class Index> struct Lookups : PlainKernel {
  static constexpr const char* name = "scalar.lookup";
  static constexpr int size = sizeof(Index);
  static constexpr bool serves(const GraphView& g, int value) {
    return reads_places<Index>(g, value, op::lookup);
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return 4 * (7 + v.options.get<LookupOptions>().count);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const auto o = v.options.get<LookupOptions>();
    const int element = size_of(v.element), groups = o.batches * o.outer;
    for (int number : {element, g.input(v).shape.row() * element, g.input(v, 1).shape.row() * size,
                       v.shape.width / groups, o.batches, o.outer, o.count})
      to.put<std::int32_t>(number);
    for (int k = 0; k < o.count; ++k) to.put<std::int32_t>(o.extents[k]);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const int slice = from.next<std::int32_t>() * t.out_channels;
    const Rowed in{band.rows, from.next<std::int32_t>()};
    const Rowed places{band.rows + t.rows, from.next<std::int32_t>()};
    const int count = from.next<std::int32_t>(), batches = from.next<std::int32_t>();
    const int outer = from.next<std::int32_t>(), numbers = from.next<std::int32_t>();
    std::byte* out = band.out[0];
    for (int b = 0; b < batches; ++b)
      for (int o = 0; o < outer; ++o)
        for (int n = 0; n < count; ++n, out += slice) {
          int at = b * outer + o;
          for (int k = 0; k < numbers; ++k) {
            const auto extent = load_aligned<std::int32_t>(from.at + 4 * k);
            const int place = ((b * count + n) * numbers + k) * size;
            at = at * extent + within(load<Index>(places.at(place)), extent - 1);
          }
          in.copy(at * slice, out, slice);
        }
  }
};

// Stream: int32 bytes of an element; of a row of the input, of what is new, of the places; rows of
// what is new; axes; then extent and new elements of each.
template <class Index> struct UpdatesSlice : PlainKernel {
  static constexpr const char* name = "scalar.update_slice";
  static constexpr int size = sizeof(Index);
  static constexpr bool serves(const GraphView& g, int value) {
    return reads_places<Index>(g, value, op::update_slice) &&
           g.source(g[value], 1).element == g[value].element;
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return 4 * (6 + 2 * v.options.get<UpdateSliceOptions>().axes);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const auto o = v.options.get<UpdateSliceOptions>();
    const int element = size_of(v.element);
    for (int number :
         {element, g.input(v).shape.row() * element, g.input(v, 1).shape.row() * element,
          g.input(v, 2).shape.row() * size, g.rows(v, 1).count, o.axes})
      to.put<std::int32_t>(number);
    for (int k = 0; k < o.axes; ++k) {
      to.put<std::int32_t>(o.packed[k] >> 16);
      to.put<std::int32_t>(o.packed[k] & 0xffff);
    }
  }

  struct Axis {
    int extent, fresh, first;
  };
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const int element = from.next<std::int32_t>();
    const Rowed in{band.rows, from.next<std::int32_t>()};
    const Rowed fresh{band.rows + t.rows, from.next<std::int32_t>()};
    const int places_row = from.next<std::int32_t>();
    const Rowed places{fresh.rows + from.next<std::int32_t>(), places_row};
    const int axes = from.next<std::int32_t>();
    in.copy(0, band.out[0], t.out_width * t.out_channels * element);
    Axis axis[max_renewed]{};
    int runs = 1;
    for (int k = 0; k < axes; ++k) {
      const int extent = from.next<std::int32_t>(), wanted = from.next<std::int32_t>();
      axis[k] = {extent, wanted, within(load<Index>(places.at(k * size)), extent - wanted)};
      runs *= wanted;
    }
    const int run = axis[axes - 1].fresh;
    for (int read = 0; read < runs; read += run) {
      int at = 0, stride = 1, left = read;
      for (int k = axes - 1; k >= 0; stride *= axis[k--].extent) {
        at += (axis[k].first + left % axis[k].fresh) * stride;
        left /= axis[k].fresh;
      }
      fresh.copy(read * element, band.out[0] + at * element, run * element);
    }
  }
};

template <template <class> class K> using ByPlaces = Prefer<K<std::int32_t>, K<std::int64_t>>;

}  // namespace graven::core::scalar_isa
