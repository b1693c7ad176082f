"""Operators of PyTorch that take from places and put there, and that rank: where the places are
constants, they only move elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from graven.frontends import functions, lookups, places
from graven.frontends.nchw import View
from graven.frontends.torch_operators import Arguments, Handler, array
from graven.node import shape_text

COMPUTED = "names places that the model computes; use constant ones, or compute it behind the model"


def constant_places(reader: Any, found: Any) -> np.ndarray:
    if isinstance(found, View):
        raise reader.draft.error(f"{COMPUTED}.")
    return np.asarray(found)


def listed_places(reader: Any, found: Any) -> np.ndarray:
    """Those where booleans are true."""
    listed = constant_places(reader, found)
    if listed.dtype != bool:
        return listed
    if listed.ndim > 1:
        raise reader.draft.error(
            f"picks by booleans of shape {shape_text(listed.shape)}; flatten those axes and "
            "pick by a list of places."
        )
    return np.nonzero(listed)[0]


def chosen_places(reader: Any, view: Any, axis: int, found: Any) -> View:
    if isinstance(found, View):
        operand = view if isinstance(view, View) else np.asarray(view)
        return lookups.picked(reader.draft, operand, axis % len(operand.shape), [found])
    listed = listed_places(reader, found)
    return places.picked(reader.draft, view, axis % len(view.shape), [listed])


def index_select(reader: Any, given: Arguments) -> View:
    return chosen_places(reader, given["self"], given["dim"], given["index"])


def index(reader: Any, given: Arguments) -> View:
    """By constants: each along an axis of its own, or all of them along their axes as one; as one
    where the model computes any."""
    view, indices = given["self"], given["indices"]
    axes = [axis for axis, each in enumerate(indices) if each is not None]
    if len(axes) == 1:
        return chosen_places(reader, view, axes[0], indices[axes[0]])
    if any(isinstance(each, View) for each in indices) and axes[-1] - axes[0] == len(axes) - 1:
        operands = [each if isinstance(each, View) else listed_places(reader, each)
                    for each in indices if each is not None]  # fmt: skip
        data = view if isinstance(view, View) else np.asarray(view)
        return lookups.picked(reader.draft, data, axes[0], operands)
    listed = [constant_places(reader, indices[axis]) for axis in axes]
    if axes != list(range(axes[0], axes[-1] + 1)) or any(each.dtype == bool for each in listed):
        raise reader.draft.error(
            "picks along axes apart, or by booleans; pick along one at a time."
        )
    return places.picked(reader.draft, view, axes[0], listed)


def gather(reader: Any, given: Arguments) -> View:
    if isinstance(given["index"], View):
        data = given["self"] if isinstance(given["self"], View) else np.asarray(given["self"])
        return lookups.taken(reader.draft, data, given["dim"], given["index"])
    index = constant_places(reader, given["index"])
    return places.taken(reader.draft, given["self"], given["dim"], index)


def operand_of(reader: Any, found: Any) -> Any:
    """As real numbers."""
    return functions.real(reader.draft, found) if isinstance(found, View) else array(found)


def scatter(adds: bool) -> Handler:
    def handler(reader: Any, given: Arguments) -> View:
        if given.get("reduce"):
            raise reader.draft.error("reduces what it puts; use scatter_add, or put it apart.")
        index = constant_places(reader, given["index"])
        values = operand_of(reader, given.get("src", given.get("value")))
        if isinstance(values, View):  # of which there may be more than places
            values = reader.draft.slice(values, (0,) * index.ndim, index.shape)
        elif np.ndim(values):
            values = values[tuple(slice(n) for n in index.shape)]
        view = operand_of(reader, given["self"])
        found = places.along(reader.draft, view, given["dim"], index)
        return places.put(reader.draft, view, found, values, adds)

    return handler


def index_put(reader: Any, given: Arguments) -> View:
    """Behind axes that are taken whole, by lists or by booleans."""
    indices, view = given["indices"], operand_of(reader, given["self"])
    axis = next(axis for axis, each in enumerate(indices) if each is not None)
    if any(each is None for each in indices[axis:]):
        raise reader.draft.error("puts along axes apart; put along one at a time.")
    listed: list[np.ndarray] = []
    for each in indices[axis:]:
        found = constant_places(reader, each)
        listed += np.nonzero(found) if found.dtype == bool else [found]
    rank = np.broadcast(*listed).ndim
    before = [np.arange(n).reshape((-1,) + (1,) * (axis - 1 - at + rank))
              for at, n in enumerate(view.shape[:axis])]  # fmt: skip
    values, adds = operand_of(reader, given["values"]), bool(given.get("accumulate"))
    return places.put(reader.draft, view, [*before, *listed], values, adds)


# -- ranks ----------------------------------------------------------------------------------------


def top_k(reader: Any, given: Arguments) -> list[View]:
    axis, largest = given.get("dim", -1), bool(given.get("largest", True))
    return places.ranked(reader.draft, given["self"], axis, given["k"], largest)


def sort(reader: Any, given: Arguments) -> list[View]:
    view, axis = given["self"], given.get("dim", -1)
    largest = bool(given.get("descending"))
    return places.ranked(reader.draft, view, axis, view.shape[axis], largest)


def nth(reader: Any, view: View, axis: int, count: int, keep: bool) -> list[View]:
    draft, found = reader.draft, []
    for each in places.ranked(draft, view, axis, count, False):
        last = functions.part(draft, each, axis % len(view.shape), count - 1, 1)
        shape = tuple(n for at, n in enumerate(last.shape) if at != axis % len(view.shape))
        found.append(last if keep else draft.reshape(last, shape))
    return found


def kth_value(reader: Any, given: Arguments) -> list[View]:
    return nth(reader, given["self"], given.get("dim", -1), given["k"], bool(given.get("keepdim")))


def median(reader: Any, given: Arguments) -> View | list[View]:
    """The lower one of two in the middle."""
    view, axis = given["self"], given.get("dim")
    if axis is None:
        view = reader.draft.reshape(view, (int(np.prod(view.shape)),))
        return nth(reader, view, 0, (view.shape[0] + 1) // 2, False)[0]
    return nth(reader, view, axis, (view.shape[axis] + 1) // 2, bool(given.get("keepdim")))


def buckets(reader: Any, limits: Any, view: View, right: bool) -> View:
    """How many of the limits, which are in order, lie below each element, or are it."""
    draft, found = reader.draft, constant_places(reader, limits)
    if found.ndim != 1:
        raise draft.error("has limits for each row; take the same ones for all.")
    wide = draft.reshape(functions.real(draft, view), (*view.shape, 1))
    passed = functions.compared(draft, "GREATER_EQUAL" if right else "GREATER", wide,
                                functions.finite(found))  # fmt: skip
    count = draft.reduce("SUM", functions.real(draft, passed), [len(view.shape)], keep=False)
    return functions.whole(draft, count)


def bucketize(reader: Any, given: Arguments) -> View:
    return buckets(reader, given["boundaries"], given["self"], bool(given.get("right")))


def searchsorted(reader: Any, given: Arguments) -> View:
    if not isinstance(given["self"], View):
        raise reader.draft.error("looks up a constant in what is computed; compare it instead.")
    right = bool(given.get("right")) or given.get("side") == "right"
    return buckets(reader, given["sorted_sequence"], given["self"], right)


def diagonal(reader: Any, given: Arguments) -> View:
    draft, view = reader.draft, given["self"]
    rank = len(view.shape)
    first, second = given.get("dim1", 0) % rank, given.get("dim2", 1) % rank
    offset = given.get("offset", 0)
    others = [axis for axis in range(rank) if axis not in (first, second)]
    view = draft.transpose(view, (first, second, *others))
    count = min(view.shape[0] + min(offset, 0), view.shape[1] - max(offset, 0))
    steps = np.arange(max(count, 0))
    found = places.picked(draft, view, 0, [steps - min(offset, 0), steps + max(offset, 0)])
    return draft.transpose(found, (*range(1, rank - 1), 0))


HANDLERS: dict[str, Handler] = {
    "_unsafe_index": index, "_unsafe_index_put": index_put, "bucketize": bucketize,
    "diagonal": diagonal, "gather": gather, "index": index, "index_put": index_put,
    "index_select": index_select, "kthvalue": kth_value, "median": median,
    "scatter": scatter(False), "scatter_add": scatter(True), "searchsorted": searchsorted,
    "sort": sort, "topk": top_k,
}  # fmt: skip
