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
        if stated := _STATED[node.name](node):
            node.expect_shape(output, stated)
        raise node.error(
            f"has shape {shape_text(output.shape)}, but its input {shape_text(data.shape)} has "
            "another number of elements.",
            output,
        )
    return Reshape(shape=output.shape)


# The shape that the operator states, None where it does not: files leave extents open.


def _reshaped(node: Node) -> tuple[int, ...] | None:
    """What the second input says, of which one extent may be -1: as many as there are left."""
    stored = node.optional(1)
    if stored is None or stored.data is None:
        return None
    shape = [int(extent) for extent in stored.data.ravel()]
    count = math.prod(node.input(0).shape)
    rest = math.prod(extent for extent in shape if extent != -1)
    if shape.count(-1) == 1 and rest > 0 and count % rest == 0:
        shape[shape.index(-1)] = count // rest
    return tuple(shape) if min(shape, default=1) > 0 and math.prod(shape) == count else None


def _expanded(node: Node) -> tuple[int, ...] | None:
    stored, rank = node.optional(1), len(node.output.shape)
    if stored is None or stored.data is None or rank != len(node.input(0).shape) + 1:
        return None
    axis = int(stored.data.ravel()[0])
    shape = list(node.input(0).shape)
    shape.insert(axis % rank, 1)
    return tuple(shape) if -rank <= axis < rank else None


def _squeezed(node: Node) -> tuple[int, ...] | None:
    """Where the extents that are not 1 are as many as are left."""
    shape = tuple(extent for extent in node.input(0).shape if extent != 1)
    return shape if len(shape) == len(node.output.shape) else None


_STATED = {"RESHAPE": _reshaped, "EXPAND_DIMS": _expanded, "SQUEEZE": _squeezed}


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
