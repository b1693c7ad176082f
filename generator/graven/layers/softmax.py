"""SOFTMAX: exp(beta * x) over its sum along the last axis; the int8 output's scale is 1/256."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, elementwise, interpolation, ir
from graven.cpp import Cpp, computed, real, template
from graven.node import Node, Option, Values, scale_of
from graven.quantize.rules import Fixed

OPERATORS = ("SOFTMAX",)
OPTIONS = "SoftmaxOptions"
SCALES = Fixed(1 / 256, -128)


@dataclass(frozen=True)
class Softmax(ir.Layer):
    beta: float = 1.0


def options(layer: Softmax) -> dict[str, Option]:
    return {
        "Beta": layer.beta,
    }


def read(node: Node) -> Softmax:
    elementwise.expect(node, wide=True)
    data = node.input(0)
    if not data.shape:
        raise node.error("is a scalar, but the operator needs an axis.", data)
    beta = float(node.option("Beta"))
    if not 0.0 < beta < math.inf:
        raise node.error(f"beta is {beta}, expected a positive number.")
    if data.element is ir.Element.INT16:
        node.expect_output_quantization(2.0**-15, 0)
        node.expect_multiplier(scale_of(data) * beta * 6553.5, 15)
    if data.element is ir.Element.INT8:
        node.expect_output_quantization(1 / 256, -128)
        if beta * scale_of(data) * (1 << 26) <= 1.0:
            raise node.error(
                f"beta {beta} times scale {scale_of(data)} is below 2^-26: all outputs would be "
                "equal; quantize the model again.",
                data,
            )
    return Softmax(beta=beta)


def cpp(layer: Softmax, node: Node) -> Cpp:
    plain = layer.beta == 1.0
    type = "graven::Softmax" if plain else template("SoftmaxWith", real(layer.beta))
    return Cpp(type, computed(node, 0))


def reference(layer: Softmax, node: Node, values: Values) -> np.ndarray:
    if node.output.element is ir.Element.FLOAT32:
        value = values[0].astype(np.float64)
        power = np.exp((value - value.max(axis=-1, keepdims=True)) * layer.beta)
        return (power / power.sum(axis=-1, keepdims=True)).astype(np.float32)
    if node.output.element is ir.Element.INT16:
        return interpolation.softmax(values[0], scale_of(node.input(0)) * layer.beta)
    # The differences to the largest are Q5, the sum of powers Q12.
    real = min(layer.beta * scale_of(node.input(0)) * (1 << 26), (1 << 31) - 1.0)
    multiplier, shift = arithmetic.quantize_multiplier(real)
    least = -math.floor(31 * (1 << 26) / 2.0**shift)
    value = values[0].astype(np.int64)
    difference = value - value.max(axis=-1, keepdims=True)
    counts = difference >= least
    scaled = np.where(counts, difference, 0) << shift
    power = arithmetic.exp_of_negative(arithmetic.high_multiply(scaled, multiplier), 5)
    summands = np.where(counts, arithmetic.divide_by_power(power, 12), 0)
    total = summands.sum(axis=-1, keepdims=True)
    # From this sum on (as of 512 equal classes) no class reaches half a level; TFLM would shift by
    # 32 and more bits, which its assertions stop.
    halves = 1 << 28
    counts &= total < halves
    total = np.minimum(total, halves - 1)
    width = np.frexp(total.astype(np.float64))[1].astype(np.int64)  # bits of the sum
    reciprocal = arithmetic.reciprocal_of_one_plus((total << (32 - width)) - (1 << 31))
    exponent = 12 - (32 - width) + 31 - 8
    result = arithmetic.divide_by_power(arithmetic.high_multiply(reciprocal, power), exponent)
    return np.where(counts, np.clip(result - 128, -128, 127), -128).astype(np.int8)
