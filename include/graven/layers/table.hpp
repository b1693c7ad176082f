// MapTable: any function of one element, by the record's constant "table"
//
// int8: out[i] = table[in[i] + 128], of 256 entries. int16: 513 entries, the function at -32768,
// -32640, ..., 32640 and the end; between two of them a line: with part = in[i] & 127,
//   out[i] = table[k] + ((table[k + 1] - table[k]) * part + 64 >> 7)   k = (in[i] + 32768) / 128
// TOSA's TABLE, and TFLite's look-up tables. What elementwise layers compute one after the other of
// one tensor is such a table, whatever it is made of: the generator makes them.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op table{"table"};
}

struct MapTable {
  static constexpr const char* op = "TABLE";

  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(core::op::table, in.layer, in.shape, input);
    v.elementwise = true;
    v.wanted = v.element == Element::int16 ? Listing<Wanted>(words) : Listing<Wanted>(bytes);
    return l.add(v, input);
  }

private:
  static constexpr Wanted bytes[] = {{"table", 256, Element::int8}};
  static constexpr Wanted words[] = {{"table", 513, Element::int16}};
};

}  // namespace graven::core
