"""What is taken from places that the model computes: a GATHER by whole numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from graven import ir
from graven.frontends import functions
from graven.frontends.integers import Integers
from graven.frontends.nchw import Constant, Draft, Operand, View, plain
from graven.node import shape_text

COUNTS = ("ARG_MAX", "ARG_MIN", "TOPK_V2")
MOST_EXACT = 1 << 24
"""Of whole numbers in float32."""
KEEPS = ("GATHER", "RESHAPE", "SLICE", "SPLIT", "SPLIT_V", "STRIDED_SLICE", "TRANSPOSE", "TILE")


def picked(draft: Draft, data: Operand, first: int, places: Sequence[Operand]) -> View:
    """Elements by computed places along neighbouring axes from the first, all of them as one, as
    numpy does it: one place of each list, and lists are broadcast."""
    behind = first + len(places)
    flat = joined(draft, data.shape[first:behind], places)
    shape = (*data.shape[:first], *flat.shape, *data.shape[behind:])
    count, extent = math.prod(flat.shape), math.prod(data.shape[first:behind])
    ends = (*data.shape[:first], count, *data.shape[behind:])
    if not isinstance(data, View):
        return draft.reshape(rows_of(draft, data, first, extent, flat), shape)
    whole = draft.reshape(data, (*data.shape[:first], extent, *data.shape[behind:]))
    found = gathered(draft, whole, draft.reshape(flat, (count,)), ends, first, 0)
    return draft.reshape(found, shape)


def taken(draft: Draft, data: Operand, axis: int, places: View) -> View:
    """found[i, j, ...] = data[places[i, j, ...], j, ...], along any axis."""
    rank = len(data.shape)
    if len(places.shape) != rank or not -rank <= axis < rank:
        raise draft.error(
            f"has places of {shape_text(places.shape)} along axis {axis} of what has the shape "
            f"{shape_text(data.shape)}, expected as many axes, and one of them."
        )
    axis %= rank
    places = from_front(draft, places, data.shape[axis])
    sizes = tuple(n if at == axis else places.shape[at] for at, n in enumerate(data.shape))
    last = (*(at for at in range(rank) if at != axis), axis)
    listed = draft.transpose(places, last)
    shape, count = listed.shape, math.prod(listed.shape[:-1])
    listed = draft.reshape(listed, (count, shape[-1]))
    if isinstance(data, View):
        rows = draft.transpose(draft.slice(data, (0,) * rank, sizes), last)
        rows = draft.reshape(rows, (count, rows.shape[-1]))
        found = gathered(draft, rows, listed, listed.shape, 1, 1)
    else:
        table = functions.real_of(data)[tuple(map(slice, sizes))].transpose(last)
        whose = np.arange(count)[:, np.newaxis]
        found = picked(draft, table.reshape(count, sizes[axis]), 0, [whose, listed])
    found = draft.reshape(found, shape)
    return draft.transpose(found, tuple(last.index(at) for at in range(rank)))


def gathered(
    draft: Draft, data: View, places: View, shape: Sequence[int], axis: int, batches: int
) -> View:
    inputs = [draft.demand(each, tuple(range(len(each.shape)))) for each in (data, places)]
    index = draft.emit("GATHER", inputs, tuple(shape), {"Axis": axis, "BatchDims": batches})
    element = draft.element(data)
    assert element is not None
    return functions.typed(draft, plain(index, tuple(shape)), element)


def rows_of(draft: Draft, table: Constant, first: int, extent: int, places: View) -> View:
    """Of a constant, of which a row is all that one place names."""
    table = functions.real_of(table)
    whole = table.dtype.kind == "i"
    if whole and np.any(np.abs(table.astype(np.int64)) > MOST_EXACT):
        raise draft.error(
            f"looks up whole numbers beyond {MOST_EXACT:,}, which pass through float32; take "
            "smaller ones."
        )
    front, count = table.shape[:first], math.prod(places.shape)
    flat = np.moveaxis(table.reshape(math.prod(front), extent, -1), 1, 0)
    flat = flat.reshape(extent, -1).astype(np.float32)
    found = draft.embedding(flat, draft.reshape(places, (count,)))
    if whole:
        found = functions.whole(draft, found)
    parted = draft.reshape(found, (count, math.prod(front), flat.shape[1] // math.prod(front)))
    return draft.transpose(parted, (1, 0, 2))


def joined(draft: Draft, extents: Sequence[int], places: Sequence[Operand]) -> View:
    """The number of each place, were these axes one."""
    found: Operand = np.zeros((), np.int32)
    for extent, each in zip(extents, places, strict=True):
        inside = from_front(draft, each, extent)
        if isinstance(found, View) or np.any(found != 0):
            found = times(draft, found, extent)
            both_constant = not isinstance(found, View) and not isinstance(inside, View)
            found = found + inside if both_constant else draft.binary("ADD", found, inside)
        else:
            shape = np.broadcast_shapes(found.shape, inside.shape)
            found = (
                draft.expand(inside, shape)
                if isinstance(inside, View)
                else np.broadcast_to(inside, shape)
            )
    assert isinstance(found, View)
    return found


def times(draft: Draft, places: Operand, extent: int) -> Operand:
    factor = np.full((), extent, np.int32)
    return draft.binary("MUL", places, factor) if isinstance(places, View) else places * factor


def from_front(draft: Draft, places: Operand, extent: int) -> Operand:
    """Those below 0 count from behind."""
    if not isinstance(places, View):
        found = np.asarray(places).astype(np.int32)
        return np.where(found < 0, found + extent, found)
    listed = numbers(draft, places)
    if counts(draft, listed.index):
        return listed
    below = functions.compared(draft, "LESS", listed, np.zeros((), np.int32))
    return draft.binary("ADD", listed, times(draft, functions.whole(draft, below), extent))


def numbers(draft: Draft, places: View) -> View:
    """Whole ones, also where they are only to the file that says them."""
    if draft.element(places) is ir.Element.BOOLEAN:
        raise draft.error(
            "picks by booleans that the model computes; how many it picks has no fixed number: "
            "multiply by the condition, or take topk."
        )
    return functions.whole(draft, places)


def are_tokens(draft: Draft, table: Constant, axis: int, places: View) -> bool:
    """Rows of a table of real numbers that a network is given by number: an embedding, of which
    none is below 0."""
    is_real = isinstance(table, Integers) or table.dtype.kind == "f"
    return axis == 0 and table.ndim > 1 and is_real and source(draft, places.index) in draft.inputs


def counts(draft: Draft, index: int) -> bool:
    """Is it known that no number is below 0, as of places of extremes?"""
    index = source(draft, index)
    return any(index in each.outputs for each in draft.operators if each.name in COUNTS)


def source(draft: Draft, index: int) -> int:
    """Whose numbers these are, moved."""
    makers = {output: each for each in draft.operators for output in each.outputs}
    while index in makers and makers[index].name in KEEPS:
        (index, *_) = makers[index].inputs
    return index
