"""ROPE: rotary position embedding of heads of `head` channels, in pairs that lie `interleaved` or
half a head apart. Moments are the last axis but one; positions go on from run to run in a variable.
TensorFlow Lite has none; a file states it as a custom operator. Of integers the bits of
isa/scalar/rope.hpp: turned as float32.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, elementwise, ir, single
from graven.cpp import Cpp, computed, real, template
from graven.node import Node, Option, Values, scale_of, zero_point_of

OPERATORS = ("ROPE",)
OPTIONS = "FlexBuffer"  # layers.FLEX_BUFFER
VARIABLES = (1,)
BASE = 10000.0


@dataclass(frozen=True)
class Rope(ir.Layer):
    head: int
    interleaved: bool = False
    base: float = BASE


def options(layer: Rope) -> dict[str, Option]:
    return {"head": layer.head, "interleaved": layer.interleaved, "base": layer.base}


def read(node: Node) -> Rope:
    node.expect_inputs(2, 2)
    data, position, output = node.input(0), node.input(1), node.output
    for tensor in (data, output):
        node.expect_activation(tensor, wide=True)
    node.expect_same_element(data, output)
    node.expect_shape(output, data.shape)
    head, base = int(node.option("head")), float(node.option("base"))
    if head < 2 or head % 2 or not data.shape or data.shape[-1] % head:
        raise node.error(
            f"has heads of {head} channels, expected an even number that divides the last axis.",
            data,
        )
    if not 0 < base < 1e30:
        raise node.error(f"has base {base:g}, expected a positive number.")
    node.expect_element(position, ir.Element.INT32)
    node.expect_shape(position, (1,))
    if not position.is_variable:
        raise node.error("is no variable; export the model again.", position)
    return Rope(head, bool(node.option("interleaved")), base)


def cpp(layer: Rope, node: Node) -> Cpp:
    pairs = "graven::interleaved" if layer.interleaved else "graven::half_split"
    type = template(
        "RoPE", str(layer.head), pairs, real(layer.base),
        defaults=("graven::half_split", real(BASE)),
    )  # fmt: skip
    return Cpp(type, computed(node, 0), output=True)


def turned(layer: Rope, value: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Reals of {..., moments, channels}, at these positions."""
    pairs = np.arange(layer.head // 2)
    angles = positions[:, None] * layer.base ** (-2 * pairs / layer.head)
    return paired(layer, value, np.cos(angles), np.sin(angles))


def paired(layer: Rope, value: np.ndarray, cosine: np.ndarray, sine: np.ndarray) -> np.ndarray:
    """By cosine and sine of each moment's pairs."""
    cosine, sine = cosine[:, None, :], sine[:, None, :]
    heads = value.reshape(*value.shape[:-1], -1, layer.head)
    found = np.empty_like(heads)
    first = slice(0, None, 2) if layer.interleaved else slice(0, layer.head // 2)
    second = slice(1, None, 2) if layer.interleaved else slice(layer.head // 2, None)
    a, b = heads[..., first], heads[..., second]
    found[..., first] = a * cosine - b * sine
    found[..., second] = a * sine + b * cosine
    return found.reshape(value.shape)


def reference(layer: Rope, node: Node, values: Values) -> np.ndarray:
    data, position = values
    shape = data.shape
    moments = math.prod(shape[:-1])
    positions = (int(position[0]) + np.arange(moments)).astype(np.float64)
    position[0] += moments
    if data.dtype == np.float32:
        found = turned(layer, data.reshape(moments, -1).astype(np.float64), positions)
        return found.reshape(shape).astype(np.float32)
    steps = (data.astype(np.int64) - zero_point_of(node.input(0))).astype(np.float32)
    reals = steps * np.float32(scale_of(node.input(0)))
    found = paired(layer, reals.reshape(moments, -1), *_turns(layer, positions)).reshape(shape)
    whole = np.clip(found / np.float32(scale_of(node.output)), np.float32(-1e6), np.float32(1e6))
    nearest = arithmetic.nearest(whole.astype(np.float64)).astype(np.int64)
    return elementwise.finished(node, nearest)


def _turns(layer: Rope, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine of moments and pairs in float32: angles are 64 bits of turns, of which a
    position's multiple keeps the upper 32."""
    base = single.log(float(np.float32(layer.base)))
    rates = []
    for pair in range(layer.head // 2):
        rate = single.exp(-2.0 * pair / layer.head * base) / 6.283185307179586477
        whole = (rate - math.floor(rate)) * 4294967296.0
        high = int(whole)
        rates.append(high << 32 | int((whole - high) * 4294967296.0))
    angles = [
        [(rate * int(position) & (1 << 64) - 1) >> 32 for rate in rates] for position in positions
    ]
    radians = np.array(angles, np.uint32).view(np.int32).astype(np.float32)
    radians = radians * np.float32(1.46291808e-9)
    return single.sine(radians, 1), single.sine(radians, 0)
