"""GATHER: the slices of one axis that a list of indices names. A constant list only moves elements;
a computed one is a LOOKUP.
"""

from __future__ import annotations

import math
import typing
from dataclasses import dataclass

import numpy as np

from graven import ir, moving
from graven.layers.lookup import Lookup, look_up
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

if typing.TYPE_CHECKING:
    from graven.passes.grown import Grown

OPERATORS = ("GATHER",)
OPTIONS = "GatherOptions"
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class Gather(ir.Layer):
    axis: int
    batches: int = 0  # axes in front that data and indices share


def options(layer: Gather) -> dict[str, Option]:
    return {"Axis": layer.axis, "BatchDims": layer.batches}


def read(node: Node) -> Gather:
    node.expect_inputs(2, 2)
    data, stored = node.input(0), node.input(1)
    node.expect_element(stored, *moving.INDEX)
    axis = node.axis(int(node.option("Axis")), len(data.shape))
    batches = int(node.option("BatchDims"))
    if batches < 0:
        batches += len(stored.shape)
    if not 0 <= batches <= axis or data.shape[:batches] != stored.shape[:batches]:
        raise node.error(f"shares {batches} axes that differ, or lie behind axis {axis}.", stored)
    if stored.data is not None and not (
        0 <= stored.data.min() <= stored.data.max() < data.shape[axis]
    ):
        raise node.error(
            f"names indices {stored.data.min()} to {stored.data.max()} of an axis that has "
            f"{data.shape[axis]} elements.",
            stored,
        )
    shape = (*data.shape[:axis], *stored.shape[batches:], *data.shape[axis + 1 :])
    moving.expect_moved(node, data, node.output, shape)
    return Gather(axis, batches)


def reference(layer: Gather, node: Node, values: Values) -> np.ndarray:
    return _lookup(layer, node).find(values[0], values[1], node.output.shape)


def _lookup(layer: Gather, node: Node) -> Lookup:
    before = node.input(0).shape[: layer.axis]
    batches, outer = before[: layer.batches], before[layer.batches :]
    return Lookup(math.prod(batches), math.prod(outer), (node.input(0).shape[layer.axis],))


def expand(layer: Gather, node: Node, grown: Grown) -> bool:
    return look_up(_lookup(layer, node), node, grown)
