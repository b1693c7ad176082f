"""DEQUANTIZE: integers to float32, and constants of float16, as converters store float weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import elementwise, ir
from graven.cpp import Cpp, computed
from graven.node import Node, Values, scale_of, zero_point_of

OPERATORS = ("DEQUANTIZE",)
OPTIONS = None


@dataclass(frozen=True)
class Dequantize(ir.Layer):
    pass


options = elementwise.no_options


def read(node: Node) -> Dequantize:
    node.expect_inputs(1, 1)
    data, output = node.input(0), node.output
    if data.element is ir.Element.FLOAT16:
        node.constant(0, (ir.Element.FLOAT16,))
    else:
        node.expect_quantized(data)
    node.expect_element(output, ir.Element.FLOAT32)
    node.expect_shape(output, data.shape)
    return Dequantize()


def cpp(layer: Dequantize, node: Node) -> Cpp:
    return Cpp("graven::Dequantize", computed(node, 0))


def reference(layer: Dequantize, node: Node, values: Values) -> np.ndarray:
    data = node.input(0)
    if data.element is ir.Element.FLOAT16:
        return values[0].astype(np.float32)
    value = values[0].astype(np.float64) - zero_point_of(data)
    return (value * scale_of(data)).astype(np.float32)
