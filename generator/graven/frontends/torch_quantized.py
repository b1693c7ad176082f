"""The operators by which a quantized program of torch.export says its scales: those of PT2E
(quantized_decomposed) and the fake quantization of training.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np

from graven import ir
from graven.frontends.integers import Integers, scales_of, stored, whole
from graven.frontends.nchw import View

if TYPE_CHECKING:
    from graven.frontends.torch import Arguments, _Reader

LIMITS = {(-128, 127): np.int8, (-127, 127): np.int8, (0, 255): np.uint8}
"""Ends of the integers, and what they are."""


def register() -> None:
    """torch knows these operators only once they are asked for; without them, it says so."""
    with contextlib.suppress(ImportError):
        import torch.ao.quantization.fx._decomposed  # noqa: F401


def numbers(value: Any) -> np.ndarray:
    return np.asarray(value.detach() if hasattr(value, "detach") else value)


def stated(reader: _Reader, given: Arguments) -> tuple[np.ndarray, np.ndarray]:
    """Scales and zero points; these in the integers that the limits mean."""
    scale = numbers(given.get("scale", given.get("scales")))
    point = numbers(given.get("zero_point", given.get("zero_points")))
    limits = (given["quant_min"], given["quant_max"])
    if limits not in LIMITS:
        raise reader.draft.error(
            f"has integers from {limits[0]} to {limits[1]}, expected -128 to 127 or 0 to 255; "
            "quantize to whole bytes (reduce_range off)."
        )
    return scale, point.astype(LIMITS[limits])


def quantize(reader: _Reader, given: Arguments) -> View | np.ndarray:
    value = given.get("input", given.get("self"))
    scale, point = stated(reader, given)
    if not isinstance(value, View):
        return whole(numbers(value), scale, point, given.get("axis", 0))
    return reader.draft.quantize(value, activation_scales(reader, scale, point))


def activation_scales(reader: _Reader, scale: np.ndarray, point: np.ndarray) -> ir.Quantization:
    if scale.size != 1:
        raise reader.draft.error(
            f"has {scale.size} scales for an activation, expected one; only weights can have one "
            "per channel."
        )
    return scales_of(scale, point, point.dtype)


def dequantize(reader: _Reader, given: Arguments) -> View | Integers:
    value = given["input"]
    if isinstance(value, View):
        stored_as = reader.draft.tensors[value.index].quantization
        if stored_as != activation_scales(reader, *stated(reader, given)):
            raise reader.draft.error(
                "has another scale than what it reads was written with; quantize the model again."
            )
        return value
    values, axis = numbers(value), given.get("axis", 0)
    if values.dtype == np.int32:  # sums, whose limits are those of 32 bits
        return stored(values, numbers(given.get("scale", given.get("scales"))), None, axis)
    scale, point = stated(reader, given)
    return stored(values, scale, point.astype(values.dtype), axis)


def fake(reader: _Reader, given: Arguments) -> View | Integers:
    """Quantized and back."""
    found = quantize(reader, given)
    if isinstance(found, View):
        return found
    scale, point = stated(reader, given)
    return stored(found, scale, point, given.get("axis", 0))


HANDLERS = {
    "quantize_per_tensor": quantize,
    "quantize_per_channel": quantize,
    "dequantize_per_tensor": dequantize,
    "dequantize_per_channel": dequantize,
    "fake_quantize_per_tensor_affine": fake,
    "fake_quantize_per_channel_affine": fake,
}
