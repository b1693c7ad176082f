"""What only moves elements becomes INDEX_MAP, whatever it is called.

An operator's own `reference`, run on the places of elements instead of on their values, says where
every element comes from. So one after the other is one array of places, and what the engine makes
of it depends on the array alone: a RESHAPE, an INDEX_MAP, a CONCATENATION of some, or a table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import ir, layers
from graven.errors import GravenError
from graven.layers.concat import Concat
from graven.layers.index_map import IndexMap, IndexTable
from graven.layers.reshape import Reshape
from graven.node import node_of, several
from graven.passes.factor import factored
from graven.passes.grown import Grown

MOST_PIECES = 12  # of an axis, before a table is smaller
FIRST = 2.0**40 + 0.5  # the place of element 0: no integer, and no float32 is near it


@dataclass(frozen=True, eq=False)
class Moved:
    """Where the elements of a tensor come from."""

    source: int  # a tensor
    index: np.ndarray  # in the tensor's shape: of the source's elements; -1: `fill`
    fill: float = 0.0
    movements: int = 0  # how many operators it takes, RESHAPE not counted

    @property
    def has_fill(self) -> bool:
        return bool((self.index < 0).any())


def movement(network: ir.Network) -> ir.Network:
    """Without operators that only move elements, but for those that the engine has by themselves
    and that stand alone."""
    if not any(_moves(operator) for operator in network.operators):
        return network
    return _Movement(network).result()


def _moves(operator: ir.Operator) -> bool:
    return getattr(layers.modules()[operator.name], "MOVES", False)


class _Movement:
    def __init__(self, network: ir.Network) -> None:
        self.network = network
        self.readers: dict[int, list[ir.Operator]] = {}
        for operator in network.operators:
            for index in set(operator.inputs):
                self.readers.setdefault(index, []).append(operator)
        self.producers = {index: each for each in network.operators for index in each.outputs}
        self.kept = {each.index for each in network.operators if self.stays(each)}
        self.moved: dict[int, Moved] = {}
        for operator in network.operators:
            if self.is_movement(operator) or isinstance(operator.layer, Reshape):
                self.trace(operator)

    # -- which operators there are -----------------------------------------------------------------

    def is_movement(self, operator: ir.Operator) -> bool:
        return _moves(operator) and operator.index not in self.kept

    def stays(self, operator: ir.Operator) -> bool:
        """Whether the engine has the operator by this name, and no other movement is next to it."""
        if not _moves(operator) or not self.is_said(operator):
            return False
        before = self.producers.get(layers.activations(operator)[0])
        while before is not None and isinstance(before.layer, Reshape):
            before = self.producers.get(before.inputs[0])
        if before is not None and _moves(before) and len(before.outputs) == 1:
            return False
        return len(operator.outputs) > 1 or not self.is_followed(operator)

    def is_followed(self, operator: ir.Operator) -> bool:
        """Whether all that reads it is one other movement."""
        readers = self.readers.get(operator.output, [])
        if operator.output in self.network.outputs or len(readers) != 1:
            return False
        return _moves(readers[0]) or (
            isinstance(readers[0].layer, Reshape) and self.is_followed(readers[0])
        )

    def is_said(self, operator: ir.Operator) -> bool:
        module = layers.modules()[operator.name]
        if not hasattr(module, "cpp"):
            return False
        try:
            module.cpp(operator.layer, node_of(self.network, operator))
        except GravenError:
            return False
        return True

    # -- where elements come from ------------------------------------------------------------------

    def before(self, index: int) -> Moved:
        """A tensor as its reader sees it: through what made it, where it is all that wants it."""
        found = self.moved.get(index)
        wanted = index in self.network.outputs or len(self.readers[index]) > 1
        if found is None or (wanted and found.movements > 0):
            shape = self.network.tensors[index].shape
            return Moved(index, np.arange(math.prod(shape)).reshape(shape))
        return found

    def trace(self, operator: ir.Operator) -> None:
        data = layers.activations(operator)[0]
        before = self.before(data)
        module, node = layers.modules()[operator.name], node_of(self.network, operator)
        places = np.arange(before.index.size, dtype=np.float64).reshape(before.index.shape) + FIRST
        values = tuple(
            places if index == data else tensor.data if tensor else None
            for index, tensor in zip(operator.inputs, node.inputs, strict=True)
        )
        moves = not isinstance(operator.layer, Reshape)
        for index, found in zip(
            operator.outputs, several(module.reference(operator.layer, node, values)), strict=True
        ):
            self.moved[index] = self.behind(data, before, found, moves)

    def behind(self, data: int, before: Moved, found: np.ndarray, moves: bool) -> Moved:
        inside = (found >= FIRST) & (found % 1 == 0.5)
        index = np.where(inside, found - FIRST, 0).astype(np.int64)
        fill = 0.0 if inside.all() else float(found[~inside].reshape(-1)[0])
        if before.has_fill and not inside.all() and before.fill != fill:  # two kinds of border
            return Moved(data, np.where(inside, index, -1), fill, 1)
        places = np.where(inside, before.index.reshape(-1)[index], -1)
        both = Moved(before.source, places, before.fill if inside.all() else fill,
                     before.movements + moves)  # fmt: skip
        if before.movements > 0 and not _is_one_map(both):
            return Moved(data, np.where(inside, index, -1), fill, int(moves))
        return both

    # -- the network without them ------------------------------------------------------------------

    def result(self) -> ir.Network:
        needed = set(self.network.outputs)
        for operator in reversed(self.network.operators):
            if not self.is_movement(operator):
                if not isinstance(operator.layer, Reshape) or operator.output in needed:
                    needed.update(operator.inputs)
                continue
            needed.update(self.moved[index].source for index in operator.outputs if index in needed)
        grown = Grown(self.network)
        for operator in self.network.operators:
            if self.is_movement(operator):
                for index in operator.outputs:
                    if index in needed:
                        _Maker(grown, operator, index).make(self.moved[index])
            elif not isinstance(operator.layer, Reshape) or operator.output in needed:
                grown.keep(operator)
        return grown.network()


def _is_one_map(moved: Moved) -> bool:
    return any(factored(moved.index, rows) for rows in (_height(moved.index.shape), 1))


def _height(shape: tuple[int, ...]) -> int:
    """Of a tensor as the engine has it (cpp.hwc)."""
    return math.prod(shape[:-2])


@dataclass
class _Maker:
    """Makes one tensor."""

    grown: Grown
    operator: ir.Operator
    output: int

    def make(self, moved: Moved) -> None:
        tensor = self.grown.tensors[self.output]
        index, number = moved.index, self.operator.index
        height = _height(tensor.shape)
        if np.array_equal(index.reshape(-1), np.arange(self.size(moved.source))):
            self.grown.reshape(moved.source, self.output, number)
        elif found := factored(index, height):
            self.map(moved, found, self.output)
        elif found := factored(index, 1):
            self.in_other_rows(moved, found, height)
        elif not self.in_pieces(moved):
            self.table(moved)

    def size(self, index: int) -> int:
        return math.prod(self.grown.tensors[index].shape)

    def fill(self, moved: Moved) -> int | float:
        real = self.grown.tensors[self.output].element is ir.Element.FLOAT32
        return moved.fill if real else int(moved.fill)

    def map(self, moved: Moved, found: tuple, output: int) -> None:
        layer = IndexMap(found[0], found[1], self.fill(moved) if moved.has_fill else 0)
        self.grown.add("INDEX_MAP", layer, (moved.source,), output, self.operator.index)

    def in_other_rows(self, moved: Moved, found: tuple, height: int) -> None:
        """Digits that cross the tensor's rows make rows of their own."""
        rows = 1
        for digit in found[1][:-1]:
            if rows * digit.count > height:
                break
            rows *= digit.count
        tensor = self.grown.tensors[self.output]
        made = self.grown.tensor(tensor, (1, rows, 1, moved.index.size // rows))
        self.map(moved, found, made)
        self.grown.reshape(made, self.output)

    def in_pieces(self, moved: Moved) -> bool:
        """Each axis in runs of equal steps, one axis after the other. Whether that says it."""
        shape = self.grown.tensors[moved.source].shape
        lines = None if moved.has_fill else _lines(moved.index, shape)
        if lines is None or max(len(_runs(line)) for line in lines) > MOST_PIECES:
            return False
        data = moved.source
        for axis, line in enumerate(lines):
            if len(line) != shape[axis] or (line != np.arange(len(line))).any():
                data = self.along(data, axis, _runs(line))
        self.grown.reshape(data, self.output, self.operator.index)
        return True

    def along(self, data: int, axis: int, runs: list[np.ndarray]) -> int:
        """The runs of an axis, side by side."""
        like = self.grown.tensors[data]
        places = np.arange(math.prod(like.shape)).reshape(like.shape)
        parts = []
        for run in runs:
            part = np.take(places, run, axis=axis)
            parts.append(self.grown.tensor(like, part.shape))
            _Maker(self.grown, self.operator, parts[-1]).make(Moved(data, part))
        extent = sum(len(run) for run in runs)
        joined = (*like.shape[:axis], extent, *like.shape[axis + 1 :])
        layer = Concat(axis)
        return self.grown.add("CONCATENATION", layer, tuple(parts), self.grown.tensor(like, joined))

    def table(self, moved: Moved) -> None:
        data = moved.index.reshape(-1).astype(np.int32)
        name = self.grown.tensors[self.output].name
        inputs = (moved.source, self.grown.integers(f"{name} indices", data))
        layer = IndexTable(self.fill(moved) if moved.has_fill else 0)
        self.grown.add("INDEX_TABLE", layer, inputs, self.output, self.operator.index)


def _lines(index: np.ndarray, shape: tuple[int, ...]) -> list[np.ndarray] | None:
    """For each axis of a tensor of that shape, which of its elements are taken, and in which order;
    None where that does not say where all elements come from."""
    shapes = [index.shape] if index.ndim == len(shape) else []
    for axis, extent in enumerate(shape):
        count, rest = divmod(index.size * extent, math.prod(shape))
        if not rest:
            shapes.append((*shape[:axis], count, *shape[axis + 1 :]))
    for found in shapes:
        places = np.unravel_index(index.reshape(found), shape)
        firsts = [np.moveaxis(place, axis, 0) for axis, place in enumerate(places)]
        lines = [place.reshape(len(place), -1)[:, 0] for place in firsts]
        if (np.ravel_multi_index(np.ix_(*lines), shape) == index.reshape(found)).all():
            return lines
    return None


def _runs(line: np.ndarray) -> list[np.ndarray]:
    """A sequence as runs of equal steps."""
    runs, start = [], 0
    for end in range(3, len(line) + 1):
        if end - start > 2 and line[end - 1] - line[end - 2] != line[start + 1] - line[start]:
            runs.append(line[start : end - 1])
            start = end - 1
    return [*runs, line[start:]]
