"""ARG_MAX: the index of the first largest value along an axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.cpp import Cpp, axes, computed, hwc_axis, template
from graven.node import Node, Option, Values

OPERATORS = ("ARG_MAX",)
OPTIONS = "ArgMaxOptions"


@dataclass(frozen=True)
class ArgMax(ir.Layer):
    axis: int  # counted from the front
    output: ir.Element = ir.Element.INT32


def options(layer: ArgMax) -> dict[str, Option]:
    return {
        "OutputType": layer.output.value.upper(),
    }


def read(node: Node) -> ArgMax:
    node.expect_inputs(2, 2)
    data, output = node.input(0), node.output
    node.expect_activation(data)
    node.expect_element(output, ir.Element.INT32, ir.Element.INT64)
    axes = node.integers(1)
    if len(axes) != 1:
        raise node.error(f"has {len(axes)} axes, expected one.", node.input(1))
    axis = node.axis(axes[0], len(data.shape))
    node.expect_shape(output, data.shape[:axis] + data.shape[axis + 1 :])
    return ArgMax(axis=axis, output=output.element)


def cpp(layer: ArgMax, node: Node) -> Cpp:
    place = hwc_axis(node, node.input(0), layer.axis)
    if place is None:
        raise node.error("picks along the batch, which is always 1; remove the operator.")
    type = template("ArgMax", axes([place]), defaults=("graven::Axis::channels",))
    return Cpp(type, computed(node, 0), element=layer.output is not ir.Element.INT32)


def reference(layer: ArgMax, node: Node, values: Values) -> np.ndarray:
    return np.argmax(values[0], axis=layer.axis).astype(layer.output.dtype)
