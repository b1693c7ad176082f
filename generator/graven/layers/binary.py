"""SUB, DIV, MINIMUM, MAXIMUM, SQUARED_DIFFERENCE, FLOOR_DIV, FLOOR_MOD, POW, comparisons, logic,
PRELU: two operands, element by element, with broadcasting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, binary, ir
from graven.bounds import Bounds, Inputs, full
from graven.cpp import Cpp
from graven.node import Node, Option, Values, scale_of, zero_point_of
from graven.quantize.rules import SAME

NAMES = {
    "SUB": "Sub",
    "DIV": "Div",
    "MINIMUM": "Minimum",
    "MAXIMUM": "Maximum",
    "SQUARED_DIFFERENCE": "SquaredDifference",
    "FLOOR_DIV": "FloorDiv",
    "FLOOR_MOD": "FloorMod",
    "POW": "Pow",
    "EQUAL": "Equal",
    "NOT_EQUAL": "NotEqual",
    "LESS": "Less",
    "LESS_EQUAL": "LessEqual",
    "GREATER": "Greater",
    "GREATER_EQUAL": "GreaterEqual",
    "LOGICAL_AND": "LogicalAnd",
    "LOGICAL_OR": "LogicalOr",
    "PRELU": "Prelu",
}
OPERATORS = tuple(NAMES)
OPTIONS = {"SUB": "SubOptions", "DIV": "DivOptions"}
POINTWISE = True
WITHOUT_INTEGERS = ("FLOOR_DIV", "FLOOR_MOD", "POW")
SCALES = {"MINIMUM": SAME, "MAXIMUM": SAME}
DATA = (0, 1)
BROADCASTS = True

INT8, INT16 = ir.Element.INT8, ir.Element.INT16
FLOAT32, BOOLEAN = ir.Element.FLOAT32, ir.Element.BOOLEAN


@dataclass(frozen=True)
class Binary(ir.Layer):
    activation: str = "NONE"


def options(layer: Binary) -> dict[str, Option]:
    return {"FusedActivationFunction": layer.activation}


def read(node: Node) -> Binary:
    activation = node.activation() if node.name in OPTIONS else "NONE"
    if node.name in COMPARISONS:
        expect_comparison(node)
    elif node.name in LOGIC:
        binary.expect_operands(node, BOOLEAN)
    elif node.name == "POW":
        if node.input(0).element in binary.INTEGERS:
            raise node.error(
                "POW of two tensors has no integers; keep the model in float32, or raise to a "
                "constant."
            )
        binary.expect_operands(node, FLOAT32, ir.Element.INT32)
    elif node.name in ("FLOOR_DIV", "FLOOR_MOD"):
        binary.expect_operands(node, *binary.NUMBERS[1:])
    elif node.name == "PRELU":
        expect_slopes(node)
    elif node.name in ("SUB", "DIV", "MINIMUM", "MAXIMUM", "SQUARED_DIFFERENCE"):
        binary.expect_operands(node, *binary.WIDE)
    else:
        binary.expect_operands(node)
    if node.output.element in binary.INTEGERS:
        expect_scales(node)
    return Binary(activation)


def expect_slopes(node: Node) -> None:
    """Of int16 activations they are int8, as weights are."""
    node.expect_inputs(2, 2)
    data, slopes = node.input(0), node.input(1)
    binary.expect_element(node, data, *binary.INTEGERS, FLOAT32)
    if data.element is INT16:
        binary.expect_element(node, slopes, INT8)
    else:
        node.expect_same_element(data, slopes)
    node.expect_same_element(data, node.output)
    binary.expect_broadcast(node)


def expect_comparison(node: Node) -> None:
    node.expect_inputs(2, 2)
    equality = node.name in ("EQUAL", "NOT_EQUAL")
    binary.expect_element(node, node.input(0), *binary.WIDE, *(BOOLEAN,) * equality)
    if node.input(0).element is INT16 and not equality:
        node.expect_same_quantization(node.input(0), node.input(1))  # LiteRT compares integers
    node.expect_same_element(node.input(0), node.input(1))
    node.expect_element(node.output, BOOLEAN)
    binary.expect_broadcast(node)
    for tensor in node.inputs:
        if tensor.element in binary.INTEGERS and scale_of(tensor) >= 1.0:
            raise node.error(
                f"has scale {scale_of(tensor):g}, but TensorFlow Lite compares numbers with scales "
                "below 1 only; quantize the model again.",
                tensor,
            )


def expect_scales(node: Node) -> None:
    first, second, output = node.input(0), node.input(1), node.output
    if node.name in ("MINIMUM", "MAXIMUM"):
        node.expect_same_quantization(first, second)
        node.expect_same_quantization(first, output)
    elif node.name == "SUB":
        binary.expect_sum(node)
    elif node.name == "SQUARED_DIFFERENCE":
        node.expect_multiplier(square_multipliers(node)[2])
    elif node.name == "DIV":
        node.expect_multiplier(div_multiplier(node))
    else:
        for real in prelu_multipliers(node):
            node.expect_multiplier(real)


def cpp(layer: Binary, node: Node) -> Cpp:
    return binary.cpp(NAMES[node.name], layer.activation, node)


def reference(layer: Binary, node: Node, values: Values) -> np.ndarray:
    first, second = values
    element = node.input(0).element
    if node.name in LOGIC:
        return LOGIC[node.name](first, second)
    if node.name in COMPARISONS:
        if element is INT8 or (element is INT16 and node.name in ("EQUAL", "NOT_EQUAL")):
            first, second = (real_term(node, place, values[place]) for place in range(2))
        return np.asarray(COMPARISONS[node.name](first, second))
    quantized = element in binary.INTEGERS
    if not quantized or node.name in ("MINIMUM", "MAXIMUM"):
        plain = PLAIN[node.name](first, second).astype(element.dtype)
        return plain if quantized else binary.clamped(plain, layer.activation)
    scale, zero_point, dtype = scale_of(node.output), zero_point_of(node.output), element.dtype
    value = QUANTIZED[node.name](node, first, second) + zero_point
    return arithmetic.clamp(
        value, arithmetic.limits(layer.activation, scale, zero_point, dtype), dtype
    )


# -- numbers as they are --------------------------------------------------------------------------


def divided(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """As C++ divides: integers towards zero; by zero they are 0."""
    if first.dtype == np.float32:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return first / second
    a, b = np.broadcast_arrays(first.astype(np.int64), second.astype(np.int64))
    whole = np.abs(a) // np.maximum(np.abs(b), 1)
    return np.where(b == 0, 0, np.where((a < 0) != (b < 0), -whole, whole))


def floor_divided(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    if first.dtype == np.float32:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.floor(first.astype(np.float64) / second)
    a, b = np.broadcast_arrays(first.astype(np.int64), second.astype(np.int64))
    return np.where(b == 0, 0, a // np.where(b == 0, 1, b))


def floor_remainder(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """With the sign of the divisor."""
    if first.dtype == np.float32:
        with np.errstate(invalid="ignore"):
            rest = np.fmod(first, second)
        return np.where((rest != 0) & ((rest < 0) != (second < 0)), rest + second, rest)
    a, b = np.broadcast_arrays(first.astype(np.int64), second.astype(np.int64))
    return np.where(b == 0, 0, a % np.where(b == 0, 1, b))


Operation = Callable[[np.ndarray, np.ndarray], np.ndarray]


def raised(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Of int32 whatever 32 bits keep, and whole parts of the reciprocals."""
    with np.errstate(all="ignore"):
        if first.dtype == np.float32:
            return np.power(first, second)
        made = np.power(first, np.maximum(second, 0))
        unit = np.where(np.abs(first) == 1, np.where(second & 1, first, 1), 0)
        return np.where(second < 0, unit, made)


PLAIN: dict[str, Operation] = {
    "SUB": np.subtract,
    "DIV": divided,
    "MINIMUM": lambda a, b: np.where(a < b, a, b),
    "MAXIMUM": lambda a, b: np.where(a > b, a, b),
    "SQUARED_DIFFERENCE": lambda a, b: np.square(a - b),
    "FLOOR_DIV": floor_divided,
    "FLOOR_MOD": floor_remainder,
    "POW": raised,
    "PRELU": lambda a, b: np.where(a >= 0, a, a * b),
}
COMPARISONS: dict[str, Operation] = {
    "EQUAL": np.equal,
    "NOT_EQUAL": np.not_equal,
    "LESS": np.less,
    "LESS_EQUAL": np.less_equal,
    "GREATER": np.greater,
    "GREATER_EQUAL": np.greater_equal,
}
LOGIC: dict[str, Operation] = {"LOGICAL_AND": np.logical_and, "LOGICAL_OR": np.logical_or}


# -- int8, int16 ----------------------------------------------------------------------------------


def factor(node: Node, place: int, value: np.ndarray) -> np.ndarray:
    return value.astype(np.int64) - zero_point_of(node.input(place))


def term(node: Node, place: int, value: np.ndarray, left: int, real: float) -> np.ndarray:
    """An operand less its zero point, times 2^left, in another scale."""
    multiplier = arithmetic.quantize_multiplier(real)
    return arithmetic.multiply(factor(node, place, value) << left, *multiplier)


def real_term(node: Node, place: int, value: np.ndarray) -> np.ndarray:
    """What a comparison sees: real numbers with 8 fractional bits."""
    return term(node, place, value, 8, scale_of(node.input(place)))


def scales(node: Node) -> tuple[float, float, float]:
    """Of both operands and of the output."""
    return scale_of(node.input(0)), scale_of(node.input(1)), scale_of(node.output)


def square_multipliers(node: Node) -> tuple[float, float, float]:
    """Of both operands and of the square of their difference."""
    first, second, output = scales(node)
    twice = 2.0 * max(first, second)
    fraction = 1 << 2 * square_shift(node)
    return first / twice, second / twice, twice * twice / (fraction * output)


def square_shift(node: Node) -> int:
    """The headroom of both operands, of whose difference 32 bits hold the square."""
    return 0 if node.output.element is INT16 else 7


def div_multiplier(node: Node) -> float:
    first, second, output = scales(node)
    return first / (second * output)


def prelu_multipliers(node: Node) -> tuple[float, float]:
    """Of what is positive, and of what is negative and multiplied."""
    first, second, output = scales(node)
    return first / output, first * second / output


def subtracted(node: Node, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    a, b, outward = binary.sum_multipliers(node)
    left = binary.left_shift(node)
    difference = term(node, 0, first, left, a) - term(node, 1, second, left, b)
    multiplier = arithmetic.quantize_multiplier(outward)
    return arithmetic.multiply(difference, *multiplier)


def squared(node: Node, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    a, b, outward = square_multipliers(node)
    left = square_shift(node)
    difference = term(node, 0, first, left, a) - term(node, 1, second, left, b)
    multiplier = arithmetic.quantize_multiplier(outward)
    return arithmetic.multiply(difference * difference, *multiplier)


def quotient(node: Node, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The reciprocal by Newton steps; by zero it is the greatest or the least number."""
    a, b = np.broadcast_arrays(factor(node, 0, first), factor(node, 1, second))
    a, b = np.where(b < 0, -a, a), np.abs(b)
    divisor = np.maximum(b, 1)
    zeros = 31 - np.floor(np.log2(divisor)).astype(np.int64)
    inverse = arithmetic.reciprocal_of_one_plus((divisor << zeros) - (1 << 31))
    magnitude = np.where(a > 0, a, -a - 1)
    headroom = 31 - np.where(magnitude > 0, np.floor(np.log2(np.maximum(magnitude, 1))) + 1, 0)
    headroom = headroom.astype(np.int64)
    multiplier, shift = arithmetic.quantize_multiplier(div_multiplier(node))
    unscaled = arithmetic.high_multiply(a << headroom, inverse)
    right = np.maximum(shift - (31 - zeros) - headroom, -31)
    value = np.where(a == 0, 0, arithmetic.multiply(unscaled, multiplier, right))
    beyond = np.sign(a) * 32767
    return np.where(b == 0, beyond, value)


def sloped(node: Node, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    positive, negative = map(arithmetic.quantize_multiplier, prelu_multipliers(node))
    a, b = factor(node, 0, first), factor(node, 1, second)
    return np.where(
        a >= 0, arithmetic.multiply(a, *positive), arithmetic.multiply(a * b, *negative)
    )


QUANTIZED: dict[str, Callable[[Node, np.ndarray, np.ndarray], np.ndarray]] = {
    "SUB": subtracted,
    "DIV": quotient,
    "SQUARED_DIFFERENCE": squared,
    "PRELU": sloped,
}


# -- pruning --------------------------------------------------------------------------------------


links = binary.links


def bounds(layer: Binary, node: Node, inputs: Inputs) -> Bounds:
    if node.name in ("SUB", "MINIMUM", "MAXIMUM"):
        return binary.by_corners(reference)(layer, node, inputs)
    return full(node.output.shape)
