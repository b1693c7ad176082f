"""What of a tensor's values int8 is to cover: candidates from a histogram of its values."""

from __future__ import annotations

import numpy as np

from graven import ir
from graven.quantize.scales import Scale

BINS = 4096
LEVELS = 255
PERCENTILES = (99.9, 99.99, 99.999)
SHRINKS = np.linspace(0.3, 1.0, 36)
"""Of the whole range, for the methods that look for the best."""
ALIKE = 0.005  # of a range's width: what no level notices

Range = tuple[float, float]


class Histogram:
    """Of any number of values, in bins of equal width about 0; twice as wide whenever one does not
    fit, so that the samples are seen once."""

    def __init__(self) -> None:
        self.reach = 2.0**-20
        self.counts = np.zeros(BINS)
        self.low, self.high = np.inf, -np.inf

    def add(self, values: np.ndarray) -> None:
        values = values.reshape(-1)
        low, high = float(values.min()), float(values.max())
        self.low, self.high = min(self.low, low), max(self.high, high)
        while max(-low, high) >= self.reach:
            half = self.counts.reshape(-1, 2).sum(axis=1)
            self.counts = np.concatenate([np.zeros(BINS // 4), half, np.zeros(BINS // 4)])
            self.reach *= 2.0
        places = values / self.reach
        places += 1.0
        places *= BINS / 2
        np.clip(places, 0, BINS - 1, out=places)
        self.counts += np.bincount(places.astype(np.int64), minlength=BINS)

    @property
    def centres(self) -> np.ndarray:
        return ((np.arange(BINS) + 0.5) * (2.0 / BINS) - 1.0) * self.reach

    @property
    def whole(self) -> Range:
        return min(self.low, 0.0), max(self.high, 0.0)


def candidates(values: Histogram) -> dict[str, Range]:
    """By method; those that say nearly the same once, by the first of their names."""
    found = {"min-max": values.whole}
    for percent in PERCENTILES:
        found[f"percentile {percent}"] = percentile(values, percent)
    shrunk = [tuple(float(end * factor) for end in values.whole) for factor in SHRINKS]
    found["mse"] = min(shrunk, key=lambda each: squared_error(values, each))
    found["entropy"] = min(shrunk, key=lambda each: divergence(values, each))
    distinct: dict[str, Range] = {}
    for name, each in found.items():
        width = each[1] - each[0]
        near = (
            np.allclose(each, other, rtol=0.0, atol=ALIKE * width) for other in distinct.values()
        )
        if width > 0.0 and not any(near):
            distinct[name] = each
    return distinct or {"min-max": (0.0, 0.0)}  # nothing but zeros


def percentile(values: Histogram, percent: float) -> Range:
    """What lies between the tails, each of half of the rest."""
    share = np.cumsum(values.counts) / values.counts.sum()
    tail = (100.0 - percent) / 200.0
    low, high = values.whole
    edges = values.centres
    left = edges[np.searchsorted(share, tail)]
    right = edges[min(np.searchsorted(share, 1.0 - tail), BINS - 1)]
    return max(low, min(left, 0.0)), min(high, max(right, 0.0))


def squared_error(values: Histogram, each: Range) -> float:
    """The mean square of what rounding and clipping change."""
    step = (each[1] - each[0]) / LEVELS
    if step <= 0.0:
        return 0.0
    centres = values.centres
    beyond = np.maximum(each[0] - centres, 0.0) + np.maximum(centres - each[1], 0.0)
    error = np.where(beyond > 0.0, beyond**2, step**2 / 12.0)
    return float(error @ values.counts)


def divergence(values: Histogram, each: Range) -> float:
    """Kullback-Leibler, of the clipped values from what their levels say about them."""
    step = (each[1] - each[0]) / LEVELS
    if step <= 0.0:
        return 0.0
    centres, counts = values.centres, values.counts
    levels = np.clip(np.round((centres - each[0]) / step), 0, LEVELS).astype(np.int64)
    inside = (centres >= each[0]) & (centres <= each[1])
    seen = np.where(inside & (counts > 0), 1.0, 0.0)
    total = np.bincount(levels, weights=counts * inside, minlength=LEVELS + 1)
    spread = np.bincount(levels, weights=seen, minlength=LEVELS + 1)
    guess = np.where(seen > 0, total[levels] / np.maximum(spread[levels], 1.0), 0.0)
    clipped = counts * inside
    places = np.flatnonzero(inside)
    if places.size == 0:
        return np.inf
    clipped[places[0]] += counts[: places[0]].sum()
    clipped[places[-1]] += counts[places[-1] + 1 :].sum()
    used = (clipped > 0) & (guess > 0)
    p, q = clipped / clipped.sum(), guess / max(guess.sum(), 1e-30)
    lost = float(p[(clipped > 0) & (guess <= 0)].sum())
    return float(np.sum(p[used] * np.log(p[used] / q[used]))) + 10.0 * lost


def scale_of(each: Range, element: ir.Element = ir.Element.INT8) -> Scale:
    """Over a range that contains 0, as TensorFlow Lite has it; int16 has the zero point 0."""
    low, high = min(each[0], 0.0), max(each[1], 0.0)
    wide = element is ir.Element.INT16
    scale = float(np.float32(max(-low, high) / 32767 if wide else (high - low) / LEVELS))
    if scale <= 0.0 or not np.isfinite(scale):
        return Scale(1.0, 0, element)
    zero_point = 0 if wide else int(np.clip(np.round(-128.0 - low / scale), -128, 127))
    return Scale(scale, zero_point, element)
