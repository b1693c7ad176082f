"""What operators that only move elements have in common (layers with MOVES)."""

from __future__ import annotations

from graven import ir
from graven.node import Node

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
