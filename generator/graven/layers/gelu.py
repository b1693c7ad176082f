"""GELU: x * P(N <= x) of a normal variable N, or its approximation by a tanh; int8 and int16 by
tables in float32, as LiteRT has them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import elementwise, ir
from graven.bounds import by_table, keeps_table
from graven.channels import one_to_one
from graven.cpp import Cpp, computed
from graven.node import Node, Option, Values

OPERATORS = ("GELU",)
OPTIONS = "GeluOptions"
POINTWISE = True
ROOT_TWO_OVER_PI, ROOT_HALF = np.float32(math.sqrt(2 / math.pi)), np.float32(math.sqrt(0.5))


@dataclass(frozen=True)
class GELU(ir.Layer):
    approximate: bool = False


def options(layer: GELU) -> dict[str, Option]:
    return {"Approximate": layer.approximate}


def read(node: Node) -> GELU:
    elementwise.expect_rescaled(node, wide=True)
    return GELU(approximate=bool(node.option("Approximate")))


def cpp(layer: GELU, node: Node) -> Cpp:
    type = "graven::GELUTanh" if layer.approximate else "graven::GELU"
    return Cpp(type, computed(node, 0), output=True)


def exact(x: np.ndarray) -> np.ndarray:
    erfc = elementwise.exactly(np.vectorize(math.erfc, otypes=[np.float64]))
    return np.float32(0.5) * x * erfc(x * -ROOT_HALF)


def approximate(x: np.ndarray) -> np.ndarray:
    inside = ROOT_TWO_OVER_PI * (x + np.float32(0.044715) * x * x * x)
    return np.float32(0.5) * x * (np.float32(1) + elementwise.exactly(np.tanh)(inside))


def reference(layer: GELU, node: Node, values: Values) -> np.ndarray:
    real = approximate if layer.approximate else exact
    if node.output.element is ir.Element.FLOAT32:
        return real(values[0])
    return elementwise.tabled(node, values[0], real)


bounds, links = by_table(reference), one_to_one
is_identity = keeps_table(reference)
