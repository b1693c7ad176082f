"""SILU: x / (1 + exp(-x)); int8 by a table in float32. TensorFlow Lite has none; a file states it
as a custom operator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import elementwise, ir
from graven.bounds import by_table, keeps_table
from graven.channels import one_to_one
from graven.cpp import Cpp, computed
from graven.node import Node, Values

OPERATORS = ("SILU",)
OPTIONS = "FlexBuffer"  # layers.FLEX_BUFFER
POINTWISE = True
WITHOUT_INT16 = ("SILU",)


@dataclass(frozen=True)
class SiLU(ir.Layer):
    pass


options = elementwise.no_options


def read(node: Node) -> SiLU:
    elementwise.expect_rescaled(node)
    return SiLU()


def cpp(layer: SiLU, node: Node) -> Cpp:
    return Cpp("graven::SiLU", computed(node, 0), output=True)


EXACT = elementwise.exactly(lambda x: x / (1 + np.exp(-x)))


def reference(layer: SiLU, node: Node, values: Values) -> np.ndarray:
    if node.output.element is ir.Element.FLOAT32:
        return EXACT(values[0])
    return elementwise.tabled(node, values[0], EXACT)


bounds, links = by_table(reference), one_to_one
is_identity = keeps_table(reference)
