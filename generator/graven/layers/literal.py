"""LITERAL: a constant where an operator needs a computed tensor. No file has it: a pass puts it
there (passes/literals.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.bounds import monotone
from graven.cpp import Constant, Cpp, hwc, shape, template
from graven.node import Node, Option, Values, scale_of, zero_point_of
from graven.quantize.rules import SAME

OPERATORS = ("LITERAL",)
OPTIONS = None
SCALES = SAME


@dataclass(frozen=True)
class Literal(ir.Layer):
    pass


def options(layer: Literal) -> dict[str, Option]:
    return {}


def read(node: Node) -> Literal:
    raise node.error("is graven's own and cannot stand in a file.")


def cpp(layer: Literal, node: Node) -> Cpp:
    tensor = node.input(0)
    scale = None
    if tensor.quantization is not None and tensor.element is not ir.Element.INT32:
        scale = np.array([scale_of(tensor)], dtype=np.float32)
    value = Constant("value", tensor.data, scale, zero_point_of(tensor) if scale is not None else 0)
    return Cpp(template("Literal", shape(hwc(node, tensor))), inputs=(), constants=(value,))


def reference(layer: Literal, node: Node, values: Values) -> np.ndarray:
    return values[0].copy()


bounds = monotone(reference)
