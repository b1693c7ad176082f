"""Fourier transforms as products with cosines and sines: a Dense each, or, of windows along time,
a convolution. A complex tensor is two of real numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven.frontends import functions
from graven.frontends.nchw import Constant, Draft, Operand, Sliding, View

MOST_WEIGHTS = 1 << 20  # 4 MB in float32


@dataclass(frozen=True)
class Complex:
    real: Operand
    imaginary: Operand

    @property
    def parts(self) -> tuple[Operand, Operand]:
        return self.real, self.imaginary


def as_real(draft: Draft, given: Complex) -> View:
    """Both parts along a last axis of two."""
    parts = [draft.reshape(each, (*each.shape, 1)) for each in given.parts]
    return draft.concat(parts, len(parts[0].shape) - 1)


def as_complex(draft: Draft, view: View) -> Complex:
    """Of parts along a last axis of two."""
    halves = draft.split(view, len(view.shape) - 1, [1, 1])
    return Complex(*(draft.reshape(each, view.shape[:-1]) for each in halves))


def waves(count: int, bins: int, sign: int = -1) -> tuple[np.ndarray, np.ndarray]:
    """Bins x count: real and imaginary part of e^(sign * 2 pi i k n / count)."""
    turns = np.outer(np.arange(bins), np.arange(count)) % count  # exact where a float would not be
    angles = sign * 2 * np.pi * turns / count
    return np.cos(angles), np.sin(angles)


def transform(
    draft: Draft, given: Complex | View, axis: int, count: int, one_sided: bool,
    inverse: bool = False, factor: float = 1.0,
) -> Complex:  # fmt: skip
    """Over `count` places of an axis, cut or filled up with zeros; one-sided: bins 0 to count / 2.
    Without 1 / count unless the factor has it."""
    bins = count // 2 + 1 if one_sided else count
    cosine, sine = (each * factor for each in waves(count, bins, 1 if inverse else -1))
    if isinstance(given, View):
        rows = row_of(draft, given, axis, count)
        matrix = np.concatenate([cosine, sine])
    else:
        parts = [row_of(draft, dense_of(draft, each), axis, count) for each in given.parts]
        rows = draft.concat(parts, len(parts[0].shape) - 1)
        matrix = np.block([[cosine, -sine], [sine, cosine]])
    found = product(draft, rows, matrix)
    halves = draft.split(found, len(found.shape) - 1, [bins, bins])
    return Complex(*(put_back(draft, each, axis) for each in halves))


def back_to_real(draft: Draft, given: Complex, axis: int, count: int, factor: float) -> View:
    """From the bins 0 to count / 2 of a real signal, of which those between count twice."""
    bins = count // 2 + 1
    cosine, sine = waves(count, bins, 1)
    twice = np.full((bins, 1), 2.0)
    twice[0] = 1
    if count % 2 == 0:
        twice[-1] = 1
    parts = [row_of(draft, dense_of(draft, each), axis, bins) for each in given.parts]
    rows = draft.concat(parts, len(parts[0].shape) - 1)
    matrix = np.concatenate([cosine * twice, -sine * twice]).T * factor
    return put_back(draft, product(draft, rows, matrix), axis)


def short_time(
    draft: Draft, signal: View, size: int, step: int, window: np.ndarray | None, one_sided: bool,
    factor: float = 1.0,
) -> Complex:  # fmt: skip
    """Of signals x moments: signals x bins x windows each."""
    bins = size // 2 + 1 if one_sided else size
    weights = np.concatenate(waves(size, bins)) * factor
    if window is not None:
        before = (size - len(window)) // 2
        weights = weights * np.pad(window, (before, size - len(window) - before))
    expect_bearable(draft, weights)
    filters = weights.astype(np.float32).reshape(2 * bins, 1, size)
    count, moments = signal.shape
    wide = draft.reshape(signal, (count, 1, moments))
    found = draft.conv(wide, filters, None, Sliding((step,), (1,), [(0, 0)]))
    return Complex(*draft.split(found, 1, [bins, bins]))


def row_of(draft: Draft, view: View, axis: int, count: int) -> View:
    """With so many places of the axis as rows."""
    axis %= len(view.shape)
    if view.shape[axis] > count:
        view = functions.part(draft, view, axis, 0, count)
    elif view.shape[axis] < count:
        pads = [(0, 0)] * len(view.shape)
        pads[axis] = (0, count - view.shape[axis])
        view = draft.pad(view, pads)
    rest = (each for each in range(len(view.shape)) if each != axis)
    return draft.transpose(view, (*rest, axis))


def put_back(draft: Draft, view: View, axis: int) -> View:
    """The last axis where another one was."""
    order = list(range(len(view.shape) - 1))
    order.insert(axis % len(view.shape), len(view.shape) - 1)
    return draft.transpose(view, tuple(order))


def dense_of(draft: Draft, part: Operand) -> View:
    if not isinstance(part, View):
        raise draft.error("transforms constants beside what is computed; transform them before.")
    return part


def product(draft: Draft, rows: View, matrix: Constant) -> View:
    expect_bearable(draft, matrix)
    return draft.dense(rows, matrix.astype(np.float32), None)


def expect_bearable(draft: Draft, matrix: Constant) -> None:
    if matrix.size > MOST_WEIGHTS:
        raise draft.error(
            f"is a product with {matrix.size} cosines and sines here; transform fewer places, or "
            "end the model before it and transform in the firmware."
        )
