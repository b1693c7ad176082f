"""What layers share that take each output from the one element at its place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graven import arithmetic, interpolation, ir
from graven.node import Node, Option, scale_of, zero_point_of

Real = Callable[[np.ndarray], np.ndarray]
"""A function of every element, from float32 to float32."""


def no_options(layer: ir.Layer) -> dict[str, Option]:
    return {}


def expect(node: Node, wide: bool = False) -> None:
    """One input and one output of the same element and shape; `wide`: or int16."""
    data, output = node.expect_activations(1, 1, wide)
    node.expect_shape(output, data.shape)


def expect_rescaled(node: Node, wide: bool = False) -> None:
    """As expect; integers go from the input's scale to the output's."""
    expect(node, wide)
    data = node.input(0)
    if data.element is not ir.Element.FLOAT32:
        node.expect_multiplier(scale_of(data) / scale_of(node.output))


def expect_fixed(node: Node, scale: float, zero_point: int) -> None:
    """As expect, or int16; an int8 output always has this scale and zero point, int16 2^-15."""
    expect(node, wide=True)
    data = node.input(0)
    if data.element is ir.Element.INT16:
        node.expect_output_quantization(2.0**-15, 0)
    if data.element is ir.Element.INT8:
        node.expect_output_quantization(scale, zero_point)
        node.expect_multiplier(scale_of(data))


def expect_real(node: Node) -> None:
    """As expect; float32 alone."""
    expect(node)
    if node.input(0).element is ir.Element.INT8:
        raise node.error(
            "is int8, which neither TensorFlow Lite Micro nor LiteRT has for this operator; keep "
            "it float32 between a DEQUANTIZE and a QUANTIZE.",
            node.input(0),
        )


def centred(node: Node, value: np.ndarray) -> np.ndarray:
    """The input's integers less their zero point."""
    return value.astype(np.int64) - zero_point_of(node.input(0))


def finished(node: Node, steps: np.ndarray) -> np.ndarray:
    """Whole steps of the output's scale as its integer, saturated."""
    limits = np.iinfo(node.output.element.dtype)
    steps = steps + zero_point_of(node.output)
    return arithmetic.clamp(steps, (limits.min, limits.max), limits.dtype)


def tabled(node: Node, value: np.ndarray, function: Real) -> np.ndarray:
    """int8 by a table of a real function in float32, int16 by one with interpolation, as
    TensorFlow Lite's LUTPopulate."""
    if value.dtype == np.int16:
        scales = scale_of(node.input(0)), scale_of(node.output)
        return interpolation.tabled(value, function, *scales)
    steps = function(dequantized(node, value)) * (np.float32(1) / np.float32(scale_of(node.output)))
    return finished(node, arithmetic.nearest(np.clip(steps, -1e6, 1e6)).astype(np.int64))


def dequantized(node: Node, value: np.ndarray) -> np.ndarray:
    return np.float32(scale_of(node.input(0))) * centred(node, value).astype(np.float32)


def exactly(function: Callable[[np.ndarray], np.ndarray]) -> Real:
    """A function of numpy's in double, rounded to float32 once."""

    def real(value: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return function(value.astype(np.float64)).astype(np.float32)

    return real
