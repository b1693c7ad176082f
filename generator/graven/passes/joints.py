"""Tensors are joined along an axis that the engine has: PACK and CONCATENATION of any rank."""

from __future__ import annotations

import math

from graven import ir
from graven.layers.concat import Concat
from graven.layers.pack import Pack
from graven.passes.grown import Grown


def joints(network: ir.Network) -> ir.Network:
    """PACK becomes CONCATENATION; axes before the joined one become one, and so those behind it."""
    if not any(isinstance(each.layer, Pack | Concat) for each in network.operators):
        return network
    grown = Grown(network)
    for operator in network.operators:
        if isinstance(operator.layer, Pack):
            _join(grown, operator, operator.layer.axis, "NONE")
        elif isinstance(operator.layer, Concat) and not _is_said(network, operator):
            _join(grown, operator, operator.layer.axis, operator.layer.activation)
        else:
            grown.keep(operator)
    return grown.network()


def _is_said(network: ir.Network, operator: ir.Operator) -> bool:
    """Whether the axis is one of the last two, or the only one before them with more than one
    element in any of the tensors."""
    axis = operator.layer.axis
    shapes = [network.tensors[index].shape for index in (*operator.inputs, operator.output)]
    before = range(len(shapes[0]) - 2)
    others = (shape[place] for shape in shapes for place in before if place != axis)
    return axis not in before or all(extent == 1 for extent in others)


def _join(grown: Grown, operator: ir.Operator, axis: int, activation: str) -> None:
    output = grown.tensors[operator.output]
    before, inner = math.prod(output.shape[:axis]), math.prod(output.shape[axis + 1 :])
    rows = math.prod(output.shape[: min(axis, 2)])  # of an image, behind a batch of one
    parts = []
    for index in operator.inputs:
        part = grown.tensors[index]
        joined = math.prod(part.shape) // (before * inner)
        _, shape = _laid(before, rows, joined, inner)
        parts.append(grown.reshape(index, grown.tensor(part, shape)))
    place, shape = _laid(before, rows, output.shape[axis], inner)
    joined, layer = grown.tensor(output, shape), Concat(axis=place, activation=activation)
    grown.add("CONCATENATION", layer, tuple(parts), joined)
    grown.reshape(joined, output.index, operator.index)


def _laid(before: int, rows: int, joined: int, inner: int) -> tuple[int, tuple[int, ...]]:
    """The axis, and the shape of an image: rows stay rows, because each costs steps and the
    planner's time."""
    if inner == 1 or before > rows:
        return 3, (1, rows, before // rows, joined * inner)
    return (2, (1, before, joined, inner)) if before > 1 else (1, (1, joined, 1, inner))
