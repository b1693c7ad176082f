"""RESIZE_NEAREST_NEIGHBOR: each output pixel copies one of the input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.bounds import monotone, unclamped
from graven.channels import one_to_one
from graven.cpp import Cpp, boolean, computed, template
from graven.moving import expect_moved
from graven.node import Node, Option, Values, shape_text
from graven.quantize.rules import SAME

OPERATORS = ("RESIZE_NEAREST_NEIGHBOR",)
OPTIONS = "ResizeNearestNeighborOptions"
SCALES = SAME


@dataclass(frozen=True)
class ResizeNearest(ir.Layer):
    align_corners: bool = False
    half_pixel_centers: bool = False


def options(layer: ResizeNearest) -> dict[str, Option]:
    return {
        "AlignCorners": layer.align_corners,
        "HalfPixelCenters": layer.half_pixel_centers,
    }


def read(node: Node) -> ResizeNearest:
    node.expect_inputs(2, 2)
    data = node.input(0)
    node.expect_rank(data, 4)
    size = node.integers(1)
    if len(size) != 2 or min(size) < 1:
        raise node.error(f"a size of {shape_text(size)} is no height and width.", node.input(1))
    expect_moved(node, data, node.output, (data.shape[0], *size, data.shape[3]))
    layer = ResizeNearest(
        align_corners=bool(node.option("AlignCorners")),
        half_pixel_centers=bool(node.option("HalfPixelCenters")),
    )
    return layer


def sources(layer: ResizeNearest, extent: int, output: int) -> np.ndarray:
    """The input's index for each output index along one axis; float32 throughout."""
    if layer.align_corners and output > 1:
        scale = np.float32(extent - 1) / np.float32(output - 1)
    else:
        scale = np.float32(extent) / np.float32(output)
    offset = np.float32(0.5 if layer.half_pixel_centers else 0.0)
    place = (np.arange(output, dtype=np.float32) + offset) * scale
    # In double precision adding a half is exact, so this is rounding half up.
    nearest = np.floor(place.astype(np.float64) + (0.5 if layer.align_corners else 0.0))
    return np.minimum(nearest.astype(np.int64), extent - 1)


def cpp(layer: ResizeNearest, node: Node) -> Cpp:
    _, height, width, _ = node.output.shape
    flags = (boolean(layer.align_corners), boolean(layer.half_pixel_centers))
    type = template("ResizeNearest", str(height), str(width), *flags, defaults=("false", "false"))
    return Cpp(type, computed(node, 0))


def reference(layer: ResizeNearest, node: Node, values: Values) -> np.ndarray:
    rows = sources(layer, values[0].shape[1], node.output.shape[1])
    columns = sources(layer, values[0].shape[2], node.output.shape[2])
    return values[0][:, rows][:, :, columns]


bounds, links = monotone(reference), one_to_one
is_identity = unclamped
