"""Real Fourier transforms as kissfft computes them. In fixed point, of int16 or int32, every stage
halves or quarters its values, and products are rounded to 15 or 31 bits. Of float32 the inverse
alone is divided, by its length.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Numbers:
    """What a transform computes with: pairs (real, imaginary), along the last axis."""

    dtype: np.dtype
    wide: np.dtype  # that holds sums of products

    @property
    def most(self) -> int:
        """1, as near as the integers have it."""
        return int(np.iinfo(self.dtype).max)

    @property
    def fixed(self) -> bool:
        return self.dtype.kind == "i"

    def rounded(self, product: np.ndarray) -> np.ndarray:
        bits = self.most.bit_length()
        return (product + (1 << (bits - 1))) >> bits

    def divided(self, value: np.ndarray, by: int) -> np.ndarray:
        return self.rounded(value * (self.most // by)) if self.fixed else value

    def half(self, value: np.ndarray) -> np.ndarray:
        return value >> 1 if self.fixed else value * self.wide.type(0.5)

    def wrapped(self, value: np.ndarray) -> np.ndarray:
        """What its bits keep of it."""
        return value.astype(self.dtype).astype(self.wide)

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        real = a[..., 0] * b[..., 0] - a[..., 1] * b[..., 1]
        imaginary = a[..., 0] * b[..., 1] + a[..., 1] * b[..., 0]
        both = np.stack([real, imaginary], axis=-1)
        return self.wrapped(self.rounded(both)) if self.fixed else both

    def turned(self, phases: list[float]) -> np.ndarray:
        """exp(i * phase)."""
        found = np.array([(math.cos(phase), math.sin(phase)) for phase in phases])
        if self.fixed:
            found = np.floor(0.5 + self.most * found)
        return found.reshape(-1, 2).astype(self.wide)


NUMBERS = {
    np.dtype(np.int16): Numbers(np.dtype(np.int16), np.dtype(np.int64)),
    np.dtype(np.int32): Numbers(np.dtype(np.int32), np.dtype(np.int64)),
    np.dtype(np.float32): Numbers(np.dtype(np.float32), np.dtype(np.float32)),
}


@dataclass(frozen=True, eq=False)
class Plan:
    """Of a complex transform half as long as the real one."""

    numbers: Numbers
    sign: int  # of its phases
    stages: tuple[tuple[int, int], ...]  # (radix, what is left)
    factors: np.ndarray
    joining: np.ndarray  # what makes the real one of it


@functools.cache
def plan(dtype: np.dtype, length: int, sign: int) -> Plan:
    half, stages = length // 2, []
    left = half
    while left > 1:
        radix = 4 if left % 4 == 0 else 2
        left //= radix
        stages.append((radix, left))
    numbers = NUMBERS[dtype]
    factors = numbers.turned([sign * 2 * math.pi * k / half for k in range(half)])
    joining = numbers.turned([sign * math.pi * ((k + 1) / half + 0.5) for k in range(half // 2)])
    return Plan(numbers, sign, tuple(stages), factors, joining)


def complex_fft(values: np.ndarray, own: Plan, stage: int = 0, stride: int = 1) -> np.ndarray:
    if stage == len(own.stages):
        return values
    radix, rest = own.stages[stage]
    numbers, factors = own.numbers, own.factors
    parts = [
        numbers.divided(complex_fft(values[k::radix], own, stage + 1, stride * radix), radix)
        for k in range(radix)
    ]
    turns = [factors[(np.arange(rest) * stride * k) % len(factors)] for k in range(radix)]
    parts = [parts[0], *(numbers.product(p, t) for p, t in zip(parts[1:], turns[1:], strict=True))]
    wrapped = numbers.wrapped
    if radix == 2:
        return wrapped(np.concatenate([parts[0] + parts[1], parts[0] - parts[1]]))
    a, b, c, d = parts
    less, more = wrapped(a - c), wrapped(a + c)
    total, other = wrapped(b + d), wrapped(b - d)
    across = own.sign * np.stack([-other[:, 1], other[:, 0]], axis=-1)  # times i or -i
    return wrapped(np.concatenate([more + total, less + across, more - total, less - across]))


def real_fft(samples: np.ndarray) -> np.ndarray:
    """length / 2 + 1 complex numbers, real and imaginary parts in turn."""
    length = len(samples)
    half = length // 2
    own = plan(samples.dtype, length, -1)
    numbers = own.numbers
    found = complex_fft(samples.astype(numbers.wide).reshape(half, 2), own)
    result = np.zeros((half + 1, 2), dtype=numbers.wide)
    first = numbers.divided(found[0], 2)
    result[0, 0], result[half, 0] = first[0] + first[1], first[0] - first[1]
    k = np.arange(1, half // 2 + 1)
    signs = np.array([1, -1], dtype=numbers.wide)
    near, far = numbers.divided(found[k], 2), numbers.divided(found[half - k] * signs, 2)
    even = numbers.wrapped(near + far)
    odd = numbers.product(numbers.wrapped(near - far), own.joining[k - 1])
    result[k] = numbers.half(even + odd)
    result[half - k, 0] = numbers.half(even[:, 0] - odd[:, 0])
    result[half - k, 1] = numbers.half(odd[:, 1] - even[:, 1])
    return numbers.wrapped(result).astype(samples.dtype).reshape(-1)


def inverse_real_fft(spectrum: np.ndarray) -> np.ndarray:
    """The samples of length / 2 + 1 complex numbers."""
    half = len(spectrum) // 2 - 1
    own = plan(spectrum.dtype, 2 * half, 1)
    numbers = own.numbers
    given = spectrum.astype(numbers.wide).reshape(half + 1, 2)
    packed = np.zeros((half, 2), dtype=numbers.wide)
    ends = np.array([given[0, 0] + given[half, 0], given[0, 0] - given[half, 0]])
    packed[0] = numbers.divided(numbers.wrapped(ends), 2)
    k = np.arange(1, half // 2 + 1)
    signs = np.array([1, -1], dtype=numbers.wide)
    near, far = numbers.divided(given[k], 2), numbers.divided(given[half - k] * signs, 2)
    even = numbers.wrapped(near + far)
    odd = numbers.product(numbers.wrapped(near - far), own.joining[k - 1])
    packed[k] = numbers.wrapped(even + odd)
    packed[half - k] = numbers.wrapped(numbers.wrapped(even - odd) * signs)
    found = complex_fft(packed, own).astype(spectrum.dtype).reshape(-1)
    return found if numbers.fixed else found / np.float32(2 * half)
