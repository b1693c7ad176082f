"""AVERAGE_POOL_2D: the mean of what lies under a window; padding is not counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.cpp import Cpp, computed, extent, named, template
from graven.node import Node, Option, Values, scale_of, zero_point_of
from graven.window import spans, taps

OPERATORS = ("AVERAGE_POOL_2D",)
OPTIONS = "Pool2DOptions"


@dataclass(frozen=True)
class AvgPool(ir.Layer):
    window: tuple[int, int]  # height, width
    stride: tuple[int, int]
    padding: str = "VALID"
    activation: str = "NONE"


def options(layer: AvgPool) -> dict[str, Option]:
    return {
        "Padding": layer.padding,
        "FilterHeight": layer.window[0],
        "FilterWidth": layer.window[1],
        "StrideH": layer.stride[0],
        "StrideW": layer.stride[1],
        "FusedActivationFunction": layer.activation,
    }


def read(node: Node) -> AvgPool:
    node.expect_inputs(1, 1)
    data, output = node.input(0), node.output
    node.expect_activation(data)
    node.expect_activation(output)
    node.expect_same_element(data, output)
    node.expect_same_quantization(data, output)
    node.expect_rank(data, 4)
    node.expect_rank(output, 4)
    layer = AvgPool(
        window=node.positive("FilterHeight", "FilterWidth"),
        stride=node.positive("StrideH", "StrideW"),
        padding=node.padding(),
        activation=node.activation(),
    )
    rows, columns = spans(node, data.shape, layer.window, layer.stride, (1, 1), layer.padding)
    node.expect_shape(output, (data.shape[0], rows.output, columns.output, data.shape[3]))
    return layer


def cpp(layer: AvgPool, node: Node) -> Cpp:
    type = template(
        "AvgPool",
        extent("Window", layer.window),
        extent("Stride", layer.stride),
        named(layer.padding),
        named(layer.activation),
        defaults=(extent("Stride", layer.window), "graven::valid", "graven::none"),
    )
    return Cpp(type, computed(node, 0))


def reference(layer: AvgPool, node: Node, values: Values) -> np.ndarray:
    data, output = values[0], node.output
    rows, columns = spans(node, data.shape, layer.window, layer.stride, (1, 1), layer.padding)
    total = np.zeros(output.shape)
    count = np.zeros((1, rows.output, columns.output, 1), dtype=np.int64)
    for _, _, patch in taps(data.astype(np.float64), rows, columns, np.nan):
        outside = np.isnan(patch[:1, :, :, :1])
        total += np.where(outside, 0.0, patch)
        count += ~outside
    if output.element is ir.Element.FLOAT32:
        return arithmetic.clamp_float(total / count, layer.activation)
    limits = arithmetic.limits(layer.activation, scale_of(output), zero_point_of(output))
    return arithmetic.clamp(divide(total.astype(np.int64), count), limits)


def divide(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """total / count, halves away from zero."""
    return np.sign(total) * ((np.abs(total) + count // 2) // count)
