"""PAD and PADV2: a border of one value around a tensor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.channels import Links, one_to_one
from graven.node import Node, Option, Values, shape_text, zero_point_of
from graven.quantize.rules import SAME

OPERATORS = ("PAD", "PADV2")
OPTIONS = None
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class Pad(ir.Layer):
    border: tuple[tuple[int, int], ...]  # before and after, of each axis


def options(layer: Pad) -> dict[str, Option]:
    return {}


def read(node: Node) -> Pad:
    count = 3 if node.name == "PADV2" else 2
    node.expect_inputs(count, count)
    data, output = node.input(0), node.output
    node.expect_same_element(data, output)
    node.expect_same_quantization(data, output)
    stored = node.constant(1, (ir.Element.INT32, ir.Element.INT64))
    rank = len(data.shape)
    node.expect_shape(stored, (rank, 2))
    border = tuple((int(before), int(after)) for before, after in stored.data)
    if any(min(pair) < 0 for pair in border):
        raise node.error("has a negative border, expected numbers from 0 on.", stored)
    node.expect_shape(
        output, tuple(sum(pair) + n for pair, n in zip(border, data.shape, strict=True))
    )
    if count == 3:
        value = node.constant(2, (data.element,))
        node.expect_same_quantization(data, value)
        if value.data.size != 1:
            raise node.error(f"is {shape_text(value.shape)}, expected one value.", value)
    return Pad(border)


def zero(node: Node) -> int:
    """A real 0 in the tensor's numbers."""
    return zero_point_of(node.input(0)) if node.input(0).quantization else 0


def border_value(node: Node) -> np.ndarray:
    stored = node.optional(2)
    if stored is not None:
        return stored.data.reshape(())
    return np.array(zero(node), dtype=node.input(0).element.dtype)


def reference(layer: Pad, node: Node, values: Values) -> np.ndarray:
    return np.pad(values[0], layer.border, constant_values=border_value(node))


def links(layer: Pad, node: Node) -> Links:
    return [] if any(layer.border[-1]) else one_to_one(layer, node)
