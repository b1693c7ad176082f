"""Functions of real numbers, element by element: ABS, EXP, SIN, ... Of int8 and int16 there are ABS
and RSQRT as in TensorFlow Lite Micro; EXP, LOG and SQRT (which truncates) as in LiteRT. Where a
function is not defined, integers take its limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, elementwise, ir
from graven.bounds import by_table, keeps_table
from graven.channels import one_to_one
from graven.cpp import Cpp, computed
from graven.elementwise import centred, exactly, finished
from graven.node import Node, Values, scale_of, zero_point_of

EXACT = {
    "ABS": np.abs,
    "NEG": np.negative,
    "SQUARE": np.square,
    "SQRT": exactly(np.sqrt),
    "RSQRT": lambda x: np.float32(1) / exactly(np.sqrt)(x),
    "EXP": exactly(np.exp),
    "LOG": exactly(np.log),
    "SIN": exactly(np.sin),
    "COS": exactly(np.cos),
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "ROUND": np.rint,
    "SIGN": lambda x: np.where(np.isnan(x), np.float32(0), np.sign(x)),
}
MOST_INVERSE = {ir.Element.INT8: 20, ir.Element.INT16: 40}
"""RSQRT: of what its scales make, the logarithm that still fits; int16 saturates above 20."""
OPERATORS = tuple(EXACT)
OPTIONS = None
POINTWISE = True


@dataclass(frozen=True)
class Elementary(ir.Layer):
    pass


options = elementwise.no_options


def read(node: Node) -> Elementary:
    if node.name not in INTEGER:
        elementwise.expect_real(node)
    elementwise.expect_rescaled(node, wide=node.name in WIDE)
    if node.name == "RSQRT" and node.output.element in MOST_INVERSE:
        real, most = inverse_scale(node), MOST_INVERSE[node.output.element]
        if not 2.0**-11 < real < 2.0**most:
            raise node.error(
                f"the scales of its tensors make a multiplier of {real:g}, expected 2^-11 to "
                f"2^{most}; quantize the model again."
            )
    return Elementary()


def cpp(layer: Elementary, node: Node) -> Cpp:
    return Cpp(f"graven::{node.name.capitalize()}", computed(node, 0), output=True)


def reference(layer: Elementary, node: Node, values: Values) -> np.ndarray:
    if node.output.element is not ir.Element.FLOAT32:
        return INTEGER[node.name](node, values[0])
    with np.errstate(all="ignore"):
        return EXACT[node.name](values[0]).astype(np.float32)


# -- integers -------------------------------------------------------------------------------------


def absolute(node: Node, value: np.ndarray) -> np.ndarray:
    ratio = scale_of(node.input(0)) / scale_of(node.output)
    steps = np.abs(centred(node, value))
    if ratio != 1.0:
        steps = arithmetic.multiply(steps, *arithmetic.quantize_multiplier(ratio))
    return finished(node, steps)


def square_root(node: Node, value: np.ndarray) -> np.ndarray:
    root = EXACT["SQRT"](np.maximum(elementwise.dequantized(node, value), np.float32(0)))
    steps = root / np.float32(scale_of(node.output))
    return finished(node, np.minimum(steps, 1e6).astype(np.int64))


def inverse_scale(node: Node) -> float:
    return 1.0 / (math.sqrt(scale_of(node.input(0))) * scale_of(node.output))


def inverse_square_root(node: Node, value: np.ndarray) -> np.ndarray:
    """In 2^-20, then in the output's steps."""
    steps = centred(node, value)
    inverse, shift = arithmetic.inverse_sqrt(np.maximum(steps, 1))
    wide = arithmetic.multiply(np.ones_like(steps), inverse, shift + 20)
    multiplier, shift = arithmetic.quantize_multiplier(inverse_scale(node))
    left = max(shift - 20, 0)
    wide = arithmetic.multiply_by_power(wide, left)
    found = finished(node, arithmetic.multiply(wide, multiplier, shift - 20 - left))
    return np.where(steps > 0, found, value.dtype.type(np.iinfo(value.dtype).max))


def defined(function: elementwise.Real, otherwise: np.float32) -> elementwise.Real:
    """With a value for all numbers that are not positive."""
    return lambda x: np.where(x > 0, function(np.where(x > 0, x, np.float32(1))), otherwise)


def exponential(node: Node, value: np.ndarray) -> np.ndarray:
    return elementwise.tabled(node, value, EXACT["EXP"])


def logarithm(node: Node, value: np.ndarray) -> np.ndarray:
    least = np.float32(scale_of(node.output)) * np.float32(
        np.iinfo(value.dtype).min - zero_point_of(node.output)
    )
    return elementwise.tabled(node, value, defined(EXACT["LOG"], least))


INTEGER = {
    "ABS": absolute, "SQRT": square_root, "RSQRT": inverse_square_root, "EXP": exponential,
    "LOG": logarithm,
}  # fmt: skip
WITHOUT_INTEGERS = tuple(name for name in OPERATORS if name not in INTEGER)
WIDE = {"ABS", "EXP", "LOG", "RSQRT", "SQRT"}

bounds, links = by_table(reference), one_to_one
is_identity = keeps_table(reference)
