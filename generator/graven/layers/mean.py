"""MEAN: the mean over some axes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.bounds import rescaled, unclamped
from graven.channels import Links, together
from graven.cpp import Cpp, axes, boolean, computed, hwc, hwc_axis, template
from graven.node import Node, Option, Values, scale_of, zero_point_of

OPERATORS = ("MEAN",)
OPTIONS = "ReducerOptions"


@dataclass(frozen=True)
class Mean(ir.Layer):
    axes: tuple[int, ...]  # sorted, counted from the front
    keep_dims: bool = False


def options(layer: Mean) -> dict[str, Option]:
    return {
        "KeepDims": layer.keep_dims,
    }


def read(node: Node) -> Mean:
    data, output = node.expect_activations(2, 2)
    rank = len(data.shape)
    axes = tuple(sorted({node.axis(axis, rank) for axis in node.integers(1)}))
    layer = Mean(axes=axes, keep_dims=bool(node.option("KeepDims")))
    shape = tuple(1 if axis in axes else extent for axis, extent in enumerate(data.shape))
    if not layer.keep_dims:
        shape = tuple(extent for axis, extent in enumerate(data.shape) if axis not in axes)
    node.expect_shape(output, shape)
    if data.element is ir.Element.INT8:
        node.expect_multiplier(scale_of(data) / scale_of(output))
    return layer


def cpp(layer: Mean, node: Node) -> Cpp:
    data = node.input(0)
    found = (hwc_axis(node, data, axis) for axis in layer.axes)
    places = [place for place in found if place is not None]
    if places == [0, 1]:  # channels are the last axis with and without the others
        return Cpp("graven::GlobalAvgPool", computed(node, 0), output=True)
    kept = tuple(1 if place in places else n for place, n in enumerate(hwc(node, data)))
    keeps = kept == hwc(node, node.output)
    type = template("Mean", axes(places), boolean(keeps), defaults=("true",))
    return Cpp(type, computed(node, 0), output=True)


def reference(layer: Mean, node: Node, values: Values) -> np.ndarray:
    data, output = node.input(0), node.output
    if output.element is ir.Element.FLOAT32:
        mean = np.mean(values[0].astype(np.float64), axis=layer.axes)
        return mean.astype(np.float32).reshape(output.shape)
    total = np.sum(values[0].astype(np.int64), axis=layer.axes).reshape(output.shape)
    count = math.prod(data.shape[axis] for axis in layer.axes)
    return arithmetic.clamp(
        scaled(total - count * zero_point_of(data), count, scale_of(data) / scale_of(output))
        + zero_point_of(output),
        (arithmetic.INT8_MIN, arithmetic.INT8_MAX),
    )


def scaled(total: np.ndarray, count: int, real: float) -> np.ndarray:
    """total * real / count, with the division folded into the multiplier."""
    multiplier, shift = arithmetic.quantize_multiplier(real)
    down = min(count.bit_length() - 1, 32, 31 + shift)
    return arithmetic.multiply(total, (multiplier << down) // count, shift - down)


bounds = rescaled(reference)
is_identity = unclamped


def links(layer: Mean, node: Node) -> Links:
    data = node.input(0)
    return [] if len(data.shape) - 1 in layer.axes else together(data, node.output)
