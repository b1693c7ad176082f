"""The bounds of a tensor's elements, and how a layer module says what its operator makes of them.

Most modules need one line: bounds = monotone(reference), or by_table(reference) where one int8
alone decides an int8; is_identity = unclamped, or keeps_table(reference).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.channels import channels
from graven.node import Node, Values, scale_of, several, zero_point_of

EVERYTHING = np.arange(arithmetic.INT8_MIN, arithmetic.INT8_MAX + 1).astype(np.int8)


@dataclass(frozen=True, eq=False)
class Bounds:
    """The least and the greatest value of each element, both of which may be out of reach."""

    low: np.ndarray  # int8, in the tensor's shape
    high: np.ndarray

    @property
    def constant(self) -> np.ndarray:
        return self.low == self.high

    def steady(self) -> np.ndarray:
        """For each index of the last axis: constant, and everywhere the same."""
        rows = self.low.reshape(-1, channels(self.low))
        return self.constant.reshape(rows.shape).all(axis=0) & (rows == rows[0]).all(axis=0)


Inputs = tuple[Bounds | None, ...]
"""One per input of an operator; None where it is a parameter or absent."""
Reference = Callable[[ir.Layer, Node, Values], np.ndarray | tuple[np.ndarray, ...]]
Rule = Callable[[ir.Layer, Node, Inputs], Bounds | tuple[Bounds, ...]]


def full(shape: tuple[int, ...]) -> Bounds:
    low = np.full(shape, arithmetic.INT8_MIN, dtype=np.int8)
    return Bounds(low, np.full(shape, arithmetic.INT8_MAX, dtype=np.int8))


def monotone(reference: Reference) -> Rule:
    """The largest inputs give the largest outputs."""

    def bounds(layer: ir.Layer, node: Node, inputs: Inputs) -> Bounds | tuple[Bounds, ...]:
        def end(name: str) -> tuple[np.ndarray, ...]:
            values = tuple(
                (tensor.data if tensor else None) if data is None else getattr(data, name)
                for data, tensor in zip(inputs, node.inputs, strict=True)
            )
            return several(reference(layer, node, values))

        found = tuple(map(Bounds, end("low"), end("high")))
        return found if len(found) > 1 else found[0]

    return bounds


def rescaled(reference: Reference) -> Rule:
    """Monotone as long as 32 bits hold the integers behind the left shift of a rescaling."""
    inside = monotone(reference)

    def bounds(layer: ir.Layer, node: Node, inputs: Inputs) -> Bounds | tuple[Bounds, ...]:
        data = [node.input(place) for place, found in enumerate(inputs) if found is not None]
        largest = max(scale_of(tensor) for tensor in data) / scale_of(node.output)
        if largest * 2 * 255 * math.prod(data[0].shape) < arithmetic.INT32_MAX:
            return inside(layer, node, inputs)
        return full(node.output.shape)

    return bounds


def by_table(reference: Reference) -> Rule:
    """Each output's int8 is a function of the int8 at its place; it may do what it likes."""

    def bounds(layer: ir.Layer, node: Node, inputs: Inputs) -> Bounds:
        table, data = reference(layer, node, (EVERYTHING,)), inputs[0]
        least = np.zeros((256, 256), dtype=np.int8)
        greatest = np.zeros((256, 256), dtype=np.int8)
        for start in range(256):
            least[start, start:] = np.minimum.accumulate(table[start:])
            greatest[start, start:] = np.maximum.accumulate(table[start:])
        low, high = data.low.astype(np.int64) + 128, data.high.astype(np.int64) + 128
        return Bounds(least[low, high], greatest[low, high])

    return bounds


# -- whether an operator returns its input, where shape, scale and zero point stay ----------------


def unclamped(layer: ir.Layer, node: Node, data: Bounds) -> bool:
    """Whether a fused activation leaves all values that there can be."""
    activation = getattr(layer, "activation", "NONE")
    low, high = arithmetic.limits(activation, scale_of(node.output), zero_point_of(node.output))
    return low <= int(data.low.min()) and int(data.high.max()) <= high


def keeps_table(reference: Reference) -> Callable[[ir.Layer, Node, Bounds], bool]:
    """For by_table: whether it returns all values that there can be."""

    def is_identity(layer: ir.Layer, node: Node, data: Bounds) -> bool:
        reached = slice(int(data.low.min()) + 128, int(data.high.max()) + 129)
        table = reference(layer, node, (EVERYTHING,))
        return np.array_equal(table[reached], EVERYTHING[reached])

    return is_identity
