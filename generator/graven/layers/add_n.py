"""ADD_N: the sum of several tensors of one shape and one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.binary import left_shift
from graven.bounds import monotone
from graven.channels import Links, together
from graven.cpp import Cpp, computed
from graven.node import Node, Option, Values, scale_of, zero_point_of

OPERATORS = ("ADD_N",)
OPTIONS = None
POINTWISE = True
MOST_INPUTS = 15  # of more, 32 bits would not hold the sum
DATA = tuple(range(MOST_INPUTS))


@dataclass(frozen=True)
class AddN(ir.Layer):
    pass


def options(layer: AddN) -> dict[str, Option]:
    return {}


def read(node: Node) -> AddN:
    node.expect_inputs(2, MOST_INPUTS)
    first = node.input(0)
    node.expect_activation(first)
    for position in range(1, len(node.inputs)):
        node.expect_same_element(first, node.input(position))
        node.expect_shape(node.input(position), first.shape)
        node.expect_same_quantization(first, node.input(position))
    node.expect_activation(node.output)
    node.expect_same_element(first, node.output)
    node.expect_shape(node.output, first.shape)
    if first.element is ir.Element.INT8:
        node.expect_multiplier(multiplier(node))
    return AddN()


def multiplier(node: Node) -> float:
    """Of the sum, of which each term has half its headroom of 20 bits."""
    return 2.0 * scale_of(node.input(0)) / ((1 << left_shift(node)) * scale_of(node.output))


def cpp(layer: AddN, node: Node) -> Cpp:
    return Cpp("graven::AddN", computed(node, *range(len(node.inputs))), output=True)


def reference(layer: AddN, node: Node, values: Values) -> np.ndarray:
    output = node.output
    if output.element is ir.Element.FLOAT32:
        total = np.zeros(output.shape, dtype=np.float32)
        for value in values:
            total = total + value
        return total
    zero_point = zero_point_of(node.input(0))
    terms = [np.int64(-zero_point) << (left_shift(node) - 1)]  # TensorFlow Lite Micro starts so
    terms += [(value.astype(np.int64) - zero_point) << (left_shift(node) - 1) for value in values]
    limits = arithmetic.limits("NONE", scale_of(output), zero_point_of(output))
    return arithmetic.requantize(sum(terms), multiplier(node), zero_point_of(output), limits)


bounds = monotone(reference)


def links(layer: AddN, node: Node) -> Links:
    return together(*(node.input(position) for position in range(len(node.inputs))), node.output)
