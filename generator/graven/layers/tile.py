"""TILE: the tensor so many times along each axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.moving import expect_moved, numbers
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("TILE",)
OPTIONS = None
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class Tile(ir.Layer):
    times: tuple[int, ...]


def options(layer: Tile) -> dict[str, Option]:
    return {}


def read(node: Node) -> Tile:
    node.expect_inputs(2, 2)
    data = node.input(0)
    times = numbers(node, 1, len(data.shape))
    if min(times, default=1) < 1:
        raise node.error("repeats an axis no times at all.", node.input(1))
    shape = tuple(count * extent for count, extent in zip(times, data.shape, strict=True))
    expect_moved(node, data, node.output, shape)
    return Tile(times)


def reference(layer: Tile, node: Node, values: Values) -> np.ndarray:
    return np.tile(values[0], layer.times)
