"""The real Fourier transform of int16 samples as kissfft computes it in fixed point: every stage
halves or quarters its values, products are rounded to 15 bits.
"""

from __future__ import annotations

import functools
import math

import numpy as np

MOST = 32767  # 1 in Q15, as near as int16 has it


def rounded(product: np.ndarray) -> np.ndarray:
    return (product + (1 << 14)) >> 15


def divided(value: np.ndarray, by: int) -> np.ndarray:
    return rounded(value * (MOST // by))


def wrapped(value: np.ndarray) -> np.ndarray:
    """What 16 bits keep of it."""
    return value.astype(np.int16).astype(np.int64)


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of complex numbers, along the last axis."""
    real = rounded(a[..., 0] * b[..., 0] - a[..., 1] * b[..., 1])
    imaginary = rounded(a[..., 0] * b[..., 1] + a[..., 1] * b[..., 0])
    return wrapped(np.stack([real, imaginary], axis=-1))


def turned(phases: list[float]) -> np.ndarray:
    """exp(i * phase) in Q15."""
    return np.array(
        [[math.floor(0.5 + MOST * f(phase)) for f in (math.cos, math.sin)] for phase in phases],
        dtype=np.int64,
    )


@functools.cache
def plan(length: int) -> tuple[tuple[tuple[int, int], ...], np.ndarray, np.ndarray]:
    """Of a complex transform half as long: (radix, what is left) per stage, its factors, and those
    that make the real one of it."""
    half, stages = length // 2, []
    left = half
    while left > 1:
        radix = 4 if left % 4 == 0 else 2
        left //= radix
        stages.append((radix, left))
    factors = turned([-2 * math.pi * k / half for k in range(half)])
    joining = turned([-math.pi * ((k + 1) / half + 0.5) for k in range(half // 2)])
    return tuple(stages), factors, joining


def complex_fft(values: np.ndarray, length: int, stage: int = 0, stride: int = 1) -> np.ndarray:
    stages, factors, _ = plan(length)
    if stage == len(stages):
        return values
    radix, rest = stages[stage]
    parts = [
        divided(complex_fft(values[k::radix], length, stage + 1, stride * radix), radix)
        for k in range(radix)
    ]
    turns = [factors[(np.arange(rest) * stride * k) % len(factors)] for k in range(radix)]
    parts = [parts[0], *(product(p, t) for p, t in zip(parts[1:], turns[1:], strict=True))]
    if radix == 2:
        return wrapped(np.concatenate([parts[0] + parts[1], parts[0] - parts[1]]))
    a, b, c, d = parts
    less, more = wrapped(a - c), wrapped(a + c)
    total, other = wrapped(b + d), wrapped(b - d)
    across = np.stack([other[:, 1], -other[:, 0]], axis=-1)  # times -i
    return wrapped(np.concatenate([more + total, less + across, more - total, less - across]))


def real_fft(samples: np.ndarray) -> np.ndarray:
    """length / 2 + 1 complex numbers, real and imaginary parts in turn."""
    length = len(samples)
    half = length // 2
    _, _, joining = plan(length)
    found = complex_fft(samples.astype(np.int64).reshape(half, 2), length)
    result = np.zeros((half + 1, 2), dtype=np.int64)
    first = divided(found[0], 2)
    result[0, 0], result[half, 0] = first[0] + first[1], first[0] - first[1]
    k = np.arange(1, half // 2 + 1)
    near, far = divided(found[k], 2), divided(found[half - k] * [1, -1], 2)
    even, odd = wrapped(near + far), product(wrapped(near - far), joining[k - 1])
    result[k] = (even + odd) >> 1
    result[half - k, 0] = (even[:, 0] - odd[:, 0]) >> 1
    result[half - k, 1] = (odd[:, 1] - even[:, 1]) >> 1
    return wrapped(result).astype(np.int16).reshape(-1)
