"""A network to which a pass adds tensors and operators, behind those that the file has."""

from __future__ import annotations

import dataclasses

import numpy as np

from graven import ir
from graven.layers.reshape import Reshape


class Grown:
    def __init__(self, network: ir.Network) -> None:
        self.before = network
        self.tensors = list(network.tensors)
        self.operators: list[ir.Operator] = []
        self.next = 1 + max((operator.index for operator in network.operators), default=-1)

    def tensor(
        self, like: ir.Tensor, shape: tuple[int, ...], data: np.ndarray | None = None
    ) -> int:
        """One of the same element, scale and name."""
        index = len(self.tensors)
        self.tensors.append(dataclasses.replace(like, index=index, shape=tuple(shape), data=data))
        return index

    def integers(self, name: str, data: np.ndarray) -> int:
        index = len(self.tensors)
        element = ir.Element(data.dtype.name)
        self.tensors.append(ir.Tensor(index, name, data.shape, element, None, data))
        return index

    def keep(self, operator: ir.Operator) -> None:
        self.operators.append(operator)

    def add(
        self, name: str, layer: ir.Layer, inputs: tuple[int, ...], output: int, index: int = -1
    ) -> int:
        """`index`: of the file's operator that it stands for, if it is the only one to do so."""
        if index < 0 or any(operator.index == index for operator in self.operators):
            index, self.next = self.next, self.next + 1
        self.operators.append(ir.Operator(index, name, layer, inputs, (output,)))
        return output

    def reshape(self, data: int, output: int, index: int = -1) -> int:
        layer = Reshape(shape=self.tensors[output].shape)
        return self.add("RESHAPE", layer, (data,), output, index)

    def network(self) -> ir.Network:
        return dataclasses.replace(
            self.before, tensors=tuple(self.tensors), operators=tuple(self.operators)
        )
