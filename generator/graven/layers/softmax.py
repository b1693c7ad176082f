"""SOFTMAX: exp(beta * x) over its sum along the last axis; the int8 output's scale is 1/256."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, elementwise, interpolation, ir
from graven.cpp import Cpp, computed, real, template
from graven.node import Node, Option, Values, per_tensor, scale_of
from graven.quantize.rules import Fixed

OPERATORS = ("SOFTMAX",)
OPTIONS = "SoftmaxOptions"
MOST_WIDE_CLASSES = 4095  # layers/softmax.hpp
SCALES = Fixed(1 / 256, -128)


@dataclass(frozen=True)
class Softmax(ir.Layer):
    beta: float = 1.0


def options(layer: Softmax) -> dict[str, Option]:
    return {
        "Beta": layer.beta,
    }


def read(node: Node) -> Softmax:
    data = node.input(0)
    if widens(node):
        node.expect_inputs(1, 1)
        node.expect_activation(data)
        node.expect_shape(node.output, data.shape)
    else:
        elementwise.expect(node, wide=True)
    if not data.shape:
        raise node.error("is a scalar, but the operator needs an axis.", data)
    beta = float(node.option("Beta"))
    if not 0.0 < beta < math.inf:
        raise node.error(f"beta is {beta}, expected a positive number.")
    if data.element is ir.Element.INT16:
        node.expect_output_quantization(2.0**-15, 0)
        node.expect_multiplier(scale_of(data) * beta * 6553.5, 15)
    if widens(node):
        # Converters write the scale as 1/65535.
        _, zero_point = per_tensor(node, node.output)
        if zero_point != -32768 or data.shape[-1] > MOST_WIDE_CLASSES:
            raise node.error(
                f"makes int16 of int8 with zero point {zero_point} and {data.shape[-1]} classes, "
                f"expected -32768 and at most {MOST_WIDE_CLASSES}; make its output int8."
            )
    elif data.element is ir.Element.INT8:
        node.expect_output_quantization(1 / 256, -128)
    if data.element is ir.Element.INT8:
        if beta * scale_of(data) * (1 << 26) <= 1.0:
            raise node.error(
                f"beta {beta} times scale {scale_of(data)} is below 2^-26: all outputs would be "
                "equal; quantize the model again.",
                data,
            )
    return Softmax(beta=beta)


def widens(node: Node) -> bool:
    """int8 to int16."""
    pair = node.input(0).element, node.output.element
    return pair == (ir.Element.INT8, ir.Element.INT16)


def cpp(layer: Softmax, node: Node) -> Cpp:
    plain = layer.beta == 1.0
    type = "graven::Softmax" if plain else template("SoftmaxWith", real(layer.beta))
    wide = widens(node)
    return Cpp(type, computed(node, 0), output=wide, element=wide)


def reference(layer: Softmax, node: Node, values: Values) -> np.ndarray:
    if node.output.element is ir.Element.FLOAT32:
        value = values[0].astype(np.float64)
        power = np.exp((value - value.max(axis=-1, keepdims=True)) * layer.beta)
        return (power / power.sum(axis=-1, keepdims=True)).astype(np.float32)
    if node.input(0).element is ir.Element.INT16:
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
    bits = 8 * node.output.element.dtype.itemsize
    if bits == 8:
        halves = 1 << 28
        counts &= total < halves
        total = np.minimum(total, halves - 1)
    width = np.frexp(total.astype(np.float64))[1].astype(np.int64)  # bits of the sum
    reciprocal = arithmetic.reciprocal_of_one_plus((total << (32 - width)) - (1 << 31))
    exponent = 12 - (32 - width) + 31 - bits
    result = arithmetic.divide_by_power(arithmetic.high_multiply(reciprocal, power), exponent)
    low = -1 << bits - 1
    result = np.where(counts, np.clip(result + low, low, -1 - low), low)
    return result.astype(node.output.element.dtype)
