"""Removes what cannot change any output of an int8 network, whatever its inputs: exact pruning.

A channel goes when its readers can do without it: they multiply it by zeros, or its bounds
(interval.py) show that it is constant and that it adds the same number to a reader's sum at every
place, which then moves into that reader's bias. Its filter, bias and scale go with it, and so do
its columns in the readers' weights. An operator goes when no output depends on it, or when it
returns its input as it is.

Every channel that stays keeps its values, to the bit. Model inputs and outputs keep their shapes;
operators and tensors keep their indices, and new tensors come behind the others.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from graven import arithmetic, interval, ir
from graven.interval import Bounds, activations, channels
from graven.layers.quantize import Quantize
from graven.node import Node, scale_of
from graven.reference import node_of

FOLDING = ("CONV_2D", "FULLY_CONNECTED")  # a share of their sums can move into the bias
DEPTHWISE = "DEPTHWISE_CONV_2D"
RESHAPING = ("EXPAND_DIMS", "RESHAPE", "SQUEEZE")
Record = TypeVar("Record", ir.Network, ir.Operator)


@dataclass(frozen=True)
class Change:
    """What became of one operator."""

    index: int  # in the original file
    name: str
    kept: tuple[int, ...]  # the original indices along the output's last axis; none: it vanished
    removed: int  # how many of them are gone
    weights: tuple[int, int]  # filter elements before and after
    macs: tuple[int, int]

    @property
    def vanished(self) -> bool:
        return not self.kept


@dataclass(frozen=True)
class Report:
    weights: tuple[int, int]  # filter elements before and after
    macs: tuple[int, int]
    operators: tuple[Change, ...]  # all of the original's, in its order


@dataclass(frozen=True)
class Pruned:
    network: ir.Network
    report: Report


def prune(network: ir.Network) -> Pruned:
    """The network without what is irrelevant; the same object where all of it matters."""
    result = network
    outputs = (network.tensors[operator.outputs[0]] for operator in network.operators)
    kept = {output.index: np.arange(channels(output)) for output in outputs}
    while True:
        found = interval.bounds(result)
        shorter = _without_constant_branches(_without_identities(result, found), found)
        needed = _Need(shorter, found)
        after = _Rewriter(shorter, needed).rewritten()
        if after is result:
            return Pruned(result, _report(network, result, kept))
        for operator in after.operators:
            index = operator.outputs[0]
            kept[index] = kept[index][needed.kept[index]]
        result = after


def _changed(record: Record, **fields: object) -> Record:
    """With these fields; the same object if it has them already."""
    same = all(getattr(record, name) == value for name, value in fields.items())
    return record if same else dataclasses.replace(record, **fields)


# -- operators that do nothing --------------------------------------------------------------------


def _without_identities(network: ir.Network, found: dict[int, Bounds]) -> ir.Network:
    """Who reads an operator that returns its input as it is reads that input."""
    same: dict[int, int] = {}
    operators = []
    for operator in network.operators:
        inputs = tuple(same.get(index, index) for index in operator.inputs)
        operator = _changed(operator, inputs=inputs)
        data, output = operator.inputs[0], operator.outputs[0]
        known = data in found and output in found and output not in network.outputs
        if known and interval.is_identity(operator, node_of(network, operator), found[data]):
            same[output] = data
        else:
            operators.append(operator)
    return _changed(network, operators=tuple(operators))


def _without_constant_branches(network: ir.Network, found: dict[int, Bounds]) -> ir.Network:
    """A branch that is constant, and the same at every place, becomes a constant operand of ADD."""
    tensors = list(network.tensors)
    operators = []
    for operator in network.operators:
        inputs = list(operator.inputs)
        if operator.name == "ADD" and all(index in found for index in inputs):
            steady = [bool(found[index].steady().all()) for index in inputs]
            branch = tensors[inputs[steady.index(True)]] if sum(steady) == 1 else None
            if branch is not None and branch.data is None:
                inputs[steady.index(True)] = len(tensors)
                tensors.append(_operand(branch, found[branch.index], len(tensors)))
        operators.append(_changed(operator, inputs=tuple(inputs)))
    return _changed(network, tensors=tuple(tensors), operators=tuple(operators))


def _operand(branch: ir.Tensor, bounds: Bounds, index: int) -> ir.Tensor:
    """One value per channel, to be broadcast."""
    row = bounds.low.reshape(-1, channels(branch))[0]
    data = row.reshape((1,) * (len(branch.shape) - 1) + row.shape) if branch.shape else bounds.low
    return dataclasses.replace(branch, index=index, shape=data.shape, data=data)


# -- which channels are needed --------------------------------------------------------------------


class _Fold:
    """What the sums of a convolution or a Dense layer can do without.

    Input channels come in classes, each of which stays or goes as one: a class per channel, or
    fewer where a Dense layer cuts its input into rows that are shorter than the last axis.
    """

    def __init__(self, operator: ir.Operator, node: Node, found: dict[int, Bounds]) -> None:
        weights, bias = node.input(1).data, node.optional(2)
        units, depth = weights.shape[0], weights.shape[-1]
        data, output = found[operator.inputs[0]], found[operator.outputs[0]]
        count = math.gcd(channels(data.low), depth)
        self.labels = np.arange(channels(data.low)) % count
        self.columns = np.arange(depth) % count
        self.bias = np.zeros(units, dtype=np.int64) if bias is None else bias.data.astype(np.int64)
        self.free = np.zeros((units, count), dtype=bool)  # adds the same number at every place
        self.share = np.zeros((units, count), dtype=np.int64)  # and this is the number
        values = interval.centred(node, data.low)
        constant = data.constant
        if operator.name == "FULLY_CONNECTED":
            values, constant = values.reshape(-1, depth), constant.reshape(-1, depth)
        for label in range(count):
            part = weights[..., label::count].astype(np.float64)
            if not constant[..., label::count].all():
                self.free[:, label] = ~part.reshape(units, -1).any(axis=1)
            else:
                total = interval.products(operator, node, values[..., label::count], part)
                total = total.reshape(-1, units).astype(np.int64)
                self.free[:, label] = (total == total[0]).all(axis=0)
                self.share[:, label] = np.where(self.free[:, label], total[0], 0)
        # A constant output needs no input at all: no weights, and a sum that gives the constant.
        self.steady = output.steady()
        self.level = np.zeros(units, dtype=np.int64)
        if self.steady.any():
            level = interval.sums(operator, node, data)[0].reshape(-1, units)[0]
            self.level = np.clip(level, arithmetic.INT32_MIN, arithmetic.INT32_MAX)
        steady_inputs = np.flatnonzero(data.steady())
        self.cheapest = self.labels[steady_inputs[0]] if steady_inputs.size else 0

    def needed(self, outputs: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """The input channels that these outputs take, when these are there in any case."""
        taken = np.zeros(self.free.shape[1], dtype=bool)
        taken[self.labels[inputs]] = True
        rows = outputs & ~self.steady
        taken |= ~self.free[rows].all(axis=0)
        bias = self.folded_bias(taken)[rows]
        if (bias < arithmetic.INT32_MIN).any() or (bias > arithmetic.INT32_MAX).any():
            taken |= self.share[rows].any(axis=0)
        return taken[self.labels]

    def folded_bias(self, taken: np.ndarray) -> np.ndarray:
        folded = self.bias + self.share[:, ~taken].sum(axis=1)
        return np.where(self.steady, self.level, folded)


class _Need:
    """The least sets of channels such that each that stays can be computed from those that stay."""

    def __init__(self, network: ir.Network, found: dict[int, Bounds]) -> None:
        self.network = network
        self.folds = {
            operator.index: _Fold(operator, node, found)
            for operator, node in ((each, node_of(network, each)) for each in network.operators)
            if operator.name in FOLDING
            and operator.inputs[0] in found
            and not interval.grouped(node)
        }
        whole = {*network.inputs, *network.outputs}
        for operator in network.operators:
            whole.update(operator.inputs[len(activations(operator)) :])
        self.kept = {
            tensor.index: np.full(channels(tensor), tensor.index in whole)
            for tensor in network.tensors
        }
        self.settle()

    def settle(self) -> None:
        before = -1
        while before != (before := self._count()) or self._feed():
            for operator in reversed(self.network.operators):
                if self.kept[operator.outputs[0]].any():
                    self._keep(operator)

    def _count(self) -> int:
        return sum(np.count_nonzero(stays) for stays in self.kept.values())

    def _keep(self, operator: ir.Operator) -> None:
        data, output = operator.inputs[0], operator.outputs[0]
        links = _links(self.network, operator)
        if operator.index in self.folds:
            self._keep_companion(operator)
            fold = self.folds[operator.index]
            self.kept[data] |= fold.needed(self.kept[output], self.kept[data])
        elif operator.name == DEPTHWISE and links:
            self._keep_depthwise(operator)
        else:
            self._keep_linked(operator, links)

    def _keep_companion(self, operator: ir.Operator) -> None:
        """A Dense layer with one scale has another rounding than one with a scale per output."""
        weights = self.network.tensors[operator.inputs[1]]
        stays = self.kept[operator.outputs[0]]
        scales = weights.quantization.scale if weights.quantization else ()
        if operator.name == "FULLY_CONNECTED" and len(scales) > 1 and np.count_nonzero(stays) == 1:
            stays[np.flatnonzero(~stays)[0]] = True

    def _keep_depthwise(self, operator: ir.Operator) -> None:
        """As many outputs for each input that stays."""
        data = self.kept[operator.inputs[0]]
        outputs = self.kept[operator.outputs[0]].reshape(data.size, -1)  # a view
        data |= outputs.any(axis=1)
        multiplier = outputs.sum(axis=1).max()
        for row in np.flatnonzero(data):
            missing = multiplier - outputs[row].sum()
            outputs[row, np.flatnonzero(~outputs[row])[:missing]] = True

    def _keep_linked(self, operator: ir.Operator, links: list[tuple[int, np.ndarray]]) -> None:
        linked = {index for index, _ in links}
        for index in (*activations(operator), operator.outputs[0]):
            if index not in linked:
                self.kept[index][:] = True
        stays = np.zeros(1 + max((labels.max() for _, labels in links), default=0), dtype=bool)
        for index, labels in links:
            stays[labels[self.kept[index]]] = True
        for index, labels in links:
            self.kept[index] |= stays[labels]

    def _feed(self) -> bool:
        """Sums whose inputs have all moved into the bias still read something."""
        for operator in self.network.operators:
            fold = self.folds.get(operator.index)
            data = self.kept[operator.inputs[0]]
            if fold and self.kept[operator.outputs[0]].any() and not data.any():
                data |= fold.labels == fold.cheapest
                return True
        return False


def _links(network: ir.Network, operator: ir.Operator) -> list[tuple[int, np.ndarray]]:
    """Tensors with a label for each channel: channels with one label stay or go together.

    The inputs and outputs that are not among them stay as they are; so do those of an operator
    that nobody here knows.
    """
    output = network.tensors[operator.outputs[0]]
    data = [network.tensors[index] for index in activations(operator)]
    if any(tensor.element is not ir.Element.INT8 for tensor in (output, *data)):
        return []
    count, first = channels(output), data[0]
    if operator.name in RESHAPING:
        common = math.gcd(channels(first), count)
        return [(tensor.index, np.arange(channels(tensor)) % common) for tensor in (first, output)]
    if operator.name == DEPTHWISE:
        return [(first.index, np.arange(channels(first)))]
    if operator.name == "CONCATENATION" and operator.layer.axis == len(output.shape) - 1:
        ends = np.cumsum([channels(tensor) for tensor in data])
        parts = [np.arange(end - channels(part), end)
                 for part, end in zip(data, ends, strict=True)]  # fmt: skip
        pairs = zip(data, parts, strict=True)
        return [*((part.index, labels) for part, labels in pairs), (output.index, np.arange(count))]
    if operator.name == "MEAN" and len(first.shape) - 1 in operator.layer.axes:
        return []
    if operator.name in (*interval.ELEMENTWISE, *interval.MONOTONE):
        whole = [tensor for tensor in (*data, output) if channels(tensor) == count]
        return [(tensor.index, np.arange(count)) for tensor in whole]
    return []


# -- the network of what is needed ----------------------------------------------------------------


class _Rewriter:
    def __init__(self, network: ir.Network, need: _Need) -> None:
        self.source = network
        self.need = need
        self.kept = need.kept
        self.tensors = list(network.tensors)
        self.live = [op for op in network.operators if self.kept[op.outputs[0]].any()]
        self.uses = Counter(index for operator in self.live for index in operator.inputs)

    def rewritten(self) -> ir.Network:
        operators = tuple(self.operator(operator) for operator in self.live)
        for index, stays in self.kept.items():
            if stays.any() and not stays.all():
                self.tensors[index] = _sliced(self.source.tensors[index], stays)
        return _changed(self.source, operators=operators, tensors=tuple(self.tensors))

    def operator(self, operator: ir.Operator) -> ir.Operator:
        stays = self.kept[operator.outputs[0]]
        if operator.index in self.need.folds:
            return self.folded(operator, stays)
        if operator.name == DEPTHWISE and not stays.all():
            return self.depthwise(operator, stays)
        if operator.name in RESHAPING and not stays.all():
            return self.reshaping(operator, stays)
        if operator.name == "CONCATENATION":
            return self.concatenation(operator)
        return operator

    def folded(self, operator: ir.Operator, outputs: np.ndarray) -> ir.Operator:
        fold = self.need.folds[operator.index]
        taken = np.zeros(fold.free.shape[1], dtype=bool)
        taken[fold.labels[self.kept[operator.inputs[0]]]] = True
        weights = self.source.tensors[operator.inputs[1]].data.copy()
        weights[fold.steady] = 0
        weights = weights[outputs][..., taken[fold.columns]]
        bias = fold.folded_bias(taken)[outputs].astype(np.int32)
        return self.weighted(operator, weights, bias, 0, outputs)

    def depthwise(self, operator: ir.Operator, outputs: np.ndarray) -> ir.Operator:
        bias = np.zeros(0, dtype=np.int32)
        if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
            bias = self.source.tensors[operator.inputs[2]].data[outputs]
        weights = self.source.tensors[operator.inputs[1]].data[..., outputs]
        multiplier = np.count_nonzero(outputs) // np.count_nonzero(self.kept[operator.inputs[0]])
        layer = dataclasses.replace(operator.layer, depth_multiplier=int(multiplier))
        return _changed(self.weighted(operator, weights, bias, 3, outputs), layer=layer)

    def weighted(
        self,
        operator: ir.Operator,
        weights: np.ndarray,
        bias: np.ndarray,
        axis: int,
        outputs: np.ndarray,
    ) -> ir.Operator:
        inputs = [*operator.inputs, -1][:3]
        quantization = _sliced_scales(self.source.tensors[inputs[1]].quantization, axis, outputs)
        if inputs[2] >= 0:
            scales = _sliced_scales(self.source.tensors[inputs[2]].quantization, 0, outputs)
            inputs[2] = self.constant(inputs[2], bias, scales)
        elif bias.any():
            inputs[2] = self.new_bias(operator, bias, quantization)
        else:
            inputs = list(operator.inputs)
        inputs[1] = self.constant(inputs[1], weights, quantization)
        return _changed(operator, inputs=tuple(inputs))

    def new_bias(
        self, operator: ir.Operator, bias: np.ndarray, weights: ir.Quantization | None
    ) -> int:
        data, output = (self.source.tensors[i] for i in (operator.inputs[0], operator.outputs[0]))
        assert weights is not None
        scale = tuple(
            float(np.float32(scale_of(data)) * np.float32(value)) for value in weights.scale
        )
        quantization = ir.Quantization(scale, (0,) * len(scale))
        index, name = len(self.tensors), f"{output.name.split(';', 1)[0]}/bias"
        element = ir.Element.INT32
        self.tensors.append(ir.Tensor(index, name, bias.shape, element, quantization, bias))
        return index

    def reshaping(self, operator: ir.Operator, stays: np.ndarray) -> ir.Operator:
        shape = (*operator.layer.shape[:-1], int(np.count_nonzero(stays)))
        inputs = list(operator.inputs)
        if operator.name == "RESHAPE" and len(inputs) > 1 and inputs[1] >= 0:
            stored = self.source.tensors[inputs[1]]
            data = np.array(shape, dtype=stored.element.dtype).reshape(stored.shape)
            inputs[1] = self.constant(inputs[1], data, stored.quantization)
        layer = dataclasses.replace(operator.layer, shape=shape)
        return _changed(operator, inputs=tuple(inputs), layer=layer)

    def concatenation(self, operator: ir.Operator) -> ir.Operator:
        inputs = tuple(index for index in operator.inputs if self.kept[index].any())
        if len(inputs) == 1 and inputs != operator.inputs and operator.layer.activation == "NONE":
            return _changed(operator, name="QUANTIZE", layer=Quantize(), inputs=inputs)
        return _changed(operator, inputs=inputs)

    def constant(self, index: int, data: np.ndarray, quantization: ir.Quantization | None) -> int:
        """The index of a constant's new value: its own, or a new one if others read it as well."""
        old = self.source.tensors[index]
        if np.array_equal(old.data, data):
            return index
        fresh = len(self.tensors) if self.uses[index] > 1 else index
        tensor = dataclasses.replace(
            old, index=fresh, shape=data.shape, data=data, quantization=quantization
        )
        if fresh == index:
            self.tensors[index] = tensor
        else:
            self.tensors.append(tensor)
        return fresh


def _sliced(tensor: ir.Tensor, stays: np.ndarray) -> ir.Tensor:
    data = None if tensor.data is None else tensor.data[..., stays]
    shape = (*tensor.shape[:-1], int(np.count_nonzero(stays)))
    return dataclasses.replace(tensor, shape=shape, data=data)


def _sliced_scales(
    quantization: ir.Quantization | None, axis: int, stays: np.ndarray
) -> ir.Quantization | None:
    if quantization is None or len(quantization.scale) == 1:
        return quantization
    places = np.flatnonzero(stays)
    scale = tuple(quantization.scale[place] for place in places)
    return ir.Quantization(scale, tuple(quantization.zero_point[place] for place in places), axis)


# -- the report -----------------------------------------------------------------------------------


def _report(before: ir.Network, after: ir.Network, kept: dict[int, np.ndarray]) -> Report:
    left = {operator.index: operator for operator in after.operators}
    changes = []
    for operator in before.operators:
        remains = left.get(operator.index)
        indices = kept[operator.outputs[0]].tolist() if remains else []
        (weights, macs), (now, macs_now) = _size(before, operator), _size(after, remains)
        changes.append(
            Change(
                index=operator.index,
                name=operator.name,
                kept=tuple(indices),
                removed=channels(before.tensors[operator.outputs[0]]) - len(indices),
                weights=(weights, now),
                macs=(macs, macs_now),
            )
        )

    def total(field: str, place: int) -> int:
        return sum(getattr(change, field)[place] for change in changes)

    return Report(
        weights=(total("weights", 0), total("weights", 1)),
        macs=(total("macs", 0), total("macs", 1)),
        operators=tuple(changes),
    )


def _size(network: ir.Network, operator: ir.Operator | None) -> tuple[int, int]:
    """Filter elements and MACs."""
    if operator is None or operator.name not in interval.WEIGHTED:
        return 0, 0
    weights, output = network.tensors[operator.inputs[1]], network.tensors[operator.outputs[0]]
    size = math.prod(weights.shape)
    return size, math.prod(output.shape) * (size // channels(output))
