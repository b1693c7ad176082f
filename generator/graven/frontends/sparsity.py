"""Expands constants that a .tflite file stores sparsely, as LiteRT's FormatConverter does.

The values lie in the order of a walk through levels: the axes in `traversal_order`, then the blocks
into which the axes of `block_map` are cut. A dense level visits all of its places; a compressed one
(CSR) those of `indices` between two of `segments`, and a place that is left out is 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import tflite

VECTORS = {
    tflite.SparseIndexVector.Int32Vector: tflite.Int32Vector,
    tflite.SparseIndexVector.Uint16Vector: tflite.Uint16Vector,
    tflite.SparseIndexVector.Uint8Vector: tflite.Uint8Vector,
}


@dataclass(frozen=True)
class Level:
    size: int  # of a dense one
    segments: np.ndarray | None = None  # of a compressed one
    indices: np.ndarray | None = None

    def below(self, lines: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Under the lines of these numbers: which of them each place belongs to, the place, and
        the number of its own line, in the next level."""
        if self.segments is None or self.indices is None:
            owner = np.repeat(np.arange(len(lines)), self.size)
            place = np.tile(np.arange(self.size), len(lines))
            return owner, place, np.repeat(lines, self.size) * self.size + place
        if len(lines) and lines.max() + 1 >= len(self.segments):
            raise ValueError("its segments are fewer than its lines")
        counts = self.segments[lines + 1] - self.segments[lines]
        owner = np.repeat(np.arange(len(lines)), counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        at = np.repeat(self.segments[lines], counts) + within
        return owner, self.indices[at], at


@dataclass(frozen=True)
class Sparsity:
    order: tuple[int, ...]
    blocked: tuple[int, ...]  # the axes that are cut into blocks
    levels: tuple[Level, ...]

    def extents(self, shape: tuple[int, ...]) -> list[int]:
        """Of all levels, by what `order` calls them: axes (in blocks), then the blocks' sides.
        ValueError where they do not fit the shape."""
        rank, count = len(shape), len(self.levels)
        if rank == 0 or sorted(self.order) != list(range(count)):
            raise ValueError("its traversal order is no order of its levels")
        if count != rank + len(self.blocked) or self.order[:rank] != self._axes(rank):
            raise ValueError("its axes and blocks are not as many as its levels")
        if len(set(self.blocked)) != len(self.blocked) or not set(self.blocked) <= set(range(rank)):
            raise ValueError("its blocks lie on axes that do not exist")
        extents = list(shape)
        for place, axis in enumerate(self.blocked):
            side = self.levels[self.order.index(rank + place)].size
            if side < 1 or shape[axis] % side:
                raise ValueError(f"blocks of {side} do not divide axis {axis} of {shape[axis]}")
            extents[axis] //= side
            extents.append(side)
        return extents

    def _axes(self, rank: int) -> tuple[int, ...]:
        """The axes come before all blocks."""
        return tuple(each for each in self.order if each < rank)

    def places(self, shape: tuple[int, ...]) -> np.ndarray:
        """Where each stored value lies in the flat dense array."""
        extents, rank = self.extents(shape), len(shape)
        steps = [math.prod(shape[axis + 1 :]) for axis in range(rank)]
        steps += [steps[axis] for axis in self.blocked]
        for place, axis in enumerate(self.blocked):
            steps[axis] *= extents[rank + place]
        found = lines = np.zeros(1, dtype=np.int64)
        for name, level in zip(self.order, self.levels, strict=True):
            if level.segments is None and level.size != extents[name]:
                raise ValueError(f"a level of {level.size} stands for an extent of {extents[name]}")
            owner, place, lines = level.below(lines)
            if len(place) and not 0 <= place.min() <= place.max() < extents[name]:
                raise ValueError(f"an index lies outside of an extent of {extents[name]}")
            found = found[owner] + place * steps[name]
        return found


def expanded(
    record: tflite.SparsityParameters, shape: tuple[int, ...], values: np.ndarray
) -> np.ndarray:
    """The dense array; ValueError says what is wrong with the record."""
    places = stored(record).places(shape)
    if len(places) != len(values):
        raise ValueError(f"it names {len(places)} places for {len(values)} values")
    dense = np.zeros(math.prod(shape), values.dtype)
    dense[places] = values
    return dense.reshape(shape)


def stored(record: tflite.SparsityParameters) -> Sparsity:
    """What the file says."""
    dimensions = [record.DimMetadata(place) for place in range(record.DimMetadataLength())]
    return Sparsity(
        tuple(record.TraversalOrder(place) for place in range(record.TraversalOrderLength())),
        tuple(record.BlockMap(place) for place in range(record.BlockMapLength())),
        tuple(_level(each) for each in dimensions),
    )


def _level(record: tflite.DimensionMetadata) -> Level:
    if record.Format() == tflite.DimensionType.DENSE:
        return Level(record.DenseSize())
    segments = _vector(record.ArraySegmentsType(), record.ArraySegments())
    indices = _vector(record.ArrayIndicesType(), record.ArrayIndices())
    rising = len(segments) > 0 and segments[0] >= 0 and bool(np.all(np.diff(segments) >= 0))
    if not rising or segments[-1] > len(indices):
        raise ValueError("its segments do not lie in its indices")
    return Level(0, segments, indices)


def _vector(kind: int, table: object) -> np.ndarray:
    if kind not in VECTORS or table is None:
        raise ValueError("a compressed level has no segments or indices")
    vector = VECTORS[kind]()
    vector.Init(table.Bytes, table.Pos)
    values = [vector.Values(place) for place in range(vector.ValuesLength())]
    return np.array(values, dtype=np.int64)
