"""MIRROR_PAD: a border that mirrors what lies behind the edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.moving import expect_moved, numbers
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("MIRROR_PAD",)
OPTIONS = "MirrorPadOptions"
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class MirrorPad(ir.Layer):
    border: tuple[tuple[int, int], ...]  # before and after, of each axis
    mode: str  # SYMMETRIC: the edge itself is mirrored too; REFLECT: it is not


def options(layer: MirrorPad) -> dict[str, Option]:
    return {"Mode": layer.mode}


def read(node: Node) -> MirrorPad:
    node.expect_inputs(2, 2)
    data, output = node.input(0), node.output
    found = numbers(node, 1, 2 * len(data.shape))
    border = tuple(zip(found[::2], found[1::2], strict=True))
    mode = str(node.option("Mode"))
    for pair, extent in zip(border, data.shape, strict=True):
        if min(pair) < 0 or max(pair) > extent - (mode == "REFLECT"):
            raise node.error(f"mirrors {pair} elements along an axis that has {extent}.", data)
    shape = tuple(sum(pair) + extent for pair, extent in zip(border, data.shape, strict=True))
    expect_moved(node, data, output, shape)
    return MirrorPad(border, mode)


def reference(layer: MirrorPad, node: Node, values: Values) -> np.ndarray:
    return np.pad(values[0], layer.border, mode=layer.mode.lower())
