"""MAX_POOL_2D: the largest value under a window; padding never wins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.cpp import Cpp, computed, extent, named, template
from graven.node import Node, Option, Values, scale_of, zero_point_of
from graven.window import spans, taps

OPERATORS = ("MAX_POOL_2D",)
OPTIONS = "Pool2DOptions"


@dataclass(frozen=True)
class MaxPool(ir.Layer):
    window: tuple[int, int]  # height, width
    stride: tuple[int, int]
    padding: str = "VALID"
    activation: str = "NONE"


def options(layer: MaxPool) -> dict[str, Option]:
    return {
        "Padding": layer.padding,
        "FilterHeight": layer.window[0],
        "FilterWidth": layer.window[1],
        "StrideH": layer.stride[0],
        "StrideW": layer.stride[1],
        "FusedActivationFunction": layer.activation,
    }


def read(node: Node) -> MaxPool:
    node.expect_inputs(1, 1)
    data, output = node.input(0), node.output
    node.expect_activation(data)
    node.expect_activation(output)
    node.expect_same_element(data, output)
    node.expect_same_quantization(data, output)
    node.expect_rank(data, 4)
    node.expect_rank(output, 4)
    layer = MaxPool(
        window=node.positive("FilterHeight", "FilterWidth"),
        stride=node.positive("StrideH", "StrideW"),
        padding=node.padding(),
        activation=node.activation(),
    )
    rows, columns = spans(node, data.shape, layer.window, layer.stride, (1, 1), layer.padding)
    node.expect_shape(output, (data.shape[0], rows.output, columns.output, data.shape[3]))
    return layer


def cpp(layer: MaxPool, node: Node) -> Cpp:
    type = template(
        "MaxPool",
        extent("Window", layer.window),
        extent("Stride", layer.stride),
        named(layer.padding),
        named(layer.activation),
        defaults=(extent("Stride", layer.window), "graven::valid", "graven::none"),
    )
    return Cpp(type, computed(node, 0))


def reference(layer: MaxPool, node: Node, values: Values) -> np.ndarray:
    data, output = values[0], node.output
    rows, columns = spans(node, data.shape, layer.window, layer.stride, (1, 1), layer.padding)
    largest = np.full(output.shape, -np.inf)
    for _, _, patch in taps(data.astype(np.float64), rows, columns, -np.inf):
        largest = np.maximum(largest, patch)
    if output.element is ir.Element.FLOAT32:
        return arithmetic.clamp_float(largest, layer.activation)
    limits = arithmetic.limits(layer.activation, scale_of(output), zero_point_of(output))
    return arithmetic.clamp(largest, limits)
