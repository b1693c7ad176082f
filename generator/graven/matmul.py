"""What convolutions and Dense share: from sums of products to the output, and its bounds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graven import arithmetic, ir
from graven.bounds import Bounds, Inputs, Rule
from graven.node import Node, scale_of, zero_point_of

Products = Callable[[ir.Layer, Node, np.ndarray, np.ndarray], np.ndarray]
"""A layer module's products: sums of centred values and weights, without bias."""


def window_padding(node: Node) -> int:
    """What a zero is in the input's integers."""
    data = node.input(0)
    return zero_point_of(data) if data.element is ir.Element.INT8 else 0


def real_multiplier(node: Node) -> float | np.ndarray:
    """Input scale times filter scale over output scale, in double precision.

    One for per-tensor weights, else one per channel. TensorFlow Lite rounds the product to float32
    first where a Dense layer has one scale for all its weights, and where the weights are uint8.
    """
    data, weights, output = node.input(0), node.input(1), node.output
    assert weights.quantization is not None
    scales = weights.quantization.scale
    rounded = node.name == "FULLY_CONNECTED" or weights.element is ir.Element.INT16
    if rounded and len(scales) == 1:
        product = float(np.float32(scale_of(data)) * np.float32(scales[0]))
        return product / scale_of(output)
    if len(scales) == 1:
        return scale_of(data) * scales[0] / scale_of(output)
    return scale_of(data) * np.array(scales) / scale_of(output)


def finish(acc: np.ndarray, activation: str, node: Node, bias: np.ndarray | None) -> np.ndarray:
    """Bias, requantization and fused activation of exact sums held in float64."""
    output = node.output
    if output.element is ir.Element.FLOAT32:
        weights = node.input(1).quantization
        if weights is not None:  # hybrid: integers under float activations
            acc = acc * np.array(weights.scale)
        total = acc if bias is None else acc + bias
        return arithmetic.clamp_float(total, activation)
    total = acc.astype(np.int64) if bias is None else acc.astype(np.int64) + bias
    scale, zero_point = scale_of(output), zero_point_of(output)
    limits = arithmetic.limits(activation, scale, zero_point, output.element.dtype)
    real, dtype = real_multiplier(node), output.element.dtype
    if output.element is ir.Element.INT16 and (bias is None or bias.dtype == np.int64):
        return arithmetic.requantize_wide(total, real, limits)
    if node.name == "FULLY_CONNECTED" and node.input(1).element is ir.Element.INT16:
        return arithmetic.requantize_once(total, float(real), zero_point, limits)
    return arithmetic.requantize(total, real, zero_point, limits, dtype)


def centred(node: Node, values: np.ndarray) -> np.ndarray:
    """The input's integers less its zero point, in which padding is 0; float64 holds them."""
    return values.astype(np.float64) - window_padding(node)


# -- two matrices, both of which are activations --------------------------------------------------

MOST_DEPTH = {ir.Element.INT8: (32768, 32), ir.Element.INT16: (131071, 48)}
"""Products less a zero point, and the bits of their sum that hold them."""


def expect_product(node: Node, depth: int) -> None:
    """Scales that work, and no more products per sum than their bits hold."""
    element = node.output.element
    if element not in MOST_DEPTH:
        return
    most, bits = MOST_DEPTH[element]
    if depth > most:
        raise node.error(f"adds {depth} products, at most {most} fit {bits} bits.")
    real = scale_of(node.input(0)) * scale_of(node.input(1)) / scale_of(node.output)
    node.expect_multiplier(real, 7 if element is ir.Element.INT16 else 30)


def product_of_matrices(node: Node, x: np.ndarray, y: np.ndarray, activation: str) -> np.ndarray:
    """x @ y of inputs 0 and 1. TensorFlow Lite rounds the product of their scales to float32."""
    output = node.output
    if output.element is ir.Element.FLOAT32:
        return arithmetic.clamp_float(x.astype(np.float64) @ y.astype(np.float64), activation)
    first, second = node.input(0), node.input(1)
    acc = (x.astype(np.float64) - zero_point_of(first)) @ (
        y.astype(np.float64) - zero_point_of(second)
    )
    scale, zero_point = scale_of(output), zero_point_of(output)
    real = float(np.float32(scale_of(first)) * np.float32(scale_of(second))) / scale
    limits = arithmetic.limits(activation, scale, zero_point, output.element.dtype)
    if output.element is ir.Element.INT16:
        return arithmetic.requantize_wide(acc, real, limits)
    return arithmetic.requantize(acc.astype(np.int64), real, zero_point, limits)


# -- bounds ---------------------------------------------------------------------------------------


def bounded(products: Products) -> Rule:
    """Sums are bounded with the weights as they are, then requantized by the very functions of the
    reference, which are monotone as long as 32 bits hold the sum; where they may not, the bounds
    are all that the activation leaves.
    """

    def bounds(layer: ir.Layer, node: Node, inputs: Inputs) -> Bounds:
        acc = sums(products, layer, node, inputs[0])
        low, high = (finish(value, layer.activation, node, None) for value in acc)
        scale, zero_point = scale_of(node.output), zero_point_of(node.output)
        limits = arithmetic.limits(layer.activation, scale, zero_point)
        fits = _fits(acc, np.atleast_1d(real_multiplier(node)))
        return Bounds(
            np.where(fits, low, limits[0]).astype(np.int8),
            np.where(fits, high, limits[1]).astype(np.int8),
        )

    return bounds


def sums(
    products: Products, layer: ir.Layer, node: Node, data: Bounds
) -> tuple[np.ndarray, np.ndarray]:
    """The least and greatest sum of each output, bias included, before 32 bits cut it."""
    weights = node.input(1).data.astype(np.float64)
    low, high = centred(node, data.low), centred(node, data.high)
    centre = products(layer, node, low + high, weights)
    radius = products(layer, node, high - low, np.abs(weights))
    bias = node.optional(2)
    offset = 0 if bias is None else bias.data.astype(np.int64)
    shape = node.output.shape
    return (
        ((centre - radius) / 2).astype(np.int64).reshape(shape) + offset,
        ((centre + radius) / 2).astype(np.int64).reshape(shape) + offset,
    )


def _fits(acc: tuple[np.ndarray, np.ndarray], multipliers: np.ndarray) -> np.ndarray:
    """Where 32 bits hold all of an interval, also after the left shift of its multiplier."""
    shifts = [arithmetic.quantize_multiplier(float(real))[1] for real in multipliers]
    left = np.maximum(np.array(shifts, dtype=np.int64), 0)
    low, high = arithmetic.INT32_MIN >> left, arithmetic.INT32_MAX >> left
    return (acc[0] >= low) & (acc[1] <= high)
