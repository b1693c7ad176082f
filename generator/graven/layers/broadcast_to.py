"""BROADCAST_TO: axes of one element repeated, axes added in front."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.moving import expect_moved, numbers
from graven.node import Node, Option, Values, shape_text
from graven.quantize.rules import SAME

OPERATORS = ("BROADCAST_TO",)
OPTIONS = None
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class BroadcastTo(ir.Layer):
    shape: tuple[int, ...]


def options(layer: BroadcastTo) -> dict[str, Option]:
    return {}


def read(node: Node) -> BroadcastTo:
    node.expect_inputs(2, 2)
    data, output = node.input(0), node.output
    shape = numbers(node, 1, len(output.shape))
    expect_moved(node, data, output, shape)
    lead = len(shape) - len(data.shape)
    pairs = zip(data.shape, shape[max(lead, 0) :], strict=False)
    if lead < 0 or any(have not in (1, want) for have, want in pairs):
        raise node.error(f"does not broadcast to {shape_text(shape)}.", data)
    return BroadcastTo(shape)


def reference(layer: BroadcastTo, node: Node, values: Values) -> np.ndarray:
    return np.broadcast_to(values[0], layer.shape)
