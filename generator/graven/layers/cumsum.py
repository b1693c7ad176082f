"""CUMSUM: running sums along an axis.

int8 is as TensorFlow Lite Micro has it: sums of 32 bits in 2^-19 of the input's steps, which wrap,
and which start at minus the input's zero point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.axes import cut_at, reshaped
from graven.cpp import Cpp, axes, boolean, computed, template
from graven.node import Node, Option, Values, scale_of, zero_point_of

OPERATORS = ("CUMSUM",)
OPTIONS = "CumsumOptions"


@dataclass(frozen=True)
class CumSum(ir.Layer):
    axis: int  # counted from the front
    exclusive: bool = False
    reverse: bool = False


def options(layer: CumSum) -> dict[str, Option]:
    return {"Exclusive": layer.exclusive, "Reverse": layer.reverse}


def read(node: Node) -> CumSum:
    data, output = node.expect_activations(2, 2)
    node.expect_shape(output, data.shape)
    found = node.integers(1)
    if len(found) != 1:
        raise node.error(f"has {len(found)} axes, expected one.", node.input(1))
    if data.element is ir.Element.INT8:
        node.expect_multiplier(scale_of(data) / scale_of(output), 18)
    axis = node.axis(found[0], len(data.shape))
    return CumSum(axis, bool(node.option("Exclusive")), bool(node.option("Reverse")))


def cpp(layer: CumSum, node: Node) -> Cpp:
    extents, place = cut_at(node, node.input(0), layer.axis)
    type = template(
        "CumSum",
        axes([place]),
        boolean(layer.exclusive),
        boolean(layer.reverse),
        defaults=("graven::Axis::channels", "false", "false"),
    )
    return Cpp(reshaped(type, node, extents, extents), computed(node, 0), output=True)


def reference(layer: CumSum, node: Node, values: Values) -> np.ndarray:
    value = np.moveaxis(values[0], layer.axis, 0)
    value = value[::-1] if layer.reverse else value
    real = node.output.element is ir.Element.FLOAT32
    if real:
        terms, start = value.astype(np.float64), 0.0
    else:
        zero = zero_point_of(node.input(0))
        terms, start = (value.astype(np.int64) - zero) << 19, -zero << 19
    sums = np.cumsum(terms, axis=0) + start
    if layer.exclusive:
        sums = sums - terms
    made = sums.astype(np.float32) if real else rescaled(node, sums)
    made = made[::-1] if layer.reverse else made
    return np.ascontiguousarray(np.moveaxis(made, 0, layer.axis))


def rescaled(node: Node, sums: np.ndarray) -> np.ndarray:
    output = node.output
    real = 2.0 * scale_of(node.input(0)) / ((1 << 20) * scale_of(output))
    limits = (arithmetic.INT8_MIN, arithmetic.INT8_MAX)
    return arithmetic.requantize(sums, real, zero_point_of(output), limits)
