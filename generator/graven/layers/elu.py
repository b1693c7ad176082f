"""ELU: x, where it is not negative, else exp(x) - 1; int8 by a table in float32."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import elementwise, ir
from graven.bounds import by_table, keeps_table
from graven.channels import one_to_one
from graven.cpp import Cpp, computed
from graven.node import Node, Values

OPERATORS = ("ELU",)
OPTIONS = None
POINTWISE = True
WITHOUT_INT16 = ("ELU",)


@dataclass(frozen=True)
class ELU(ir.Layer):
    pass


options = elementwise.no_options


def read(node: Node) -> ELU:
    elementwise.expect_rescaled(node)
    return ELU()


def cpp(layer: ELU, node: Node) -> Cpp:
    return Cpp("graven::ELU", computed(node, 0), output=True)


def reference(layer: ELU, node: Node, values: Values) -> np.ndarray:
    if node.output.element is ir.Element.FLOAT32:
        return np.where(values[0] < 0, elementwise.exactly(np.expm1)(values[0]), values[0])

    def real(x: np.ndarray) -> np.ndarray:
        return np.where(x < 0, elementwise.exactly(np.exp)(x) - np.float32(1), x)

    return elementwise.tabled(node, values[0], real)


bounds, links = by_table(reference), one_to_one
is_identity = keeps_table(reference)
