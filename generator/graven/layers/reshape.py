"""RESHAPE, SQUEEZE and EXPAND_DIMS: the same values in the same order under another shape."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from graven import ir
from graven.bounds import monotone, unclamped
from graven.channels import Links, Masks, Shrunk, channels
from graven.cpp import Cpp, computed, hwc, shape, template
from graven.node import Node, Option, Values, shape_text
from graven.quantize.rules import SAME

OPERATORS = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")
OPTIONS = None
SCALES = SAME


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


bounds = monotone(reference)
is_identity = unclamped


def links(layer: Reshape, node: Node) -> Links:
    """A row of one is a whole number of rows of the other, or both are cut by a common divisor."""
    tensors = (node.input(0), node.output)
    common = math.gcd(*(channels(tensor) for tensor in tensors))
    return [(tensor, np.arange(channels(tensor)) % common) for tensor in tensors]


def shrink(layer: Reshape, node: Node, inputs: Masks, outputs: Masks) -> Shrunk:
    shape = (*layer.shape[:-1], int(np.count_nonzero(outputs[0])))
    constants = {}
    stored = node.optional(1)
    if stored is not None and node.name == "RESHAPE":
        data = np.array(shape, dtype=stored.element.dtype).reshape(stored.shape)
        constants[1] = data, stored.quantization
    return Shrunk(node.name, replace(layer, shape=shape), constants=constants)
