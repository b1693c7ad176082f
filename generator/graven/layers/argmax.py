"""ARG_MAX, ARG_MIN: the index of the first largest or least value along an axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.axes import cut_at, dropped, reshaped
from graven.cpp import Cpp, axes, computed, template
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPTIONS = {"ARG_MAX": "ArgMaxOptions", "ARG_MIN": "ArgMinOptions"}
OPERATORS = tuple(OPTIONS)
SCALES = SAME


@dataclass(frozen=True)
class ArgMax(ir.Layer):
    """Of both: the operator's name tells which."""

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
    extents, place = cut_at(node, node.input(0), layer.axis)
    name = "ArgMax" if node.name == "ARG_MAX" else "ArgMin"
    type = template(name, axes([place]), defaults=("graven::Axis::channels",))
    type = reshaped(type, node, extents, dropped(extents, [place]))
    return Cpp(
        type, computed(node, 0), element=layer.output is not ir.Element.INT32, stem=name.lower()
    )


def reference(layer: ArgMax, node: Node, values: Values) -> np.ndarray:
    data, largest = values[0], node.name == "ARG_MAX"
    if data.dtype == np.float32:  # a NaN is never taken, but kept where it is the first
        first = np.isnan(np.take(data, [0], layer.axis))
        data = np.where(np.isnan(data), -np.inf if largest else np.inf, data)
        data = np.where(first, 0.0, data)
    return (np.argmax if largest else np.argmin)(data, axis=layer.axis).astype(layer.output.dtype)
