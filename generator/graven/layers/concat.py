"""CONCATENATION: tensors joined along an axis, each brought to the output's scale.

TensorFlow Lite Micro copies the integers whatever their scales; here an input with another scale
or zero point is requantized, as QUANTIZE would do it. With equal scales both agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.bounds import rescaled, unclamped
from graven.channels import Links, Masks, Shrunk, channels, together
from graven.cpp import Cpp, axes, computed, hwc_axis, named, template
from graven.layers.quantize import Quantize
from graven.node import (
    Node,
    Option,
    Values,
    is_plain,
    per_tensor,
    scale_of,
    shape_text,
    zero_point_of,
)
from graven.quantize.rules import SAME

OPERATORS = ("CONCATENATION",)
OPTIONS = "ConcatenationOptions"
MOST_INPUTS = 1024
DATA = range(MOST_INPUTS)
SCALES = SAME


@dataclass(frozen=True)
class Concat(ir.Layer):
    axis: int  # counted from the front
    activation: str = "NONE"


def options(layer: Concat) -> dict[str, Option]:
    return {
        "Axis": layer.axis,
        "FusedActivationFunction": layer.activation,
    }


def read(node: Node) -> Concat:
    node.expect_inputs(1, MOST_INPUTS)
    output = node.output
    plain = is_plain(output)
    if not plain:
        node.expect_activation(output, wide=True)
    axis = node.axis(int(node.option("Axis")), len(output.shape))
    total, like = 0, node.input(0).shape
    for position in range(len(node.inputs)):
        data = node.input(position)
        if not plain:
            node.expect_activation(data, wide=True)
        node.expect_same_element(output, data)
        if len(data.shape) != len(output.shape):
            raise node.error(
                f"has shape {shape_text(data.shape)}, which does not fit the output's "
                f"{shape_text(output.shape)}.",
                data,
            )
        node.expect_shape(data, (*like[:axis], data.shape[axis], *like[axis + 1 :]))
        total += data.shape[axis]
        if data.element is ir.Element.INT8:
            node.expect_multiplier(scale_of(data) / scale_of(output))
        elif data.element is ir.Element.INT16:
            node.expect_same_quantization(output, data)
    node.expect_shape(output, (*like[:axis], total, *like[axis + 1 :]))
    activation = node.activation()
    if (plain or output.element is ir.Element.INT16) and activation != "NONE":
        raise node.error(
            f"has a fused {activation}, which {output.element.value} has not here; make it an "
            "operator."
        )
    return Concat(axis=axis, activation=activation)


def cpp(layer: Concat, node: Node) -> Cpp:
    place = hwc_axis(node, node.output, layer.axis)
    if place is None:
        raise node.error(
            "joins along an axis of one element before the last three; remove the operator."
        )
    type = template(
        "Concatenate",
        axes([place]),
        named(layer.activation),
        defaults=("graven::Axis::channels", "graven::none"),
    )
    return Cpp(type, computed(node, *range(len(node.inputs))), output=not is_plain(node.output))


def reference(layer: Concat, node: Node, values: Values) -> np.ndarray:
    output = node.output
    if output.element is ir.Element.FLOAT32:
        return arithmetic.clamp_float(np.concatenate(values, axis=layer.axis), layer.activation)
    if is_plain(output) or output.quantization is None:  # words that stand for themselves
        return np.concatenate(values, axis=layer.axis)
    scale, zero_point = scale_of(output), zero_point_of(output)
    dtype = output.element.dtype
    limits = arithmetic.limits(layer.activation, scale, zero_point, dtype)
    parts = []
    for position, value in enumerate(values):
        data = node.input(position)
        if per_tensor(node, data) == per_tensor(node, output):
            parts.append(arithmetic.clamp(value, limits, dtype))
        else:
            centred = value.astype(np.int64) - zero_point_of(data)
            real = scale_of(data) / scale
            parts.append(arithmetic.requantize(centred, real, zero_point, limits))
    return np.concatenate(parts, axis=layer.axis)


bounds = rescaled(reference)
is_identity = unclamped


def links(layer: Concat, node: Node) -> Links:
    output, data = node.output, [node.input(place) for place in range(len(node.inputs))]
    if layer.axis != len(output.shape) - 1:
        return together(*data, output)
    ends = np.cumsum([channels(tensor) for tensor in data])
    parts = [(part, np.arange(end - channels(part), end))
             for part, end in zip(data, ends, strict=True)]  # fmt: skip
    return [*parts, *together(output)]


def shrink(layer: Concat, node: Node, inputs: Masks, outputs: Masks) -> Shrunk:
    """Without the inputs of which nothing stays; QUANTIZE where only one is left."""
    left = tuple(place for place, stays in enumerate(inputs) if stays.any())
    if len(left) == 1 and len(inputs) > 1 and layer.activation == "NONE":
        return Shrunk("QUANTIZE", Quantize(), left)
    return Shrunk(node.name, layer, left)
