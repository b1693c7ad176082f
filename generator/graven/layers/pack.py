"""PACK: tensors of one shape side by side along a new axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.moving import expect_moved
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("PACK",)
OPTIONS = "PackOptions"
MOST_INPUTS = 1024
DATA = range(MOST_INPUTS)
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class Pack(ir.Layer):
    axis: int  # of the output
    count: int


def options(layer: Pack) -> dict[str, Option]:
    return {"Axis": layer.axis, "ValuesCount": layer.count}


def read(node: Node) -> Pack:
    (count,) = node.positive("ValuesCount")
    node.expect_inputs(count, count)
    first = node.input(0)
    axis = node.axis(int(node.option("Axis")), len(first.shape) + 1)
    for position in range(count):
        data = node.input(position)
        node.expect_shape(data, first.shape)
        shape = (*first.shape[:axis], count, *first.shape[axis:])
        expect_moved(node, data, node.output, shape)
    return Pack(axis, count)


def reference(layer: Pack, node: Node, values: Values) -> np.ndarray:
    return np.stack(values, axis=layer.axis)
