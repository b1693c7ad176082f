"""Which channels of a float network stay or go together, and the network without some of them.

A unit is the least that can go: channels of several tensors that layers tie to each other (`links`
of their modules; a depthwise convolution's input and output; an input of Dense behind Flatten). The
units of the same tensors are a group, and stand in the order of their channels. What a model gives,
takes, or hands to an operator that says nothing of its channels is in no group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graven import ir, layers
from graven.channels import channels
from graven.layers import activations
from graven.node import Node, node_of
from graven.pruning.exact import Rewriter
from graven.quantize.rules import Weights, weights_of

Unit = dict[int, np.ndarray]
"""By tensor, the indices along its last axis."""


@dataclass(frozen=True)
class Group:
    name: str  # of the first tensor
    tensors: tuple[int, ...]
    units: tuple[Unit, ...]


def reads_all(network: ir.Network, operator: ir.Operator) -> bool:
    """Whether each filter sums over all input channels: input and output have no tie."""
    module, node = layers.modules()[operator.name], node_of(network, operator)
    return is_real(node) and hasattr(module, "folds") and module.folds(operator.layer, node)


def is_real(node: Node) -> bool:
    return all(tensor.element is ir.Element.FLOAT32 for tensor in (node.input(0), *node.outputs))


def rule_of(network: ir.Network, operator: ir.Operator) -> Weights | None:
    return weights_of(layers.modules()[operator.name], operator, network.tensors)


def labels(network: ir.Network, operator: ir.Operator) -> tuple[np.ndarray, np.ndarray]:
    """Of a layer that reads all: classes of input channels, and of its weights' last axis; fewer
    than channels where a Dense cuts its input into rows that are shorter than the last axis."""
    extent = channels(network.tensors[operator.inputs[0]])
    depth = network.tensors[operator.inputs[1]].shape[-1]
    count = int(np.gcd(extent, depth))
    return np.arange(extent) % count, np.arange(depth) % count


def groups(network: ir.Network) -> list[Group]:
    """All that can lose units, in the order of the network."""
    ties = _Ties(network)
    by_tensors: dict[tuple[int, ...], list[Unit]] = defaultdict(list)
    for unit in ties.units():
        by_tensors[tuple(unit)].append(unit)
    return [
        Group(network.tensors[tensors[0]].name or f"tensor {tensors[0]}", tensors, tuple(units))
        for tensors, units in by_tensors.items()
        if len(units) > 1
    ]


class _Ties:
    """Sets of channels, joined one link after the other."""

    def __init__(self, network: ir.Network) -> None:
        self.network = network
        sizes = [channels(tensor) for tensor in network.tensors]
        self.starts = np.concatenate([[0], np.cumsum(sizes)])
        self.parent = np.arange(self.starts[-1] + 1)
        self.fixed = int(self.starts[-1])  # what is joined with it stays
        linked: set[int] = set()
        for index in (*network.inputs, *network.outputs):
            self.fix(index)
        for operator in network.operators:
            linked |= self.tie(operator)
        for tensor in network.tensors:  # weights and the like
            if tensor.data is not None and tensor.index not in linked:
                self.fix(tensor.index)

    def tie(self, operator: ir.Operator) -> set[int]:
        """By one operator; the tensors of which it says something."""
        module, node = layers.modules()[operator.name], node_of(self.network, operator)
        if reads_all(self.network, operator):
            (data, *_), (of_input, _) = operator.inputs, labels(self.network, operator)
            self.join([(data, of_input)])
            return {data, operator.output}
        links = []
        if hasattr(module, "links") and is_real(node):
            links = [(tensor.index, each) for tensor, each in module.links(operator.layer, node)]
        self.join(links)
        named = {index for index, _ in links}
        for index in (*activations(operator), *operator.outputs):
            if index >= 0 and index not in named:
                self.fix(index)
        return named

    def root(self, place: int) -> int:
        while self.parent[place] != place:
            self.parent[place] = self.parent[self.parent[place]]
            place = int(self.parent[place])
        return place

    def unite(self, first: int, second: int) -> None:
        a, b = self.root(first), self.root(second)
        self.parent[min(a, b)] = max(a, b)  # so that `fixed`, the greatest, stays a root

    def fix(self, index: int) -> None:
        for place in range(self.starts[index], self.starts[index + 1]):
            self.unite(place, self.fixed)

    def join(self, links: Sequence[tuple[int, np.ndarray]]) -> None:
        first: dict[int, int] = {}
        for index, each in links:
            for channel, label in enumerate(each.tolist()):
                place = int(self.starts[index]) + channel
                self.unite(first.setdefault(label, place), place)

    def units(self) -> list[Unit]:
        """Those that may go, by the order in which operators make their tensors."""
        computed = [index for operator in self.network.operators for index in operator.outputs]
        constants = [each.index for each in self.network.tensors if each.data is not None]
        found: dict[int, dict[int, list[int]]] = {}
        for index in (*computed, *constants):
            for channel in range(channels(self.network.tensors[index])):
                root = self.root(int(self.starts[index]) + channel)
                if root != self.fixed:
                    found.setdefault(root, {}).setdefault(index, []).append(channel)
        return [{index: np.array(each) for index, each in unit.items()} for unit in found.values()]


# -- the network of what stays --------------------------------------------------------------------


class Slices:
    """Of a layer that reads all, for the Rewriter: columns go, and biases stay as they are."""

    stored = np.float32

    def __init__(self, network: ir.Network, operator: ir.Operator) -> None:
        self.labels, self.columns = labels(network, operator)
        units, count = network.tensors[operator.output].shape[-1], int(self.labels.max()) + 1
        self.free = np.zeros((units, count), dtype=bool)
        self.steady = np.zeros(units, dtype=bool)
        absent = len(operator.inputs) < 3 or operator.inputs[2] < 0
        self.bias = np.zeros(units) if absent else network.tensors[operator.inputs[2]].data

    def folded_bias(self, taken: np.ndarray) -> np.ndarray:
        return self.bias.reshape(-1)


class Kept:
    """What stays of each tensor's channels."""

    def __init__(self, network: ir.Network, removed: Sequence[Unit]) -> None:
        self.network = network
        self.kept = {
            tensor.index: np.ones(channels(tensor), dtype=bool) for tensor in network.tensors
        }
        for unit in removed:
            for index, places in unit.items():
                self.kept[index][places] = False
        self.folds = {
            operator.index: Slices(network, operator)
            for operator in network.operators
            if reads_all(network, operator)
        }

    def lives(self, operator: ir.Operator) -> bool:
        return True

    def masks(self, operator: ir.Operator) -> tuple[list[np.ndarray], list[np.ndarray]]:
        nothing = np.zeros(0, dtype=bool)
        inputs = [self.kept[index] if index >= 0 else nothing for index in operator.inputs]
        return inputs, [self.kept[index] for index in operator.outputs]


def without(network: ir.Network, removed: Sequence[Unit]) -> ir.Network:
    """The network that has lost these units; tensors and operators keep their indices."""
    return Rewriter(network, Kept(network, removed)).rewritten()
