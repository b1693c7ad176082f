"""RELU6: min(max(x, 0), 6), and a change of scale where the output has another one.

TensorFlow Lite Micro forgets that change: it clamps the input's integers and calls them the
output's. With equal scales both agree; with others the arithmetic counts here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, elementwise, ir
from graven.bounds import by_table, keeps_table
from graven.channels import one_to_one
from graven.cpp import Cpp, computed
from graven.node import Node, Values, scale_of, zero_point_of
from graven.quantize.rules import SAME

OPERATORS = ("RELU6",)
OPTIONS = None
POINTWISE = True
SCALES = SAME


@dataclass(frozen=True)
class ReLU6(ir.Layer):
    pass


options = elementwise.no_options


def read(node: Node) -> ReLU6:
    elementwise.expect_rescaled(node, wide=True)
    return ReLU6()


def cpp(layer: ReLU6, node: Node) -> Cpp:
    return Cpp("graven::ReLU6", computed(node, 0), output=True)


def reference(layer: ReLU6, node: Node, values: Values) -> np.ndarray:
    data, output = node.input(0), node.output
    if output.element is ir.Element.FLOAT32:
        return arithmetic.clamp_float(values[0], "RELU6")
    scale, zero_point, dtype = scale_of(output), zero_point_of(output), output.element.dtype
    return arithmetic.requantize(
        values[0].astype(np.int64) - zero_point_of(data),
        scale_of(data) / scale,
        zero_point,
        arithmetic.limits("RELU6", scale, zero_point, dtype),
        dtype,
    )


bounds, links = by_table(reference), one_to_one
is_identity = keeps_table(reference)
