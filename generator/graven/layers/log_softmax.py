"""LOG_SOFTMAX: x - log(sum of exp(x)) along the last axis; the int8 output's scale is 16/256."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, elementwise, ir
from graven.cpp import Cpp, computed
from graven.node import Node, Values, scale_of
from graven.quantize.rules import Fixed

OPERATORS = ("LOG_SOFTMAX",)
OPTIONS = None
SCALES = Fixed(16 / 256, 127)
MOST_CHANNELS = 4095  # the sum of more may overflow


@dataclass(frozen=True)
class LogSoftmax(ir.Layer):
    pass


options = elementwise.no_options


def read(node: Node) -> LogSoftmax:
    elementwise.expect(node)
    data = node.input(0)
    if not data.shape:
        raise node.error("is a scalar, but the operator needs an axis.", data)
    if data.element is ir.Element.INT8:
        node.expect_output_quantization(16 / 256, 127)
        if scale_of(data) * (1 << 26) <= 1.0:
            raise node.error(
                f"scale {scale_of(data)} is below 2^-26: all outputs would be equal; quantize the "
                "model again.",
                data,
            )
        if data.shape[-1] > MOST_CHANNELS:
            raise node.error(
                f"has {data.shape[-1]} classes, at most {MOST_CHANNELS} add up in 32 bits; keep "
                "the operator float32.",
                data,
            )
    return LogSoftmax()


def cpp(layer: LogSoftmax, node: Node) -> Cpp:
    return Cpp("graven::LogSoftmax", computed(node, 0))


def reference(layer: LogSoftmax, node: Node, values: Values) -> np.ndarray:
    if node.output.element is ir.Element.FLOAT32:
        value = values[0].astype(np.float64)
        value = value - value.max(axis=-1, keepdims=True)
        return (value - np.log(np.exp(value).sum(axis=-1, keepdims=True))).astype(np.float32)
    # The differences to the largest and the logarithm are Q5, the sum of powers Q12.
    real = min(scale_of(node.input(0)) * (1 << 26), (1 << 31) - 1.0)
    multiplier, shift = arithmetic.quantize_multiplier(real)
    back = arithmetic.quantize_multiplier(2.0 ** (31 - shift) / multiplier)
    least = -math.floor(31 * (1 << 26) / 2.0**shift)
    value = values[0].astype(np.int64)
    difference = value - value.max(axis=-1, keepdims=True)
    counts = difference >= least
    scaled = arithmetic.multiply(np.where(counts, difference, 0), multiplier, shift)
    power = arithmetic.divide_by_power(arithmetic.exp_of_negative(scaled, 5), 12)
    total = np.where(counts, power, 0).sum(axis=-1, keepdims=True)
    log = arithmetic.log(total, 12)
    beyond = np.maximum(least - 1, arithmetic.multiply(log + arithmetic.INT32_MIN, *back))
    steps = arithmetic.divide_by_power(scaled - log, 22) + 127
    limits = (arithmetic.INT8_MIN, arithmetic.INT8_MAX)
    return arithmetic.clamp(np.where(difference > beyond, steps, -128), limits)
