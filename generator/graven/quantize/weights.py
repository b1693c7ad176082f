"""Weights as integers: a scale for each output, and which way every number is rounded.

To the nearest is what loses least of a weight, but not of a layer. The q that minimizes
|X (q - w)|^2 over all the rounded inputs X that the layer will see is looked for weight by weight,
each at its best while the others stay (a descent by coordinates), which only needs the moments X'X.
It is the aim of AdaRound (Nagel et al., 2020) and GPTQ (Frantar et al., 2023), here without
anything random. The means of inputs are taken off, since the bias takes up what they change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir, layers
from graven.node import node_of
from graven.quantize.batches import widened
from graven.quantize.rules import Weights

SWEEPS = 4  # over all weights of a filter; less than one in a thousand moves in the last
RIDGE = 0.01  # of the mean square of the inputs: keeps weights that few samples say nothing about
SHRINKS = np.linspace(0.5, 1.0, 26)  # of the greatest weight, tried as the end of the range
MOST_ROWS = 1024  # of a batch, that moments take


@dataclass(frozen=True)
class Rounded:
    bits: int
    scales: np.ndarray  # float32, one for each output, or for all
    whole: np.ndarray  # integers of float64, in the weights' shape
    axis: int

    @property
    def real(self) -> np.ndarray:
        """As the float network has them."""
        return (self.whole * along(self.scales, self.whole.ndim, self.axis)).astype(np.float32)

    @property
    def element(self) -> ir.Element:
        return ir.Element.INT8 if self.bits == 8 else ir.Element.INT4


def most(bits: int) -> int:
    """The greatest integer; the least is its negative."""
    return (1 << (bits - 1)) - 1


def along(scales: np.ndarray, rank: int, axis: int) -> np.ndarray:
    return scales.reshape([-1 if each == axis else 1 for each in range(rank)])


def to_nearest(weights: np.ndarray, rule: Weights, bits: int, least: np.ndarray | float) -> Rounded:
    """Symmetric; scales that reach the greatest weight, none below `least`."""
    axis = rule.axis
    others = tuple(each for each in range(weights.ndim) if each != axis)
    scales = np.max(np.abs(weights), axis=others).astype(np.float64) / most(bits)
    scales = np.maximum(scales, least)
    if rule.has_one_scale(bits):
        scales = scales.max(keepdims=True)
    scales = np.where(scales > 0.0, scales, 1.0).astype(np.float32)
    steps = weights.astype(np.float64) / along(scales, weights.ndim, axis)
    return Rounded(bits, scales, np.clip(np.round(steps), -most(bits), most(bits)), axis)


def in_one_scale(weights: np.ndarray, bits: int) -> Rounded:
    """Of 8 bits one that reaches the greatest weight, of 4 that of the least squared error."""
    end = float(np.abs(weights).max()) or 1.0
    shrinks = SHRINKS if bits < 8 else SHRINKS[-1:]

    def tried(scale: np.float32) -> Rounded:
        whole = np.clip(np.round(weights / np.float64(scale)), -most(bits), most(bits))
        return Rounded(bits, np.array([scale], np.float32), whole, 0)

    found = [tried(np.float32(end * each / most(bits))) for each in shrinks]
    return min(found, key=lambda each: float(np.square(each.real - weights).sum()))


# -- by the layer's error -------------------------------------------------------------------------


class Moments:
    """Of what the weights of an operator are multiplied by. Filters that see the same inputs are a
    part (all of a Dense or Conv2D, those of one channel of a depthwise convolution)."""

    def __init__(self) -> None:
        self.count, self.sums, self.squares = 0, 0.0, 0.0

    def add(self, seen: np.ndarray) -> None:
        """Parts x rows x weights of a filter."""
        x = seen[:, :: -(-seen.shape[1] // MOST_ROWS)].astype(np.float64)
        self.count += x.shape[1]
        self.sums = self.sums + x.sum(axis=1)
        self.squares = self.squares + x.transpose(0, 2, 1) @ x

    @property
    def centred(self) -> np.ndarray:
        """X'X without means, and with what keeps the weights where it says nothing."""
        squares = self.squares - self.sums[:, :, None] * self.sums[:, None, :] / self.count
        size = np.trace(squares, axis1=1, axis2=2) / squares.shape[1]
        return squares + np.maximum(RIDGE * size, 1e-12)[:, None, None] * np.eye(squares.shape[1])


def patches(
    network: ir.Network, operator: ir.Operator, weights: Weights, values: np.ndarray
) -> np.ndarray | None:
    """What the operator multiplies by its weights, if its module says it."""
    module = layers.modules()[operator.name]
    if not hasattr(module, "patches"):
        return None
    wide, _ = widened(network, operator, len(values))
    shape = network.tensors[operator.inputs[weights.weights]].shape
    node = wide or node_of(network, operator)
    return module.patches(operator.layer, node, values, shape)


def by_error(
    weights: np.ndarray, rule: Weights, bits: int, least: np.ndarray | float, moments: Moments
) -> Rounded:
    """Scales by the squared error of the weights as the inputs weigh it; then the descent."""
    squares = moments.centred
    rows = np.moveaxis(weights.astype(np.float64), rule.axis, 0)
    filters = rows.reshape(len(squares), -1, squares.shape[1])
    least = np.broadcast_to(least, rows.shape[:1]).reshape(filters.shape[:2])
    importance = np.broadcast_to(np.diagonal(squares, axis1=1, axis2=2)[:, None], filters.shape)
    if rule.has_one_scale(bits):
        flat = (each.reshape(1, 1, -1) for each in (filters, importance))
        scales = best_scales(*flat, bits, least.max(keepdims=True))
    else:
        scales = best_scales(filters, importance, bits, least)
    every = np.broadcast_to(scales, filters.shape[:2])
    whole = descended(filters, every, bits, squares)
    whole = np.moveaxis(whole.reshape(rows.shape), 0, rule.axis)
    return Rounded(bits, scales.reshape(-1), np.ascontiguousarray(whole), rule.axis)


def best_scales(
    filters: np.ndarray, importance: np.ndarray, bits: int, least: np.ndarray
) -> np.ndarray:
    """One for each filter: parts x filters; `importance` of each weight."""
    reach = np.maximum(np.max(np.abs(filters), axis=2) / most(bits), least)
    reach = np.where(reach > 0.0, reach, 1.0)
    best, least_error = reach, np.full(reach.shape, np.inf)
    for shrink in SHRINKS[::-1]:
        scales = np.maximum(reach * shrink, least)[..., None]
        error = filters - np.clip(np.round(filters / scales), -most(bits), most(bits)) * scales
        found = (error**2 * importance).sum(axis=2)
        best = np.where(found < least_error, scales[..., 0], best)
        least_error = np.minimum(found, least_error)
    return best.astype(np.float32)


def descended(
    filters: np.ndarray, scales: np.ndarray, bits: int, squares: np.ndarray
) -> np.ndarray:
    """Integers, from the nearest on: every weight in turn to where the error is least."""
    steps = scales.astype(np.float64)
    whole = np.clip(np.round(filters / steps[..., None]), -most(bits), most(bits))
    slopes = (whole * steps[..., None] - filters) @ squares
    for _ in range(SWEEPS):
        for k in range(filters.shape[2]):
            wanted = whole[..., k] - slopes[..., k] / (squares[:, k, k, None] * steps)
            found = np.clip(np.round(wanted), -most(bits), most(bits))
            moved = (found - whole[..., k]) * steps
            if moved.any():
                slopes += moved[..., None] * squares[:, None, k]
                whole[..., k] = found
    return whole
