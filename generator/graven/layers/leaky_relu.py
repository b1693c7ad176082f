"""LEAKY_RELU: x, where it is positive, else alpha * x; int8 with a multiplier for each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, elementwise, ir
from graven.bounds import by_table, keeps_table
from graven.channels import one_to_one
from graven.cpp import Cpp, computed, real, template
from graven.node import Node, Option, Values, scale_of

OPERATORS = ("LEAKY_RELU",)
OPTIONS = "LeakyReluOptions"
POINTWISE = True


@dataclass(frozen=True)
class LeakyReLU(ir.Layer):
    alpha: float


def options(layer: LeakyReLU) -> dict[str, Option]:
    return {"Alpha": layer.alpha}


def read(node: Node) -> LeakyReLU:
    elementwise.expect_rescaled(node, wide=True)
    alpha = float(node.option("Alpha"))
    if not math.isfinite(alpha):
        raise node.error(f"alpha is {alpha}, expected a finite number.")
    if node.output.element is not ir.Element.FLOAT32 and alpha != 0.0:
        node.expect_multiplier(abs(alpha) * scale_of(node.input(0)) / scale_of(node.output))
    return LeakyReLU(alpha=alpha)


def cpp(layer: LeakyReLU, node: Node) -> Cpp:
    return Cpp(template("LeakyReLU", real(layer.alpha)), computed(node, 0), output=True)


def reference(layer: LeakyReLU, node: Node, values: Values) -> np.ndarray:
    alpha = np.float32(layer.alpha)
    if node.output.element is ir.Element.FLOAT32:
        return np.where(values[0] > 0, values[0], values[0] * alpha)
    value = elementwise.centred(node, values[0])
    ratio = scale_of(node.input(0)) / scale_of(node.output)
    below = scale_of(node.input(0)) * float(alpha) / scale_of(node.output)
    steps = [
        arithmetic.multiply(value, *arithmetic.quantize_multiplier(each)) for each in (ratio, below)
    ]
    return elementwise.finished(node, np.where(value >= 0, *steps))


bounds, links = by_table(reference), one_to_one
is_identity = keeps_table(reference)
