"""SELECT and SELECT_V2: of two operands, element by element, the one that a condition chooses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import binary, ir
from graven.cpp import Cpp, computed
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("SELECT", "SELECT_V2")
OPTIONS = None
POINTWISE = True
SCALES = SAME
DATA = (0, 1, 2)


@dataclass(frozen=True)
class Select(ir.Layer):
    pass


def options(layer: Select) -> dict[str, Option]:
    return {}


def read(node: Node) -> Select:
    node.expect_inputs(3, 3)
    condition, first, second = (node.input(position) for position in range(3))
    node.expect_element(condition, ir.Element.BOOLEAN)
    binary.expect_element(node, first, *binary.WIDE, ir.Element.BOOLEAN)
    node.expect_same_element(first, second, node.output)
    if node.name == "SELECT" and condition.shape not in ((), first.shape):
        raise node.error(
            "is a condition of other shape than what it chooses from; export the model with "
            "SELECT_V2 (tf.where).",
            condition,
        )
    binary.expect_broadcast(node)
    node.expect_same_quantization(first, second)
    node.expect_same_quantization(first, node.output)
    return Select()


def cpp(layer: Select, node: Node) -> Cpp:
    binary.expect_kernel(node)
    return Cpp("graven::Select", computed(node, 0, 1, 2), output=True)


def reference(layer: Select, node: Node, values: Values) -> np.ndarray:
    return np.where(*values)
