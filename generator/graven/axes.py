"""Operators over some axes of a tensor of any rank, in the three axes that an activation has."""

from __future__ import annotations

import itertools
import math

from graven import ir
from graven.cpp import Hwc, hwc, shape, template
from graven.node import Node


def groups(extents: tuple[int, ...], axes: tuple[int, ...]) -> list[tuple[bool, int]]:
    """Neighbouring axes that are all meant, or all not, as one: (whether meant, how many elements).
    Axes of one element belong to their neighbours.
    """
    known = [(axis in axes, extent) for axis, extent in enumerate(extents) if extent != 1]
    return [
        (meant, math.prod(extent for _, extent in run))
        for meant, run in itertools.groupby(known, key=lambda pair: pair[0])
    ]


def cut(node: Node, data: ir.Tensor, axes: tuple[int, ...]) -> tuple[Hwc, list[int]]:
    """The shape in which a layer reads `data`, and which of its three axes are meant. As the tensor
    lies, where its axes allow that: any other shape may cost a copy.
    """
    rank, own = len(data.shape), hwc(node, data)
    before = range(rank - 2)  # all of them are the height
    rows = {axis in axes for axis in before if data.shape[axis] != 1}
    if len(rows) < 2:
        meant = {axis + 3 - rank for axis in axes if axis >= rank - 2}
        if rows == {True} or (not rows and rank - 3 in axes):
            meant.add(0)
        return own, sorted(meant)
    found = groups(data.shape, axes)
    if len(found) > 3:
        raise node.error(
            f"works on axes {axes} with others between them, more than three groups; transpose the "
            "tensor so that they are neighbours.",
            data,
        )
    first, *rest = (extent for _, extent in found)
    extents = (first, *rest) if len(rest) == 2 else (first, 1, *rest)
    places = (0, 1, 2) if len(rest) == 2 else (0, 2)
    return extents, [place for place, (meant, _) in zip(places, found, strict=True) if meant]


def cut_at(node: Node, data: ir.Tensor, axis: int) -> tuple[Hwc, int]:
    """As cut, of one axis: also of one element, before the three that an activation has."""
    extents, places = cut(node, data, (axis,))
    if places:
        return extents, places[0]
    height, width, channels = extents
    return (1, height * width, channels), 0


def reshaped(type: str, node: Node, read: Hwc, made: Hwc) -> str:
    """The layer `type`, which reads its input in the shape `read` and makes one of shape `made`."""
    data, output = hwc(node, node.input(0)), hwc(node, node.output)
    if (read, made) == (data, output):
        return type
    return template("Reshaped", type, shape(read), shape(output))


def kept(extents: Hwc, places: list[int]) -> Hwc:
    height, width, channels = (1 if place in places else n for place, n in enumerate(extents))
    return height, width, channels


def dropped(extents: Hwc, places: list[int]) -> Hwc:
    """Without these axes; what remains moves to the right."""
    left = [extent for place, extent in enumerate(extents) if place not in places]
    height, width, channels = (1, 1, 1, *left)[-3:]
    return height, width, channels
