"""LAYER_NORM and RMS_NORM over the last axis, as PyTorch has them: the input, then perhaps gamma
and beta, float32. Of integers the sums are exact, and what is left is float32, step by step as the
kernel has it. TensorFlow Lite has neither; a file states them as custom operators.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import elementwise, ir
from graven.cpp import Constant, Cpp, computed, real
from graven.node import Node, Option, Values, scale_of, zero_point_of

OPERATORS = ("LAYER_NORM", "RMS_NORM")
OPTIONS = "FlexBuffer"  # layers.FLEX_BUFFER
TYPES = {"LAYER_NORM": "LayerNorm", "RMS_NORM": "RMSNorm"}
DEFAULT = 1e-5
REAL = (1, 2)


@dataclass(frozen=True)
class LayerNorm(ir.Layer):
    epsilon: float = DEFAULT


def options(layer: LayerNorm) -> dict[str, Option]:
    return {"epsilon": layer.epsilon}


def read(node: Node) -> LayerNorm:
    node.expect_inputs(1, 3)
    data, output = node.input(0), node.output
    for tensor in (data, output):
        node.expect_activation(tensor, wide=True)
    if output.element is not data.element and (data.element, output.element) != (
        ir.Element.INT16,
        ir.Element.INT8,
    ):
        raise node.error(f"is {output.element.value} of {data.element.value}, expected the same.")
    node.expect_shape(output, data.shape)
    if not data.shape:
        raise node.error("is a single number, expected an axis to normalize.", data)
    for place in (1, 2):
        if node.optional(place) is not None:
            factors = node.constant(place, (ir.Element.FLOAT32,))
            node.expect_shape(factors, data.shape[-1:])
    epsilon = float(node.option("epsilon"))
    if not 0 <= epsilon < 1e30:
        raise node.error(f"has epsilon {epsilon:g}, expected 0 or more.")
    return LayerNorm(epsilon)


def cpp(layer: LayerNorm, node: Node) -> Cpp:
    type = f"graven::{TYPES[node.name]}"
    if np.float32(layer.epsilon) != np.float32(DEFAULT):
        type += f"With<{real(layer.epsilon)}>"
    names = {1: "gamma", 2: "beta"}
    given = {place: node.optional(place) for place in names}
    constants = (Constant(names[place], each.data) for place, each in given.items() if each)
    return Cpp(
        type,
        computed(node, 0),
        constants=tuple(constants),
        output=True,
        element=node.output.element is not node.input(0).element,
    )


def reference(layer: LayerNorm, node: Node, values: Values) -> np.ndarray:
    centred = node.name == "LAYER_NORM"
    gamma, beta = (values[place] if place < len(values) else None for place in (1, 2))
    channels = values[0].shape[-1]
    gamma = np.ones(channels, np.float32) if gamma is None else gamma
    beta = np.zeros(channels, np.float32) if beta is None else beta
    if values[0].dtype != np.float32:
        return _integers(layer, node, values[0], centred, gamma, beta)
    value = values[0].astype(np.float64)
    difference = value - value.mean(axis=-1, keepdims=True) if centred else value
    variance = (difference * difference).mean(axis=-1, keepdims=True)
    with np.errstate(all="ignore"):
        found = difference / np.sqrt(variance + np.float32(layer.epsilon)) * gamma + beta
    return found.astype(np.float32)


def _integers(
    layer: LayerNorm,
    node: Node,
    value: np.ndarray,
    centred: bool,
    gamma: np.ndarray,
    beta: np.ndarray,
) -> np.ndarray:
    single = np.float32
    steps = value.astype(np.int64) - zero_point_of(node.input(0))
    count = value.shape[-1]
    sums = steps.sum(axis=-1, keepdims=True) * int(centred)
    squares = (steps * steps).sum(axis=-1, keepdims=True)
    scale, share = single(scale_of(node.input(0))), single(count)
    variance = (count * squares - sums * sums).astype(single) / (share * share)
    length = np.sqrt(variance * (scale * scale) + single(layer.epsilon))
    mean, out = sums.astype(single) / share, single(scale_of(node.output))
    with np.errstate(all="ignore"):
        # Without length nothing differs from the mean.
        factor = np.where(length > 0, scale / length, single(0))
        found = (steps.astype(single) - mean) * factor * (gamma / out) + beta / out
    whole = np.clip(found, single(-65536), single(65536)).astype(np.float64)
    return elementwise.finished(node, np.trunc(whole + np.copysign(0.5, whole)).astype(np.int64))
