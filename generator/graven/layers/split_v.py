"""SPLIT_V: parts of given sizes along one axis, each an output of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.moving import expect_moved, numbers
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("SPLIT_V",)
OPTIONS = "SplitVOptions"
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class SplitV(ir.Layer):
    axis: int
    sizes: tuple[int, ...]


def options(layer: SplitV) -> dict[str, Option]:
    return {"NumSplits": len(layer.sizes)}


def read(node: Node) -> SplitV:
    (parts,) = node.positive("NumSplits")
    node.expect_inputs(3, 3, outputs=parts)
    data = node.input(0)
    sizes = numbers(node, 1, parts)
    (stored,) = numbers(node, 2, 1)
    axis = node.axis(stored, len(data.shape))
    extent = data.shape[axis]
    if sizes.count(-1) == 1:
        sizes = tuple(extent - sum(sizes) - 1 if size == -1 else size for size in sizes)
    if min(sizes) < 1 or sum(sizes) != extent:
        raise node.error(f"{extent} elements do not fall into parts of {sizes}.", data)
    for output, size in zip(node.outputs, sizes, strict=True):
        expect_moved(node, data, output, (*data.shape[:axis], size, *data.shape[axis + 1 :]))
    return SplitV(axis, sizes)


def reference(layer: SplitV, node: Node, values: Values) -> tuple[np.ndarray, ...]:
    ends = np.cumsum(layer.sizes)[:-1]
    return tuple(np.split(values[0], ends, axis=layer.axis))
