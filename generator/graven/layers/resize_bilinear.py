"""RESIZE_BILINEAR: each output pixel weighs the four of the input around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.bounds import monotone, unclamped
from graven.channels import one_to_one
from graven.cpp import Cpp, boolean, computed, template
from graven.node import Node, Option, Values, shape_text
from graven.quantize.rules import SAME

OPERATORS = ("RESIZE_BILINEAR",)
OPTIONS = "ResizeBilinearOptions"
SCALES = SAME


@dataclass(frozen=True)
class ResizeBilinear(ir.Layer):
    align_corners: bool = False
    half_pixel_centers: bool = False


def options(layer: ResizeBilinear) -> dict[str, Option]:
    return {
        "AlignCorners": layer.align_corners,
        "HalfPixelCenters": layer.half_pixel_centers,
    }


def read(node: Node) -> ResizeBilinear:
    data, output = node.expect_activations(2, 2, wide=True)
    node.expect_same_quantization(data, output)
    node.expect_rank(data, 4)
    size = node.integers(1)
    if len(size) != 2 or min(size) < 1:
        raise node.error(f"a size of {shape_text(size)} is no height and width.", node.input(1))
    node.expect_shape(output, (data.shape[0], *size, data.shape[3]))
    layer = ResizeBilinear(
        align_corners=bool(node.option("AlignCorners")),
        half_pixel_centers=bool(node.option("HalfPixelCenters")),
    )
    if layer.align_corners and layer.half_pixel_centers:
        raise node.error("align_corners and half_pixel_centers exclude each other.")
    return layer


def integer_sources(
    layer: ResizeBilinear, extent: int, output: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both neighbours along one axis, and the second one's weight in 1024ths."""
    if layer.align_corners and output > 1:
        scale = (1024 * (extent - 1) + (output - 1) // 2) // (output - 1)
    else:
        scale = (1024 * extent + output // 2) // output
    place = np.arange(output, dtype=np.int64) * scale
    if layer.half_pixel_centers:
        place += scale // 2 - 512
    # The division truncates towards zero, but what is below zero becomes zero either way.
    low = np.maximum(place // 1024, 0)
    high = np.minimum(_truncate(place + 1023, 1024), extent - 1)
    return low, high, place - 1024 * low


def float_sources(
    layer: ResizeBilinear, extent: int, output: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both neighbours along one axis, and the second one's weight."""
    if layer.align_corners and output > 1:
        scale = np.float32(extent - 1) / np.float32(output - 1)
    else:
        scale = np.float32(extent) / np.float32(output)
    place = np.arange(output, dtype=np.float32)
    if layer.half_pixel_centers:
        place = (place + np.float32(0.5)) * scale - np.float32(0.5)
    else:
        place = place * scale
    low = np.maximum(np.floor(place), 0).astype(np.int64)
    high = np.minimum(np.ceil(place).astype(np.int64), extent - 1)
    return low, high, place - low.astype(np.float32)


def cpp(layer: ResizeBilinear, node: Node) -> Cpp:
    _, height, width, _ = node.output.shape
    flags = (boolean(layer.align_corners), boolean(layer.half_pixel_centers))
    type = template("ResizeBilinear", str(height), str(width), *flags, defaults=("false", "false"))
    return Cpp(type, computed(node, 0))


def reference(layer: ResizeBilinear, node: Node, values: Values) -> np.ndarray:
    data, output = values[0], node.output
    integer = output.element is not ir.Element.FLOAT32
    sources, one = (integer_sources, 1024) if integer else (float_sources, 1.0)
    top, bottom, down = sources(layer, data.shape[1], output.shape[1])
    left, right, across = sources(layer, data.shape[2], output.shape[2])
    wide = data.astype(np.int64 if integer else np.float64)
    down, across = down[None, :, None, None], across[None, None, :, None]
    total = (
        wide[:, top][:, :, left] * (one - down) * (one - across)
        + wide[:, bottom][:, :, left] * down * (one - across)
        + wide[:, top][:, :, right] * (one - down) * across
        + wide[:, bottom][:, :, right] * down * across
    )
    if not integer:
        return total.astype(np.float32)
    half = np.where(total > 0, 1 << 19, -(1 << 19))
    return _truncate(total + half, 1 << 20).astype(data.dtype)


def _truncate(value: np.ndarray, divisor: int) -> np.ndarray:
    return np.sign(value) * (np.abs(value) // divisor)


bounds, links = monotone(reference), one_to_one
is_identity = unclamped
