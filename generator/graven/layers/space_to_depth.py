"""SPACE_TO_DEPTH: every block of pixels becomes the channels of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.moving import expect_moved
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("SPACE_TO_DEPTH",)
OPTIONS = "SpaceToDepthOptions"
MOVES = True
SCALES = SAME


@dataclass(frozen=True)
class SpaceToDepth(ir.Layer):
    block: int


def options(layer: SpaceToDepth) -> dict[str, Option]:
    return {"BlockSize": layer.block}


def read(node: Node) -> SpaceToDepth:
    node.expect_inputs(1, 1)
    (block,) = node.positive("BlockSize")
    data = node.input(0)
    node.expect_rank(data, 4)
    batch, height, width, channels = data.shape
    if height % block or width % block:
        raise node.error(f"{height}x{width} pixels do not fall into blocks of {block}.", data)
    shape = (batch, height // block, width // block, channels * block * block)
    expect_moved(node, data, node.output, shape)
    return SpaceToDepth(block)


def reference(layer: SpaceToDepth, node: Node, values: Values) -> np.ndarray:
    (data, *_), block = values, layer.block
    batch, height, width, channels = data.shape
    blocks = data.reshape(batch, height // block, block, width // block, block, channels)
    return blocks.transpose(0, 1, 3, 2, 4, 5).reshape(node.output.shape)
