"""TRANSPOSE_CONV: a convolution backwards, from its output to its input; weights OHWI.

Its inputs are the output's shape, the weights, the activation and, optionally, the bias.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.bounds import Bounds, Inputs
from graven.cpp import Cpp, extent, named, template, weighted
from graven.matmul import bounded, centred, finish
from graven.node import Node, Option, Values, shape_text
from graven.quantize.rules import NONE, Weights
from graven.window import span

OPERATORS = ("TRANSPOSE_CONV",)
OPTIONS = "TransposeConvOptions"
DATA = (2,)
WEIGHTS = Weights(axis=0, weights=1, bias=3, int4=NONE)


@dataclass(frozen=True)
class TransposeConv2D(ir.Layer):
    stride: tuple[int, int] = (1, 1)  # height, width
    padding: str = "SAME"
    activation: str = "NONE"


def options(layer: TransposeConv2D) -> dict[str, Option]:
    return {
        "Padding": layer.padding,
        "StrideH": layer.stride[0],
        "StrideW": layer.stride[1],
        "FusedActivationFunction": layer.activation,
    }


def ordered(node: Node) -> Node:
    """With its inputs in the order of all other layers with weights: activation, weights, bias."""
    return dataclasses.replace(node, inputs=(node.input(2), node.input(1), node.optional(3)))


def read(node: Node) -> TransposeConv2D:
    node.expect_inputs(3, 4)
    plain = ordered(node)
    data, output = plain.input(0), plain.output
    weights = plain.weights(1, usual=True)
    for tensor in (data, output):
        node.expect_activation(tensor, wide=True)
    node.expect_same_element(data, output)
    for tensor in (data, weights, output):
        node.expect_rank(tensor, 4)
    layer = TransposeConv2D(
        stride=node.positive("StrideH", "StrideW"),
        padding=node.padding(),
        activation=node.activation(),
    )
    channels, height, width, depth = weights.shape
    if depth != data.shape[3]:
        raise node.error(
            f"has filters of {depth} input channels, but the input has {data.shape[3]}.", weights
        )
    if node.input(0).data is not None:
        node.expect_shape(output, node.integers(0))
    rows, columns = spans(layer, output.shape, (height, width))
    if (rows.output, columns.output) != data.shape[1:3] or output.shape[3] != channels:
        raise node.error(
            f"has shape {shape_text(output.shape)}, from which a convolution of {height}x{width} "
            f"with stride {layer.stride[0]}x{layer.stride[1]} and {layer.padding} padding does not "
            f"lead back to {shape_text(data.shape)}.",
            output,
        )
    node.expect_shape(output, (data.shape[0], *output.shape[1:]))
    plain.bias(2, channels)
    expect_wide_bias(plain)
    plain.expect_channel_scales(weights, 0)
    return layer


def expect_wide_bias(node: Node) -> None:
    bias = node.optional(2)
    elements = (node.input(0).element, None if bias is None else bias.element)
    if elements == (ir.Element.INT16, ir.Element.INT32):
        raise node.error(
            "is int32 under int16 activations, where TensorFlow Lite reads int64; convert the "
            "model again with biases of int64.",
            bias,
        )


def spans(layer: TransposeConv2D, shape: tuple[int, ...], filter: tuple[int, ...]):
    """Rows and columns of the convolution that leads from the output back to the input."""
    return tuple(
        span(shape[1 + axis], filter[axis], layer.stride[axis], 1, layer.padding)
        for axis in range(2)
    )


def cpp(layer: TransposeConv2D, node: Node) -> Cpp:
    channels, height, width, depth = node.input(1).shape
    data, output = node.input(2).shape, node.output.shape
    natural = tuple(
        data[1 + axis] * step
        if layer.padding == "SAME"
        else (data[1 + axis] - 1) * step + max(side, step)
        for axis, (step, side) in enumerate(zip(layer.stride, (height, width), strict=True))
    )
    type = template(
        "TransposeConv2D",
        str(depth),
        str(channels),
        extent("Filter", (height, width)),
        extent("Stride", layer.stride),
        named(layer.padding),
        named(layer.activation),
        "0" if natural == output[1:3] else extent("Extent", output[1:3]),
        defaults=("1", "graven::valid", "graven::none", "0"),
    )
    found = weighted(ordered(node), type, 0)
    macs = data[1] * data[2] * depth * height * width * channels
    return dataclasses.replace(found, inputs=(2,), macs=macs)


def products(
    layer: TransposeConv2D, node: Node, values: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Each input adds its products to what its filter covers."""
    channels, height, width, _ = weights.shape
    shape = node.output.shape
    rows, columns = spans(layer, shape, (height, width))
    (down, along), (tall, wide) = layer.stride, values.shape[1:3]
    full = np.zeros((len(values), (tall - 1) * down + height + shape[1],
                     (wide - 1) * along + width + shape[2], channels))  # fmt: skip
    for row in range(height):
        for column in range(width):
            full[:, row : row + tall * down : down, column : column + wide * along : along] += (
                values @ weights[:, row, column].T
            )[:, :, :]
    top, left = rows.before, columns.before
    return full[:, top : top + shape[1], left : left + shape[2]]


def reference(layer: TransposeConv2D, node: Node, values: Values) -> np.ndarray:
    plain = ordered(node)
    acc = products(layer, node, centred(plain, values[2]), values[1].astype(np.float64))
    return finish(acc, layer.activation, plain, values[3] if len(values) > 3 else None)


def bounds(layer: TransposeConv2D, node: Node, inputs: Inputs) -> Bounds:
    found = bounded(products)(layer, ordered(node), (inputs[2], None, None))
    assert isinstance(found, Bounds)
    return found
