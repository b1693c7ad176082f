"""L2_NORMALIZATION: what lies along the last axis, divided by the root of its squares' sum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, elementwise, ir
from graven.cpp import Cpp, computed
from graven.node import Node, Option, Values, zero_point_of
from graven.quantize.rules import Fixed

OPERATORS = ("L2_NORMALIZATION",)
OPTIONS = "L2NormOptions"
SCALES = Fixed(1 / 128, 0)
MOST_CHANNELS = 32768


@dataclass(frozen=True)
class L2Normalization(ir.Layer):
    pass


def options(layer: L2Normalization) -> dict[str, Option]:
    return {"FusedActivationFunction": "NONE"}


def read(node: Node) -> L2Normalization:
    elementwise.expect(node)
    data = node.input(0)
    if not data.shape or data.shape[-1] > MOST_CHANNELS:
        raise node.error(f"needs a last axis of at most {MOST_CHANNELS} elements.", data)
    if node.activation() != "NONE":
        raise node.error("has a fused activation, which TensorFlow Lite does not compute either.")
    if data.element is ir.Element.INT8:
        node.expect_output_quantization(1 / 128, 0)
    return L2Normalization()


def cpp(layer: L2Normalization, node: Node) -> Cpp:
    return Cpp("graven::L2Normalization", computed(node, 0))


def reference(layer: L2Normalization, node: Node, values: Values) -> np.ndarray:
    if node.output.element is ir.Element.FLOAT32:
        value = values[0].astype(np.float64)
        length = np.sqrt((value * value).sum(axis=-1, keepdims=True))
        return (value / np.maximum(length, 1e-6)).astype(np.float32)
    steps = values[0].astype(np.int64) - zero_point_of(node.input(0))
    inverse, shift = arithmetic.inverse_sqrt((steps * steps).sum(axis=-1, keepdims=True))
    scaled = arithmetic.multiply(steps, inverse, shift + 7)
    return np.clip(scaled, arithmetic.INT8_MIN, arithmetic.INT8_MAX).astype(np.int8)
