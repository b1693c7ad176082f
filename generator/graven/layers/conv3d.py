"""CONV_3D: sums of products over a window of a volume; NDHWC activations, DHWIO weights, float32.

As in LiteRT: one volume, padding by a name, all input channels in each filter.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.cpp import Cpp, named, template, weighted
from graven.node import Node, Option, Values
from graven.window import Span, places_under, span

OPERATORS = ("CONV_3D",)
OPTIONS = "Conv3DOptions"
Volume = tuple[int, int, int]


@dataclass(frozen=True)
class Conv3D(ir.Layer):
    stride: Volume = (1, 1, 1)  # depth, height, width
    dilation: Volume = (1, 1, 1)
    padding: str = "SAME"
    activation: str = "NONE"


def options(layer: Conv3D) -> dict[str, Option]:
    return {
        "Padding": layer.padding,
        **dict(zip(("StrideD", "StrideH", "StrideW"), layer.stride, strict=True)),
        **dict(
            zip(
                ("DilationDFactor", "DilationHFactor", "DilationWFactor"),
                layer.dilation,
                strict=True,
            )
        ),
        "FusedActivationFunction": layer.activation,
    }


def read(node: Node) -> Conv3D:
    data, output = node.expect_activations(2, 3)
    for tensor in (data, output):
        node.expect_element(tensor, ir.Element.FLOAT32)
    weights = node.constant(1, (ir.Element.FLOAT32,))
    for tensor in (data, weights, output):
        node.expect_rank(tensor, 5)
    if data.shape[0] != 1:
        raise node.error("is a batch of volumes; export the model with a batch of 1.", data)
    if weights.shape[3] != data.shape[4]:
        raise node.error(
            f"has filters of {weights.shape[3]} input channels, but the input has {data.shape[4]}.",
            weights,
        )
    layer = Conv3D(
        stride=node.positive("StrideD", "StrideH", "StrideW"),
        dilation=node.positive("DilationDFactor", "DilationHFactor", "DilationWFactor"),
        padding=node.padding(),
        activation=node.activation(),
    )
    sizes = tuple(axis.output for axis in spans(node, layer))
    if min(sizes) < 1:
        raise node.error(
            f"a window of {'x'.join(map(str, weights.shape[:3]))} does not fit its input of "
            f"{'x'.join(map(str, data.shape[1:4]))} with VALID padding."
        )
    node.expect_shape(output, (1, *sizes, weights.shape[4]))
    node.bias(2, weights.shape[4])
    return layer


def spans(node: Node, layer: Conv3D) -> tuple[Span, ...]:
    """Depth, height and width."""
    return tuple(
        span(extent, filter, stride, dilation, layer.padding)
        for extent, filter, stride, dilation in zip(
            node.input(0).shape[1:4],
            node.input(1).shape[:3],
            layer.stride,
            layer.dilation,
            strict=True,
        )
    )


def extent(value: Volume) -> str:
    """One number where all three are equal."""
    return str(value[0]) if len(set(value)) == 1 else f"graven::Extent3{{{str(value)[1:-1]}}}"


def cpp(layer: Conv3D, node: Node) -> Cpp:
    depth, height, width, inputs, outputs = node.input(1).shape
    type = template(
        "Conv3D",
        str(node.input(0).shape[1]),
        str(inputs),
        str(outputs),
        extent((depth, height, width)),
        extent(layer.stride),
        named(layer.padding),
        named(layer.activation),
        extent(layer.dilation),
        defaults=("1", "graven::valid", "graven::none", "1"),
    )
    return weighted(node, type, depth * height * width * inputs)


def reference(layer: Conv3D, node: Node, values: Values) -> np.ndarray:
    data, weights, *bias = (None if each is None else each.astype(np.float64) for each in values)
    total = np.zeros(node.output.shape)
    axes = spans(node, layer)
    for tap in itertools.product(*(range(axis.filter) for axis in axes)):
        under, inside = data, np.ones((1, 1, 1), dtype=bool)
        for place, (axis, at) in enumerate(zip(axes, tap, strict=True)):
            index, exists = places_under(axis, at, data.shape[1 + place])
            under = np.take(under, index, axis=1 + place)
            inside = inside & exists.reshape(np.where(np.arange(3) == place, -1, 1))
        total += np.where(inside[None, ..., None], under, 0.0) @ weights[tap]
    if bias and bias[0] is not None:
        total = total + bias[0]
    return arithmetic.clamp_float(total, layer.activation)
