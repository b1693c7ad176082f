"""NanoRust*: the layers of nano-rust whose arithmetic is its own; bias in the output's scale, sums
rounded down, a ramp for softmax. PySequentialModel (graven.nano_rust) makes them.

Activations are NHWC here, int8, symmetric; kernels OHWI, as CONV_2D's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.cpp import Cpp, computed, constants, extent, template
from graven.nano_rust import arithmetic
from graven.node import Node, Option, Values

DENSE, CONV2D, SIGMOID, TANH, SOFTMAX = OPERATORS = (
    "NanoRustDense", "NanoRustConv2D", "NanoRustSigmoid", "NanoRustTanh", "NanoRustSoftmax",
)  # fmt: skip
OPTIONS = "FlexBuffer"  # layers.FLEX_BUFFER
NUMBERS = {
    DENSE: ("multiplier", "shift"),
    CONV2D: ("stride", "padding", "multiplier", "shift"),
    SIGMOID: ("multiplier", "shift"),
    TANH: ("multiplier", "shift"),
    SOFTMAX: (),
}
"""Of an operator, in the order of its layer's template arguments."""


@dataclass(frozen=True)
class NanoRust(ir.Layer):
    multiplier: int = 1
    shift: int = 0
    stride: int = 1
    padding: int = 0


def options(layer: NanoRust) -> dict[str, Option]:
    return dict(vars(layer))


def read(node: Node) -> NanoRust:
    weighted = node.name in (DENSE, CONV2D)
    count = 3 if weighted else 1
    node.expect_inputs(count, count)
    data, output = node.input(0), node.output
    for tensor in (data, output):
        node.expect_element(tensor, ir.Element.INT8)
    if weighted:
        node.constant(1, (ir.Element.INT8,))
        node.expect_shape(node.constant(2, (ir.Element.INT8,)), node.input(1).shape[:1])
    layer = NanoRust(**{name: int(node.option(name)) for name in NUMBERS[node.name]})
    if not 0 <= layer.shift <= (63 if weighted else 31) or layer.stride < 1 or layer.padding < 0:
        raise node.error(f"has numbers that mean nothing: {layer}; export the model again.")
    node.expect_shape(output, output_shape(node, layer))
    return layer


def output_shape(node: Node, layer: NanoRust) -> tuple[int, ...]:
    data = node.input(0)
    if node.name == DENSE:
        node.expect_rank(node.input(1), 2)
        if math.prod(data.shape) != node.input(1).shape[1]:
            raise node.error("has weights for another number of inputs.", node.input(1))
        return (1, node.input(1).shape[0])
    if node.name == CONV2D:
        node.expect_rank(data, 4)
        node.expect_rank(node.input(1), 4)
        outputs, *window, channels = node.input(1).shape
        sides = [e + 2 * layer.padding - side
                 for e, side in zip(data.shape[1:3], window, strict=True)]  # fmt: skip
        if channels != data.shape[3] or min(sides) < 0:
            raise node.error("does not fit its input.", node.input(1))
        return (1, *(side // layer.stride + 1 for side in sides), outputs)
    return data.shape


def cpp(layer: NanoRust, node: Node) -> Cpp:
    numbers = [str(getattr(layer, name)) for name in NUMBERS[node.name]]
    name = f"nano_rust::{node.name.removeprefix('NanoRust')}"
    if node.name not in (DENSE, CONV2D):
        type = template(name, *numbers) if numbers else f"graven::{name}"
        return Cpp(type, computed(node, 0))
    filter, bias = node.input(1).data, node.input(2).data
    outputs, *window, inputs = filter.shape
    sizes = [str(inputs), str(outputs)]
    if window:
        sizes.append(extent("Filter", tuple(window)))
    return Cpp(
        template(name, *sizes, *numbers),
        computed(node, 0),
        constants(filter=filter, bias=bias),
        macs=math.prod(node.output.shape) * filter[0].size,
    )


def reference(layer: NanoRust, node: Node, values: Values) -> np.ndarray:
    found = np.stack([sample(layer, node.name, x, *values[1:]) for x in values[0]])
    return found.reshape(node.output.shape)


def sample(layer: NanoRust, name: str, x: np.ndarray, *weights: np.ndarray) -> np.ndarray:
    if name == DENSE:
        return arithmetic.dense(x, *weights, layer.multiplier, layer.shift)
    if name == CONV2D:
        image, kernel = x.transpose(2, 0, 1), weights[0].transpose(0, 3, 1, 2)
        numbers = (layer.stride, layer.padding, layer.multiplier, layer.shift)
        return arithmetic.conv2d(image, kernel, weights[1], *numbers).transpose(1, 2, 0)
    if name == SOFTMAX:
        return arithmetic.softmax(x)
    function = name.removeprefix("NanoRust").lower()
    return arithmetic.looked_up(x, function, layer.multiplier, layer.shift)
