"""ONE_HOT: along a new axis, one value where the index is, another one elsewhere: a comparison with
all indices, and a choice.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass, replace

import numpy as np

from graven import ir
from graven.layers.binary import Binary
from graven.layers.select import Select
from graven.node import Node, Option, Values

if typing.TYPE_CHECKING:
    from graven.passes.grown import Grown

OPERATORS = ("ONE_HOT",)
OPTIONS = "OneHotOptions"


@dataclass(frozen=True)
class OneHot(ir.Layer):
    axis: int  # counted from the front


def options(layer: OneHot) -> dict[str, Option]:
    return {"Axis": layer.axis}


def read(node: Node) -> OneHot:
    node.expect_inputs(4, 4)
    indices, output = node.input(0), node.output
    node.expect_element(indices, ir.Element.INT32)
    axis = node.axis(int(node.option("Axis")), len(indices.shape) + 1)
    (depth,) = node.integers(1)
    for place in (2, 3):
        value = node.input(place)
        node.expect_same_element(output, value)
        node.expect_shape(value, ())
        node.expect_same_quantization(value, output)
    node.expect_shape(output, (*indices.shape[:axis], depth, *indices.shape[axis:]))
    return OneHot(axis)


def reference(layer: OneHot, node: Node, values: Values) -> np.ndarray:
    indices, _, on, off = values
    places = _places(layer, node)
    return np.where(np.expand_dims(indices, layer.axis) == places, on, off).astype(on.dtype)


def _places(layer: OneHot, node: Node) -> np.ndarray:
    """All indices, along the new axis."""
    shape = [1] * len(node.output.shape)
    shape[layer.axis] = -1
    return np.arange(node.output.shape[layer.axis], dtype=np.int32).reshape(shape)


def expand(layer: OneHot, node: Node, grown: Grown) -> bool:
    indices, on, off = (node.input(place) for place in (0, 2, 3))
    shape = (*indices.shape[: layer.axis], 1, *indices.shape[layer.axis :])
    data = grown.reshape(indices.index, grown.tensor(indices, shape))
    places = grown.integers("places", _places(layer, node))
    truth = replace(indices, element=ir.Element.BOOLEAN)
    there = grown.tensor(truth, node.output.shape)
    grown.add("EQUAL", Binary(), (data, places), there)
    grown.add("SELECT_V2", Select(), (there, on.index, off.index), node.output.index, node.index)
    return True
