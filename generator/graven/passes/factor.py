"""From an array of indices to the digits of an INDEX_MAP."""

from __future__ import annotations

import numpy as np

from graven.layers.index_map import Digit

Affine = tuple[int, tuple[Digit, ...]]
"""Base and digits."""


def factored(index: np.ndarray, rows: int) -> Affine | None:
    """The map whose elements these are, -1 outside; its digits fall into rows. None: there is none.

    Exact: what comes back says every element of the array.
    """
    inside = index >= 0
    if not inside.any():
        return 0, (Digit(rows, 0, rows), Digit(index.size // rows, 0))
    parts = _separated(index.reshape(rows, -1), inside.reshape(rows, -1))
    if parts is None:
        return None
    digits: list[Digit] = []
    for part, reached in parts:
        found = _digits(part, reached)
        if found is None:
            return None
        digits += found
    base = int(index.reshape(-1)[np.argmax(inside)])
    return base, tuple(digits) or (Digit(1, 0),)


Sequence = tuple[np.ndarray, np.ndarray]
"""Distances from the first element that is inside, and which are inside."""


def _separated(index: np.ndarray, inside: np.ndarray) -> tuple[Sequence, Sequence] | None:
    """A matrix as the sum of a column and a row."""
    rows, columns = inside.any(axis=1), inside.any(axis=0)
    if not np.array_equal(inside, rows[:, None] & columns):
        return None
    y, x = int(np.argmax(rows)), int(np.argmax(columns))
    down, across = index[:, x] - index[y, x], index[y] - index[y, x]
    if not np.array_equal(index[inside], (index[y, x] + down[:, None] + across)[inside]):
        return None
    return (down, rows), (across, columns)


def _digit(index: np.ndarray, inside: np.ndarray) -> Digit | None:
    """A sequence as one digit."""
    places = np.flatnonzero(inside)
    first, last = int(places[0]), int(places[-1])
    steps = np.diff(index[first : last + 1])
    if len(places) != last - first + 1 or (steps != steps[:1]).any():
        return None
    stride = int(steps[0]) if len(steps) else 0
    return Digit(len(index), stride, first, len(index) - 1 - last)


def _digits(
    index: np.ndarray, inside: np.ndarray, failed: set[int] | None = None
) -> list[Digit] | None:
    """However the digits behind were cut, what is left before them is the same of one length:
    `failed` are the lengths that are known to be no digits."""
    failed = set() if failed is None else failed
    count = len(index)
    if count == 1:
        return []
    if count in failed:
        return None
    if (whole := _digit(index, inside)) is not None:
        return [whole]
    first = int(np.argmax(inside))
    for inner in range(count // 2, 1, -1):
        row = slice(first - first % inner, first - first % inner + inner)
        if count % inner or _digit(index[row], inside[row]) is None:
            continue
        parts = _separated(index.reshape(-1, inner), inside.reshape(-1, inner))
        if parts is None or (last := _digit(*parts[1])) is None:
            continue
        if (before := _digits(*parts[0], failed)) is not None:
            return [*before, last]
    failed.add(count)
    return None
