"""What convolutions and Dense share in the reference: from sums of products to the output."""

from __future__ import annotations

import numpy as np

from graven import arithmetic, ir
from graven.node import Node, scale_of, zero_point_of


def window_padding(node: Node) -> int:
    """What a zero is in the input's integers."""
    data = node.input(0)
    return zero_point_of(data) if data.element is ir.Element.INT8 else 0


def real_multiplier(node: Node) -> float | np.ndarray:
    """Input scale times filter scale over output scale, in double precision.

    One for per-tensor weights, else one per channel. TensorFlow Lite rounds the product to float32
    first where a Dense layer has one scale for all its weights.
    """
    data, weights, output = node.input(0), node.input(1), node.output
    assert weights.quantization is not None
    scales = weights.quantization.scale
    if node.name == "FULLY_CONNECTED" and len(scales) == 1:
        product = float(np.float32(scale_of(data)) * np.float32(scales[0]))
        return product / scale_of(output)
    if len(scales) == 1:
        return scale_of(data) * scales[0] / scale_of(output)
    return scale_of(data) * np.array(scales) / scale_of(output)


def finish(acc: np.ndarray, activation: str, node: Node, bias: np.ndarray | None) -> np.ndarray:
    """Bias, requantization and fused activation of exact sums held in float64."""
    output = node.output
    if output.element is ir.Element.FLOAT32:
        total = acc if bias is None else acc + bias
        return arithmetic.clamp_float(total, activation)
    total = acc.astype(np.int64) if bias is None else acc.astype(np.int64) + bias
    scale, zero_point = scale_of(output), zero_point_of(output)
    limits = arithmetic.limits(activation, scale, zero_point)
    return arithmetic.requantize(total, real_multiplier(node), zero_point, limits)
