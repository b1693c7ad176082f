"""Scale and zero point of integers, and numbers to and from them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graven import ir


class Scale(NamedTuple):
    """real = scale * (q - zero_point)."""

    scale: float
    zero_point: int
    element: ir.Element = ir.Element.INT8

    @property
    def limits(self) -> tuple[int, int]:
        found = np.iinfo(self.element.dtype)
        return int(found.min), int(found.max)

    @property
    def range(self) -> tuple[float, float]:
        low, high = self.limits
        return (low - self.zero_point) * self.scale, (high - self.zero_point) * self.scale

    @property
    def quantization(self) -> ir.Quantization:
        return ir.Quantization((self.scale,), (self.zero_point,))


def scale_in(tensor: ir.Tensor) -> Scale:
    """Of a tensor that has one."""
    found = tensor.quantization
    assert found is not None
    return Scale(found.scale[0], found.zero_point[0], tensor.element)


def quantized(values: np.ndarray, each: Scale) -> np.ndarray:
    with np.errstate(over="ignore"):
        whole = np.round(values.astype(np.float64) / each.scale) + each.zero_point
    return np.clip(whole, *each.limits).astype(each.element.dtype)


def as_stored(values: np.ndarray, tensor: ir.Tensor) -> np.ndarray:
    """Real numbers by the tensor's scale; of one that has none, the values themselves."""
    return values if tensor.quantization is None else quantized(values, scale_in(tensor))


def dequantized(values: np.ndarray, each: Scale) -> np.ndarray:
    return ((values.astype(np.float64) - each.zero_point) * each.scale).astype(np.float32)


def real_numbers(values: np.ndarray, found: ir.Quantization) -> np.ndarray:
    """What a constant's integers stand for, whose scales may be several."""
    along = [1] * values.ndim
    if len(found.scale) > 1:
        along[found.axis] = -1
    points = np.array(found.zero_point, np.int64).reshape(along)
    scales = np.array(found.scale, np.float64).reshape(along)
    return ((values.astype(np.int64) - points) * scales).astype(np.float32)


def nearest(values: np.ndarray, each: Scale) -> np.ndarray:
    """What the integers make of float32, as float32; in one array, as a search does it often."""
    low, high = each.limits
    with np.errstate(over="ignore"):  # the least number, which pads for a maximum
        steps = np.empty(np.shape(values), np.float32)  # an array also where the shape is ()
        np.divide(values, np.float32(each.scale), out=steps, dtype=np.float32)
    np.rint(steps, out=steps)
    np.clip(steps, np.float32(low - each.zero_point), np.float32(high - each.zero_point), out=steps)
    steps *= np.float32(each.scale)
    return steps
