"""What operators that only move elements have in common (layers with MOVES)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from graven import ir
from graven.node import Node

B = TypeVar("B", bound="Blocks")

Steps = tuple[tuple[str, ir.Layer, tuple[int, ...]], ...]
"""Operators one after the other: name, record, shape of the output."""
INDEX = (ir.Element.INT32, ir.Element.INT64)


def expect_moved(node: Node, data: ir.Tensor, output: ir.Tensor, shape: tuple[int, ...]) -> None:
    """The output holds elements of the data, as they are, in that shape."""
    node.expect_same_element(data, output)
    node.expect_same_quantization(data, output)
    node.expect_shape(output, shape)


def numbers(node: Node, position: int, count: int) -> tuple[int, ...]:
    """A constant list of `count` numbers, such as one for each axis."""
    tensor = node.constant(position, INDEX)
    found = tuple(int(value) for value in tensor.data.reshape(-1))
    if len(found) != count:
        raise node.error(f"has {len(found)} numbers, expected {count}.", tensor)
    return found


# -- SPACE_TO_BATCH_ND and its inverse ------------------------------------------------------------


@dataclass(frozen=True)
class Blocks(ir.Layer):
    block: tuple[int, ...]
    border: tuple[tuple[int, int], ...]  # before and after, of each axis of the block


def read_blocks(node: Node, record: type[B]) -> B:
    """The block and its border, as long as there are axes for them."""
    node.expect_inputs(3, 3)
    data = node.input(0)
    space = node.input(1).shape[0] if len(node.input(1).shape) == 1 else 0
    if not 0 < space < len(data.shape):
        raise node.error(f"has {len(data.shape)} axes, too few for its blocks.", data)
    block, found = numbers(node, 1, space), numbers(node, 2, 2 * space)
    if min(block) < 1 or min(found) < 0:
        raise node.error(f"has blocks of {block} and borders of {found}.", data)
    return record(block, tuple(zip(found[::2], found[1::2], strict=True)))
