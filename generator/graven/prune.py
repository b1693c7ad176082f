"""Removes what cannot change any output of an int8 network, whatever its inputs: exact pruning.

A channel goes when nobody needs to see it: its readers multiply it by zeros, or its bounds
(interval.py) show that it is constant and its share of each sum fits into the reader's bias. Its
filter, bias and scale go with it, and its column in every reader's weights. An operator goes when
no output depends on it, or when it returns its input as it is.

Every channel that stays keeps its values, to the bit, in every tensor. Model inputs and outputs keep
their shapes, operators and tensors their indices; new tensors are appended.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, interval, ir
from graven.interval import Bounds, activations, channels
from graven.layers.quantize import Quantize
from graven.matmul import real_multiplier
from graven.node import Node, scale_of
from graven.reference import node_of

RESHAPING = ("EXPAND_DIMS", "RESHAPE", "SQUEEZE")
FOLDING = ("CONV_2D", "FULLY_CONNECTED")  # sum over channels, so one can move into the bias


@dataclass(frozen=True)
class Change:
    """What became of one operator."""

    index: int  # in the original file
    name: str
    kept: tuple[int, ...]  # the original indices along the output's last axis; none: it vanished
    removed: int  # indices along the output's last axis that are gone
    weights: tuple[int, int]  # filter elements before and after
    macs: tuple[int, int]

    @property
    def vanished(self) -> bool:
        return not self.kept


@dataclass(frozen=True)
class Report:
    weights: tuple[int, int]  # filter elements of the network before and after
    macs: tuple[int, int]
    operators: tuple[Change, ...]  # all of the original's, in its order


@dataclass(frozen=True)
class Pruned:
    network: ir.Network
    report: Report


def prune(network: ir.Network) -> Pruned:
    """The network without what is irrelevant; the same object where all of it matters."""
    kept = {tensor.index: np.arange(channels(tensor)) for tensor in network.tensors}
    result = network
    while True:
        found = interval.bounds(result)
        shorter = _without_constant_branches(_without_identities(result, found), found)
        need = _Need(shorter, found)
        after = _Rewrite(shorter, need).network()
        if after is result:
            return Pruned(result, _report(network, result, kept))
        for index, stays in need.kept.items():
            old = kept.get(index)
            kept[index] = np.flatnonzero(stays) if old is None else old[stays]
        result = after


# -- operators that do nothing --------------------------------------------------------------------


def _without_identities(network: ir.Network, found: dict[int, Bounds]) -> ir.Network:
    """Readers of an operator that returns its input read that input; model outputs stay."""
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
            for position in range(2):
                branch = tensors[inputs[position]]
                if steady[position] and not steady[1 - position] and branch.data is None:
                    inputs[position] = len(tensors)
                    tensors.append(_operand(branch, found[branch.index], len(tensors)))
        operators.append(_changed(operator, inputs=tuple(inputs)))
    return _changed(network, tensors=tuple(tensors), operators=tuple(operators))


def _operand(branch: ir.Tensor, bounds: Bounds, index: int) -> ir.Tensor:
    """One value for each channel, to be broadcast; one for all where they are equal."""
    row = bounds.low.reshape(-1, channels(branch))[0]
    row = row[:1] if (row == row[0]).all() else row
    data = row.reshape((1,) * (len(branch.shape) - 1) + row.shape)
    return dataclasses.replace(branch, index=index, shape=data.shape, data=data)


# -- which channels are needed --------------------------------------------------------------------


class _Need:
    """The least set of channels such that all that is kept can be computed from what is kept."""

    def __init__(self, network: ir.Network, found: dict[int, Bounds]) -> None:
        self.network = network
        self.folds = {
            operator.index: _Fold(operator, node_of(network, operator), found)
            for operator in network.operators
            if operator.name in FOLDING and operator.inputs[0] in found
        }
        whole = {*network.inputs, *network.outputs, *_parameters(network)}
        self.kept = {
            tensor.index: np.full(channels(tensor), tensor.index in whole)
            for tensor in network.tensors
        }
        self.settle()

    def settle(self) -> None:
        while self.count() != (self.spread(), self.count())[1] or self.feed():
            pass

    def count(self) -> int:
        return sum(int(stays.sum()) for stays in self.kept.values())

    def spread(self) -> None:
        """Every operator with a kept output keeps what that takes."""
        for operator in reversed(self.network.operators):
            stays = self.kept[operator.outputs[0]]
            if not stays.any():
                continue
            fold = self.folds.get(operator.index)
            links = _links(self.network, operator)
            if fold is not None:
                self.kept[operator.inputs[0]] |= fold.needed(stays)
            elif operator.name == "DEPTHWISE_CONV_2D" and links:
                self.keep_depthwise(operator)
            else:
                self.keep_linked(operator, links)

    def keep_linked(self, operator: ir.Operator, links: dict[int, list[np.ndarray]]) -> None:
        """Channels with one label stay or go together; without labels all stay."""
        output = operator.outputs[0]
        for index in (*activations(operator), output):
            if index not in links and (index == output or index >= 0):
                self.kept[index][:] = True
        pairs = [(index, labels) for index, all in links.items() for labels in all]
        stays = np.zeros(1 + max((labels.max() for _, labels in pairs), default=0), dtype=bool)
        for index, labels in pairs:
            stays[labels[self.kept[index]]] = True
        for index, labels in pairs:
            self.kept[index] |= stays[labels]

    def keep_depthwise(self, operator: ir.Operator) -> None:
        """All kept inputs have equally many outputs."""
        data = self.kept[operator.inputs[0]]
        outputs = self.kept[operator.outputs[0]].reshape(data.size, -1)
        data |= outputs.any(axis=1)
        multiplier = max(int(outputs.sum(axis=1).max()), 1)
        for row in outputs[data]:
            row[np.flatnonzero(~row)[: multiplier - int(row.sum())]] = True
            assert row.sum() == multiplier
        outputs[data] = _filled(outputs[data], multiplier)

    def feed(self) -> bool:
        """A sum of which all is constant still reads one channel; whether one was missing."""
        for operator in self.network.operators:
            fold = self.folds.get(operator.index)
            if fold is None or not self.kept[operator.outputs[0]].any():
                continue
            data = self.kept[operator.inputs[0]]
            if not data.any():
                data |= fold.labels == fold.cheapest
                return True
        return False
