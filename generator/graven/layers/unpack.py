"""UNPACK: one output for each index of an axis, which they no longer have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.moving import expect_moved
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("UNPACK",)
OPTIONS = "UnpackOptions"
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class Unpack(ir.Layer):
    axis: int
    count: int


def options(layer: Unpack) -> dict[str, Option]:
    return {"Axis": layer.axis, "Num": layer.count}


def read(node: Node) -> Unpack:
    (count,) = node.positive("Num")
    node.expect_inputs(1, 1, outputs=count)
    data = node.input(0)
    axis = node.axis(int(node.option("Axis")), len(data.shape))
    if data.shape[axis] != count:
        raise node.error(f"has {count} outputs for an axis of {data.shape[axis]}.", data)
    for output in node.outputs:
        expect_moved(node, data, output, (*data.shape[:axis], *data.shape[axis + 1 :]))
    return Unpack(axis, count)


def reference(layer: Unpack, node: Node, values: Values) -> tuple[np.ndarray, ...]:
    return tuple(np.take(values[0], index, axis=layer.axis) for index in range(layer.count))
