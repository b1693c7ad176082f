"""Removes what cannot change any output of an int8 network, whatever its inputs: exact pruning.

A channel goes when its readers can do without it: they multiply it by zeros, or its bounds
(interval.py) show that it is constant and that it adds the same number to a reader's sum at every
place, which then moves into that reader's bias. Its filter, bias and scale go with it, and so do
its columns in the readers' weights. An operator goes when no output depends on it, or when it
returns its input as it is. What an operator allows stands in its layer module (graven.layers).

Every channel that stays keeps its values, to the bit. Model inputs and outputs keep their shapes;
operators and tensors keep their indices, and new tensors come behind the others.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from graven import arithmetic, interval, ir, layers, matmul
from graven.bounds import Bounds
from graven.channels import Links, Masks, channels, sliced_scales
from graven.layers import activations
from graven.node import Node, node_of, scale_of

Record = TypeVar("Record", ir.Network, ir.Operator)


@dataclass(frozen=True)
class Change:
    """What became of one operator."""

    index: int  # in the original file
    name: str
    outputs: tuple[tuple[int, ...], ...]  # each one's original indices along its last axis
    removed: int  # how many of them are gone
    weights: tuple[int, int]  # filter elements before and after
    macs: tuple[int, int]

    @property
    def kept(self) -> tuple[int, ...]:
        """The indices of the first output, which most operators have alone; none: it vanished."""
        return self.outputs[0] if self.outputs else ()

    @property
    def vanished(self) -> bool:
        return not self.outputs


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
    if network.variables:  # what they hold depends on all runs before
        return Pruned(result, _report(network, result, _all_channels(network)))
    kept = _all_channels(network)
    while True:
        found = interval.bounds(result)
        shorter = _without_constant_branches(_without_identities(result, found), found)
        needed = _Need(shorter, found)
        after = Rewriter(shorter, needed).rewritten()
        if after is result:
            return Pruned(result, _report(network, result, kept))
        for operator in after.operators:
            for index in operator.outputs:
                kept[index] = kept[index][needed.kept[index]]
        result = after


def _all_channels(network: ir.Network) -> dict[int, np.ndarray]:
    computed = [index for operator in network.operators for index in operator.outputs]
    return {index: np.arange(channels(network.tensors[index])) for index in computed}


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
        inside = not set(operator.outputs) & set(network.outputs)
        if inside and interval.is_identity(operator, node_of(network, operator), found):
            (same[operator.output],) = activations(operator)
        else:
            operators.append(operator)
    return _changed(network, operators=tuple(operators))


def _without_constant_branches(network: ir.Network, found: dict[int, Bounds]) -> ir.Network:
    """A branch that is constant, and the same at every place, becomes a constant operand."""
    tensors = list(network.tensors)
    operators = []
    for operator in network.operators:
        inputs = list(operator.inputs)
        broadcasts = getattr(layers.modules()[operator.name], "BROADCASTS", False)
        if broadcasts and all(index in found for index in inputs):
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
    """What the sums of a layer that `folds` can do without.

    Input channels come in classes, each of which stays or goes as one: a class per channel, or
    fewer where a Dense layer cuts its input into rows that are shorter than the last axis.
    """

    stored = np.int32  # of a bias

    def __init__(self, operator: ir.Operator, node: Node, found: dict[int, Bounds]) -> None:
        layer, products = operator.layer, layers.modules()[operator.name].products
        weights, bias = node.input(1).data, node.optional(2)
        units, depth = weights.shape[0], weights.shape[-1]
        data, output = found[operator.inputs[0]], found[operator.output]
        count = math.gcd(channels(data.low), depth)
        self.labels = np.arange(channels(data.low)) % count
        self.columns = np.arange(depth) % count
        self.bias = np.zeros(units, dtype=np.int64) if bias is None else bias.data.astype(np.int64)
        self.free = np.zeros((units, count), dtype=bool)  # adds the same number at every place
        self.share = np.zeros((units, count), dtype=np.int64)  # and this is the number
        values = matmul.centred(node, data.low)
        constant = data.constant
        if channels(values) != depth:
            values, constant = values.reshape(-1, depth), constant.reshape(-1, depth)
        for label in range(count):
            part = weights[..., label::count].astype(np.float64)
            if not constant[..., label::count].all():
                self.free[:, label] = ~part.reshape(units, -1).any(axis=1)
            else:
                total = products(layer, node, values[..., label::count], part)
                total = total.reshape(-1, units).astype(np.int64)
                self.free[:, label] = (total == total[0]).all(axis=0)
                self.share[:, label] = np.where(self.free[:, label], total[0], 0)
        # A constant output needs no input at all: no weights, and a sum that gives the constant.
        self.steady = output.steady()
        self.level = np.zeros(units, dtype=np.int64)
        if self.steady.any():
            level = matmul.sums(products, layer, node, data)[0].reshape(-1, units)[0]
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
            if operator.inputs[0] in found and _folds(operator, node)
        }
        whole = {*network.inputs, *network.outputs}
        for operator in network.operators:
            whole.update(set(operator.inputs) - set(activations(operator)))
        self.kept = {
            tensor.index: np.full(channels(tensor), tensor.index in whole)
            for tensor in network.tensors
        }
        self.settle()

    def lives(self, operator: ir.Operator) -> bool:
        return any(self.kept[index].any() for index in operator.outputs)

    def settle(self) -> None:
        before = -1
        while before != (before := self._count()) or self._feed():
            for operator in reversed(self.network.operators):
                if self.lives(operator):
                    self._keep(operator)

    def _count(self) -> int:
        return sum(np.count_nonzero(stays) for stays in self.kept.values())

    def _keep(self, operator: ir.Operator) -> None:
        module = layers.modules()[operator.name]
        node = node_of(self.network, operator)
        keeps = hasattr(module, "keep") and _is_int8(operator, node)
        if keeps:
            module.keep(operator.layer, node, *self.masks(operator))
        if fold := self.folds.get(operator.index):
            data = self.kept[operator.inputs[0]]
            data |= fold.needed(self.kept[operator.output], data)
        elif not keeps:
            self._keep_linked(operator, _links(operator, node))
        for index in operator.outputs:  # one that nobody reads is there nevertheless
            if not self.kept[index].any():
                self.kept[index][:] = True

    def masks(self, operator: ir.Operator) -> tuple[Masks, Masks]:
        """What stays of the inputs and of the outputs; nothing of an input that is absent."""
        nothing = np.zeros(0, dtype=bool)
        inputs = [self.kept[index] if index >= 0 else nothing for index in operator.inputs]
        return inputs, [self.kept[index] for index in operator.outputs]

    def _keep_linked(self, operator: ir.Operator, links: Links) -> None:
        linked = {tensor.index for tensor, _ in links}
        for index in (*activations(operator), *operator.outputs):
            if index not in linked:
                self.kept[index][:] = True
        stays = np.zeros(1 + max((labels.max() for _, labels in links), default=0), dtype=bool)
        for tensor, labels in links:
            stays[labels[self.kept[tensor.index]]] = True
        for tensor, labels in links:
            self.kept[tensor.index] |= stays[labels]

    def _feed(self) -> bool:
        """Sums whose inputs have all moved into the bias still read something."""
        for operator in self.network.operators:
            fold = self.folds.get(operator.index)
            data = self.kept[operator.inputs[0]]
            if fold and self.lives(operator) and not data.any():
                data |= fold.labels == fold.cheapest
                return True
        return False


def _folds(operator: ir.Operator, node: Node) -> bool:
    module = layers.modules()[operator.name]
    return hasattr(module, "folds") and module.folds(operator.layer, node)


def _is_int8(operator: ir.Operator, node: Node) -> bool:
    data = (tensor for tensor in node.inputs if tensor and tensor.index in activations(operator))
    return all(tensor.element is ir.Element.INT8 for tensor in (*data, *node.outputs))


def _links(operator: ir.Operator, node: Node) -> Links:
    """None for an operator that says nothing of itself, or is not of int8 alone."""
    module = layers.modules()[operator.name]
    if not hasattr(module, "links") or not _is_int8(operator, node):
        return []
    return module.links(operator.layer, node)


# -- the network of what is needed ----------------------------------------------------------------


class Rewriter:
    """By what `need` says stays: _Need, or what has its `kept`, `folds`, `lives`, `masks`."""

    def __init__(self, network: ir.Network, need: Any) -> None:
        self.source = network
        self.need = need
        self.kept = need.kept
        self.tensors = list(network.tensors)
        self.live = [operator for operator in network.operators if need.lives(operator)]
        self.uses = Counter(index for operator in self.live for index in operator.inputs)

    def rewritten(self) -> ir.Network:
        operators = tuple(self.operator(operator) for operator in self.live)
        for index, stays in self.kept.items():
            if stays.any() and not stays.all():
                self.tensors[index] = _sliced(self.source.tensors[index], stays)
        return _changed(self.source, operators=operators, tensors=tuple(self.tensors))

    def operator(self, operator: ir.Operator) -> ir.Operator:
        if operator.index in self.need.folds:
            return self.folded(operator, self.kept[operator.output])
        inputs, outputs = self.need.masks(operator)
        shrink = getattr(layers.modules()[operator.name], "shrink", None)
        if shrink is None or all(stays.all() for stays in (*inputs, *outputs)):
            return operator
        found = shrink(operator.layer, node_of(self.source, operator), inputs, outputs)
        indices = list(operator.inputs)
        for place, (data, quantization) in found.constants.items():
            indices[place] = self.constant(indices[place], data, quantization)
        if found.inputs is not None:
            indices = [indices[place] for place in found.inputs]
        return _changed(operator, name=found.name, layer=found.layer, inputs=tuple(indices))

    def folded(self, operator: ir.Operator, outputs: np.ndarray) -> ir.Operator:
        fold = self.need.folds[operator.index]
        taken = np.zeros(fold.free.shape[1], dtype=bool)
        taken[fold.labels[self.kept[operator.inputs[0]]]] = True
        weights = self.source.tensors[operator.inputs[1]].data.copy()
        weights[fold.steady] = 0
        weights = weights[outputs][..., taken[fold.columns]]
        bias = fold.folded_bias(taken)[outputs].astype(fold.stored)
        inputs = [*operator.inputs, -1][:3]
        quantization = sliced_scales(self.source.tensors[inputs[1]].quantization, 0, outputs)
        if inputs[2] >= 0:
            scales = sliced_scales(self.source.tensors[inputs[2]].quantization, 0, outputs)
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
        data, output = (self.source.tensors[i] for i in (operator.inputs[0], operator.output))
        assert weights is not None
        scale = tuple(
            float(np.float32(scale_of(data)) * np.float32(value)) for value in weights.scale
        )
        quantization = ir.Quantization(scale, (0,) * len(scale))
        index, name = len(self.tensors), f"{output.name.split(';', 1)[0]}/bias"
        element = ir.Element.INT32
        self.tensors.append(ir.Tensor(index, name, bias.shape, element, quantization, bias))
        return index

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


# -- the report -----------------------------------------------------------------------------------


def _report(before: ir.Network, after: ir.Network, kept: dict[int, np.ndarray]) -> Report:
    left = {operator.index: operator for operator in after.operators}
    changes = []
    for operator in before.operators:
        remains = left.get(operator.index)
        indices = [tuple(kept[index].tolist()) for index in operator.outputs] if remains else []
        extents = [channels(before.tensors[index]) for index in operator.outputs]
        (weights, macs), (now, macs_now) = _size(before, operator), _size(after, remains)
        changes.append(
            Change(
                index=operator.index,
                name=operator.name,
                outputs=tuple(indices),
                removed=sum(extents) - sum(map(len, indices)),
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
    if operator is None or not hasattr(layers.modules()[operator.name], "products"):
        return 0, 0
    weights, output = network.tensors[operator.inputs[1]], network.tensors[operator.output]
    size = math.prod(weights.shape)
    return size, math.prod(output.shape) * (size // channels(output))
