"""Functions of int16 by tables with interpolation, as TensorFlow Lite has them: LOGISTIC and TANH
(reference/integer_ops/logistic.h, tanh.h), SOFTMAX (reference/softmax.h), and by tables of their
own (LUTPopulate in internal/common.h).
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from graven import arithmetic


def scaled(value: np.ndarray, scale: float, doubled: bool) -> np.ndarray:
    """In units of 1 / (3 * 4096); `doubled`: TANH also takes steps of 2^-11 as they are."""
    value = value.astype(np.int64)
    if scale == 2.0**-12:
        return value * 3
    if doubled and scale == 2.0**-11:
        return value * 6
    multiplier, shift = scale * 4096.0 * 3.0, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        shift += 1
        multiplier *= 2.0
    half = 1 << (shift - 1) if shift > 0 else 0
    return arithmetic.wrap(value * int(multiplier) + half) >> shift


def logistic(value: np.ndarray, scale: float) -> np.ndarray:
    return arithmetic.logistic16(scaled(value, scale, doubled=False)).astype(np.int16)


def tanh(value: np.ndarray, scale: float) -> np.ndarray:
    return arithmetic.tanh16(scaled(value, scale, doubled=True)).astype(np.int16)


# -- tables over all of int16: 512 pieces ---------------------------------------------------------
# Half of what a straight line misses in the middle is given to its ends.


def table(
    function: Callable[[np.ndarray], np.ndarray],
    low: float,
    high: float,
    one: float = 32768.0,
) -> np.ndarray:
    """`function` from `low` to `high`, float32 from end to end, in steps of which 1 has `one`."""

    def rounded(value: np.ndarray) -> np.ndarray:
        whole = np.trunc(value)
        rest = value - whole
        return whole + np.where(np.abs(rest) >= 0.5, np.sign(rest), np.float32(0))

    def sample(value: np.ndarray) -> np.ndarray:
        real, limit = function(value), np.float32(1e30) / one
        small = np.abs(real) <= limit
        return np.where(small, np.where(small, real, 0) * one, np.copysign(np.float32(1e30), real))

    one, step = np.float32(one), np.float32((high - low) / 512)
    at = np.float32(low) + np.arange(513, dtype=np.float32) * step
    here, next = rounded(sample(at)), sample(at[1:])
    middle = rounded(sample(at[:-1] + step / 2))
    missed = rounded((next + here[:-1]) / 2) - middle
    here[:-1] -= rounded(missed / 2)
    return np.clip(here, -32768, 32767).astype(np.int64)


@functools.cache
def exponentials() -> np.ndarray:
    return table(lambda x: np.exp(x.astype(np.float64)).astype(np.float32), -10.0, 0.0)


@functools.cache
def reciprocals() -> np.ndarray:
    return table(lambda x: np.float32(1) / (np.float32(1) + x), 0.0, 1.0)


def look_up(value: np.ndarray, table: np.ndarray) -> np.ndarray:
    place = 256 + (value >> 7)
    slope = table[place + 1] - table[place]
    return table[place] + ((slope * (value & 0x7F) + 64) >> 7)


def word_table(
    function: Callable[[np.ndarray], np.ndarray], scale: float, out: float
) -> np.ndarray:
    """Of a real function from all int16 of one scale to those of another."""
    least, most = np.float32(-32768), np.float32(32767)
    scale, out = np.float32(scale), np.float32(out)
    one = np.float32(65536) / (out * most - out * least)
    return table(function, scale * least, scale * most, one)


def tabled(
    value: np.ndarray, function: Callable[[np.ndarray], np.ndarray], scale: float, out: float
) -> np.ndarray:
    found = word_table(function, scale, out)
    return look_up(value.astype(np.int64), found).astype(np.int16)


def softmax(value: np.ndarray, scale: float) -> np.ndarray:
    """Along the last axis: differences to the largest, 10 / 65535 each, through exp; their sum
    through a reciprocal."""
    wide = value.astype(np.int64)
    below = arithmetic.multiply(
        wide - wide.max(axis=-1, keepdims=True),
        *arithmetic.quantize_multiplier(scale / (10.0 / 65535.0)),
    )
    power = look_up(np.clip(below + 32767, -32768, 32767), exponentials())
    total = power.sum(axis=-1, keepdims=True)
    headroom = 32 - np.frexp(total.astype(np.float64))[1].astype(np.int64)
    shifted = ((total << (headroom - 1)) + (1 << 13)) >> 14
    inverse = look_up(np.clip(shifted - (1 << 15) - (1 << 16), -32768, 32767), reciprocals())
    right = 31 - headroom
    share = (power * inverse + (np.int64(1) << (right - 1))) >> right
    return np.clip(share, 0, 32767).astype(np.int16)
