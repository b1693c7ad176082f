"""LOGICAL_NOT: of booleans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import elementwise, ir
from graven.cpp import Cpp, computed
from graven.node import Node, Values

OPERATORS = ("LOGICAL_NOT",)
OPTIONS = None
POINTWISE = True


@dataclass(frozen=True)
class LogicalNot(ir.Layer):
    pass


options = elementwise.no_options


def read(node: Node) -> LogicalNot:
    node.expect_inputs(1, 1)
    data, output = node.input(0), node.output
    node.expect_element(data, ir.Element.BOOLEAN)
    node.expect_element(output, ir.Element.BOOLEAN)
    node.expect_shape(output, data.shape)
    return LogicalNot()


def cpp(layer: LogicalNot, node: Node) -> Cpp:
    return Cpp("graven::LogicalNot", computed(node, 0))


def reference(layer: LogicalNot, node: Node, values: Values) -> np.ndarray:
    return np.logical_not(values[0])
