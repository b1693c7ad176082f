// The scalar instruction set: the specification. Every kernel is constexpr, readable, and the same
// on all targets; any other instruction set equals it bit for bit.
//
// An instruction set is a struct with
//   row_form(graph, value)   how a row of the value lies in the arena
//   band(graph, value)       output rows per step: 1, 2 or 4
//   kernel<graph, value>()   an empty struct of static members: scratch, stream_size, pack, run
//   lean                     optional: the variant of it that spends no memory or flash on speed
// (kernel.hpp). It inherits from the nearest one and overrides what it does better.
#pragma once

#include "graven/isa/scalar/add.hpp"
#include "graven/isa/scalar/conv.hpp"
#include "graven/isa/scalar/elementwise.hpp"
#include "graven/isa/scalar/move.hpp"
#include "graven/isa/scalar/mul.hpp"
#include "graven/isa/scalar/pool.hpp"
#include "graven/isa/scalar/resize.hpp"
#include "graven/isa/scalar/softmax.hpp"
#include "graven/layers/add.hpp"
#include "graven/layers/argmax.hpp"
#include "graven/layers/avg_pool.hpp"
#include "graven/layers/concat.hpp"
#include "graven/layers/conv2d.hpp"
#include "graven/layers/dense.hpp"
#include "graven/layers/depthwise_conv2d.hpp"
#include "graven/layers/dequantize.hpp"
#include "graven/layers/max_pool.hpp"
#include "graven/layers/mean.hpp"
#include "graven/layers/quantize.hpp"
#include "graven/layers/resize_bilinear.hpp"
#include "graven/layers/resize_nearest.hpp"
#include "graven/layers/softmax.hpp"

namespace graven::core {

struct scalar {
  static constexpr const char* name = "scalar";
  static constexpr int alignment = 4;  // of rows' scratch and streams, in bytes

  static constexpr RowForm row_form(const GraphView& graph, int value) {
    return pixel_rows(graph[value].shape, graph[value].element);
  }
  static constexpr int band(const GraphView&, int) { return 1; }

  // The kernel of a value, chosen by operator and element types; void where there is none.
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr Element in = graph.values[graph.views[v.first_input].value].element;
    constexpr bool real = in == Element::float32, int8 = in == Element::int8;
    if constexpr (v.op == op::argmax) {
      constexpr bool indexes = v.element == Element::int32 || v.element == Element::int64;
      if constexpr (indexes && real)
        return arg_max<float, v.element>();
      else if constexpr (indexes && int8)
        return arg_max<std::int8_t, v.element>();
    } else if constexpr (v.op == op::quantize) {
      if constexpr (real && is_byte(v.element))
        return scalar_isa::QuantizeFloat32<typename type_of<v.element>::type>{};
      else if constexpr (is_byte(in) && is_byte(v.element))
        return scalar_isa::MapBytes{};
    } else if constexpr (v.op == op::dequantize) {
      if constexpr (is_byte(in) && v.element == Element::float32)
        return scalar_isa::DequantizeBytes<typename type_of<in>::type>{};
    } else if constexpr (v.op == op::constant) {
      if constexpr (v.element == Element::float32 || v.element == Element::int8)
        return scalar_isa::Constant{};
    } else if constexpr (uniform(graph.view(), v)) {
      return uniform_kernel<graph, value>();
    }
  }

protected:
  static constexpr bool is_byte(Element element) {
    return element == Element::int8 || element == Element::uint8;
  }
  static constexpr bool uniform(const GraphView& graph, const Value& value) {
    for (int k = 0; k < value.inputs; ++k)
      if (graph.source(value, k).element != value.element) return false;
    return true;
  }

  template <const auto& graph, int value> static constexpr auto uniform_kernel() {
    constexpr const Value& v = graph.values[value];
    if constexpr (v.op == op::copy)
      return scalar_isa::Copy{};
    else if constexpr (v.op == op::window)
      return scalar_isa::Slide{};
    else if constexpr (v.op == op::slice)
      return scalar_isa::Slice{};
    else if constexpr (v.op == op::transpose)
      return scalar_isa::Transposed<size_of(v.element)>{};
    else if constexpr (v.op == op::concat && v.element == Element::float32 &&
                       v.activation != Activation::none)
      return scalar_isa::ClampedConcat{};
    else if constexpr (v.op == op::concat &&
                       (v.element == Element::int8 || v.element == Element::float32))
      return scalar_isa::Concat{};
    else if constexpr (v.op == op::nearest)
      return scalar_isa::Nearest{};
    else if constexpr (v.element == Element::float32)
      return float_kernel<graph, value>();
    else if constexpr (v.element == Element::int8)
      return int8_kernel<graph, value>();
  }

  template <class T, Element index> static constexpr auto arg_max() {
    return scalar_isa::ArgMax<T, typename type_of<index>::type>{};
  }

  template <const auto& graph, int value> static constexpr auto float_kernel() {
    constexpr const Value& v = graph.values[value];
    if constexpr (v.op == op::conv)
      return scalar_isa::Conv<scalar_isa::Float32>{};
    else if constexpr (v.op == op::grouped_conv)
      return scalar_isa::GroupedConv<scalar_isa::Float32>{};
    else if constexpr (v.op == op::depthwise)
      return scalar_isa::Depthwise<scalar_isa::Float32>{};
    else if constexpr (v.op == op::dense)
      return scalar_isa::DenseRows<scalar_isa::Float32>{};
    else if constexpr (v.op == op::max_pool)
      return scalar_isa::Pool<float, scalar_isa::Largest<float>, v.reduces>{};
    else if constexpr (v.op == op::average_pool)
      return scalar_isa::Pool<float, scalar_isa::Average<float, float>, v.reduces>{};
    else if constexpr (v.op == op::mean)
      return scalar_isa::Mean<float, float>{};
    else if constexpr (v.op == op::add)
      return scalar_isa::AddFloat32{};
    else if constexpr (v.op == op::mul)
      return scalar_isa::MulFloat32{};
    else if constexpr (v.op == op::clamp)
      return scalar_isa::MapFloat32<>{};
    else if constexpr (v.op == op::map)
      return scalar_isa::MapFloat32<v.function.real>{};
    else if constexpr (v.op == op::softmax)
      return scalar_isa::SoftmaxFloat32{};
    else if constexpr (v.op == op::bilinear)
      return scalar_isa::BilinearFloat32{};
  }

  // Sums of up to 255 int8 elements fit int16, which halves the accumulators in the arena.
  template <const auto& graph, int value> static constexpr auto int8_kernel() {
    using T = std::int8_t;
    constexpr const Value& v = graph.values[value];
    constexpr int pooled =
        v.op == op::mean ? scalar_isa::reduced_count(graph.view(), v) : v.filter.area();
    using Sum = std::conditional_t<(pooled <= 255), std::int16_t, std::int32_t>;
    if constexpr (v.op == op::conv)
      return scalar_isa::Conv<scalar_isa::Int8>{};
    else if constexpr (v.op == op::grouped_conv)
      return scalar_isa::GroupedConv<scalar_isa::Int8>{};
    else if constexpr (v.op == op::depthwise)
      return scalar_isa::Depthwise<scalar_isa::Int8>{};
    else if constexpr (v.op == op::dense)
      return scalar_isa::DenseRows<scalar_isa::Int8>{};
    else if constexpr (v.op == op::max_pool)
      return scalar_isa::Pool<T, scalar_isa::Largest<T>, v.reduces>{};
    else if constexpr (v.op == op::average_pool)
      return scalar_isa::Pool<T, scalar_isa::Average<T, Sum>, v.reduces>{};
    else if constexpr (v.op == op::mean)
      return scalar_isa::Mean<T, Sum>{};
    else if constexpr (v.op == op::add)
      return scalar_isa::AddInt8{};
    else if constexpr (v.op == op::mul)
      return scalar_isa::MulInt8{};
    else if constexpr (v.op == op::map || v.op == op::clamp)
      return scalar_isa::MapBytes{};
    else if constexpr (v.op == op::softmax)
      return scalar_isa::SoftmaxInt8{};
    else if constexpr (v.op == op::bilinear)
      return scalar_isa::BilinearInt8<scalar_isa::Blend>{};
  }
};

}  // namespace graven::core
