"""DEPTHWISE_CONV_2D: each input channel has depth_multiplier windows of its own; weights 1HWC."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from graven.channels import Links, Masks, Shrunk, sliced_scales
from graven.cpp import Cpp, extent, named, template, weighted
from graven.matmul import bounded, centred, finish
from graven.node import Node, Option, Values, shape_text
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

OPERATORS = ("DEPTHWISE_CONV_2D",)
OPTIONS = "DepthwiseConv2DOptions"
WEIGHTS = Weights(axis=3)


@dataclass(frozen=True)
class DepthwiseConv2D(Convolution):
    depth_multiplier: int = 1


def options(layer: DepthwiseConv2D) -> dict[str, Option]:
    return convolution_options(layer) | {"DepthMultiplier": layer.depth_multiplier}


def read(node: Node) -> DepthwiseConv2D:
    data, output = node.expect_activations(2, 3, wide=True)
    weights = node.weights(1)
    node.expect_rank(data, 4)  # of several images: passes/batches.py
    for tensor in (weights, output):
        node.expect_rank(tensor, 4)
    one, height, width, channels = weights.shape
    # Old converters leave the option at 0: the shapes say the same.
    multiplier = int(node.option("DepthMultiplier")) or channels // data.shape[3]
    if one != 1 or multiplier < 1 or channels != data.shape[3] * multiplier:
        raise node.error(
            f"has shape {shape_text(weights.shape)}, expected 1 x height x width x "
            f"{data.shape[3]} input channels times a depth multiplier of {multiplier}.",
            weights,
        )
    layer = read_convolution(node, DepthwiseConv2D, depth_multiplier=multiplier)
    rows, columns = convolution_spans(layer, node, data.shape, (height, width))
    node.expect_shape(output, (data.shape[0], rows.output, columns.output, channels))
    node.bias(2, channels)
    node.expect_channel_scales(weights, 3)
    return layer


def cpp(layer: DepthwiseConv2D, node: Node) -> Cpp:
    _, height, width, _ = node.input(1).shape
    type = template(
        "DepthwiseConv2D",
        str(node.input(0).shape[3]),
        str(layer.depth_multiplier),
        extent("Filter", (height, width)),
        extent("Stride", layer.stride),
        padding_text(layer.padding),
        named(layer.activation),
        extent("Dilation", layer.dilation),
        defaults=("1", "graven::valid", "graven::none", "1"),
    )
    return weighted(node, type, height * width)


def products(
    layer: DepthwiseConv2D, node: Node, values: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    rows, columns = convolution_spans(layer, node, values.shape, weights.shape[1:3])
    spread = np.repeat(values, layer.depth_multiplier, axis=3)
    acc = np.zeros((values.shape[0], rows.output, columns.output, weights.shape[3]))
    for row, column, patch in taps(spread, rows, columns, 0.0):
        acc += patch * weights[0, row, column, :]
    return acc


def patches(
    layer: DepthwiseConv2D, node: Node, values: np.ndarray, weights: tuple[int, ...]
) -> np.ndarray:
    """Of each channel: pixels x weights of a filter."""
    seen = under(values, *convolution_spans(layer, node, values.shape, weights[1:3]))
    return seen.reshape(-1, *seen.shape[3:]).transpose(2, 0, 1)


def reference(layer: DepthwiseConv2D, node: Node, values: Values) -> np.ndarray:
    acc = products(layer, node, centred(node, values[0]), values[1].astype(np.float64))
    return finish(acc, layer.activation, node, values[2] if len(values) > 2 else None)


bounds = bounded(products)


def links(layer: DepthwiseConv2D, node: Node) -> Links:
    """An input with all its outputs; where some of them can do without the others, see `keep`."""
    count = node.input(0).shape[3]
    return [
        (node.input(0), np.arange(count)),
        (node.output, np.repeat(np.arange(count), layer.depth_multiplier)),
    ]


def keep(layer: DepthwiseConv2D, node: Node, inputs: Masks, outputs: Masks) -> None:
    """As many outputs for each input that stays."""
    data, of_inputs = inputs[0], outputs[0].reshape(inputs[0].size, -1)  # views
    data |= of_inputs.any(axis=1)
    multiplier = of_inputs.sum(axis=1).max()
    for row in np.flatnonzero(data):
        missing = multiplier - of_inputs[row].sum()
        of_inputs[row, np.flatnonzero(~of_inputs[row])[:missing]] = True


def shrink(layer: DepthwiseConv2D, node: Node, inputs: Masks, outputs: Masks) -> Shrunk:
    (stays,) = outputs
    constants = {}
    for position, axis in ((1, 3), (2, 0)):
        tensor = node.optional(position)
        if tensor is not None:
            scales = sliced_scales(tensor.quantization, axis, stays)
            constants[position] = tensor.data[..., stays], scales
    multiplier = int(np.count_nonzero(stays) // np.count_nonzero(inputs[0]))
    layer = replace(layer, depth_multiplier=multiplier)
    return Shrunk(node.name, layer, constants=constants)
