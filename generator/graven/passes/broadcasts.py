"""Operands that broadcast over other axes than the engine has: height, width, channels."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from graven import ir
from graven.layers.add import Add
from graven.layers.binary import Binary
from graven.layers.broadcast_to import BroadcastTo
from graven.layers.mul import Mul
from graven.layers.select import Select
from graven.passes.grown import Grown

Shape = tuple[int, ...]


def broadcasts(network: ir.Network) -> ir.Network:
    """Neighbouring axes along which operands broadcast alike become one. Where more than three are
    left, the operands are copied to the output's shape before."""
    wrong = [operator for operator in network.operators if not _is_said(network, operator)]
    if not wrong:
        return network
    grown = Grown(network)
    for operator in network.operators:
        if operator not in wrong:
            grown.keep(operator)
            continue
        shapes = [network.tensors[index].shape for index in operator.inputs]
        output = network.tensors[operator.output]
        groups = collapsed(shapes, output.shape)
        if len(groups[-1]) > 3:
            inputs = [_copied(grown, index, output.shape) for index in operator.inputs]
            grown.keep(dataclasses.replace(operator, inputs=tuple(inputs)))
            continue
        *parts, whole = groups
        inputs = [_reshaped(grown, *pair) for pair in zip(operator.inputs, parts, strict=True)]
        made = grown.tensor(output, whole)
        grown.add(operator.name, operator.layer, tuple(inputs), made, operator.index)
        grown.reshape(made, output.index)
    return grown.network()


def collapsed(shapes: list[Shape], output: Shape) -> list[Shape]:
    """The shapes of all operands and of the output, with the axes joined that can be."""
    rank = len(output)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    groups: list[list[int]] = []
    before: tuple[bool, ...] | None = None
    for axis in range(rank):
        if output[axis] == 1:
            continue
        stays = tuple(shape[axis] == 1 for shape in padded)
        if stays != before:
            groups.append([])
        groups[-1].append(axis)
        before = stays
    groups = groups or [[]]
    return [
        tuple(math.prod(shape[axis] for axis in group) for group in groups)
        for shape in (*padded, output)
    ]


def _is_said(network: ir.Network, operator: ir.Operator) -> bool:
    """Whether each operand has all rows of the output, or one."""
    if not isinstance(operator.layer, Add | Mul | Binary | Select):
        return True
    height = math.prod(network.tensors[operator.output].shape[:-2])
    shapes = (network.tensors[index].shape for index in operator.inputs)
    return all(math.prod(shape[:-2]) in (1, height) for shape in shapes)


def _reshaped(grown: Grown, index: int, shape: Shape) -> int:
    tensor = grown.tensors[index]
    if tensor.data is not None:
        return grown.tensor(tensor, shape, tensor.data.reshape(shape))
    return index if tensor.shape == shape else grown.reshape(index, grown.tensor(tensor, shape))


def _copied(grown: Grown, index: int, shape: Shape) -> int:
    tensor = grown.tensors[index]
    if tensor.shape == shape:
        return index
    if tensor.data is not None:
        return grown.tensor(tensor, shape, np.broadcast_to(tensor.data, shape).copy())
    stored = grown.integers(f"{tensor.name}_shape", np.array(shape, dtype=np.int32))
    made = grown.tensor(tensor, shape)
    return grown.add("BROADCAST_TO", BroadcastTo(shape), (index, stored), made)
