"""TRANSPOSE: the axes in another order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.bounds import monotone
from graven.cpp import Cpp, computed, template
from graven.moving import expect_moved
from graven.node import Node, Option, Values, shape_text
from graven.quantize.rules import SAME

OPERATORS = ("TRANSPOSE",)
OPTIONS = "TransposeOptions"
SCALES = SAME
MOVES = True


@dataclass(frozen=True)
class Transpose(ir.Layer):
    axes: tuple[int, ...]  # of the input, for each of the output


def options(layer: Transpose) -> dict[str, Option]:
    return {}


def read(node: Node) -> Transpose:
    node.expect_inputs(2, 2)
    data = node.input(0)
    rank = len(data.shape)
    axes = tuple(axis % rank if -rank <= axis < rank else axis for axis in node.integers(1))
    if sorted(axes) != list(range(rank)):
        raise node.error(
            f"an order of axes {shape_text(axes)} is no permutation of {rank}.", node.input(1)
        )
    expect_moved(node, data, node.output, tuple(data.shape[axis] for axis in axes))
    return Transpose(axes)


def cpp(layer: Transpose, node: Node) -> Cpp:
    """Axes of one element before the last three may go anywhere: nothing moves."""
    rank = len(layer.axes)
    if any(extent != 1 for extent in (*node.input(0).shape[:-3], *node.output.shape[:-3])):
        raise node.error("moves more axes than height, width and channels.")
    lead = max(3 - rank, 0)
    order = [*range(lead), *(axis + lead for axis in layer.axes)]
    first = len(order) - 3
    places = [axis - first for axis in order[first:]]
    if min(places) < 0 or order[:first] != list(range(first)):
        raise node.error(
            "moves the batch among height, width and channels; only these three can change places."
        )
    return Cpp(template("Transpose", *(str(place) for place in places)), computed(node, 0))


def reference(layer: Transpose, node: Node, values: Values) -> np.ndarray:
    return np.transpose(values[0], layer.axes)


bounds = monotone(reference)
