"""TANH: in fixed point for int8; the output's scale is 1/128."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, elementwise, interpolation, ir
from graven.bounds import by_table, keeps_table
from graven.channels import one_to_one
from graven.cpp import Cpp, computed
from graven.node import Node, Values, scale_of, zero_point_of
from graven.quantize.rules import Fixed

OPERATORS = ("TANH",)
OPTIONS = None
POINTWISE = True
SCALES = Fixed(1 / 128, 0)


@dataclass(frozen=True)
class Tanh(ir.Layer):
    pass


options = elementwise.no_options


def read(node: Node) -> Tanh:
    elementwise.expect_fixed(node, 1 / 128, 0)
    return Tanh()


def cpp(layer: Tanh, node: Node) -> Cpp:
    return Cpp("graven::Tanh", computed(node, 0))


def reference(layer: Tanh, node: Node, values: Values) -> np.ndarray:
    if node.output.element is ir.Element.FLOAT32:
        return np.tanh(values[0].astype(np.float64)).astype(np.float32)
    data = node.input(0)
    if data.element is ir.Element.INT16:
        return interpolation.tanh(values[0], scale_of(data))
    multiplier, shift = arithmetic.quantize_multiplier(scale_of(data) * (1 << 27))
    value = values[0].astype(np.int64) - zero_point_of(data)
    radius = math.floor(15 * (1 << 27) / 2.0**shift)  # beyond it Q4 would overflow
    inside = np.abs(value) < radius
    raw = arithmetic.tanh(arithmetic.multiply(np.where(inside, value, 0), multiplier, shift))
    result = np.clip(arithmetic.divide_by_power(raw, 24), -128, 127)
    outside = np.where(value <= -radius, -128, 127)
    return np.where(inside, result, outside).astype(np.int8)


bounds, links = by_table(reference), one_to_one
is_identity = keeps_table(reference)
