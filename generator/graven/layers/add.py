"""ADD: elementwise, with broadcasting; each input has its own scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.bounds import monotone
from graven.channels import Links, together
from graven.cpp import Cpp, computed, constants, hwc, named, shape, template
from graven.node import Node, Option, Values, scale_of, shape_text, zero_point_of

OPERATORS = ("ADD",)
OPTIONS = "AddOptions"
DATA = (0, 1)
BROADCASTS = True


@dataclass(frozen=True)
class Add(ir.Layer):
    activation: str = "NONE"


def options(layer: Add) -> dict[str, Option]:
    return {
        "FusedActivationFunction": layer.activation,
    }


LEFT_SHIFT = 20  # the headroom that both inputs get before they are brought to one scale


def read(node: Node) -> Add:
    node.expect_inputs(2, 2)
    first, second, output = node.input(0), node.input(1), node.output
    for tensor in (first, second, output):
        node.expect_activation(tensor)
    node.expect_same_element(first, second, output)
    try:
        shape = np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        raise node.error(
            f"has shape {shape_text(second.shape)}, which does not broadcast with "
            f"{shape_text(first.shape)}.",
            second,
        ) from None
    node.expect_shape(output, shape)
    if output.element is ir.Element.INT8 and max(multipliers(node)) >= 1.0:
        raise node.error(
            "its scale is too small for its inputs': less than one millionth of theirs.", output
        )
    return Add(activation=node.activation())


def multipliers(node: Node) -> tuple[float, float, float]:
    """Of both inputs and of the output."""
    first, second = scale_of(node.input(0)), scale_of(node.input(1))
    twice = 2.0 * max(first, second)
    return first / twice, second / twice, twice / ((1 << LEFT_SHIFT) * scale_of(node.output))


def cpp(layer: Add, node: Node) -> Cpp:
    activation = named(layer.activation)
    places = [position for position in range(2) if node.input(position).data is not None]
    if not places:
        type = template("AddWith", activation) if layer.activation != "NONE" else "graven::Add"
        return Cpp(type, computed(node, 0, 1), output=True)
    constant = node.input(places[0])
    operand = shape(hwc(node, constant))
    integer = constant.element is ir.Element.INT8
    return Cpp(
        template("AddConstant", operand, activation, defaults=("graven::none",)),
        computed(node, 1 - places[0]),
        constants=constants(
            filter=constant.data,
            bias=np.array([zero_point_of(constant)], dtype=np.int32) if integer else None,
            scale=np.array([scale_of(constant)], dtype=np.float32) if integer else None,
        ),
        output=True,
    )


def reference(layer: Add, node: Node, values: Values) -> np.ndarray:
    output = node.output
    if output.element is ir.Element.FLOAT32:
        return arithmetic.clamp_float(values[0] + values[1], layer.activation)
    *inward, outward = (arithmetic.quantize_multiplier(real) for real in multipliers(node))
    total = sum(
        arithmetic.multiply(
            (value.astype(np.int64) - zero_point_of(node.input(position))) << LEFT_SHIFT,
            *inward[position],
        )
        for position, value in enumerate(values)
    )
    limits = arithmetic.limits(layer.activation, scale_of(output), zero_point_of(output))
    return arithmetic.clamp(arithmetic.multiply(total, *outward) + zero_point_of(output), limits)


bounds = monotone(reference)


def links(layer: Add, node: Node) -> Links:
    return together(node.input(0), node.input(1), node.output)
