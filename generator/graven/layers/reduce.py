"""MEAN, SUM, REDUCE_MAX, REDUCE_MIN, REDUCE_PROD, REDUCE_ANY, REDUCE_ALL: what all elements along
some axes make.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.axes import cut, dropped, kept, reshaped
from graven.bounds import Bounds, Inputs, monotone, rescaled, unclamped
from graven.channels import Links, together
from graven.cpp import Cpp, axes, boolean, computed, hwc, template
from graven.node import Node, Option, Values, scale_of, zero_point_of
from graven.quantize.rules import SAME

TYPES = {
    "MEAN": "Mean",
    "SUM": "Sum",
    "REDUCE_MAX": "ReduceMax",
    "REDUCE_MIN": "ReduceMin",
    "REDUCE_PROD": "ReduceProd",
    "REDUCE_ANY": "ReduceAny",
    "REDUCE_ALL": "ReduceAll",
}
OPERATORS = tuple(TYPES)
OPTIONS = "ReducerOptions"
SCALES = {"REDUCE_MAX": SAME, "REDUCE_MIN": SAME}
INT8, INT16 = ir.Element.INT8, ir.Element.INT16
INT32, FLOAT32 = ir.Element.INT32, ir.Element.FLOAT32


@dataclass(frozen=True)
class Reduce(ir.Layer):
    axes: tuple[int, ...]  # sorted, counted from the front
    keep_dims: bool = False


def options(layer: Reduce) -> dict[str, Option]:
    return {
        "KeepDims": layer.keep_dims,
    }


def rescales(node: Node) -> bool:
    """Whether int8 gets another scale; all others keep it, with the zero point."""
    return node.name in ("MEAN", "SUM")


def elements(name: str) -> tuple[ir.Element, ...]:
    if name in ("REDUCE_ANY", "REDUCE_ALL"):
        return (ir.Element.BOOLEAN,)
    integers = (INT32, ir.Element.INT64) if name != "MEAN" else ()
    if name == "REDUCE_PROD":
        return (*integers, FLOAT32)
    return (INT8, INT16, *integers, FLOAT32)


def read(node: Node) -> Reduce:
    node.expect_inputs(2, 2)
    data, output = node.input(0), node.output
    node.expect_element(data, *elements(node.name))
    node.expect_same_element(data, output)
    rank = len(data.shape)
    layer = Reduce(
        axes=tuple(sorted({node.axis(axis, rank) for axis in node.integers(1)})),
        keep_dims=bool(node.option("KeepDims")),
    )
    shape = tuple(1 if axis in layer.axes else extent for axis, extent in enumerate(data.shape))
    if not layer.keep_dims:
        shape = tuple(n for axis, n in enumerate(data.shape) if axis not in layer.axes)
    node.expect_shape(output, shape)
    if data.element in (INT8, INT16):
        node.expect_activation(data, wide=True)
        node.expect_activation(output, wide=True)
        if rescales(node):
            node.expect_summable(math.prod(data.shape[axis] for axis in layer.axes))
            node.expect_multiplier(scale_of(data) / scale_of(output))
        else:
            node.expect_same_quantization(data, output)
    return layer


def cpp(layer: Reduce, node: Node) -> Cpp:
    if node.output.element is ir.Element.INT64:
        raise node.error("is int64, which only works on constants; use int32.", node.output)
    extents, places = cut(node, node.input(0), layer.axes)
    made = kept(extents, places)
    if node.name == "MEAN" and places == [0, 1]:
        type = "graven::GlobalAvgPool"
    else:  # without the axes, where that alone is the shape of the output
        keeps = dropped(extents, places) != hwc(node, node.output) or made == hwc(node, node.output)
        name = TYPES[node.name]
        type = template(name, axes(places), boolean(keeps), defaults=("true",))
        made = made if keeps else dropped(extents, places)
    type = reshaped(type, node, extents, made)
    return Cpp(type, computed(node, 0), output=rescales(node), stem=node.name.lower())


def reference(layer: Reduce, node: Node, values: Values) -> np.ndarray:
    value, element = values[0], node.output.element
    if rescales(node) and element in (INT8, INT16):
        return total(node, layer.axes, value)
    found = {"MEAN": mean, "SUM": np.sum, "REDUCE_MAX": largest, "REDUCE_MIN": least,
             "REDUCE_PROD": np.prod, "REDUCE_ANY": np.any, "REDUCE_ALL": np.all}[node.name](
        value.astype(np.float64) if element is FLOAT32 else value, axis=layer.axes
    )  # fmt: skip
    with np.errstate(over="ignore"):
        return np.asarray(found).astype(element.dtype).reshape(node.output.shape)


def mean(value: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    return np.mean(value, axis=axis)


def largest(value: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    """As TensorFlow Lite Micro: from the least number on, and NaN is never larger."""
    if value.dtype != np.float64:
        return np.max(value, axis=axis)
    return np.fmax.reduce(value, axis=axis, initial=float(np.finfo(np.float32).min))


def least(value: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    if value.dtype != np.float64:
        return np.min(value, axis=axis)
    return np.fmin.reduce(value, axis=axis, initial=float(np.finfo(np.float32).max))


def total(node: Node, axes: tuple[int, ...], value: np.ndarray) -> np.ndarray:
    """The sum of quantized values in the output's scale, or their mean."""
    data, output = node.input(0), node.output
    count = math.prod(data.shape[axis] for axis in axes)
    sums = np.sum(value.astype(np.int64), axis=axes).reshape(output.shape)
    sums = sums - count * zero_point_of(data)
    divisor = count if node.name == "MEAN" else 1
    limits = np.iinfo(output.element.dtype)
    return arithmetic.clamp(
        scaled(sums, divisor, scale_of(data) / scale_of(output)) + zero_point_of(output),
        (limits.min, limits.max),
        limits.dtype,
    )


def scaled(total: np.ndarray, divisor: int, real: float) -> np.ndarray:
    """total * real / divisor, with the division folded into the multiplier."""
    multiplier, shift = arithmetic.quantize_multiplier(real)
    down = min(divisor.bit_length() - 1, 32, 31 + shift)
    return arithmetic.multiply(total, (multiplier << down) // divisor, shift - down)


def bounds(layer: Reduce, node: Node, inputs: Inputs) -> Bounds:
    rule = rescaled if rescales(node) else monotone
    found = rule(reference)(layer, node, inputs)
    assert isinstance(found, Bounds)
    return found


is_identity = unclamped


def links(layer: Reduce, node: Node) -> Links:
    data = node.input(0)
    return [] if len(data.shape) - 1 in layer.axes else together(data, node.output)
