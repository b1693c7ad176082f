"""What is put at places that are known beforehand, or taken from them: a GATHER of all that there
is, as one row."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from graven.frontends import functions
from graven.frontends.nchw import Constant, Draft, Operand, View
from graven.node import shape_text


def expect_inside(draft: Draft, extents: Sequence[int], places: Sequence[np.ndarray]) -> None:
    """Of constant places along each of these axes; those below 0 count from behind."""
    for extent, each in zip(extents, places, strict=True):
        outside = each[(each < -extent) | (each >= extent)]
        if outside.size:
            raise draft.error(
                f"names place {outside[0]} of an axis of {extent}, expected {-extent} to "
                f"{extent - 1}; export the model again."
            )


def picked(draft: Draft, view: View, first: int, places: Sequence[np.ndarray]) -> View:
    """Elements by constant places along neighbouring axes from the first, as numpy does it: each
    list along an axis of its own, or all axes as one."""
    behind = first + len(places)
    extents = view.shape[first:behind]
    whole = np.broadcast_shapes(*(each.shape for each in places))
    shape = (*view.shape[:first], *whole, *view.shape[behind:])
    expect_inside(draft, extents, places)
    places = [each % extent for each, extent in zip(places, extents, strict=True)]
    laid = [each.reshape((1,) * (len(whole) - each.ndim) + each.shape) for each in places]
    if len(whole) == len(places) and all(
        each.size == each.shape[axis] for axis, each in enumerate(laid)
    ):
        for axis, each in enumerate(places):
            view = draft.gather(view, each.reshape(-1).tolist(), first + axis)
        return view
    flat = np.ravel_multi_index(np.broadcast_arrays(*places), extents).reshape(-1)
    joined = (*view.shape[:first], math.prod(extents), *view.shape[behind:])
    return draft.reshape(draft.gather(draft.reshape(view, joined), flat.tolist(), first), shape)


def along(draft: Draft, view: Operand, axis: int, places: np.ndarray) -> list[np.ndarray]:
    """Places along one axis, each at its own of the others: those along every axis."""
    rank = len(view.shape)
    if places.ndim != rank or not -rank <= axis < rank:
        raise draft.error(
            f"has places of {shape_text(places.shape)} along axis {axis} of what has the shape "
            f"{shape_text(view.shape)}, expected as many axes, and one of them."
        )
    found = [grid.astype(np.int64) for grid in np.indices(places.shape, sparse=True)]
    found[axis] = places
    return found


def taken(draft: Draft, view: View, axis: int, places: np.ndarray) -> View:
    """found[i, j, ...] = view[places[i, j, ...], j, ...], along any axis."""
    return picked(draft, view, 0, along(draft, view, axis, places))


def put(
    draft: Draft, start: Operand, places: Sequence[np.ndarray], values: Operand, adds: bool = False
) -> View:
    """The start with values at these places along its first axes, as numpy assigns them; where a
    place is named several times, its last value, or with `adds` all of them beside what was
    there."""
    if not isinstance(start, View) and not isinstance(values, View):
        raise draft.error("puts constants into a constant at places that are computed.")
    expect_inside(draft, start.shape[: len(places)], places)
    count, behind = math.prod(start.shape), start.shape[len(places) :]
    flat = np.arange(count).reshape(start.shape)[tuple(places)].reshape(-1)
    whole = (*np.broadcast_shapes(*(each.shape for each in places)), *behind)
    found = draft.reshape(start, (count,)) if isinstance(start, View) else row(start, start.shape)
    if isinstance(values, View):
        values = draft.reshape(draft.expand(values, whole), (flat.size,))
    else:
        values = row(values, whole)
    if not adds:
        sources = np.arange(count)
        sources[flat] = count + np.arange(flat.size)
        found = draft.gather(draft.concat([found, values], 0), sources.tolist(), 0)
        return draft.reshape(found, start.shape)
    nothing = np.zeros(1, np.float32)
    if isinstance(values, View):
        values = draft.concat([nothing, values], 0)
    for sources in rounds(flat, count):
        if isinstance(values, View):
            term = draft.gather(values, sources.tolist(), 0)
        else:
            term = np.append(nothing, values)[sources]
        found = draft.binary("ADD", found, term)
    return draft.reshape(found, start.shape)


def row(constant: Constant, shape: Sequence[int]) -> np.ndarray:
    values = functions.finite(functions.real_of(constant))
    return np.broadcast_to(values, shape).reshape(-1)


def rounds(flat: np.ndarray, count: int) -> list[np.ndarray]:
    """Of each of so many places the first value for it, the second, ...: their numbers from 1, 0
    where there is none."""
    found: list[np.ndarray] = []
    seen = np.zeros(count, np.int64)
    for number, place in enumerate(flat.tolist(), 1):
        if seen[place] == len(found):
            found.append(np.zeros(count, np.int64))
        found[seen[place]][place] = number
        seen[place] += 1
    return found


def ranked(draft: Draft, view: View, axis: int, count: int, largest: bool) -> list[View]:
    """The `count` largest along an axis, or the least, and their places; the first of equals
    first."""
    if largest:
        return draft.top_k(view, axis, count)
    values, places = draft.top_k(draft.unary("NEG", view), axis, count)
    return [draft.unary("NEG", values), places]
