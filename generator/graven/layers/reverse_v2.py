"""REVERSE_V2: axes backwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.moving import expect_moved
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("REVERSE_V2",)
OPTIONS = "ReverseV2Options"
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class ReverseV2(ir.Layer):
    axes: tuple[int, ...]


def options(layer: ReverseV2) -> dict[str, Option]:
    return {}


def read(node: Node) -> ReverseV2:
    node.expect_inputs(2, 2)
    data = node.input(0)
    axes = tuple(node.axis(axis, len(data.shape)) for axis in node.integers(1))
    expect_moved(node, data, node.output, data.shape)
    return ReverseV2(axes)


def reference(layer: ReverseV2, node: Node, values: Values) -> np.ndarray:
    return np.flip(values[0], layer.axes)
