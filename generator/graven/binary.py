"""What ADD and MUL share: two activations, element by element, with broadcasting."""

from __future__ import annotations

import numpy as np

from graven import ir
from graven.cpp import Constant, Cpp, computed, hwc, named, shape, template
from graven.node import Node, scale_of, shape_text, zero_point_of


def expect_operands(node: Node) -> None:
    node.expect_inputs(2, 2)
    first, second, output = node.input(0), node.input(1), node.output
    for tensor in (first, second, output):
        node.expect_activation(tensor)
    node.expect_same_element(first, second, output)
    try:
        extents = np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        raise node.error(
            f"has shape {shape_text(second.shape)}, which does not broadcast with "
            f"{shape_text(first.shape)}.",
            second,
        ) from None
    node.expect_shape(output, extents)


def cpp(name: str, activation: str, node: Node) -> Cpp:
    """graven::Add, graven::AddWith<activation> or graven::AddConstant<shape, activation>."""
    clamp = named(activation)
    places = [position for position in range(2) if node.input(position).data is not None]
    if not places:
        type = template(f"{name}With", clamp) if activation != "NONE" else f"graven::{name}"
        return Cpp(type, computed(node, 0, 1), output=True)
    return Cpp(
        template(
            f"{name}Constant",
            shape(hwc(node, node.input(places[0]))),
            clamp,
            defaults=("graven::none",),
        ),
        computed(node, 1 - places[0]),
        constants=(operand(node.input(places[0])),),
        output=True,
    )


def operand(tensor: ir.Tensor) -> Constant:
    if tensor.element is not ir.Element.INT8:
        return Constant("operand", tensor.data)
    scale = np.array([scale_of(tensor)], dtype=np.float32)
    return Constant("operand", tensor.data, scale, zero_point_of(tensor))
