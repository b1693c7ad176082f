"""SPACE_TO_BATCH_ND: zeros around an image, then each pixel of a block into an image of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven.layers.pad import Pad, zero
from graven.moving import Blocks, Steps, expect_moved, read_blocks
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("SPACE_TO_BATCH_ND",)
OPTIONS = "SpaceToBatchNDOptions"
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class SpaceToBatchND(Blocks):
    pass


def options(layer: SpaceToBatchND) -> dict[str, Option]:
    return {}


def read(node: Node) -> SpaceToBatchND:
    layer = read_blocks(node, SpaceToBatchND)
    data, block, border = node.input(0), layer.block, layer.border
    space = len(block)
    extents = data.shape[1 : 1 + space]
    padded = tuple(extent + sum(pair) for extent, pair in zip(extents, border, strict=True))
    if any(map(int.__mod__, padded, block)):
        raise node.error(f"{padded} pixels do not fall into blocks of {block}.", data)
    images = data.shape[0] * math.prod(block)
    small = tuple(map(int.__floordiv__, padded, block))
    expect_moved(node, data, node.output, (images, *small, *data.shape[1 + space :]))
    return layer


def steps(layer: SpaceToBatchND, node: Node) -> Steps:
    """The border, then the blocks."""
    if not any(map(any, layer.border)):
        return ()
    data, space = node.input(0).shape, len(layer.block)
    border = ((0, 0), *layer.border, *[(0, 0)] * (len(data) - space - 1))
    padded = tuple(extent + sum(pair) for extent, pair in zip(data, border, strict=True))
    whole = SpaceToBatchND(layer.block, ((0, 0),) * space)
    return (("PAD", Pad(border), padded), (node.name, whole, node.output.shape))


def reference(layer: SpaceToBatchND, node: Node, values: Values) -> np.ndarray:
    data, block = values[0], layer.block
    rest = data.ndim - 1 - len(block)
    border = ((0, 0), *layer.border, *[(0, 0)] * rest)
    data = np.pad(data, border, constant_values=zero(node))
    shape = [data.shape[0]]
    for extent, size in zip(data.shape[1:], block, strict=False):
        shape += [extent // size, size]
    blocks = data.reshape(*shape, *data.shape[1 + len(block) :])
    axes = range(1, 2 * len(block), 2)  # of blocks; a pixel's place in its block lies behind
    tail = range(2 * len(block) + 1, blocks.ndim)
    return blocks.transpose([axis + 1 for axis in axes] + [0, *axes, *tail]).reshape(
        node.output.shape
    )
