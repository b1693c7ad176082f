"""GATHER_ND: the elements or slices at a constant list of places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir, moving
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("GATHER_ND",)
OPTIONS = "GatherNdOptions"
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class GatherND(ir.Layer):
    pass


def options(layer: GatherND) -> dict[str, Option]:
    return {}


def read(node: Node) -> GatherND:
    node.expect_inputs(2, 2)
    data, stored = node.input(0), node.constant(1, moving.INDEX)
    depth = stored.shape[-1] if stored.shape else 0
    if not 0 < depth <= len(data.shape):
        raise node.error(f"names places by {depth} numbers.", stored)
    places = stored.data.reshape(-1, depth)
    if places.min() < 0 or (places.max(axis=0) >= data.shape[:depth]).any():
        raise node.error("names places outside of its input.", stored)
    moving.expect_moved(node, data, node.output, (*stored.shape[:-1], *data.shape[depth:]))
    return GatherND()


def reference(layer: GatherND, node: Node, values: Values) -> np.ndarray:
    places = np.moveaxis(node.constant(1, moving.INDEX).data, -1, 0)
    return values[0][tuple(places)]
