"""What layers share that take each output from the one element at its place."""

from __future__ import annotations

from graven import ir
from graven.node import Node, Option, scale_of


def no_options(layer: ir.Layer) -> dict[str, Option]:
    return {}


def expect(node: Node) -> None:
    """One input and one output of the same element and shape."""
    data, output = node.expect_activations(1, 1)
    node.expect_shape(output, data.shape)


def expect_rescaled(node: Node) -> None:
    """As expect; int8 goes from the input's scale to the output's."""
    expect(node)
    data = node.input(0)
    if data.element is ir.Element.INT8:
        node.expect_multiplier(scale_of(data) / scale_of(node.output))


def expect_fixed(node: Node, scale: float, zero_point: int) -> None:
    """As expect; an int8 output always has this scale and zero point."""
    expect(node)
    data = node.input(0)
    if data.element is ir.Element.INT8:
        node.expect_output_quantization(scale, zero_point)
        node.expect_multiplier(scale_of(data))
