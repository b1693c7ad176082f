"""ZEROS_LIKE: zeros in the shape and the element type of the input; of int8 the integer 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import elementwise, ir
from graven.cpp import Cpp, computed
from graven.node import Node, Values

OPERATORS = ("ZEROS_LIKE",)
OPTIONS = None


@dataclass(frozen=True)
class ZerosLike(ir.Layer):
    pass


options = elementwise.no_options


def read(node: Node) -> ZerosLike:
    node.expect_inputs(1, 1)
    data, output = node.input(0), node.output
    wide = (ir.Element.INT32, ir.Element.INT64, ir.Element.FLOAT32)
    node.expect_element(data, ir.Element.INT8, *wide)
    node.expect_same_element(data, output)
    node.expect_shape(output, data.shape)
    return ZerosLike()


def cpp(layer: ZerosLike, node: Node) -> Cpp:
    quantized = node.output.quantization is not None
    return Cpp("graven::ZerosLike", computed(node, 0), output=quantized)


def reference(layer: ZerosLike, node: Node, values: Values) -> np.ndarray:
    return np.zeros_like(values[0])
