"""A network on many samples at once: the layers' numpy reference with a longer first axis, where it
gives what one sample after the other gives, which is looked at once for each operator.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np

from graven import ir, layers
from graven.blas import on_one_thread
from graven.node import Node, node_of, several
from graven.quantize.sequences import Sequences

Hook = Callable[[int, np.ndarray], np.ndarray]
"""Sees every computed tensor's value, by its index, and may give another."""


ACCESS = ("READ_VARIABLE", "ASSIGN_VARIABLE")


class Batches:
    def __init__(self, network: ir.Network) -> None:
        self.network = network
        self.constants = {
            tensor.index: tensor.data for tensor in network.tensors if tensor.data is not None
        }
        # By operator, whether it takes a longer first axis; none that has a state of its own.
        self.wide = {op.index: False for op in network.operators if self.remembers(op)}

    def remembers(self, operator: ir.Operator) -> bool:
        tensors = (self.network.tensors[index] for index in operator.inputs if index >= 0)
        return operator.name not in ACCESS and any(tensor.is_variable for tensor in tensors)

    def over(
        self,
        sequences: Sequences,
        hook: Hook | None = None,
        known: dict[int, np.ndarray] | None = None,
        first: int = 0,
        constants: dict[int, np.ndarray] | None = None,
    ) -> dict[int, np.ndarray]:
        """As run, at all moments; with variables, as each has left them, all operators are computed
        anew, since what a moment changes the next one sees."""
        if not self.network.variables:
            return self.run(sequences.values, hook, known, first, constants)
        state = {
            tensor.index: np.repeat(batched(tensor.initial), len(sequences), axis=0)
            for tensor in self.network.variables
        }
        found: dict[int, np.ndarray] = {}
        for rows in sequences.moments():
            lasting = {index: value[: len(rows)] for index, value in state.items()}
            given = [value[rows] for value in sequences.values]
            for index, value in self.run(given, hook, lasting, constants=constants).items():
                if index not in found:
                    shape = (len(sequences.values[0]), *value.shape[1:])
                    found[index] = np.empty(shape, value.dtype)
                found[index][rows] = value
        return found

    @on_one_thread
    def run(
        self,
        inputs: list[np.ndarray],
        hook: Hook | None = None,
        known: dict[int, np.ndarray] | None = None,
        first: int = 0,
        constants: dict[int, np.ndarray] | None = None,
    ) -> dict[int, np.ndarray]:
        """All computed values; `inputs` have the samples as their first axis. With `known` only the
        operators from place `first` on are computed; variables are among them, and are written.
        `constants` stand for the network's."""
        given = zip(self.network.inputs, inputs, strict=True)
        values = dict(known or {})
        if not first:
            values |= {index: hook(index, value) if hook else value for index, value in given}
        stored = self.constants | (constants or {})
        for operator in self.network.operators[first:]:
            found = self.apply(operator, stored, values)
            for index, value in zip(operator.outputs, found, strict=True):
                values[index] = hook(index, value) if hook else value
        return values

    def apply(
        self,
        operator: ir.Operator,
        constants: dict[int, np.ndarray],
        values: dict[int, np.ndarray],
    ) -> list[np.ndarray]:
        count = len(next(iter(values.values())))
        if self.wide.get(operator.index, True) and count > 1:
            found = self.at_once(operator, constants, values, count)
            if operator.index not in self.wide:
                singles = self.one_by_one(operator, constants, values, 1)
                self.wide[operator.index] = found is not None and all(
                    np.allclose(whole[:1], single, rtol=1e-5, atol=1e-6)
                    for whole, single in zip(found, singles, strict=True)
                )
            if self.wide[operator.index]:
                return found
        return self.one_by_one(operator, constants, values, count)

    def at_once(
        self,
        operator: ir.Operator,
        constants: dict[int, np.ndarray],
        values: dict[int, np.ndarray],
        count: int,
    ) -> list[np.ndarray] | None:
        node, layer = widened(self.network, operator, count)
        if node is None:
            return None
        arguments = tuple(
            None if index < 0 else values[index] if index in values else constants[index]
            for index in operator.inputs
        )
        with contextlib.suppress(ValueError, IndexError, TypeError):
            module = layers.modules()[operator.name]
            found = list(several(module.reference(layer, node, arguments)))
            if all(
                value.shape == tensor.shape
                for value, tensor in zip(found, node.outputs, strict=True)
            ):
                return found
        return None

    def one_by_one(
        self,
        operator: ir.Operator,
        constants: dict[int, np.ndarray],
        values: dict[int, np.ndarray],
        count: int,
    ) -> list[np.ndarray]:
        module, node = layers.modules()[operator.name], node_of(self.network, operator)
        rows = []
        for k in range(count):
            arguments = tuple(
                None
                if index < 0
                else values[index][k : k + 1].reshape(self.network.tensors[index].shape)
                if index in values
                else constants[index]
                for index in operator.inputs
            )
            found = several(module.reference(operator.layer, node, arguments))
            rows.append([batched(value) for value in found])
        return [np.concatenate(column) for column in zip(*rows, strict=True)]


def batched(value: np.ndarray) -> np.ndarray:
    """With a first axis of samples, as activations of a batch of 1 have it by themselves."""
    return value if value.ndim and value.shape[0] == 1 else value[None]


def widened(network: ir.Network, operator: ir.Operator, count: int) -> tuple[Node | None, ir.Layer]:
    """The operator on `count` samples; None where a tensor's first axis is no batch."""
    node = node_of(network, operator)

    def wide(tensor: ir.Tensor | None) -> ir.Tensor | None:
        if tensor is None or tensor.data is not None:
            return tensor
        return replace(tensor, shape=(count, *tensor.shape[1:]))

    computed = [each for each in (*node.inputs, *node.outputs) if each and each.data is None]
    if any(each.shape[:1] != (1,) for each in computed):
        return None, operator.layer
    layer = operator.layer
    if "shape" in [each.name for each in fields(layer)]:  # a record of its output's shape
        layer = replace(layer, shape=(count, *node.outputs[0].shape[1:]))
    inputs, outputs = (tuple(map(wide, each)) for each in (node.inputs, node.outputs))
    return replace(node, inputs=inputs, outputs=outputs), layer
