"""Single layers of random shapes, family by family, as shapes.py measures them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from graven import ir
from graven.layers.add import Add
from graven.layers.avg_pool import AvgPool
from graven.layers.conv2d import Conv2D
from graven.layers.dense import Dense
from graven.layers.depthwise_conv2d import DepthwiseConv2D
from graven.layers.max_pool import MaxPool
from graven.layers.quantize import Quantize
from graven.layers.reshape import Reshape
from graven.layers.softmax import Softmax
from graven.window import span

INT8, FLOAT32 = ir.Element.INT8, ir.Element.FLOAT32
Extents = tuple[int, ...]


@dataclass(frozen=True)
class Shape:
    """One layer and what its instructions are measured by."""

    text: str
    rows: int
    outputs: int
    operations: int


# -- networks of layers that have nothing to do with each other -----------------------------------


class Layers:
    """Tensors and operators of one image; each layer has inputs and an output of its own."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.tensors: list[ir.Tensor] = []
        self.operators: list[ir.Operator] = []
        self.inputs: list[int] = []
        self.outputs: list[int] = []
        self.measured: list[int] = []  # the operators that are measured

    def parts(self) -> tuple[list, ...]:
        return self.tensors, self.operators, self.inputs, self.outputs, self.measured

    def tensor(
        self,
        shape: Extents,
        element: ir.Element = INT8,
        scale: float | None = 0.05,
        zero: int = 3,
        data: np.ndarray | None = None,
    ) -> int:
        quantization = None
        if element is not FLOAT32 and scale is not None:
            quantization = ir.Quantization((float(np.float32(scale)),), (zero,))
        index = len(self.tensors)
        self.tensors.append(ir.Tensor(index, f"t{index}", shape, element, quantization, data))
        return index

    def input(self, shape: Extents, element: ir.Element = INT8, scale: float = 0.05) -> int:
        self.inputs.append(self.tensor(shape, element, scale))
        return self.inputs[-1]

    def add(self, name: str, layer: ir.Layer, inputs: list[int], output: int) -> int:
        index = len(self.operators)
        self.operators.append(ir.Operator(index, name, layer, tuple(inputs), (output,)))
        return output

    def measure(self, name: str, layer: ir.Layer, inputs: list[int], output: int) -> None:
        self.measured.append(len(self.operators))
        self.outputs.append(self.add(name, layer, inputs, output))

    def weights(self, shape: Extents, channels: int, element: ir.Element, axis: int) -> list[int]:
        """Filter and bias with the magnitudes of trained ones."""
        if element is FLOAT32:
            values = self.rng.normal(0, 0.3, shape).astype(np.float32)
            bias = self.rng.normal(0, 0.3, channels).astype(np.float32)
            return [
                self.tensor(shape, FLOAT32, data=values),
                self.tensor((channels,), FLOAT32, data=bias),
            ]
        values = np.clip(np.rint(self.rng.normal(0, 32, shape)), -127, 127).astype(np.int8)
        scales = self.rng.uniform(0.002, 0.006, channels).astype(np.float32)
        filters = self.tensor(shape, data=values)
        quantization = ir.Quantization(tuple(map(float, scales)), (0,) * channels, axis)
        self.tensors[filters] = ir.Tensor(
            filters, f"t{filters}", shape, INT8, quantization, values
        )  # fmt: skip
        bias = np.rint(self.rng.normal(0, 2000, channels)).astype(np.int32)
        return [filters, self.tensor((channels,), ir.Element.INT32, None, data=bias)]

    def network(self) -> ir.Network:
        return ir.Network(
            "shapes", "shapes.tflite", "shapes", tuple(self.tensors), tuple(self.operators),
            tuple(self.inputs), tuple(self.outputs),
        )  # fmt: skip


def text_of(*parts: object) -> str:
    return ", ".join(
        "x".join(map(str, part)) if isinstance(part, tuple) else str(part) for part in parts
    )


# -- families: each adds one random layer ---------------------------------------------------------


def image(rng: np.random.Generator, channels: int) -> Extents:
    return 1, int(rng.integers(4, 25)), int(rng.integers(4, 25)), channels


def few_or_many(rng: np.random.Generator, most: int) -> int:
    """As many small numbers as large ones; odd ones, too."""
    return max(1, round(math.exp(rng.uniform(0, math.log(most)))))


def window(layers: Layers, shape: Extents, sizes: Iterable[int]):
    """Filter, stride, padding, and the extents of the output."""
    rng = layers.rng
    most = min(shape[1], shape[2])
    choices = [size for size in sizes if size <= most]
    size = (int(rng.choice(choices)), int(rng.choice(choices)))
    stride = (int(rng.integers(1, 3)),) * 2
    padding = str(rng.choice(["SAME", "VALID"]))
    out = tuple(
        span(shape[1 + axis], size[axis], stride[axis], 1, padding).output for axis in (0, 1)
    )
    return size, stride, padding, out


def pool(layers: Layers, name: str, layer: type, least: int) -> Shape:
    shape = image(layers.rng, least - 1 + few_or_many(layers.rng, 64))
    size, stride, padding, out = window(layers, shape, (1, 2, 3, 4, 5))
    data = layers.input(shape)
    output = layers.tensor((1, *out, shape[3]))
    layers.measure(name, layer(size, stride, padding, "NONE"), [data], output)
    outputs = math.prod(out) * shape[3]
    text = text_of(shape[1:], size, f"stride {stride[0]}", padding)
    return Shape(text, out[0], outputs, outputs * math.prod(size))


def max_pool(layers: Layers) -> Shape:
    return pool(layers, "MAX_POOL_2D", MaxPool, 4)


def average_pool(layers: Layers) -> Shape:
    return pool(layers, "AVERAGE_POOL_2D", AvgPool, 4)


def softmax(layers: Layers) -> Shape:
    classes = 1 + few_or_many(layers.rng, 300)
    data = layers.input((1, classes), scale=float(layers.rng.uniform(0.05, 0.2)))
    output = layers.tensor((1, classes), scale=1 / 256, zero=-128)
    layers.measure("SOFTMAX", Softmax(1.0), [data], output)
    return Shape(text_of(classes), 1, classes, 0)


def add(layers: Layers) -> Shape:
    shape = image(layers.rng, few_or_many(layers.rng, 64))
    scales = layers.rng.uniform(0.02, 0.1, 3)
    inputs = [layers.input(shape, scale=float(scale)) for scale in scales[:2]]
    activation = str(layers.rng.choice(["NONE", "RELU"]))
    output = layers.tensor(shape, scale=float(scales[2]))
    layers.measure("ADD", Add(activation), inputs, output)
    return Shape(text_of(shape[1:], activation), shape[1], math.prod(shape), 0)


def quantize(layers: Layers) -> Shape:
    shape = image(layers.rng, few_or_many(layers.rng, 32))
    data = layers.input(shape, FLOAT32)
    layers.measure("QUANTIZE", Quantize(), [data], layers.tensor(shape, scale=0.03))
    return Shape(text_of(shape[1:]), shape[1], math.prod(shape), 0)


def dense(layers: Layers, shape: Extents) -> Shape:
    length, units = math.prod(shape), few_or_many(layers.rng, 64)
    data = layers.input(shape)
    flat = layers.add("RESHAPE", Reshape((1, length)), [data], layers.tensor((1, length)))
    constants = layers.weights((units, length), units, INT8, 0)
    output = layers.tensor((1, units), scale=0.15, zero=-10)
    layers.measure("FULLY_CONNECTED", Dense("NONE"), [flat, *constants], output)
    return Shape(text_of(shape[1:], units), shape[1], units, length * units)


def dense_flat(layers: Layers) -> Shape:
    return dense(layers, (1, 1, 1, 15 + few_or_many(layers.rng, 1000)))


def dense_image(layers: Layers) -> Shape:
    rng = layers.rng
    height, width = int(rng.integers(2, 9)), int(rng.integers(2, 9))
    return dense(layers, (1, height, width, 3 + few_or_many(rng, 40)))


def convolution(
    layers: Layers, channels: int, units: int, sizes: Extents, element: ir.Element = INT8
) -> Shape:
    shape = image(layers.rng, channels)
    size, stride, padding, out = window(layers, shape, sizes)
    data = layers.input(shape, element)
    constants = layers.weights((units, *size, channels), units, element, 0)
    output = layers.tensor((1, *out, units), element, scale=0.15, zero=-128)
    layer = Conv2D(stride, (1, 1), padding, "RELU")
    layers.measure("CONV_2D", layer, [data, *constants], output)
    outputs = math.prod(out) * units
    text = text_of(shape[1:], size, units, f"stride {stride[0]}", padding)
    return Shape(text, out[0], outputs, outputs * math.prod(size) * channels)


def pointwise(layers: Layers) -> Shape:
    rng = layers.rng
    return convolution(layers, few_or_many(rng, 64), few_or_many(rng, 64), (1,))


def conv2d(layers: Layers) -> Shape:
    rng = layers.rng
    return convolution(layers, 3 + few_or_many(rng, 24), few_or_many(rng, 32), (2, 3, 4, 5))


def conv2d_first(layers: Layers) -> Shape:
    """Of a model: few channels come in."""
    rng = layers.rng
    return convolution(layers, int(rng.integers(1, 4)), few_or_many(rng, 32), (3, 5))


def conv2d_float32(layers: Layers) -> Shape:
    rng = layers.rng
    return convolution(layers, few_or_many(rng, 16), few_or_many(rng, 24), (1, 3), FLOAT32)


def depthwise(layers: Layers, sizes: Extents) -> Shape:
    shape = image(layers.rng, few_or_many(layers.rng, 64))
    size, stride, padding, out = window(layers, shape, sizes)
    data = layers.input(shape)
    constants = layers.weights((1, *size, shape[3]), shape[3], INT8, 3)
    output = layers.tensor((1, *out, shape[3]), scale=0.15, zero=-128)
    layer = DepthwiseConv2D(stride, (1, 1), padding, "RELU", 1)
    layers.measure("DEPTHWISE_CONV_2D", layer, [data, *constants], output)
    outputs = math.prod(out) * shape[3]
    text = text_of(shape[1:], size, f"stride {stride[0]}", padding)
    return Shape(text, out[0], outputs, outputs * math.prod(size))


def depthwise_3x3(layers: Layers) -> Shape:
    return depthwise(layers, (3,))


def depthwise_any(layers: Layers) -> Shape:
    return depthwise(layers, (1, 2, 4, 5))


FAMILIES: dict[str, Callable[[Layers], Shape]] = {
    family.__name__: family
    for family in (
        max_pool, average_pool, softmax, add, quantize, dense_flat, dense_image, pointwise, conv2d,
        conv2d_first, conv2d_float32, depthwise_3x3, depthwise_any,
    )
}  # fmt: skip
