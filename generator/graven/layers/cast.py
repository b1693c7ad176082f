"""CAST: the same numbers in another element type; the integers themselves, whatever their scales.

float32 is cut off towards zero; what an integer cannot hold goes to its ends, NaN to 0, which
TensorFlow Lite Micro leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import elementwise, ir
from graven.channels import one_to_one
from graven.cpp import Cpp, computed, template
from graven.node import Node, Values
from graven.quantize.rules import Fixed

OPERATORS = ("CAST",)
SCALES = Fixed(1.0, 0, 1.0)  # of truth values
OPTIONS = None  # its table repeats what the tensors say
POINTWISE = True


@dataclass(frozen=True)
class Cast(ir.Layer):
    source: ir.Element
    target: ir.Element


options = elementwise.no_options


def read(node: Node) -> Cast:
    node.expect_inputs(1, 1)
    data, output = node.input(0), node.output
    for tensor in (data, output):
        if tensor.element is ir.Element.FLOAT16:
            raise node.error("is float16, which only constants are; use float32.", tensor)
    node.expect_shape(output, data.shape)
    return Cast(data.element, output.element)


def cpp(layer: Cast, node: Node) -> Cpp:
    name = "boolean" if layer.target is ir.Element.BOOLEAN else layer.target.value
    quantized = node.output.quantization is not None
    return Cpp(template("Cast", f"graven::Element::{name}"), computed(node, 0), output=quantized)


def reference(layer: Cast, node: Node, values: Values) -> np.ndarray:
    value, dtype = values[0], layer.target.dtype
    if layer.source is not ir.Element.FLOAT32 or dtype.kind not in "iu":
        return value.astype(dtype)
    limits = np.iinfo(dtype)
    inside = np.nan_to_num(np.trunc(value.astype(np.float64)), nan=0.0)
    found = np.clip(inside, limits.min, float(limits.max))
    below = found < float(limits.max)  # of int64, which no double holds
    return np.where(below, np.where(below, found, 0).astype(dtype), limits.max).astype(dtype)


links = one_to_one
