"""MUL: elementwise, with broadcasting; each input has its own scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, binary, ir
from graven.binary import expect_operands
from graven.cpp import Cpp
from graven.node import Node, Option, Values, scale_of, zero_point_of

OPERATORS = ("MUL",)
OPTIONS = "MulOptions"
POINTWISE = True
DATA = (0, 1)
BROADCASTS = True


@dataclass(frozen=True)
class Mul(ir.Layer):
    activation: str = "NONE"


def options(layer: Mul) -> dict[str, Option]:
    return {"FusedActivationFunction": layer.activation}


def read(node: Node) -> Mul:
    activation = node.activation()
    expect_operands(node, *binary.WIDE)
    if node.output.element in binary.INTEGERS:
        node.expect_multiplier(multiplier(node))
    return Mul(activation)


def multiplier(node: Node) -> float:
    return scale_of(node.input(0)) * scale_of(node.input(1)) / scale_of(node.output)


def cpp(layer: Mul, node: Node) -> Cpp:
    return binary.cpp("Mul", layer.activation, node)


def reference(layer: Mul, node: Node, values: Values) -> np.ndarray:
    output = node.output
    if output.element not in binary.INTEGERS:
        return binary.clamped(values[0] * values[1], layer.activation)
    first, second = (
        value.astype(np.int64) - zero_point_of(node.input(position))
        for position, value in enumerate(values)
    )
    scale, zero_point, dtype = scale_of(output), zero_point_of(output), output.element.dtype
    limits = arithmetic.limits(layer.activation, scale, zero_point, dtype)
    real = multiplier(node)
    return arithmetic.requantize(first * second, real, zero_point, limits, dtype)


bounds = binary.by_corners(reference)
links = binary.links
