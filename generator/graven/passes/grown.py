"""A network to which a pass adds tensors and operators, behind those that the file has."""

from __future__ import annotations

import dataclasses

import numpy as np

from graven import ir
from graven.layers.reshape import Reshape
from graven.layers.variable import Variable


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

    def like(self, index: int) -> int:
        tensor = self.tensors[index]
        return self.tensor(dataclasses.replace(tensor, initial=None), tensor.shape)

    def constant(self, like: int, data: np.ndarray) -> int:
        tensor = dataclasses.replace(self.tensors[like], initial=None)
        return self.tensor(tensor, data.shape, data)

    def fix(self, index: int, data: np.ndarray) -> None:
        """The tensor is a constant."""
        self.tensors[index] = dataclasses.replace(self.tensors[index], data=data)

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
        self._append(name, layer, inputs, (output,), index)
        return output

    def _append(
        self,
        name: str,
        layer: ir.Layer,
        inputs: tuple[int, ...],
        outputs: tuple[int, ...],
        index: int = -1,
    ) -> None:
        if index < 0 or any(operator.index == index for operator in self.operators):
            index, self.next = self.next, self.next + 1
        self.operators.append(ir.Operator(index, name, layer, inputs, outputs))

    def read(self, variable: int) -> int:
        return self.add("READ_VARIABLE", Variable(False), (variable,), self.like(variable))

    def assign(self, variable: int, content: int) -> None:
        self._append("ASSIGN_VARIABLE", Variable(True), (variable, content), ())

    def reshape(self, data: int, output: int, index: int = -1) -> int:
        layer = Reshape(shape=self.tensors[output].shape)
        return self.add("RESHAPE", layer, (data,), output, index)

    def network(self) -> ir.Network:
        return dataclasses.replace(
            self.before, tensors=tuple(self.tensors), operators=tuple(self.operators)
        )
