"""ADD: elementwise, with broadcasting; each input has its own scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, binary, ir
from graven.binary import expect_operands
from graven.bounds import monotone
from graven.cpp import Cpp
from graven.node import Node, Option, Values, scale_of, zero_point_of

OPERATORS = ("ADD",)
OPTIONS = "AddOptions"
POINTWISE = True
DATA = (0, 1)
BROADCASTS = True


@dataclass(frozen=True)
class Add(ir.Layer):
    activation: str = "NONE"


def options(layer: Add) -> dict[str, Option]:
    return {
        "FusedActivationFunction": layer.activation,
    }


def read(node: Node) -> Add:
    activation = node.activation()  # first: it says so where the options are another operator's
    expect_operands(node, *binary.WIDE)
    if node.output.element in binary.INTEGERS:
        binary.expect_sum(node)
    return Add(activation)


def cpp(layer: Add, node: Node) -> Cpp:
    return binary.cpp("Add", layer.activation, node)


def reference(layer: Add, node: Node, values: Values) -> np.ndarray:
    output = node.output
    if output.element not in binary.INTEGERS:
        return binary.clamped(values[0] + values[1], layer.activation)
    *inward, outward = map(arithmetic.quantize_multiplier, binary.sum_multipliers(node))
    total = sum(
        arithmetic.multiply(
            (value.astype(np.int64) - zero_point_of(node.input(position)))
            << binary.left_shift(node),
            *inward[position],
        )
        for position, value in enumerate(values)
    )
    scale, zero_point, dtype = scale_of(output), zero_point_of(output), output.element.dtype
    limits = arithmetic.limits(layer.activation, scale, zero_point, dtype)
    return arithmetic.clamp(arithmetic.multiply(total, *outward) + zero_point, limits, dtype)


bounds = monotone(reference)


links = binary.links
