"""SPLIT: equal parts along one axis, each an output of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.bounds import monotone
from graven.channels import Links, channels
from graven.cpp import Cpp, axes, computed, hwc_axis, template
from graven.moving import expect_moved
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("SPLIT",)
OPTIONS = "SplitOptions"
DATA = (1,)
SCALES = SAME
MOVES = True


@dataclass(frozen=True)
class Split(ir.Layer):
    axis: int
    parts: int


def options(layer: Split) -> dict[str, Option]:
    return {"NumSplits": layer.parts}


def read(node: Node) -> Split:
    (parts,) = node.positive("NumSplits")
    node.expect_inputs(2, 2, outputs=parts)
    data = node.input(1)
    axis = node.axis(node.integers(0)[0], len(data.shape))
    extent, rest = divmod(data.shape[axis], parts)
    if rest:
        raise node.error(f"{data.shape[axis]} does not fall into {parts} equal parts.", data)
    for output in node.outputs:
        expect_moved(node, data, output, (*data.shape[:axis], extent, *data.shape[axis + 1 :]))
    return Split(axis, parts)


def cpp(layer: Split, node: Node) -> Cpp:
    place = hwc_axis(node, node.input(1), layer.axis)
    if place is None:
        raise node.error(
            "splits an axis of one element before the last three; remove the operator."
        )
    return Cpp(template("Split", axes([place]), str(layer.parts)), computed(node, 1))


def reference(layer: Split, node: Node, values: Values) -> tuple[np.ndarray, ...]:
    return tuple(np.split(values[1], layer.parts, axis=layer.axis))


bounds = monotone(reference)


def links(layer: Split, node: Node) -> Links:
    """Along the channels the parts have to stay equal, so they lose the same ones."""
    part = channels(node.outputs[0])
    return [
        (tensor, np.arange(channels(tensor)) % part) for tensor in (node.input(1), *node.outputs)
    ]
