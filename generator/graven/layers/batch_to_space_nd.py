"""BATCH_TO_SPACE_ND: images become the pixels of blocks of one, whose border is cut off."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven.layers.slice import Slice
from graven.moving import Blocks, Steps, expect_moved, read_blocks
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("BATCH_TO_SPACE_ND",)
OPTIONS = "BatchToSpaceNDOptions"
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class BatchToSpaceND(Blocks):
    pass


def options(layer: BatchToSpaceND) -> dict[str, Option]:
    return {}


def read(node: Node) -> BatchToSpaceND:
    layer = read_blocks(node, BatchToSpaceND)
    data, block, border = node.input(0), layer.block, layer.border
    space = len(block)
    sides = zip(data.shape[1 : 1 + space], block, border, strict=True)
    large = tuple(extent * size - sum(pair) for extent, size, pair in sides)
    if min(large) < 1 or data.shape[0] % math.prod(block):
        raise node.error(f"{data.shape[0]} images do not make blocks of {block}.", data)
    images = data.shape[0] // math.prod(block)
    expect_moved(node, data, node.output, (images, *large, *data.shape[1 + space :]))
    return layer


def steps(layer: BatchToSpaceND, node: Node) -> Steps:
    """The whole image, then a box of it."""
    if not any(map(any, layer.border)):
        return ()
    data, output = node.input(0).shape, node.output.shape
    space = len(layer.block)
    large = tuple(map(int.__mul__, data[1 : 1 + space], layer.block))
    begin = (0, *(before for before, _ in layer.border), *[0] * (len(output) - space - 1))
    whole = BatchToSpaceND(layer.block, ((0, 0),) * space)
    return (
        (node.name, whole, (output[0], *large, *output[1 + space :])),
        ("SLICE", Slice(begin, output), output),
    )


def reference(layer: BatchToSpaceND, node: Node, values: Values) -> np.ndarray:
    data, block = values[0], layer.block
    space = len(block)
    images = data.shape[0] // math.prod(block)
    blocks = data.reshape(*block, images, *data.shape[1:])
    axes = [space]
    for axis in range(space):
        axes += [space + 1 + axis, axis]
    whole = blocks.transpose(*axes, *range(2 * space + 1, blocks.ndim))
    extents = tuple(extent * size for extent, size in zip(data.shape[1:], block, strict=False))
    whole = whole.reshape(images, *extents, *data.shape[1 + space :])
    cuts = zip(layer.border, extents, strict=True)
    return whole[(slice(None), *(slice(low, extent - high) for (low, high), extent in cuts))]
