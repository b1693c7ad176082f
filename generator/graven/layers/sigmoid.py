"""LOGISTIC: 1 / (1 + exp(-x)), in fixed point for int8; the output's scale is 1/256."""

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

OPERATORS = ("LOGISTIC",)
OPTIONS = None
POINTWISE = True
SCALES = Fixed(1 / 256, -128)


@dataclass(frozen=True)
class Sigmoid(ir.Layer):
    pass


options = elementwise.no_options


def read(node: Node) -> Sigmoid:
    elementwise.expect_fixed(node, 1 / 256, -128)
    return Sigmoid()


def cpp(layer: Sigmoid, node: Node) -> Cpp:
    return Cpp("graven::Sigmoid", computed(node, 0))


def reference(layer: Sigmoid, node: Node, values: Values) -> np.ndarray:
    if node.output.element is ir.Element.FLOAT32:
        with np.errstate(over="ignore"):  # exp of a large number is inf, and 1 / inf is right
            return (1.0 / (1.0 + np.exp(-values[0].astype(np.float64)))).astype(np.float32)
    data = node.input(0)
    if data.element is ir.Element.INT16:
        return interpolation.logistic(values[0], scale_of(data))
    multiplier, shift = arithmetic.quantize_multiplier(scale_of(data) * (1 << 27))
    value = values[0].astype(np.int64) - zero_point_of(data)
    radius = math.floor(15 * (1 << 27) / 2.0**shift)  # beyond it Q4 would overflow
    inside = np.abs(value) < radius
    raw = arithmetic.logistic(arithmetic.multiply(np.where(inside, value, 0), multiplier, shift))
    result = np.clip(arithmetic.divide_by_power(raw, 23) - 128, -128, 127)
    outside = np.where(value <= -radius, -128, 127)
    return np.where(inside, result, outside).astype(np.int8)


bounds, links = by_table(reference), one_to_one
is_identity = keeps_table(reference)
