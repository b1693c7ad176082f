"""TOPK_V2: the largest values along the last axis and their indices, the largest first; of equal
ones the lower index comes first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import elementwise, ir
from graven.cpp import Cpp, computed, template
from graven.node import Node, Values
from graven.quantize.rules import SAME

OPERATORS = ("TOPK_V2",)
OPTIONS = None
SCALES = SAME


@dataclass(frozen=True)
class TopK(ir.Layer):
    count: int


options = elementwise.no_options


def read(node: Node) -> TopK:
    node.expect_inputs(2, 2, outputs=2)
    data, (values, indices) = node.input(0), node.outputs
    node.expect_activation(data, wide=True)
    node.expect_same_element(data, values)
    node.expect_same_quantization(data, values)
    node.expect_element(indices, ir.Element.INT32)
    stated = node.integers(1)
    most = data.shape[-1] if data.shape else 0
    if len(stated) != 1 or not 0 < stated[0] <= most:
        raise node.error(
            f"asks for the {', '.join(map(str, stated))} largest of {most}, expected one number "
            f"from 1 to {most}.",
            node.input(1),
        )
    for output in node.outputs:
        node.expect_shape(output, (*data.shape[:-1], stated[0]))
    return TopK(stated[0])


def cpp(layer: TopK, node: Node) -> Cpp:
    return Cpp(template("TopK", str(layer.count)), computed(node, 0))


def reference(layer: TopK, node: Node, values: Values) -> tuple[np.ndarray, ...]:
    """NaN is as low as -infinity."""
    data = values[0]
    rank = np.where(np.isnan(data), -np.inf, data)
    places = np.argsort(-rank, axis=-1, kind="stable")[..., : layer.count]
    return np.take_along_axis(data, places, axis=-1), places.astype(np.int32)
