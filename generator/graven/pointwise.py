"""Functions of one number, as networks write them: elementwise operators that stand one behind the
other on one tensor (x * sigmoid(x), min(max(x, 0), 6), log(1 + exp(x)) ...), and which operators of
a network are such a curve. In integers it is a table, whatever it is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from graven import ir, layers
from graven.node import node_of


@dataclass(frozen=True, eq=False)
class Curve:
    network: ir.Network  # of which they are operators
    operators: tuple[ir.Operator, ...]  # in order; the last one makes the output
    root: int  # the tensor that they all come from

    @property
    def output(self) -> int:
        return self.operators[-1].output

    def __str__(self) -> str:
        return ", ".join(operator.name for operator in self.operators)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Of numbers in an array of any shape."""
        flat = values.reshape(1, -1)
        network = _reshaped(self.network, self, flat.shape)
        found = {self.root: flat}
        for operator in self.operators:
            arguments = tuple(
                None if index < 0 else found.get(index, network.tensors[index].data)
                for index in operator.inputs
            )
            module = layers.modules()[operator.name]
            made = module.reference(operator.layer, node_of(network, operator), arguments)
            found[operator.output] = made
        return found[self.output].reshape(values.shape)


def _reshaped(network: ir.Network, curve: Curve, shape: tuple[int, ...]) -> ir.Network:
    """The network as if its curve went over an array of this shape."""
    tensors = list(network.tensors)
    for index in {index for each in curve.operators for index in (*each.inputs, *each.outputs)}:
        if index < 0:
            continue
        data = tensors[index].data
        if data is None:
            tensors[index] = replace(tensors[index], shape=shape)
        else:  # it has one value
            tensors[index] = replace(tensors[index], shape=(1, 1), data=data.reshape(-1, 1)[:1])
    return replace(network, tensors=tuple(tensors))


def curves(
    network: ir.Network, element: ir.Element, is_wanted: Callable[[Sequence[ir.Operator]], bool]
) -> list[Curve]:
    """From `element` to `element`, with nothing but truth values on the way, each as long as it
    can be: what it makes on the way is read by itself alone. No operator is in two of them."""
    ends = {*network.outputs, *network.inputs}
    while True:
        found = _Found(network, element, ends)
        open = found.read_outside()
        if not open:
            break
        ends |= open
    return [curve for curve in found.curves() if is_wanted(curve.operators)]


class _Found:
    """Curves that begin anew behind the tensors `ends`."""

    def __init__(self, network: ir.Network, element: ir.Element, ends: set[int]) -> None:
        self.network, self.element, self.ends = network, element, ends
        self.roots: dict[int, int] = {}  # by tensor that a curve makes
        self.makers = {index: each for each in network.operators for index in each.outputs}
        self.readers: dict[int, list[ir.Operator]] = {}
        for operator in network.operators:
            for index in operator.inputs:
                self.readers.setdefault(index, []).append(operator)
            root = self.root_of(operator)
            if root is not None:
                self.roots[operator.output] = root

    def root_of(self, operator: ir.Operator) -> int | None:
        if not getattr(layers.modules()[operator.name], "POINTWISE", False):
            return None
        tensors = self.network.tensors
        read = [tensors[index] for index in operator.inputs if index >= 0]
        made = tensors[operator.output]
        computed = [tensor for tensor in read if tensor.data is None]
        if len(operator.outputs) != 1 or any(tensor.is_variable for tensor in computed):
            return None
        allowed = (self.element, ir.Element.BOOLEAN)
        if any(tensor.element not in allowed for tensor in (*read, made)):
            return None
        if any(tensor.shape != made.shape for tensor in computed):
            return None
        if not all(_is_uniform(tensor) for tensor in read):
            return None
        roots = {self.start(tensor.index) for tensor in computed}
        if len(roots) != 1:
            return None
        (root,) = roots
        return root if tensors[root].element is self.element else None

    def start(self, index: int) -> int:
        return index if index in self.ends else self.roots.get(index, index)

    def goes_on(self, index: int) -> bool:
        """Does a curve that makes this tensor not end here?"""
        if index in self.ends:
            return False
        readers = self.readers.get(index, [])
        return bool(readers) and all(
            each.outputs and self.roots.get(each.outputs[0]) == self.roots[index]
            for each in readers
        )

    def members(self, last: ir.Operator) -> tuple[ir.Operator, ...]:
        """The operators from the root to `last`, in order."""
        root, needed, found = self.roots[last.output], [last], {last.index: last}
        while needed:
            for index in needed.pop().inputs:
                maker = self.makers.get(index)
                if index == root or maker is None or maker.index in found:
                    continue
                found[maker.index] = maker
                needed.append(maker)
        return tuple(each for each in self.network.operators if each.index in found)

    def lasts(self) -> list[ir.Operator]:
        return [self.makers[index] for index in self.roots if not self.goes_on(index)]

    def read_outside(self) -> set[int]:
        """Tensors on the way of a curve that something else needs as well, or that truth values are
        made of which nothing of it reads: curves begin or end there."""
        open: set[int] = set()
        for last in self.lasts():
            members = self.members(last)
            inside = {each.index for each in members}
            for each in members[:-1]:
                readers = self.readers[each.output]
                asked = self.is_number(each) and not all(map(self.is_number, readers))
                if (asked and not self.is_number(last)) or any(
                    reader.index not in inside for reader in readers
                ):
                    open.add(each.output)
        return open - self.ends

    def is_number(self, operator: ir.Operator) -> bool:
        """Or does it make truth values?"""
        return self.network.tensors[operator.outputs[0]].element is self.element

    def curves(self) -> list[Curve]:
        return [
            Curve(self.network, self.members(last), self.roots[last.output])
            for last in self.lasts()
            if self.is_number(last)
        ]


def _is_uniform(tensor: ir.Tensor) -> bool:
    return tensor.data is None or (
        tensor.data.size > 0 and bool((tensor.data == tensor.data.flat[0]).all())
    )


def replaced(
    network: ir.Network, found: Sequence[Curve], made: Callable[[Curve], ir.Operator]
) -> ir.Network:
    """With one operator instead of each curve, where its last one was."""
    last = {curve.operators[-1].index: curve for curve in found}
    gone = {each.index for curve in found for each in curve.operators[:-1]}
    operators = tuple(
        made(last[each.index]) if each.index in last else each
        for each in network.operators
        if each.index not in gone
    )
    return replace(network, operators=operators)
