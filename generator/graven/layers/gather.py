"""GATHER: the slices of one axis that a list of indices names. The list is a constant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir, moving
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

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
    data, stored = node.input(0), node.constant(1, moving.INDEX)
    axis = node.axis(int(node.option("Axis")), len(data.shape))
    batches = int(node.option("BatchDims"))
    if batches < 0:
        batches += len(stored.shape)
    if not 0 <= batches <= axis or data.shape[:batches] != stored.shape[:batches]:
        raise node.error(f"shares {batches} axes that differ, or lie behind axis {axis}.", stored)
    if not 0 <= stored.data.min() <= stored.data.max() < data.shape[axis]:
        raise node.error(
            f"names indices {stored.data.min()} to {stored.data.max()} of an axis that has "
            f"{data.shape[axis]} elements.",
            stored,
        )
    shape = (*data.shape[:axis], *stored.shape[batches:], *data.shape[axis + 1 :])
    moving.expect_moved(node, data, node.output, shape)
    return Gather(axis, batches)


def reference(layer: Gather, node: Node, values: Values) -> np.ndarray:
    data, indices = values[0], node.constant(1, moving.INDEX).data
    shared = data.shape[: layer.batches]
    parts = [
        np.take(data[place], indices[place], axis=layer.axis - layer.batches)
        for place in np.ndindex(shared)
    ]
    return np.stack(parts).reshape(node.output.shape)
