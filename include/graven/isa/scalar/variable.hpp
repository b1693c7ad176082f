// What lasts from run to run: nothing computes it, rows are copied into it.
#pragma once

#include "graven/isa/scalar/elementwise.hpp"
#include "graven/layers/variable.hpp"

namespace graven::core::scalar_isa {

// Stream: the elements after a reset, where they are no real zeros.
struct State : PlainKernel {
  static constexpr const char* name = "scalar.state";
  static constexpr bool serves(const GraphView& g, int value) { return g[value].op == op::state; }
  static constexpr int index_of(const Value& v) { return v.options.get<ConstantOptions>().index; }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return index_of(v) < 0 ? 0 : v.shape.size() * size_of(v.element);
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters& p, Writer& to) {
    if (index_of(v) < 0 || p.constants[index_of(v)].data.size != v.shape.size()) return;
    const Array& data = p.constants[index_of(v)].data;
    for (int i = 0; i < v.shape.size(); ++i) put_element(to, data, i);
  }
  static constexpr void put_element(Writer& to, const Array& data, int i) {
    if (data.int8 != nullptr)
      to.put(data.int8[i]);
    else if (data.int16 != nullptr)
      to.put(data.int16[i]);
    else if (data.int32 != nullptr)
      to.put(data.int32[i]);
    else if (data.int64 != nullptr)
      to.put(data.int64[i]);
    else if (data.float32 != nullptr)
      to.put(data.float32[i]);
  }
  static constexpr void run(const Task&, const Band&) {}
};

struct Assigns : Copy {
  static constexpr const char* name = "scalar.assign";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes(g, value, op::assign);
  }
};

}  // namespace graven::core::scalar_isa
