"""What layers of two activations share: element by element, with broadcasting."""

from __future__ import annotations

import numpy as np

from graven import arithmetic, ir
from graven.bounds import Bounds, Inputs, Reference, Rule
from graven.channels import Links, together
from graven.cpp import Constant, Cpp, computed, hwc, named, shape, template
from graven.node import Node, scale_of, shape_text, zero_point_of

NUMBERS = (ir.Element.INT8, ir.Element.FLOAT32, ir.Element.INT32, ir.Element.INT64)
"""Of these int64 is for constants, which are computed before there is any C++."""
WIDE = (ir.Element.INT8, ir.Element.INT16, *NUMBERS[1:])
INTEGERS = (ir.Element.INT8, ir.Element.INT16)
"""Those with a scale."""


def expect_operands(node: Node, *elements: ir.Element) -> None:
    """Two inputs that broadcast, of one of the elements (of NUMBERS); the output is like them."""
    node.expect_inputs(2, 2)
    expect_element(node, node.input(0), *(elements or NUMBERS))
    node.expect_same_element(node.input(0), node.input(1), node.output)
    expect_broadcast(node)


def expect_element(node: Node, tensor: ir.Tensor, *elements: ir.Element) -> None:
    node.expect_element(tensor, *elements)
    if tensor.element in INTEGERS:
        node.expect_activation(tensor, wide=True)


def expect_broadcast(node: Node) -> None:
    """The output's shape is what broadcasting makes of the inputs'."""
    first, *others = (node.input(position) for position in range(len(node.inputs)))
    extents = first.shape
    for tensor in others:
        try:
            extents = np.broadcast_shapes(extents, tensor.shape)
        except ValueError:
            raise node.error(
                f"has shape {shape_text(tensor.shape)}, which does not broadcast with "
                f"{shape_text(extents)}.",
                tensor,
            ) from None
    node.expect_shape(node.output, extents)
    for tensor in (first, *others, node.output):
        if tensor.element in INTEGERS:
            node.expect_activation(tensor, wide=True)


MIRRORED = {
    "Less": "Greater",
    "Greater": "Less",
    "LessEqual": "GreaterEqual",
    "GreaterEqual": "LessEqual",
}
"""What a comparison is called where its operands change places."""
ORDERED = ("Sub", "Div", "FloorDiv", "FloorMod", "Pow")
"""Layers whose operands cannot change places, and that have a name for a constant first one."""


def cpp(name: str, activation: str, node: Node) -> Cpp:
    """graven::Add, graven::AddWith<activation>, graven::AddConstant<shape, activation> or, where a
    constant comes first, graven::ConstantSub<shape, activation>."""
    expect_kernel(node)
    clamp = named(activation)
    places = [position for position in range(2) if node.input(position).data is not None]
    if not places:
        type = template(f"{name}With", clamp) if activation != "NONE" else f"graven::{name}"
        return Cpp(type, computed(node, 0, 1), output=True)
    (place, *_) = places
    first = f"Constant{name}" if name in ORDERED else f"{MIRRORED.get(name, name)}Constant"
    return Cpp(
        template(
            first if place == 0 else f"{name}Constant",
            shape(hwc(node, node.input(place))),
            clamp,
            defaults=("graven::none",),
        ),
        computed(node, 1 - place),
        constants=(operand(node.input(place)),),
        output=True,
    )


def expect_kernel(node: Node) -> None:
    """What is computed on the device is int8, float32, int32 or bool."""
    for tensor in (*node.inputs, *node.outputs):
        if tensor is not None and tensor.element is ir.Element.INT64:
            raise node.error(
                "is int64, which works among constants only; export the model with int32 there.",
                tensor,
            )


def operand(tensor: ir.Tensor, name: str = "operand") -> Constant:
    if tensor.element not in INTEGERS:
        return Constant(name, tensor.data)
    scale = np.array([scale_of(tensor)], dtype=np.float32)
    return Constant(name, tensor.data, scale, zero_point_of(tensor))


def left_shift(node: Node) -> int:
    """The headroom that both terms of a sum get before they are brought to one scale."""
    return 15 if node.output.element is ir.Element.INT16 else 20


def sum_multipliers(node: Node) -> tuple[float, float, float]:
    """Of both terms of a sum or a difference, and of the result."""
    first, second = scale_of(node.input(0)), scale_of(node.input(1))
    twice = 2.0 * max(first, second)
    return first / twice, second / twice, twice / ((1 << left_shift(node)) * scale_of(node.output))


def expect_sum(node: Node) -> None:
    if max(sum_multipliers(node)) >= 1.0:
        least = f"1/{1 << left_shift(node) - 1}"
        raise node.error(
            f"has scale {scale_of(node.output):g}, expected more than {least} of its "
            "inputs' larger one; calibrate with samples that reach the values of use.",
            node.output,
        )


def clamped(value: np.ndarray, activation: str) -> np.ndarray:
    """By a fused activation; a float never leaves the finite numbers."""
    if value.dtype == np.float32:
        most = np.finfo(np.float32).max
        return arithmetic.clamp_float(np.clip(value, -most, most), activation)
    low, high = {
        "NONE": (None, None),
        "RELU": (0, None),
        "RELU6": (0, 6),
        "RELU_N1_TO_1": (-1, 1),
    }[activation]
    return value if low is None else np.clip(value, low, high).astype(value.dtype)


def links(layer: ir.Layer, node: Node) -> Links:
    return together(node.input(0), node.input(1), node.output)


def by_corners(reference: Reference) -> Rule:
    """The ends of both operands make the extremes: monotone in each, whichever way."""

    def bounds(layer: ir.Layer, node: Node, inputs: Inputs) -> Bounds:
        first, second = inputs
        ends = np.stack(
            [
                reference(layer, node, (a, b))
                for a in (first.low, first.high)
                for b in (second.low, second.high)
            ]
        )
        return Bounds(ends.min(axis=0), ends.max(axis=0))

    return bounds
