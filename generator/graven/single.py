"""Elementary functions as floating_point.hpp has them, sum by sum: the bits of the C++."""

from __future__ import annotations

import math

import numpy as np

F = np.float32
TWO_OVER_PI = (0, 0xA2F9836E, 0x4E441529, 0xFC2757D1, 0xF534DDC0, 0xDB629599, 0x3C439041,
               0xFE5163AB)  # fmt: skip


def exp(x: float) -> float:
    """In double, of |x| < 708."""
    count = round(x * 1.44269504088896340736)
    r = (x - count * 0.69314718036912381649) - count * 1.90821492927058770e-10
    tail = 1.0
    for k in range(14, 2, -1):
        tail = 1 + r * tail * (1 / k)
    return math.ldexp(1 + (r + r * r * tail / 2), count)


def log(x: float) -> float:
    """In double, of a normal number."""
    m, n = math.frexp(x)
    m, n = 2 * m, n - 1
    if m > 1.41421356237309504880:
        m, n = m / 2, n + 1
    f = m - 1
    s = f / (m + 1)
    s2, tail = s * s, 0.0
    for k in range(27, 1, -2):
        tail = s2 * (tail + 1 / k)
    return n * 0.69314718036912381649 + (f - (s * (f - 2 * tail) - n * 1.90821492927058770e-10))


def exponential(x: np.ndarray) -> np.ndarray:
    """exp of float32 that is no NaN."""
    whole, usual = F(1.5 * 2**23), np.abs(x) < F(87)
    near = np.clip(x, F(-104), F(88.72283905206835))
    shifted = near * F(1.44269504088896340736) + whole
    count = shifted - whole
    r = (near - count * F(0.693359375)) - count * F(-2.12194440054690583e-4)
    tail = np.ones_like(r)
    for k in range(7, 2, -1):
        tail = F(1) + r * tail * (F(1) / F(k))
    y = F(1) + (r + r * r * tail / F(2))
    steps = count.astype(np.int32)
    part = (steps / 2).astype(np.int32)  # towards zero
    with np.errstate(over="ignore"):
        found = np.where(usual, np.ldexp(y, steps), np.ldexp(np.ldexp(y, part), steps - part))
    found = np.where(x > F(88.72283905206835), F(np.inf), np.where(x < F(-104), F(0), found))
    return found.astype(F)


def sine(x: np.ndarray, turns: int) -> np.ndarray:
    """sin(x + turns * pi / 2) of finite float32, at most 2^32."""
    rest, quadrant = _reduced(x)
    quadrant = (quadrant + turns) & 3
    square = rest * rest
    odd = F(1) / F(120) - square * (F(1) / F(5040) - square / F(362880))
    odd = rest - rest * square * (F(1) / F(6) - square * odd)
    even = F(1) / F(720) - square * (F(1) / F(40320) - square / F(3628800))
    even = F(1) - square * (F(0.5) - square * (F(1) / F(24) - square * even))
    found = np.where(quadrant % 2 == 0, odd, even)
    return np.where(quadrant >= 2, -found, found)


def _reduced(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distance to the nearest multiple of pi / 2, and which modulo 4 that is."""
    bits = x.view(np.uint32).astype(np.uint64)
    significand = (bits & np.uint64(0x7FFFFF)) | np.uint64(0x800000)
    first = np.maximum((bits >> np.uint64(23) & np.uint64(0xFF)).astype(np.int64) - 120, 0)
    word, shift = first // 32, (first % 32).astype(np.uint64)
    table = np.array(TWO_OVER_PI, np.uint64)
    low = np.uint64(0xFFFFFFFF)

    def window(k: int) -> np.ndarray:
        pair = table[word + k] << np.uint64(32) | table[word + k + 1]
        return pair >> (np.uint64(32) - shift) & low

    product = (significand * window(0) << np.uint64(32)) + significand * window(1)
    product += significand * window(2) >> np.uint64(32)
    nearest = (product + np.uint64(1 << 61)) >> np.uint64(62)
    left = (product - (nearest << np.uint64(62))).view(np.int64)
    rest = left.astype(F) * F(3.40612158e-19)
    quadrant = (nearest & np.uint64(3)).astype(np.int64)
    negative, near = x < 0, np.abs(x) <= F(0.785398163)
    rest = np.where(near, x, np.where(negative, -rest, rest))
    return rest, np.where(near, 0, np.where(negative, (4 - quadrant) & 3, quadrant))
