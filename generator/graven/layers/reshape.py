"""RESHAPE, SQUEEZE and EXPAND_DIMS: the same values in the same order under another shape."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.cpp import Cpp, computed, hwc, shape, template
from graven.node import Node, Option, Values, shape_text

OPERATORS = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")
OPTIONS = None


@dataclass(frozen=True)
class Reshape(ir.Layer):
    shape: tuple[int, ...]  # the output's


def options(layer: Reshape) -> dict[str, Option]:
    return {}


def read(node: Node) -> Reshape:
    node.expect_inputs(1, 2)
    data, output = node.input(0), node.output
    node.expect_same_element(data, output)
    node.expect_same_quantization(data, output)
    if node.optional(1) is not None:
        node.constant(1, (ir.Element.INT32, ir.Element.INT64))
    if math.prod(data.shape) != math.prod(output.shape):
        raise node.error(
            f"has shape {shape_text(output.shape)}, but its input {shape_text(data.shape)} has "
            "another number of elements.",
            output,
        )
    return Reshape(shape=output.shape)


def cpp(layer: Reshape, node: Node) -> Cpp:
    output = hwc(node, node.output)
    flat = output[:2] == (1, 1)
    return Cpp("graven::Flatten" if flat else template("Reshape", shape(output)), computed(node, 0))


def reference(layer: Reshape, node: Node, values: Values) -> np.ndarray:
    return values[0].reshape(layer.shape)
