"""Sequences of several lengths as arrays: padded, with the masks that attention adds to scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graven.errors import GravenError

HIDDEN = np.float32(-np.inf)


def padded(
    sequences: Sequence[np.ndarray], length: int | None = None, value: float = 0
) -> tuple[np.ndarray, np.ndarray]:
    """All of one length, the longest's if none is given, filled up behind; and their lengths."""
    if not sequences:
        raise GravenError("there are no sequences to pad; give at least one.")
    lengths = np.array([len(each) for each in sequences])
    length = int(lengths.max()) if length is None else length
    if lengths.max() > length:
        raise GravenError(
            f"sequence {int(lengths.argmax())} has {lengths.max()} moments, more than the length "
            f"{length}; cut it, or pad to more."
        )
    first = np.asarray(sequences[0])
    found = np.full((len(sequences), length, *first.shape[1:]), value, first.dtype)
    for row, each in zip(found, sequences, strict=True):
        row[: len(each)] = each
    return found, lengths


def padding_mask(lengths: np.ndarray, length: int) -> np.ndarray:
    """{sequences, 1, length}: 0 for what is there, minus infinity for what fills up."""
    there = np.arange(length)[None, None, :] < np.asarray(lengths)[:, None, None]
    return np.where(there, np.float32(0), HIDDEN)


def causal_mask(length: int, prefix: int = 0) -> np.ndarray:
    """{length, prefix + length}: each moment sees a prefix, what came before it, and itself."""
    seen, now = np.arange(prefix + length)[None, :], np.arange(length)[:, None]
    return np.where(seen <= now + prefix, np.float32(0), HIDDEN)


def unpadded(values: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    """What padded() has filled up, without that."""
    return [row[:length] for row, length in zip(values, lengths, strict=True)]
