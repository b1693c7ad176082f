// BatchMatMul: out[b] = act(x[b] * y[b]), products of matrices of which both are computed;
// BatchMatMulConstant: y is a constant; ConstantBatchMatMul: x is
//
// TFLite's BATCH_MATMUL. A matrix is a row of the activation: {batches, rows, columns}, and a step
// makes one of them; an operand with one matrix meets all of the other's. With adjoint_x or
// adjoint_y an operand is read transposed. int8 (TFLM): both operands have zero points, and
//   out = zero_out + requantize(sum((x - zero_x) * (y - zero_y)), float(scale_x * scale_y) /
//   scale_out)
// int16 has no zero points and sums of 64 bits, rounded once (requantize_wide).
// A FULLY_CONNECTED whose weights are computed is a product with adjoint_y.
#pragma once

#include "graven/graph/binary.hpp"

namespace graven::core {

namespace op {
inline constexpr Op batch_matmul{"batch_matmul", Trait::clamps};
}

struct BatchMatMulOptions {
  int adjoint_x = 0, adjoint_y = 0;
};

template <bool adjoint_x = false, bool adjoint_y = false, Activation activation = Activation::none>
struct BatchMatMul {
  static constexpr const char* op = "BATCH_MATMUL";

  template <At x, At y> static constexpr Shape output() {
    constexpr int depth = adjoint_x ? x.shape.width : x.shape.channels;
    constexpr int depth_y = adjoint_y ? y.shape.channels : y.shape.width;
    static_assert(depth == depth_y ||
                      error::size_mismatch<error::at_layer<x.layer>, error::in<BatchMatMul>,
                                           error::expected<depth>, error::got<depth_y>>,
                  "BatchMatMul: the rows of the first matrix and the columns of the second have "
                  "different lengths (after adjoint_x and adjoint_y have transposed them).");
    constexpr bool fits = detail::broadcasts(x.shape.height, y.shape.height);
    static_assert(
        fits || error::size_mismatch<error::at_layer<x.layer>, error::in<BatchMatMul>,
                                     error::expected<x.shape.height>, error::got<y.shape.height>>,
        "BatchMatMul: the operands have different numbers of matrices (heights), and "
        "none of them has a single one.");
    if (depth != depth_y || !fits) return no_shape;
    return {x.shape.height > y.shape.height ? x.shape.height : y.shape.height,
            adjoint_x ? x.shape.channels : x.shape.width,
            adjoint_y ? y.shape.width : y.shape.channels};
  }

  template <At x, At y, class Lowering>
  static constexpr View lower(Lowering& l, View left, View right) {
    left = l.with_rows(left, x.layer);
    right = l.with_rows(right, x.layer);
    Value v = l.begin(op::batch_matmul, x.layer, output<x, y>(), left);
    v.options.set(BatchMatMulOptions{adjoint_x, adjoint_y});
    v.activation = activation;
    v.macs = std::uint64_t(v.shape.size()) *
             static_cast<unsigned>(adjoint_x ? x.shape.width : x.shape.channels);
    if (x.shape.height < v.shape.height) left.rows.step = 0;
    if (y.shape.height < v.shape.height) right.rows.step = 0;
    return l.add(v, left, right);
  }
};

// The record's constant "operand" is y, or x: int8 with a scale and a zero point, or float.
template <Shape operand, bool adjoint_x = false, bool adjoint_y = false>
using BatchMatMulConstant = detail::WithConstant<BatchMatMul<adjoint_x, adjoint_y>, operand>;
template <Shape operand, bool adjoint_x = false, bool adjoint_y = false>
using ConstantBatchMatMul = detail::WithConstant<BatchMatMul<adjoint_x, adjoint_y>, operand, true>;

}  // namespace graven::core
