"""LOOKUP: slices at places that are known while the model runs: what GATHER, GATHER_ND and
EMBEDDING_LOOKUP become whose indices are computed. No file has it.

out[b][o][n] = data[b][o][places[b][n]], of data as {batches, outer, extents, a slice}. Where the
other engines end the run, an index outside counts as the nearest one inside.
"""

from __future__ import annotations

import math
import typing
from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.cpp import Cpp, computed, hwc, shape, template
from graven.node import Node, Option, Values

if typing.TYPE_CHECKING:
    from graven.passes.grown import Grown

MOST_NUMBERS = 5  # that name a place
OPERATORS = ("LOOKUP",)
OPTIONS = None
DATA = (0, 1)


@dataclass(frozen=True)
class Lookup(ir.Layer):
    batches: int
    outer: int
    extents: tuple[int, ...]

    def find(self, data: np.ndarray, places: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        data = data.reshape(self.batches, self.outer, math.prod(self.extents), -1)
        places = places.reshape(self.batches, -1, len(self.extents))
        at = np.zeros(places.shape[:2], np.int64)
        for axis, extent in enumerate(self.extents):
            at = at * extent + np.clip(places[..., axis], 0, extent - 1)
        return np.stack([data[batch][:, where] for batch, where in enumerate(at)]).reshape(shape)


def options(layer: Lookup) -> dict[str, Option]:
    return {}


def read(node: Node) -> Lookup:
    raise node.error("is graven's own and cannot stand in a file.")


def cpp(layer: Lookup, node: Node) -> Cpp:
    numbers = (layer.batches, layer.outer, *layer.extents)
    type = template("Lookup", shape(hwc(node, node.output)), *map(str, numbers))
    return Cpp(type, computed(node, 0, 1))


def reference(layer: Lookup, node: Node, values: Values) -> np.ndarray:
    return layer.find(*values, node.output.shape)


def look_up(lookup: Lookup, node: Node, grown: Grown, data: int = 0, places: int = 1) -> bool:
    """LOOKUP instead of the node, if the places are computed; false where it stays as it is."""
    if node.input(places).data is not None:
        return False
    inputs = (node.input(data).index, node.input(places).index)
    grown.add("LOOKUP", lookup, inputs, node.output.index, node.index)
    return True
