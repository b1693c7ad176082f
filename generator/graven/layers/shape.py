"""SHAPE and RANK: what the shape of a tensor is, which is known before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.node import Node, Option, Values

OPERATORS = ("SHAPE", "RANK")
OPTIONS = None


@dataclass(frozen=True)
class Shape(ir.Layer):
    rank_only: bool = False


def options(layer: Shape) -> dict[str, Option]:
    return {}


def read(node: Node) -> Shape:
    node.expect_inputs(1, 1)
    node.expect_element(node.output, ir.Element.INT32, ir.Element.INT64)
    layer = Shape(rank_only=node.name == "RANK")
    node.expect_shape(node.output, np.shape(known(layer, node)))
    return layer


def known(layer: Shape, node: Node) -> np.ndarray:
    shape = node.input(0).shape
    return np.array(len(shape) if layer.rank_only else shape, dtype=node.output.element.dtype)


def reference(layer: Shape, node: Node, values: Values) -> np.ndarray:
    return known(layer, node)
