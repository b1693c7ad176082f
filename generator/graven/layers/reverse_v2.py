"""REVERSE_V2: axes backwards. Some files state another scale for its output: the integers stay, as
in TensorFlow Lite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.layers.cast import Cast
from graven.moving import Steps
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("REVERSE_V2",)
OPTIONS = "ReverseV2Options"
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class ReverseV2(ir.Layer):
    axes: tuple[int, ...]


def options(layer: ReverseV2) -> dict[str, Option]:
    return {}


def read(node: Node) -> ReverseV2:
    node.expect_inputs(2, 2)
    data = node.input(0)
    axes = tuple(node.axis(axis, len(data.shape)) for axis in node.integers(1))
    node.expect_same_element(data, node.output)
    node.expect_shape(node.output, data.shape)
    return ReverseV2(axes)


def steps(layer: ReverseV2, node: Node) -> Steps:
    """Reversed by the input's scale; a CAST to the same element keeps the integers."""
    data, output = node.input(0), node.output
    if data.quantization == output.quantization:
        return ()
    stays = Cast(data.element, output.element)
    return (node.name, layer, data.shape), ("CAST", stays, data.shape)


def reference(layer: ReverseV2, node: Node, values: Values) -> np.ndarray:
    return np.flip(values[0], layer.axes)
