"""ADD: elementwise, with broadcasting; each input has its own scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, binary, ir
from graven.binary import expect_operands
from graven.bounds import monotone
from graven.channels import Links, together
from graven.cpp import Cpp
from graven.node import Node, Option, Values, scale_of, zero_point_of

OPERATORS = ("ADD",)
OPTIONS = "AddOptions"
DATA = (0, 1)
BROADCASTS = True


@dataclass(frozen=True)
class Add(ir.Layer):
    activation: str = "NONE"


def options(layer: Add) -> dict[str, Option]:
    return {
        "FusedActivationFunction": layer.activation,
    }


LEFT_SHIFT = 20  # the headroom that both inputs get before they are brought to one scale


def read(node: Node) -> Add:
    expect_operands(node)
    output = node.output
    if output.element is ir.Element.INT8 and max(multipliers(node)) >= 1.0:
        raise node.error(
            "its scale is too small for its inputs': less than one millionth of theirs.", output
        )
    return Add(activation=node.activation())


def multipliers(node: Node) -> tuple[float, float, float]:
    """Of both inputs and of the output."""
    first, second = scale_of(node.input(0)), scale_of(node.input(1))
    twice = 2.0 * max(first, second)
    return first / twice, second / twice, twice / ((1 << LEFT_SHIFT) * scale_of(node.output))


def cpp(layer: Add, node: Node) -> Cpp:
    return binary.cpp("Add", layer.activation, node)


def reference(layer: Add, node: Node, values: Values) -> np.ndarray:
    output = node.output
    if output.element is ir.Element.FLOAT32:
        return arithmetic.clamp_float(values[0] + values[1], layer.activation)
    *inward, outward = (arithmetic.quantize_multiplier(real) for real in multipliers(node))
    total = sum(
        arithmetic.multiply(
            (value.astype(np.int64) - zero_point_of(node.input(position))) << LEFT_SHIFT,
            *inward[position],
        )
        for position, value in enumerate(values)
    )
    limits = arithmetic.limits(layer.activation, scale_of(output), zero_point_of(output))
    return arithmetic.clamp(arithmetic.multiply(total, *outward) + zero_point_of(output), limits)


bounds = monotone(reference)


def links(layer: Add, node: Node) -> Links:
    return together(node.input(0), node.input(1), node.output)
