"""BATCH_MATMUL: products of matrices, the last two axes of both inputs; adjoint: transposed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.binary import operand
from graven.cpp import Cpp, boolean, computed, constants, hwc, shape, template
from graven.matmul import expect_product, product_of_matrices
from graven.node import Node, Option, Values, shape_text, zero_point_of

OPERATORS = ("BATCH_MATMUL",)
OPTIONS = "BatchMatMulOptions"
DATA = (0, 1)
CONSTANTS = True


@dataclass(frozen=True)
class BatchMatMul(ir.Layer):
    adjoint_x: bool = False
    adjoint_y: bool = False


def options(layer: BatchMatMul) -> dict[str, Option]:
    return {
        "AdjX": layer.adjoint_x,
        "AdjY": layer.adjoint_y,
        "AsymmetricQuantizeInputs": False,
    }


def read(node: Node) -> BatchMatMul:
    node.expect_inputs(2, 2)
    x, y, output = node.input(0), node.input(1), node.output
    for tensor in (x, y, output):
        node.expect_activation(tensor, wide=True)
        if len(tensor.shape) < 2:
            raise node.error(f"has shape {shape_text(tensor.shape)}, no matrix.", tensor)
    node.expect_same_element(x, y, output)
    layer = BatchMatMul(bool(node.option("AdjX")), bool(node.option("AdjY")))
    rows, depth = x.shape[:-3:-1] if layer.adjoint_x else x.shape[-2:]
    depth_y, columns = y.shape[:-3:-1] if layer.adjoint_y else y.shape[-2:]
    try:
        batches = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        batches = None
    if depth != depth_y or batches is None:
        raise node.error(
            f"has shape {shape_text(y.shape)}, by which {shape_text(x.shape)} cannot be multiplied "
            f"(transposed: {layer.adjoint_x}, {layer.adjoint_y}).",
            y,
        )
    node.expect_shape(output, (*batches, rows, columns))
    expect_product(node, depth)
    return layer


def cpp(layer: BatchMatMul, node: Node) -> Cpp:
    x, y = node.input(0), node.input(1)
    flags = (boolean(layer.adjoint_x), boolean(layer.adjoint_y))
    if y.data is not None and is_dense(layer, y):
        return dense(node, layer.adjoint_y, y)
    counts = [math.prod(tensor.shape[:-2]) for tensor in (x, y)]
    if 1 not in counts and x.shape[:-2] != y.shape[:-2]:
        raise node.error(
            f"multiplies {shape_text(x.shape)} by {shape_text(y.shape)}, whose matrices do not "
            "pair one by one; both need as many, or one of them a single one."
        )
    macs = math.prod(node.output.shape) * (x.shape[-2] if layer.adjoint_x else x.shape[-1])
    for constant, other, name in ((y, 0, "BatchMatMulConstant"), (x, 1, "ConstantBatchMatMul")):
        if constant.data is not None:
            size = shape(hwc(node, constant))
            type = template(name, size, *flags, defaults=("false", "false"))
            return Cpp(type, computed(node, other), (operand(constant),), output=True, macs=macs)
    type = template("BatchMatMul", *flags, defaults=("false", "false"))
    return Cpp(type, computed(node, 0, 1), output=True, macs=macs)


def is_dense(layer: BatchMatMul, y: ir.Tensor) -> bool:
    """Whether one constant matrix multiplies all rows, as the weights of a Dense layer do."""
    if y.element is ir.Element.INT16:  # a Dense layer has weights of int8 under int16
        return False
    symmetric = y.element is ir.Element.FLOAT32 or zero_point_of(y) == 0
    return symmetric and not layer.adjoint_x and math.prod(y.shape[:-2]) == 1


def dense(node: Node, adjoint: bool, y: ir.Tensor) -> Cpp:
    assert y.data is not None
    matrix = y.data.reshape(y.shape[-2:])
    weights = np.ascontiguousarray(matrix if adjoint else matrix.T)
    units, depth = weights.shape
    scale = None if y.quantization is None else np.array(y.quantization.scale, dtype=np.float32)
    return Cpp(
        template("Dense", str(depth), str(units)),
        computed(node, 0),
        constants(filter=weights, scale=scale),
        output=True,
        macs=math.prod(node.output.shape) * depth,
    )


def reference(layer: BatchMatMul, node: Node, values: Values) -> np.ndarray:
    x, y = values
    if layer.adjoint_x:
        x = np.swapaxes(x, -1, -2)
    if layer.adjoint_y:
        y = np.swapaxes(y, -1, -2)
    return product_of_matrices(node, x, y, "NONE")
