"""What every element of an int8 network can be, whatever the model's inputs are: exact bounds.

A tensor's bounds are kept for each of its elements, not for each channel: so padding, borders and
constant operands need no rule of their own. Sums are bounded with the weights as they are, then
requantized by the very functions of the reference, which are monotone as long as 32 bits hold the
sum; where they may not, the bounds are all that the activation leaves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir, layers
from graven.matmul import finish, real_multiplier
from graven.node import Node, scale_of, zero_point_of
from graven.reference import node_of
from graven.window import spans, taps

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
ELEMENTWISE = ("QUANTIZE", "RELU", "RELU6", "LOGISTIC", "TANH")  # one int8 in, one int8 out
MONOTONE = (  # the largest inputs give the largest output
    "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "EXPAND_DIMS", "MAX_POOL_2D", "MEAN", "RESHAPE",
    "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SQUEEZE",
)  # fmt: skip
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


def bounds(network: ir.Network) -> dict[int, Bounds]:
    """Of every int8 tensor that is an input, a constant or computed; by its index."""
    found = {
        tensor.index: Bounds(tensor.data, tensor.data)
        for tensor in network.tensors
        if tensor.data is not None and tensor.element is ir.Element.INT8
    }
    computed = (operator.outputs[0] for operator in network.operators)
    for index in (*network.inputs, *computed):
        tensor = network.tensors[index]
        if tensor.element is ir.Element.INT8:
            found[index] = full(tensor.shape)
    for operator in network.operators:
        if operator.outputs[0] in found:
            found[operator.outputs[0]] = _through(operator, node_of(network, operator), found)
    return found


def channels(value: ir.Tensor | np.ndarray) -> int:
    """The extent of the last axis."""
    return value.shape[-1] if value.shape else 1


def full(shape: tuple[int, ...]) -> Bounds:
    low = np.full(shape, arithmetic.INT8_MIN, dtype=np.int8)
    return Bounds(low, np.full(shape, arithmetic.INT8_MAX, dtype=np.int8))


def _through(operator: ir.Operator, node: Node, found: dict[int, Bounds]) -> Bounds:
    data = activations(operator)
    if all(index in found for index in data):
        if operator.name in WEIGHTED and not grouped(node):
            return requantized(operator, node, sums(operator, node, found[data[0]]))
        if operator.name in ELEMENTWISE:
            return _mapped(table(operator, node), found[data[0]])
        if operator.name in MONOTONE:
            return _monotone(operator, node, found)
    return full(node.output.shape)


def grouped(node: Node) -> bool:
    """Whether the filters of a convolution read parts of the input's channels."""
    return node.name == "CONV_2D" and channels(node.input(1)) != channels(node.input(0))


def activations(operator: ir.Operator) -> tuple[int, ...]:
    """The inputs that are not parameters, such as weights, axes or a size."""
    if operator.name in ("ADD", "CONCATENATION"):
        return operator.inputs
    return operator.inputs[:1]


# -- sums of products -----------------------------------------------------------------------------


def centred(node: Node, values: np.ndarray) -> np.ndarray:
    """The input's integers less its zero point, in which padding is 0; float64 holds them."""
    return values.astype(np.float64) - zero_point_of(node.input(0))


def products(
    operator: ir.Operator, node: Node, values: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """The sums of products alone, of any values and weights in the form that the layer has."""
    layer = operator.layer
    if operator.name == "FULLY_CONNECTED":
        return values.reshape(-1, weights.shape[1]) @ weights.T
    rows, columns = spans(
        node, values.shape, weights.shape[1:3], layer.stride, layer.dilation, layer.padding
    )
    depthwise = operator.name == "DEPTHWISE_CONV_2D"
    if depthwise:
        values = np.repeat(values, layer.depth_multiplier, axis=3)
    channels = weights.shape[3 if depthwise else 0]
    total = np.zeros((values.shape[0], rows.output, columns.output, channels))
    for row, column, patch in taps(values, rows, columns, 0.0):
        under = weights[:, row, column, :]
        total += patch * under[0] if depthwise else patch @ under.T
    return total


def sums(operator: ir.Operator, node: Node, data: Bounds) -> tuple[np.ndarray, np.ndarray]:
    """The least and greatest sum of each output, bias included, before 32 bits cut it."""
    weights = node.input(1).data.astype(np.float64)
    low, high = centred(node, data.low), centred(node, data.high)
    centre = products(operator, node, low + high, weights)
    radius = products(operator, node, high - low, np.abs(weights))
    bias = node.optional(2)
    offset = 0 if bias is None else bias.data.astype(np.int64)
    shape = node.output.shape
    return (
        ((centre - radius) / 2).astype(np.int64).reshape(shape) + offset,
        ((centre + radius) / 2).astype(np.int64).reshape(shape) + offset,
    )


def requantized(operator: ir.Operator, node: Node, acc: tuple[np.ndarray, np.ndarray]) -> Bounds:
    activation = operator.layer.activation
    low, high = (finish(value, activation, node, None) for value in acc)
    shifts = [arithmetic.quantize_multiplier(float(real))[1]
              for real in np.atleast_1d(real_multiplier(node))]  # fmt: skip
    fits = _fits(acc, np.array(shifts, dtype=np.int64))
    limits = arithmetic.limits(activation, scale_of(node.output), zero_point_of(node.output))
    return Bounds(
        np.where(fits, low, limits[0]).astype(np.int8),
        np.where(fits, high, limits[1]).astype(np.int8),
    )


def _fits(acc: tuple[np.ndarray, np.ndarray], shift: np.ndarray) -> np.ndarray:
    """Where 32 bits hold all of an interval, also after the left shift of its multiplier."""
    left = np.maximum(shift, 0)
    low, high = arithmetic.INT32_MIN >> left, arithmetic.INT32_MAX >> left
    return (acc[0] >= low) & (acc[1] <= high)


# -- everything else ------------------------------------------------------------------------------


def table(operator: ir.Operator, node: Node) -> np.ndarray:
    """An elementwise operator's result for each int8, from the least on."""
    module = layers.modules()[operator.name]
    return module.reference(operator.layer, node, (EVERYTHING,))


def _mapped(table: np.ndarray, data: Bounds) -> Bounds:
    """The range of a function over each interval; the function may do what it likes."""
    least = np.zeros((256, 256), dtype=np.int8)
    greatest = np.zeros((256, 256), dtype=np.int8)
    for start in range(256):
        least[start, start:] = np.minimum.accumulate(table[start:])
        greatest[start, start:] = np.maximum.accumulate(table[start:])
    low, high = data.low.astype(np.int64) + 128, data.high.astype(np.int64) + 128
    return Bounds(least[low, high], greatest[low, high])


def _monotone(operator: ir.Operator, node: Node, found: dict[int, Bounds]) -> Bounds:
    module = layers.modules()[operator.name]
    if operator.name in ("MEAN", "CONCATENATION") and not _holds(operator, node):
        return full(node.output.shape)

    def end(name: str) -> np.ndarray:
        data = iter(getattr(found[index], name) for index in activations(operator))
        rest = [None] * (len(operator.inputs) - len(activations(operator)))
        return module.reference(operator.layer, node, (*data, *rest))

    return Bounds(end("low"), end("high"))


def _holds(operator: ir.Operator, node: Node) -> bool:
    """Whether no left shift of a rescaling can leave 32 bits, so that it is monotone."""
    data = [node.input(position) for position in range(len(activations(operator)))]
    largest = max(scale_of(tensor) for tensor in data) / scale_of(node.output)
    return largest * 2 * 255 * math.prod(data[0].shape) < arithmetic.INT32_MAX


def is_identity(operator: ir.Operator, node: Node, data: Bounds) -> bool:
    """Whether the output has all that the input is: shape, scale, zero point and every value."""
    source, output = node.input(0), node.output
    if len(activations(operator)) != 1 or source.shape != output.shape:
        return False
    if (scale_of(source), zero_point_of(source)) != (scale_of(output), zero_point_of(output)):
        return False
    least, greatest = int(data.low.min()), int(data.high.max())
    if operator.name in ELEMENTWISE:
        reached = slice(least + 128, greatest + 129)
        return np.array_equal(table(operator, node)[reached], EVERYTHING[reached])
    if operator.name in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        if (operator.layer.window, operator.layer.stride) != ((1, 1), (1, 1)):
            return False
    elif operator.name not in MONOTONE:
        return False
    activation = getattr(operator.layer, "activation", "NONE")
    low, high = arithmetic.limits(activation, scale_of(output), zero_point_of(output))
    return low <= least and greatest <= high
