"""SLICE: a box of a tensor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.moving import expect_moved, numbers
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("SLICE",)
OPTIONS = "SliceOptions"
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class Slice(ir.Layer):
    begin: tuple[int, ...]
    size: tuple[int, ...]  # of the output


def options(layer: Slice) -> dict[str, Option]:
    return {}


def read(node: Node) -> Slice:
    node.expect_inputs(3, 3)
    data, output = node.input(0), node.output
    rank = len(data.shape)
    begin, size = numbers(node, 1, rank), numbers(node, 2, rank)
    size = tuple(
        extent - first if count == -1 else count
        for first, count, extent in zip(begin, size, data.shape, strict=True)
    )
    for first, count, extent in zip(begin, size, data.shape, strict=True):
        if first < 0 or count < 1 or first + count > extent:
            raise node.error(
                f"takes {count} elements from {first} on, along an axis that has {extent}.", data
            )
    expect_moved(node, data, output, size)
    return Slice(begin, size)


def reference(layer: Slice, node: Node, values: Values) -> np.ndarray:
    box = zip(layer.begin, layer.size, strict=True)
    return values[0][tuple(slice(first, first + count) for first, count in box)]
