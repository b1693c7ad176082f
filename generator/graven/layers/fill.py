"""FILL and RANGE: constants that a model computes; they are folded where it is read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.node import Node, Option, Values

OPERATORS = ("FILL", "RANGE")
OPTIONS = None


@dataclass(frozen=True)
class Fill(ir.Layer):
    steps: bool = False  # RANGE: start, limit, step


def options(layer: Fill) -> dict[str, Option]:
    return {}


def read(node: Node) -> Fill:
    steps = node.name == "RANGE"
    count = 3 if steps else 2
    node.expect_inputs(count, count)
    values = [node.input(place) for place in range(0 if steps else 1, count)]
    node.expect_same_element(node.output, *values)
    for value in values:
        node.expect_shape(value, ())
    layer = Fill(steps)
    if all(value.data is not None for value in (*values, node.input(0))):
        data = tuple(tensor.data for tensor in map(node.input, range(count)))
        node.expect_shape(node.output, reference(layer, node, data).shape)
    return layer


def reference(layer: Fill, node: Node, values: Values) -> np.ndarray:
    dtype = node.output.element.dtype
    if layer.steps:
        return np.arange(*(value.item() for value in values), dtype=dtype)
    return np.full(tuple(values[0].reshape(-1)), values[1], dtype=dtype)
