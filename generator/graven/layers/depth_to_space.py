"""DEPTH_TO_SPACE: the channels of a pixel become a block of pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.moving import expect_moved
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("DEPTH_TO_SPACE",)
OPTIONS = "DepthToSpaceOptions"
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class DepthToSpace(ir.Layer):
    block: int


def options(layer: DepthToSpace) -> dict[str, Option]:
    return {"BlockSize": layer.block}


def read(node: Node) -> DepthToSpace:
    node.expect_inputs(1, 1)
    (block,) = node.positive("BlockSize")
    data = node.input(0)
    node.expect_rank(data, 4)
    batch, height, width, channels = data.shape
    if channels % (block * block):
        raise node.error(f"{channels} channels do not make blocks of {block}x{block} pixels.", data)
    shape = (batch, height * block, width * block, channels // (block * block))
    expect_moved(node, data, node.output, shape)
    return DepthToSpace(block)


def reference(layer: DepthToSpace, node: Node, values: Values) -> np.ndarray:
    (data, *_), block = values, layer.block
    batch, height, width, channels = data.shape
    blocks = data.reshape(batch, height, width, block, block, channels // (block * block))
    return blocks.transpose(0, 1, 3, 2, 4, 5).reshape(node.output.shape)
