"""RELU6: min(max(x, 0), 6), and a change of scale where the output has another one.

TensorFlow Lite Micro forgets that change: it clamps the input's integers and calls them the
output's. With equal scales both agree; with others the arithmetic counts here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.cpp import Cpp, computed
from graven.node import Node, Option, Values, scale_of, zero_point_of

OPERATORS = ("RELU6",)
OPTIONS = None


@dataclass(frozen=True)
class ReLU6(ir.Layer):
    pass


def options(layer: ReLU6) -> dict[str, Option]:
    return {}


def read(node: Node) -> ReLU6:
    node.expect_inputs(1, 1)
    data, output = node.input(0), node.output
    node.expect_activation(data)
    node.expect_activation(output)
    node.expect_same_element(data, output)
    node.expect_shape(output, data.shape)
    if data.element is ir.Element.INT8:
        node.expect_multiplier(scale_of(data) / scale_of(output))
    return ReLU6()


def cpp(layer: ReLU6, node: Node) -> Cpp:
    return Cpp("graven::ReLU6", computed(node, 0), output=True)


def reference(layer: ReLU6, node: Node, values: Values) -> np.ndarray:
    data, output = node.input(0), node.output
    if output.element is ir.Element.FLOAT32:
        return arithmetic.clamp_float(values[0], "RELU6")
    scale, zero_point = scale_of(output), zero_point_of(output)
    return arithmetic.requantize(
        values[0].astype(np.int64) - zero_point_of(data),
        scale_of(data) / scale,
        zero_point,
        arithmetic.limits("RELU6", scale, zero_point),
    )
