"""GATHER_ND: the elements or slices at a constant list of places."""

from __future__ import annotations

import typing
from dataclasses import dataclass

import numpy as np

from graven import ir, moving
from graven.layers.lookup import MOST_NUMBERS, Lookup, look_up
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

if typing.TYPE_CHECKING:
    from graven.passes.grown import Grown

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
    data, stored = node.input(0), node.input(1)
    node.expect_element(stored, *moving.INDEX)
    depth = stored.shape[-1] if stored.shape else 0
    if not 0 < depth <= len(data.shape):
        raise node.error(f"names places by {depth} numbers.", stored)
    if stored.data is not None:
        places = stored.data.reshape(-1, depth)
        if places.min() < 0 or (places.max(axis=0) >= data.shape[:depth]).any():
            raise node.error("names places outside of its input.", stored)
    elif depth > MOST_NUMBERS:
        raise node.error(f"names places by {depth} numbers, at most {MOST_NUMBERS}.", stored)
    moving.expect_moved(node, data, node.output, (*stored.shape[:-1], *data.shape[depth:]))
    return GatherND()


def reference(layer: GatherND, node: Node, values: Values) -> np.ndarray:
    return lookup(node).find(values[0], values[1], node.output.shape)


def lookup(node: Node) -> Lookup:
    return Lookup(1, 1, node.input(0).shape[: node.input(1).shape[-1]])


def expand(layer: GatherND, node: Node, grown: Grown) -> bool:
    return look_up(lookup(node), node, grown)
