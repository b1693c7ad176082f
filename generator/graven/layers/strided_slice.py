"""STRIDED_SLICE: every so many elements of each axis, backwards too, as Python's slices.

An axis may be dropped (shrink), added (new), and an ellipsis stands for all axes that nothing else
speaks of. Limits outside of an axis are cut as TensorFlow Lite cuts them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.moving import expect_moved, numbers
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("STRIDED_SLICE",)
OPTIONS = "StridedSliceOptions"
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class StridedSlice(ir.Layer):
    """A bit of a mask for each entry of begin, end and strides."""

    begin_mask: int = 0  # begin does not count: the axis from its start
    end_mask: int = 0  # ... to its end
    ellipsis_mask: int = 0
    new_axis_mask: int = 0
    shrink_axis_mask: int = 0
    offset: bool = False  # ends count from their begin


def options(layer: StridedSlice) -> dict[str, Option]:
    return {
        "BeginMask": layer.begin_mask,
        "EndMask": layer.end_mask,
        "EllipsisMask": layer.ellipsis_mask,
        "NewAxisMask": layer.new_axis_mask,
        "ShrinkAxisMask": layer.shrink_axis_mask,
        "Offset": layer.offset,
    }


def read(node: Node) -> StridedSlice:
    node.expect_inputs(4, 4)
    layer = StridedSlice(
        begin_mask=int(node.option("BeginMask")),
        end_mask=int(node.option("EndMask")),
        ellipsis_mask=int(node.option("EllipsisMask")),
        new_axis_mask=int(node.option("NewAxisMask")),
        shrink_axis_mask=int(node.option("ShrinkAxisMask")),
        offset=bool(node.option("Offset")),
    )
    _, shape = _index(node, layer)
    if 0 in shape:
        raise node.error("takes no element of an axis; remove what depends on it.", node.output)
    expect_moved(node, node.input(0), node.output, shape)
    return layer


def reference(layer: StridedSlice, node: Node, values: Values) -> np.ndarray:
    index, shape = _index(node, layer)
    return values[0][np.ix_(*index)].reshape(shape)


def _index(node: Node, layer: StridedSlice) -> tuple[list[np.ndarray], tuple[int, ...]]:
    """Which elements of each axis are taken, and the output's shape."""
    extents = node.input(0).shape
    entries = node.constant(1, (ir.Element.INT32, ir.Element.INT64)).data.size
    begins, ends, steps = (numbers(node, position, entries) for position in (1, 2, 3))
    named = sum(
        not (layer.ellipsis_mask | layer.new_axis_mask) >> entry & 1 for entry in range(entries)
    )
    if layer.ellipsis_mask & layer.ellipsis_mask - 1 or named > len(extents):
        raise node.error(
            f"speaks of {named} axes and {layer.ellipsis_mask.bit_count()} ellipses, but its input "
            f"has {len(extents)} axes."
        )
    index: list[np.ndarray] = []
    shape: list[int] = []

    def whole(axes: int) -> None:
        for extent in extents[len(index) : len(index) + axes]:
            index.append(np.arange(extent))
            shape.append(extent)

    for entry in range(entries):
        if layer.ellipsis_mask >> entry & 1:
            whole(len(extents) - named)
        elif layer.new_axis_mask >> entry & 1:
            shape.append(1)
        else:
            bounds = begins[entry], ends[entry], steps[entry]
            index.append(_taken(node, layer, entry, extents[len(index)], bounds))
            if not layer.shrink_axis_mask >> entry & 1:
                shape.append(len(index[-1]))
    whole(len(extents) - len(index))
    return index, tuple(shape)


def _taken(
    node: Node, layer: StridedSlice, entry: int, extent: int, bounds: tuple[int, int, int]
) -> np.ndarray:
    """Of one axis."""
    begin, end, step = bounds
    if step == 0:
        raise node.error("has a stride of 0.", node.input(3))
    if layer.offset:
        end += begin
    shrinks = layer.shrink_axis_mask >> entry & 1
    low, high = (0, extent) if step > 0 else (-1, extent - 1)
    if layer.begin_mask >> entry & 1:
        start = 0 if step > 0 else extent - 1
    else:
        start = min(max(begin + extent if begin < 0 else begin, 0), extent - 1)
    if shrinks:
        return np.array([start])
    if layer.end_mask >> entry & 1:
        stop = high if step > 0 else low
    else:
        stop = min(max(end + extent if end < 0 else end, low), high)
    return np.arange(start, stop, step)
