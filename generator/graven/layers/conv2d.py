"""CONV_2D: sums of products over a window; NHWC activations, OHWI weights.

Where the weights have fewer input channels than the input, the convolution is grouped: the channels
of the input and of the output fall into as many parts, each with its own weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven.bounds import Bounds, Inputs, full
from graven.cpp import Cpp, extent, named, template, weighted
from graven.matmul import bounded, centred, finish
from graven.node import Node, Option, Values
from graven.quantize.rules import Weights
from graven.window import (
    Convolution,
    convolution_options,
    convolution_spans,
    padding_text,
    read_convolution,
    taps,
    under,
)

OPERATORS = ("CONV_2D",)
OPTIONS = "Conv2DOptions"
WEIGHTS = Weights()


@dataclass(frozen=True)
class Conv2D(Convolution):
    pass


def options(layer: Conv2D) -> dict[str, Option]:
    return convolution_options(layer)


def read(node: Node) -> Conv2D:
    data, output = node.expect_activations(2, 3, wide=True)
    weights = node.weights(1)
    node.expect_rank(data, 4)  # of several images: passes/batches.py
    for tensor in (weights, output):
        node.expect_rank(tensor, 4)
    channels, height, width, depth = weights.shape
    groups = data.shape[3] // depth
    if groups * depth != data.shape[3] or channels % groups:
        raise node.error(
            f"has {channels} filters of {depth} input channels, but the input has "
            f"{data.shape[3]}; all of them, or equal groups, must be read.",
            weights,
        )
    layer = read_convolution(node, Conv2D)
    rows, columns = convolution_spans(layer, node, data.shape, (height, width))
    node.expect_shape(output, (data.shape[0], rows.output, columns.output, channels))
    node.bias(2, channels)
    node.expect_channel_scales(weights, 0)
    return layer


def cpp(layer: Conv2D, node: Node) -> Cpp:
    channels, height, width, depth = node.input(1).shape
    inputs = node.input(0).shape[3]
    type = template(
        "Conv2D",
        str(inputs),
        str(channels),
        extent("Filter", (height, width)),
        extent("Stride", layer.stride),
        padding_text(layer.padding),
        named(layer.activation),
        extent("Dilation", layer.dilation),
        str(inputs // depth),
        defaults=("1", "graven::valid", "graven::none", "1", "1"),
    )
    return weighted(node, type, height * width * depth)


def products(layer: Conv2D, node: Node, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    rows, columns = convolution_spans(layer, node, values.shape, weights.shape[1:3])
    groups = values.shape[3] // weights.shape[3]
    # float64 sums of int8 products are exact: they stay far below 2^53
    acc = np.zeros((groups, values.shape[0] * rows.output * columns.output,
                    weights.shape[0] // groups))  # fmt: skip
    for row, column, patch in taps(values, rows, columns, 0.0):
        under = np.split(weights[:, row, column, :], groups)
        for part, read, tap in zip(acc, np.split(patch, groups, axis=3), under, strict=True):
            part += read.reshape(-1, read.shape[3]) @ tap.T  # one product of large matrices
    shape = (values.shape[0], rows.output, columns.output, -1)
    return np.concatenate([part.reshape(shape) for part in acc], axis=3)


def patches(layer: Conv2D, node: Node, values: np.ndarray, weights: tuple[int, ...]) -> np.ndarray:
    """Of each group: pixels x weights of a filter."""
    seen = under(values, *convolution_spans(layer, node, values.shape, weights[1:3]))
    parts = np.split(seen, values.shape[3] // weights[3], axis=4)
    return np.stack([part.reshape(-1, part.shape[3] * part.shape[4]) for part in parts])


def reference(layer: Conv2D, node: Node, values: Values) -> np.ndarray:
    acc = products(layer, node, centred(node, values[0]), values[1].astype(np.float64))
    return finish(acc, layer.activation, node, values[2] if len(values) > 2 else None)


def folds(layer: Conv2D, node: Node) -> bool:
    """All channels are read by each filter."""
    return node.input(1).shape[3] == node.input(0).shape[3]


def bounds(layer: Conv2D, node: Node, inputs: Inputs) -> Bounds:
    if not folds(layer, node):
        return full(node.output.shape)
    return bounded(products)(layer, node, inputs)
