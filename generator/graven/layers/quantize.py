"""QUANTIZE: float32 to int8, or int8 to another scale and zero point.

Numbers beyond the range go to its ends and NaN to the zero point, as Arm's conversion does it; in
TensorFlow Lite Micro it is undefined what becomes of NaN and of quotients beyond 2^31.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.cpp import Cpp, computed
from graven.node import Node, Option, Values, scale_of, zero_point_of

OPERATORS = ("QUANTIZE",)
OPTIONS = None


@dataclass(frozen=True)
class Quantize(ir.Layer):
    pass


def options(layer: Quantize) -> dict[str, Option]:
    return {}


def read(node: Node) -> Quantize:
    node.expect_inputs(1, 1)
    data, output = node.input(0), node.output
    node.expect_activation(data)
    node.expect_element(output, ir.Element.INT8)
    node.expect_activation(output)
    node.expect_shape(output, data.shape)
    if data.element is ir.Element.INT8:
        node.expect_multiplier(scale_of(data) / scale_of(output))
    return Quantize()


def cpp(layer: Quantize, node: Node) -> Cpp:
    return Cpp("graven::Quantize", computed(node, 0), output=True)


def reference(layer: Quantize, node: Node, values: Values) -> np.ndarray:
    data, output = node.input(0), node.output
    scale, zero_point = scale_of(output), zero_point_of(output)
    limits = (arithmetic.INT8_MIN, arithmetic.INT8_MAX)
    if data.element is ir.Element.INT8:
        value = values[0].astype(np.int64) - zero_point_of(data)
        return arithmetic.requantize(value, scale_of(data) / scale, zero_point, limits)
    with np.errstate(over="ignore"):
        quotient = (values[0] / np.float32(scale)).astype(np.float64)
    rounded = np.trunc(quotient + np.copysign(0.5, quotient))  # halves away from zero
    return arithmetic.clamp(np.nan_to_num(rounded, nan=0.0) + zero_point, limits)
