"""BROADCAST_ARGS: the shape to which two shapes broadcast; folded where the model is read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir, moving
from graven.node import Node, Option, Values

OPERATORS = ("BROADCAST_ARGS",)
OPTIONS = None


@dataclass(frozen=True)
class BroadcastArgs(ir.Layer):
    pass


def options(layer: BroadcastArgs) -> dict[str, Option]:
    return {}


def read(node: Node) -> BroadcastArgs:
    node.expect_inputs(2, 2)
    shapes = [node.input(place) for place in range(2)]
    for each in shapes:
        node.expect_element(each, *moving.INDEX)
        node.expect_rank(each, 1)
    node.expect_same_element(*shapes, node.output)
    node.expect_shape(node.output, (max(each.shape[0] for each in shapes),))
    if all(each.data is not None for each in shapes):
        first, second = (tuple(map(int, each.data)) for each in shapes)
        try:
            np.broadcast_shapes(first, second)
        except ValueError:
            raise node.error(f"broadcasts shapes that differ: {first} and {second}.") from None
    return BroadcastArgs()


def reference(layer: BroadcastArgs, node: Node, values: Values) -> np.ndarray:
    first, second = (tuple(map(int, value)) for value in values)
    return np.array(np.broadcast_shapes(first, second), dtype=values[0].dtype)
