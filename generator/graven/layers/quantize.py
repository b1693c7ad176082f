"""QUANTIZE: float32 to int8 or int16, or integers to another scale and zero point.

Numbers beyond the range go to its ends and NaN to the zero point, as Arm's conversion does it; in
TensorFlow Lite Micro it is undefined what becomes of NaN and of quotients beyond 2^31.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, elementwise, ir
from graven.bounds import by_table, keeps_table
from graven.channels import one_to_one
from graven.cpp import Cpp, computed
from graven.node import Node, Values, per_tensor, scale_of, zero_point_of

OPERATORS = ("QUANTIZE",)
OPTIONS = None
POINTWISE = True


WORDS = frozenset((ir.Element.INT8, ir.Element.INT16))  # what may become int32


@dataclass(frozen=True)
class Quantize(ir.Layer):
    pass


options = elementwise.no_options


def read(node: Node) -> Quantize:
    node.expect_inputs(1, 1)
    data, output = node.input(0), node.output
    if data.element is not ir.Element.FLOAT32:
        node.expect_quantized(data)
    if output.element is ir.Element.INT32 and data.element in WORDS:
        if per_tensor(node, output)[1] != 0:
            raise node.error("is int32 with a zero point, expected 0; export it again.", output)
    else:
        node.expect_quantized(output)
        node.expect_symmetric_words(output)
    if {data.element, output.element} == {ir.Element.UINT8, ir.Element.INT16}:
        raise node.error(
            f"is {output.element.value}, and its input {data.element.value}; go by int8.", output
        )
    node.expect_shape(output, data.shape)
    if data.element is not ir.Element.FLOAT32:
        node.expect_multiplier(scale_of(data) / scale_of(output))
    return Quantize()


def cpp(layer: Quantize, node: Node) -> Cpp:
    wide = node.output.element is not ir.Element.INT8
    return Cpp("graven::Quantize", computed(node, 0), output=True, element=wide)


def reference(layer: Quantize, node: Node, values: Values) -> np.ndarray:
    data, output = node.input(0), node.output
    if output.element is ir.Element.FLOAT32:  # where integers will change (quantize/widths.py)
        return values[0]
    scale, zero_point = scale_of(output), zero_point_of(output)
    if data.element is not ir.Element.FLOAT32:
        value = values[0].astype(np.int64) - zero_point_of(data)
        multiplier, shift = arithmetic.quantize_multiplier(scale_of(data) / scale)
        rounded = arithmetic.multiply(value, multiplier, shift)
    else:
        with np.errstate(over="ignore"):
            quotient = (values[0] / np.float32(scale)).astype(np.float64)
        rounded = np.nan_to_num(arithmetic.nearest(quotient), nan=0.0)
    limits = np.iinfo(output.element.dtype)
    return np.clip(rounded + zero_point, limits.min, limits.max).astype(output.element.dtype)


bounds, links = by_table(reference), one_to_one
is_identity = keeps_table(reference)
