"""Random networks of every layer, for comparing one implementation with another.

random_case(rng, kind) has one operator, random_graph(rng) a dozen. Weights, shapes, options and
quantization are random; output scales are chosen so that values fill int8 without all clipping.
With tflm=False they also use what TensorFlow Lite Micro lacks or gets wrong.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
from graven import ir, layers
from graven.layers.add import Add
from graven.layers.add_n import AddN
from graven.layers.argmax import ArgMax
from graven.layers.avg_pool import AvgPool
from graven.layers.batch_matmul import BatchMatMul
from graven.layers.batch_to_space_nd import BatchToSpaceND
from graven.layers.binary import COMPARISONS, LOGIC, Binary
from graven.layers.cast import Cast
from graven.layers.concat import Concat
from graven.layers.conv2d import Conv2D
from graven.layers.conv3d import Conv3D
from graven.layers.cumsum import CumSum
from graven.layers.delay_line import DelayLine
from graven.layers.dense import Dense
from graven.layers.depthwise_conv2d import DepthwiseConv2D
from graven.layers.dequantize import Dequantize
from graven.layers.detections import Detections
from graven.layers.elementary import Elementary
from graven.layers.elu import ELU
from graven.layers.embedding_lookup import EmbeddingLookup
from graven.layers.gather import Gather
from graven.layers.gather_nd import GatherND
from graven.layers.gelu import GELU
from graven.layers.gru import Gru
from graven.layers.hard_swish import HardSwish
from graven.layers.l2_normalization import L2Normalization
from graven.layers.l2_pool import L2Pool
from graven.layers.leaky_relu import LeakyReLU
from graven.layers.log_softmax import LogSoftmax
from graven.layers.logical_not import LogicalNot
from graven.layers.lstm import Lstm
from graven.layers.max_pool import MaxPool
from graven.layers.mul import Mul
from graven.layers.one_hot import OneHot
from graven.layers.pad import Pad
from graven.layers.quantize import Quantize
from graven.layers.reduce import Reduce
from graven.layers.relu import ReLU
from graven.layers.relu6 import ReLU6
from graven.layers.reshape import Reshape
from graven.layers.resize_bilinear import ResizeBilinear
from graven.layers.resize_nearest import ResizeNearest
from graven.layers.select import Select
from graven.layers.sigmoid import Sigmoid
from graven.layers.signal import Signal
from graven.layers.simple_rnn import SimpleRnn
from graven.layers.softmax import Softmax
from graven.layers.space_to_batch_nd import SpaceToBatchND
from graven.layers.split import Split
from graven.layers.svdf import Svdf
from graven.layers.table import Table
from graven.layers.tanh import Tanh
from graven.layers.top_k import TopK
from graven.layers.transpose import Transpose
from graven.layers.transpose_conv2d import TransposeConv2D
from graven.layers.update_slice import UpdateSlice
from graven.layers.variable import Variable
from graven.layers.zeros_like import ZerosLike
from graven.node import ACTIVATIONS, node_among
from graven.window import span

Rng = np.random.Generator
INT8, INT16, FLOAT32 = ir.Element.INT8, ir.Element.INT16, ir.Element.FLOAT32
INT32, BOOLEAN = ir.Element.INT32, ir.Element.BOOLEAN
SPREAD = 60.0  # assumed standard deviation of int8 activations and weights, in integers


class Builder:
    """Tensors and operators of one network under construction."""

    def __init__(
        self, rng: Rng, tflm: bool = True, hybrid: bool = False, nibbles: bool = False
    ) -> None:
        self.rng = rng
        self.tflm = tflm
        self.hybrid = hybrid  # int8 weights under float activations
        self.nibbles = nibbles  # int4 weights
        self.tensors: list[ir.Tensor] = []
        self.operators: list[ir.Operator] = []
        self.inputs: list[int] = []

    def tensor(
        self,
        shape: tuple[int, ...],
        element: ir.Element,
        quantization: ir.Quantization | None = None,
        data: np.ndarray | None = None,
    ) -> int:
        index = len(self.tensors)
        shape = tuple(int(extent) for extent in shape)
        name = f"tensor_{index}"
        self.tensors.append(ir.Tensor(index, name, shape, element, quantization, data))
        return index

    def variable(self, like: int) -> int:
        """One like a tensor, with zeros or anything else in it at first."""
        tensor = self.tensors[like]
        stored = tensor.quantization
        initial = np.full(tensor.shape, stored.zero_point[0] if stored else 0, tensor.element.dtype)
        if self.chance(0.6):
            shape = tensor.shape
            initial = self.rng.normal(0, 60, shape).clip(-128, 127).astype(tensor.element.dtype)
        index = len(self.tensors)
        found = dataclasses.replace(
            tensor, index=index, name=f"variable_{index}", data=None, initial=initial
        )
        self.tensors.append(found)
        return index

    def state(self, shape: tuple[int, ...], element: ir.Element, stored, lasts=True) -> int:
        """A variable of one operator; real zeros at first, or a constant of them."""
        index = self.tensor(shape, element, stored)
        zeros = np.full(shape, stored.zero_point[0] if stored else 0, element.dtype)
        content = {"initial": zeros} if lasts else {"data": zeros}
        self.tensors[index] = dataclasses.replace(self.tensors[index], **content)
        return index

    def read(self, variable: int) -> int:
        output = self.like(variable, self.shape(variable))
        return self.add("READ_VARIABLE", Variable(False), [variable], output)

    def assign(self, variable: int, content: int) -> None:
        operator = ir.Operator(
            len(self.operators), "ASSIGN_VARIABLE", Variable(True), (variable, content), ()
        )
        self.operators.append(operator)

    def input(self, shape: tuple[int, ...], element: ir.Element = INT8) -> int:
        scale = {INT8: 0.05, INT16: 0.05 / 256}.get(element)
        quantization = self.quantization(self.scale(scale), element) if scale else None
        index = self.tensor(shape, element, quantization)
        self.inputs.append(index)
        return index

    def integers(self, *values: int) -> int:
        data = np.array(values, dtype=np.int32)
        return self.tensor(data.shape, ir.Element.INT32, None, data)

    def add(self, name: str, layer: ir.Layer, inputs: list[int], output: int) -> int:
        index = len(self.operators)
        self.operators.append(ir.Operator(index, name, layer, tuple(inputs), (output,)))
        return output

    def network(self, outputs: list[int]) -> ir.Network:
        return ir.Network(
            name="random",
            source="random.tflite",
            description="random",
            tensors=tuple(self.tensors),
            operators=tuple(self.operators),
            inputs=tuple(self.inputs),
            outputs=tuple(outputs),
        )

    # -- choices ---------------------------------------------------------------------------------

    def pick(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def extent(self, most: int) -> int:
        return int(self.rng.integers(1, most + 1))

    def scale(self, about: float) -> float:
        return float(np.float32(about * math.exp(self.rng.normal(0.0, 0.7))))

    def quantization(self, scale: float, element: ir.Element = INT8) -> ir.Quantization:
        point = (
            0 if element is INT16 else self.pick(-128, 127, 0, int(self.rng.integers(-128, 128)))
        )
        return ir.Quantization((float(np.float32(scale)),), (point,))

    def activation(self) -> str:
        return self.pick(*ACTIVATIONS)

    def as_uint8(self, index: int) -> None:
        tensor = self.tensors[index]
        assert tensor.quantization is not None
        point = tensor.quantization.zero_point[0] + 128
        quantization = ir.Quantization(tensor.quantization.scale, (point,))
        self.tensors[index] = dataclasses.replace(
            tensor, element=ir.Element.UINT8, quantization=quantization
        )

    def without_scale(self, index: int, element: ir.Element) -> None:
        """A model input of int32 or bool instead."""
        tensor = self.tensors[index]
        self.tensors[index] = dataclasses.replace(tensor, element=element, quantization=None)

    # -- reading ---------------------------------------------------------------------------------

    def shape(self, index: int) -> tuple[int, ...]:
        return self.tensors[index].shape

    def element(self, index: int) -> ir.Element:
        return self.tensors[index].element

    def scale_of(self, index: int) -> float:
        quantization = self.tensors[index].quantization
        return quantization.scale[0] if quantization else 1.0

    def like(self, index: int, shape: tuple[int, ...]) -> int:
        """A tensor of the same element and quantization."""
        return self.tensor(shape, self.element(index), self.tensors[index].quantization)

    def result(self, index: int, shape: tuple[int, ...], scale: float) -> int:
        """A tensor of the same element with a scale of about `scale`."""
        if self.element(index) is FLOAT32:
            return self.tensor(shape, FLOAT32)
        element = self.element(index)
        quantization = self.quantization(self.scale(scale), element)
        if self.chance(0.5):  # inputs of one sign must not always meet a range of the other
            point = self.tensors[index].quantization.zero_point
            quantization = ir.Quantization(quantization.scale, point)
        return self.tensor(shape, element, quantization)

    # -- weights ---------------------------------------------------------------------------------

    def weights(self, data: int, shape: tuple[int, ...], axis: int, per_channel: bool) -> int:
        if self.element(data) is FLOAT32 and not self.hybrid:
            values = self.rng.normal(0.0, 0.5, shape).astype(np.float32)
            return self.tensor(shape, FLOAT32, None, values)
        count = shape[axis] if per_channel else 1
        scales = tuple(self.scale(0.02) for _ in range(count))
        if self.nibbles:
            scales = tuple(float(np.float32(16 * scale)) for scale in scales)
            values = self.rng.integers(-8, 8, shape).astype(np.int8)
            stored = ir.Quantization(scales, (0,) * count, axis)
            return self.tensor(shape, ir.Element.INT4, stored, values)
        values = self.rng.integers(-128 if self.chance(0.1) else -127, 128, shape).astype(np.int8)
        return self.tensor(shape, INT8, ir.Quantization(scales, (0,) * count, axis), values)

    def bias(self, data: int, weights: int, channels: int, fan_in: int, wide: bool = False) -> int:
        """`wide`: under int16 always of int64, as which some kernels read an int32 as well."""
        if self.element(data) is FLOAT32:
            values = self.rng.normal(0.0, 0.5, channels).astype(np.float32)
            return self.tensor((channels,), FLOAT32, None, values)
        reach = SPREAD * SPREAD * math.sqrt(fan_in)
        element = ir.Element.INT32
        if self.element(data) is INT16:
            reach *= 256
            # so does TensorFlow Lite Micro's depthwise convolution
            if wide or self.tensors[weights].shape[0] == 1 or self.chance(0.7):
                element = ir.Element.INT64
        values = np.rint(self.rng.normal(0.0, reach, channels)).astype(element.dtype)
        quantization = self.tensors[weights].quantization
        assert quantization is not None
        scales = tuple(
            float(np.float32(self.scale_of(data)) * np.float32(scale))
            for scale in quantization.scale
        )
        stored = ir.Quantization(scales, (0,) * len(scales))
        return self.tensor((channels,), element, stored, values)

    def weighted(
        self,
        data: int,
        weights: int,
        channels: int,
        fan_in: int,
        shape: tuple[int, ...],
        wide: bool = False,
    ) -> tuple[list[int], int]:
        """Inputs and output of a convolution or a Dense layer."""
        inputs = [data, weights]
        if self.chance(0.8):
            inputs.append(self.bias(data, weights, channels, fan_in, wide))
        elif self.chance(0.5) and not self.tflm:
            inputs.append(-1)  # TensorFlow Lite Micro's depthwise convolution crashes on it
        reach = self.scale_of(data) * self.scale_of(weights) * SPREAD * math.sqrt(fan_in)
        return inputs, self.result(data, shape, reach)


# -- layers: each takes a builder and the index of its input, and returns that of its output ------


def conv2d(b: Builder, data: int) -> int:
    _, height, width, depth = b.shape(data)
    filter_size, stride, dilation, padding = window(b, height, width)
    channels = b.extent(9)
    if b.chance(0.3):  # in groups
        groups = b.pick(*(count for count in range(1, depth + 1) if depth % count == 0))
        depth, channels = depth // groups, groups * b.extent(3)
    weights = b.weights(data, (channels, *filter_size, depth), 0, b.chance(0.8))
    shape = (1, *window_shape(b, data, filter_size, stride, dilation, padding), channels)
    fan_in = depth * math.prod(filter_size)
    inputs, output = b.weighted(data, weights, channels, fan_in, shape)
    return b.add("CONV_2D", Conv2D(stride, dilation, padding, b.activation()), inputs, output)


def depthwise_conv2d(b: Builder, data: int) -> int:
    _, height, width, depth = b.shape(data)
    filter_size, stride, dilation, padding = window(b, height, width)
    multiplier = b.pick(1, 1, 2, 3, 8)
    channels = depth * multiplier
    weights = b.weights(data, (1, *filter_size, channels), 3, b.chance(0.8))
    shape = (1, *window_shape(b, data, filter_size, stride, dilation, padding), channels)
    inputs, output = b.weighted(data, weights, channels, math.prod(filter_size), shape)
    layer = DepthwiseConv2D(stride, dilation, padding, b.activation(), multiplier)
    return b.add("DEPTHWISE_CONV_2D", layer, inputs, output)


def dilated(b: Builder, data: int) -> int:
    """As TensorFlow writes dilation: blocks, a convolution, blocks; also of a line (Conv1D)."""
    _, height, width, depth = b.shape(data)
    flat = b.chance(0.3)
    if flat:
        height, width = 1, height * width
        data = shaped(b, data, (1, width, depth))
    axes = [dilated_axis(b, extent) for extent in (height, width)]
    if flat:
        axes[0] = (1, (0, 0), 1, 1, 1, (0, 0))
    blocks, borders, phases, filters, lefts, cuts = zip(*axes, strict=True)
    images, first = math.prod(blocks), 1 if flat else 0
    inner = SpaceToBatchND(blocks[first:], borders[first:])
    value = b.add("SPACE_TO_BATCH_ND", inner, block_inputs(b, data, inner),
                  b.like(data, (images, *phases[first:], depth)))  # fmt: skip
    value = shaped(b, value, (images, *phases, depth)) if flat else value
    channels = b.extent(5)
    weights = b.weights(value, (channels, *filters, depth), 0, b.chance(0.8))
    inputs, made = b.weighted(
        value, weights, channels, depth * math.prod(filters), (images, *lefts, channels)
    )
    value = b.add("CONV_2D", Conv2D((1, 1), (1, 1), "VALID", b.activation()), inputs, made)
    value = shaped(b, value, (images, *lefts[first:], channels)) if flat else value
    outer = BatchToSpaceND(blocks[first:], cuts[first:])
    sides = (n * size - sum(cut) for n, size, cut in zip(lefts, blocks, cuts, strict=True))
    output = b.like(value, (1, *tuple(sides)[first:], channels))
    return b.add("BATCH_TO_SPACE_ND", outer, block_inputs(b, value, outer), output)


def dilated_axis(b: Builder, extent: int) -> tuple:
    """Block, border, pixels of a phase, filter, what is left of them, and what is cut off."""
    while True:
        block, filter = b.extent(3), b.extent(3)
        border = (0, 0) if b.tflm else (b.extent(4) - 1, b.extent(4) - 1)  # there left to chance
        phase, rest = divmod(extent + sum(border), block)
        left = phase - filter + 1
        reach = (filter - 1) * block + 1
        cut = tuple(b.extent(3) - 1 for _ in range(2)) if not b.tflm else (0, 0)
        sides = [side - less for side, less in zip(border, cut, strict=True)]
        fits = left > 0 and left * block > sum(cut)
        if not rest and fits and min(sides) >= 0 and max(sides) < reach:
            return block, border, phase, filter, left, cut


def block_inputs(b: Builder, data: int, layer: SpaceToBatchND | BatchToSpaceND) -> list[int]:
    border = np.array(layer.border, dtype=np.int32)
    return [data, b.integers(*layer.block), b.tensor(border.shape, INT32, None, border)]


def transpose_conv2d(b: Builder, data: int) -> int:
    _, height, width, depth = b.shape(data)
    filter_size, stride = (b.extent(5), b.extent(5)), (b.pick(1, 2, 2, 3), b.pick(1, 2, 2, 3))
    padding, channels = b.pick("SAME", "VALID"), b.extent(6)
    size = []  # any from which the convolution leads back
    for extent, side, step in zip((height, width), filter_size, stride, strict=True):
        least = (extent - 1) * step + (1 if padding == "SAME" else side)
        size.append(least + int(b.rng.integers(step)))
    weights = b.weights(data, (channels, *filter_size, depth), 0, b.chance(0.8))
    fan_in = depth * math.prod(filter_size) // math.prod(stride) + 1
    shape = (1, *size, channels)
    (_, _, *bias), output = b.weighted(data, weights, channels, fan_in, shape, wide=True)
    inputs = [b.integers(1, *size, channels), weights, data, *bias]
    layer = TransposeConv2D(stride, padding, b.activation())
    return b.add("TRANSPOSE_CONV", layer, inputs, output)


def conv3d(b: Builder, data: int) -> int:
    """Of a volume: the image's rows, cut into slices where that is possible; of reals alone."""
    if b.element(data) is not FLOAT32:
        return conv2d(b, data)
    _, rows, width, depth = b.shape(data)
    slices = b.pick(*(count for count in range(1, rows + 1) if rows % count == 0))
    volume = (slices, rows // slices, width)
    data = shaped(b, data, (1, *volume, depth))
    padding, channels = b.pick("SAME", "VALID"), b.extent(6)
    most = [3, 3, 3] if padding == "SAME" else [min(each, 3) for each in volume]
    sides = tuple(b.extent(each) for each in most)
    dilation = tuple(
        b.extent(2) if padding == "SAME" or extent > 2 * (side - 1) else 1
        for extent, side in zip(volume, sides, strict=True)
    )
    layer = Conv3D(tuple(b.extent(3) for _ in sides), dilation, padding, b.activation())
    shape = tuple(
        span(*each, padding).output
        for each in zip(volume, sides, layer.stride, dilation, strict=True)
    )
    weights = b.weights(data, (*sides, depth, channels), 4, False)
    fan_in = depth * math.prod(sides)
    inputs, output = b.weighted(data, weights, channels, fan_in, (1, *shape, channels))
    return b.add("CONV_3D", layer, inputs, output)


def dense(b: Builder, data: int) -> int:
    shape = b.shape(data)
    keep = len(shape) > 1 and b.chance(0.4)
    depth = shape[-1] if keep or b.chance(0.3) else math.prod(shape)
    units = b.extent(17)
    if b.chance(0.15) and b.element(data) is not INT16:
        return product(b, data, units)
    rows = shape[:-1] if keep else (math.prod(shape) // depth,)
    several = b.chance(0.4) and not b.nibbles  # which TensorFlow Lite Micro refuses there
    weights = b.weights(data, (units, depth), 0, several)
    inputs, output = b.weighted(data, weights, units, depth, (*rows, units))
    return b.add("FULLY_CONNECTED", Dense(b.activation(), keep), inputs, output)


def product(b: Builder, data: int, units: int) -> int:
    """A Dense layer whose weights are computed: from a model input of one row."""
    depth = b.shape(data)[-1]
    flat = b.input((1, units * depth), b.element(data))
    weights = shaped(b, flat, (units, depth))
    scale = b.scale_of(data) * b.scale_of(weights) * SPREAD * math.sqrt(depth)
    output = b.result(data, (*b.shape(data)[:-1], units), scale)
    return b.add("FULLY_CONNECTED", Dense(b.activation(), True), [data, weights], output)


def batch_matmul(b: Builder, data: int) -> int:
    """By another activation or by a constant; a vector is one row of a matrix."""
    shape = b.shape(data)
    if len(shape) < 2:
        data, shape = as_row(b, data), (1, math.prod(shape))
    adjoint_x, adjoint_y = b.chance(0.3), b.chance(0.5)
    rows, depth = shape[:-3:-1] if adjoint_x else shape[-2:]
    columns = b.extent(8)
    batches = shape[:-2]
    if batches and b.chance(0.4):
        batches = (1,) * len(batches) if b.chance(0.5) else ()
    matrix = (*batches, columns, depth) if adjoint_y else (*batches, depth, columns)
    if b.chance(0.3) or (len(matrix) == 2 and matrix[0] != 1):  # would look like a batch
        other = add_constant(b, data, matrix)
        if b.element(data) is INT8 and b.chance(0.5):
            symmetric = ir.Quantization((b.scale_of(other),), (0,))
            b.tensors[other] = dataclasses.replace(b.tensors[other], quantization=symmetric)
    else:
        other = b.input(matrix, b.element(data))
    spread = SPREAD * size_of(b.element(data))
    scale = b.scale_of(data) * b.scale_of(other) * spread * math.sqrt(depth)
    output = b.result(data, (*shape[:-2], rows, columns), scale)
    layer = BatchMatMul(adjoint_x, adjoint_y)
    return b.add("BATCH_MATMUL", layer, [data, other], output)


def padded(b: Builder, data: int, layer: Callable[[Builder, int], int]) -> int:
    """A convolution behind a PAD."""
    shape = b.shape(data)
    border = ((0, 0), *((b.extent(3) - 1, b.extent(3) - 1) for _ in range(2)), (0, 0))
    wide = tuple(sum(pair) + n for pair, n in zip(border, shape, strict=True))
    stored = b.tensor((4, 2), ir.Element.INT32, None, np.array(border, dtype=np.int32))
    return layer(b, b.add("PAD", Pad(border), [data, stored], b.like(data, wide)))


def padded_conv2d(b: Builder, data: int) -> int:
    return padded(b, data, conv2d)


def padded_depthwise(b: Builder, data: int) -> int:
    return padded(b, data, depthwise_conv2d)


def max_pool(b: Builder, data: int) -> int:
    return pool(b, data, "MAX_POOL_2D", MaxPool)


def avg_pool(b: Builder, data: int) -> int:
    if b.element(data) is FLOAT32 and b.chance(0.3):
        return pool(b, data, "L2_POOL_2D", L2Pool)
    return pool(b, data, "AVERAGE_POOL_2D", AvgPool)


def pool(b: Builder, data: int, name: str, layer: type) -> int:
    _, height, width, depth = b.shape(data)
    size, stride, _, padding = window(b, height, width)
    output = b.like(data, (1, *window_shape(b, data, size, stride, (1, 1), padding), depth))
    return b.add(name, layer(size, stride, padding, b.activation()), [data], output)


def window(b: Builder, height: int, width: int):
    """Filter, stride, dilation and padding that fit the input."""
    padding = b.pick("SAME", "VALID")
    filter_size, stride, dilation = [], [], []
    for extent in (height, width):
        most = min(extent, 5) if padding == "VALID" else 5
        size = extent if padding == "VALID" and b.chance(0.1) else b.extent(most)
        filter_size.append(size)
        stride.append(b.pick(1, 1, 2, 3))
        reach = (extent - 1) // (size - 1) if size > 1 else 3
        dilation.append(b.pick(1, 1, min(2, reach), min(3, reach)) if padding == "VALID"
                        else b.pick(1, 1, 2, 3))  # fmt: skip
    return tuple(filter_size), tuple(stride), tuple(max(1, value) for value in dilation), padding


def window_shape(b: Builder, data: int, size, stride, dilation, padding: str) -> tuple[int, int]:
    shape = b.shape(data)
    rows, columns = (
        span(shape[1 + axis], size[axis], stride[axis], dilation[axis], padding).output
        for axis in range(2)
    )
    return rows, columns


def mean(b: Builder, data: int) -> int:
    return reduce(b, data, "MEAN")


def total(b: Builder, data: int) -> int:
    return reduce(b, data, "SUM")


def extreme(b: Builder, data: int) -> int:
    return reduce(b, data, b.pick("REDUCE_MAX", "REDUCE_MIN"))


def any_extreme(b: Builder, data: int) -> int:
    """Also of int16, which TensorFlow Lite Micro lacks."""
    return extreme(b, data)


def reduce(b: Builder, data: int, name: str) -> int:
    shape = b.shape(data)
    rank = len(shape)
    count = b.extent(rank)
    axes = tuple(sorted(int(axis) for axis in b.rng.permutation(rank)[:count]))
    if rank == 4 and b.chance(0.6):
        axes = (1, 2)
    keep = b.chance(0.5)
    reduced = tuple(
        1 if axis in axes else extent
        for axis, extent in enumerate(shape)
        if keep or axis not in axes
    )
    if not keep and len(reduced) >= 3 and reduced[0] != 1:  # would look like a batch
        keep = True
        reduced = tuple(1 if axis in axes else extent for axis, extent in enumerate(shape))
    if name not in ("MEAN", "SUM") or b.chance(0.3):
        output = b.like(data, reduced)
    else:
        several = math.sqrt(math.prod(shape) // math.prod(reduced)) if name == "SUM" else 0.5
        output = b.result(data, reduced, b.scale_of(data) * several)
    stored = b.integers(*(axis - rank if b.chance(0.3) else axis for axis in axes))
    return b.add(name, Reduce(axes, keep), [data, stored], output)


def add(b: Builder, data: int) -> int:
    return join(b, operands(b, data))


def mul(b: Builder, data: int) -> int:
    pair = operands(b, data)
    shape = np.broadcast_shapes(*(b.shape(index) for index in pair))
    scale = math.prod(b.scale_of(index) for index in pair) * SPREAD * size_of(b.element(data))
    return b.add("MUL", Mul(b.activation()), pair, b.result(pair[0], shape, scale))


def operands(b: Builder, data: int) -> list[int]:
    """Two tensors that broadcast, one of them `data`."""
    shape = b.shape(data)
    other = shape
    if b.chance(0.4):
        kept = tuple(1 if b.chance(0.5) else extent for extent in shape)
        other = kept[b.rng.integers(len(kept) + 1) :] if b.chance(0.5) else kept
        other = other or (1,)
    if b.chance(0.3):
        second = add_constant(b, data, other)
    elif other == shape and b.chance(0.2):
        second = data
    else:
        # A model input of more than one row would be a batch.
        second = b.input(other if len(other) < 2 or other[0] == 1 else shape, b.element(data))
    return [data, second] if b.chance(0.5) else [second, data]


def add_constant(b: Builder, data: int, shape: tuple[int, ...]) -> int:
    if b.element(data) is FLOAT32:
        return b.tensor(shape, FLOAT32, None, b.rng.normal(0, 1, shape).astype(np.float32))
    element = b.element(data)
    limits = np.iinfo(element.dtype)
    values = b.rng.integers(limits.min, limits.max + 1, shape, np.int64).astype(limits.dtype)
    quantization = b.quantization(b.scale(b.scale_of(data)), element)
    return b.tensor(shape, element, None if element is INT32 else quantization, values)


def join(b: Builder, pair: list[int]) -> int:
    """The sum of two tensors."""
    shape = np.broadcast_shapes(*(b.shape(index) for index in pair))
    scale = sum(b.scale_of(index) for index in pair)
    return b.add("ADD", Add(b.activation()), pair, b.result(pair[0], shape, scale))


def binary(b: Builder, name: str, pair: list[int], scale: float) -> int:
    """A layer of two operands with an output of about this scale."""
    shape = np.broadcast_shapes(*(b.shape(index) for index in pair))
    activation = b.activation() if name in ("SUB", "DIV") else "NONE"
    if b.element(pair[0]) is INT32:
        output = b.tensor(shape, INT32)
    else:
        output = b.result(pair[0], shape, scale)
    return b.add(name, Binary(activation), pair, output)


def sub(b: Builder, data: int) -> int:
    pair = operands(b, data)
    return binary(b, "SUB", pair, sum(b.scale_of(index) for index in pair))


def alike(b: Builder, data: int) -> list[int]:
    """Two operands of one scale and zero point."""
    pair = operands(b, data)
    for index in pair:
        quantization = b.tensors[data].quantization
        b.tensors[index] = dataclasses.replace(b.tensors[index], quantization=quantization)
    return pair


def minimum(b: Builder, data: int) -> int:
    pair = alike(b, data)
    shape = np.broadcast_shapes(*(b.shape(index) for index in pair))
    return b.add(b.pick("MINIMUM", "MAXIMUM"), Binary(), pair, b.like(data, shape))


def squared_difference(b: Builder, data: int) -> int:
    pair = operands(b, data)
    size = size_of(b.element(data))
    scale = SPREAD * size * sum(b.scale_of(index) for index in pair) ** 2
    return binary(b, "SQUARED_DIFFERENCE", pair, scale)


def div(b: Builder, data: int) -> int:
    """By what is never zero. The quotient of two int8 is some 70 steps for each 1, or TensorFlow
    Lite Micro shifts by more bits than there are."""
    quantization = None
    least = np.array([0.01], dtype=np.float32)
    if b.element(data) is INT16:
        quantization = ir.Quantization((b.scale(0.05 / 256),), (0,))
        least = np.array([b.extent(20000)], dtype=np.int16)
    if b.element(data) is INT8:
        point = int(b.rng.integers(-128, 100))
        quantization = ir.Quantization((b.scale(0.05),), (point,))
        least = np.array([point + b.extent(20)], dtype=np.int8)
    b.tensors[data] = dataclasses.replace(b.tensors[data], quantization=quantization)
    bound = b.tensor((1,), b.element(data), quantization, least)
    divisor = b.add("MAXIMUM", Binary(), [data, bound], b.like(data, b.shape(data)))
    first = next((index for index in operands(b, data) if index != data), data)
    shape = np.broadcast_shapes(b.shape(first), b.shape(divisor))
    if quantization is None:
        output = b.tensor(shape, FLOAT32)
    else:
        scale = b.scale_of(first) / b.scale_of(divisor) / b.pick(70.0, 100.0)
        output = b.tensor(shape, b.element(data), b.quantization(scale, b.element(data)))
    activation = b.pick("NONE", b.activation())
    return b.add("DIV", Binary(activation), [first, divisor], output)


def floor_div(b: Builder, data: int) -> int:
    if b.element(data) is INT8:  # TensorFlow Lite Micro has float alone
        return sub(b, data)
    return binary(b, b.pick("FLOOR_DIV", "FLOOR_MOD"), operands(b, data), 1.0)


def power(b: Builder, data: int) -> int:
    """Of reals; a negative one has whole powers alone. Or of whole numbers, of few powers."""
    if b.element(data) in (INT8, INT16):
        return sub(b, data)
    if b.element(data) is INT32:
        return whole_power(b, data)
    pair = operands(b, data)
    if b.chance(0.7):
        pair[0] = b.add("ABS", Elementary(), [pair[0]], b.like(pair[0], b.shape(pair[0])))
    return binary(b, "POW", pair, 1.0)


def whole_power(b: Builder, data: int) -> int:
    """Of the remainder by 5, to the remainder by 4: LiteRT takes no powers below 0."""
    pair = operands(b, data)
    for place, divisor in enumerate((5, 4)):
        bound = b.tensor((), INT32, None, np.array(divisor, np.int32))
        whole = b.like(pair[place], b.shape(pair[place]))
        pair[place] = b.add("FLOOR_MOD", Binary(), [pair[place], bound], whole)
    return binary(b, "POW", pair, 1.0)


def one_hot(b: Builder, data: int) -> int:
    """Of indices some of which lie outside."""
    element, depth, shape = b.element(data), b.extent(7), (b.extent(4),) * b.pick(0, 1, 2)
    where = indices(b, shape, depth + 2)
    axis = int(b.rng.integers(len(shape) + 1))
    output = b.like(data, (*shape[:axis], depth, *shape[axis:]))
    b.inputs.remove(data)
    values = (b.tensor((), element, b.tensors[data].quantization,
                       np.array(number, element.dtype)) for number in (7, -3))  # fmt: skip
    size = b.tensor((), INT32, None, np.array(depth, np.int32))
    return b.add("ONE_HOT", OneHot(axis), [where, size, *values], output)


def top_k(b: Builder, data: int) -> list[int]:
    """Values and indices, in any order."""
    shape = b.shape(data)
    count = b.extent(shape[-1])
    outputs = (b.like(data, (*shape[:-1], count)), b.tensor((*shape[:-1], count), INT32))
    most = b.tensor((1,), INT32, None, np.array([count], np.int32))
    b.operators.append(ir.Operator(len(b.operators), "TOPK_V2", TopK(count), (data, most), outputs))
    return [int(index) for index in b.rng.permutation(outputs)]


def comparison(b: Builder, data: int) -> int:
    return compare(b, alike(b, data) if b.chance(0.5) else operands(b, data))


def compare(b: Builder, pair: list[int]) -> int:
    shape = np.broadcast_shapes(*(b.shape(index) for index in pair))
    names = COMPARISONS
    first, second = (b.tensors[index] for index in pair)
    if first.element is INT16 and first.quantization != second.quantization:
        names = ("EQUAL", "NOT_EQUAL")
    return b.add(b.pick(*names), Binary(), pair, b.tensor(shape, BOOLEAN))


def logic(b: Builder, data: int) -> int:
    first, second = (compare(b, operands(b, data)) for _ in range(2))
    shape = np.broadcast_shapes(b.shape(first), b.shape(second))
    name = b.pick(*LOGIC, "EQUAL", "NOT_EQUAL")
    return b.add(name, Binary(), [first, second], b.tensor(shape, BOOLEAN))


def select(b: Builder, data: int) -> int:
    condition, pair = compare(b, operands(b, data)), alike(b, data)
    shape = np.broadcast_shapes(*(b.shape(index) for index in (condition, *pair)))
    alone = not b.tflm and b.shape(condition) == b.shape(pair[0])  # no TensorFlow Lite Micro has it
    name = "SELECT" if alone else "SELECT_V2"
    return b.add(name, Select(), [condition, *pair], b.like(data, shape))


def add_n(b: Builder, data: int) -> int:
    shape, quantization = b.shape(data), b.tensors[data].quantization
    terms = [data]
    for _ in range(b.extent(5)):
        terms.append(b.input(shape, b.element(data)))
        b.tensors[-1] = dataclasses.replace(b.tensors[-1], quantization=quantization)
    scale = b.scale_of(data) * math.sqrt(len(terms))
    return b.add("ADD_N", AddN(), terms, b.result(data, shape, scale))


def prelu(b: Builder, data: int) -> int:
    shape = b.shape(data)
    like = data
    if b.element(data) is INT16:  # slopes are int8, as weights are
        like = b.tensor((1,), INT8, ir.Quantization((b.scale(0.02),), (0,)))
    slope = add_constant(b, like, tuple(1 if b.chance(0.5) else extent for extent in shape))
    return binary(b, "PRELU", [data, slope], b.scale_of(data))


def integers(b: Builder, data: int) -> int:
    """Arithmetic of int32."""
    b.without_scale(data, INT32)
    pair = operands(b, data)
    shape = np.broadcast_shapes(*(b.shape(index) for index in pair))
    name = b.pick("ADD", "SUB", "MUL", "MINIMUM", "MAXIMUM", "SQUARED_DIFFERENCE", "LESS", "EQUAL")
    if name in COMPARISONS:
        return b.add(name, Binary(), pair, b.tensor(shape, BOOLEAN))
    activation = b.activation() if name in ("SUB", "MUL") else "NONE"
    layer = {"ADD": Add, "MUL": Mul}.get(name, Binary)(activation)
    return b.add(name, layer, pair, b.tensor(shape, INT32))


def reshape(b: Builder, data: int) -> int:
    size = math.prod(b.shape(data))
    first = max(divisor for divisor in range(1, size + 1) if size % divisor == 0 and
                divisor <= b.extent(size))  # fmt: skip
    shape = b.pick((1, size), (1, first, size // first), (1, first, 1, size // first), (size,))
    return shaped(b, data, shape)


def shaped(b: Builder, data: int, shape: tuple[int, ...]) -> int:
    inputs = [data, b.integers(*shape)]
    return b.add("RESHAPE", Reshape(shape), inputs, b.like(data, shape))


def as_row(b: Builder, data: int) -> int:
    return shaped(b, data, (1, math.prod(b.shape(data))))


def resize_nearest(b: Builder, data: int) -> int:
    align, half = b.pick((False, False), (True, False), (False, True), (True, True))
    return resize(b, data, "RESIZE_NEAREST_NEIGHBOR", ResizeNearest(align, half))


def resize_bilinear(b: Builder, data: int) -> int:
    align, half = b.pick((False, False), (True, False), (False, True))
    return resize(b, data, "RESIZE_BILINEAR", ResizeBilinear(align, half))


def resize(b: Builder, data: int, name: str, layer: ir.Layer) -> int:
    _, height, width, depth = b.shape(data)
    size = (b.pick(2 * height, b.extent(12)), b.pick(2 * width, b.extent(12)))
    return b.add(name, layer, [data, b.integers(*size)], b.like(data, (1, *size, depth)))


def images(b: Builder, data: int) -> int:
    """Several through the same windows."""
    windows = (
        conv2d, depthwise_conv2d, padded_conv2d, padded_depthwise, transpose_conv2d, max_pool,
        avg_pool, resize_nearest, resize_bilinear,
    )  # fmt: skip
    wide = b.tflm and b.element(data) is INT16
    for _ in range(b.extent(2)):
        data = b.pick(*windows[: -1 if wide else None])(b, data)
    count = b.pick(2, 2, 3)
    for operator in b.operators:
        if operator.name == "TRANSPOSE_CONV":
            shape = b.tensors[operator.inputs[0]]
            shape.data[0] = count
        for index in (*operator.inputs, operator.output):
            tensor = b.tensors[index]
            if tensor.data is None:
                b.tensors[index] = dataclasses.replace(tensor, shape=(count, *tensor.shape[1:]))
    return data


def relu(b: Builder, data: int) -> int:
    output = b.result(data, b.shape(data), b.scale_of(data))
    name = "RELU" if b.tflm else b.pick("RELU", "RELU_N1_TO_1", "RELU_0_TO_1")
    return b.add(name, ReLU(), [data], output)


def relu6(b: Builder, data: int) -> int:
    shape = b.shape(data)
    same = b.tflm or b.chance(0.3)  # TensorFlow Lite Micro does not rescale here
    output = b.like(data, shape) if same else b.result(data, shape, b.scale_of(data))
    return b.add("RELU6", ReLU6(), [data], output)


def quantize_wide(b: Builder, data: int) -> int:
    """To int16, or from it to int8."""
    element = INT8 if b.element(data) is INT16 and b.chance(0.5) else INT16
    scale = 0.03 if b.element(data) is FLOAT32 else b.scale_of(data)
    scale *= size_of(b.element(data)) / size_of(element)
    output = b.tensor(b.shape(data), element, b.quantization(b.scale(scale), element))
    return b.add("QUANTIZE", Quantize(), [data], output)


def size_of(element: ir.Element) -> int:
    """Levels of an integer, in those of int8."""
    return 256 if element is INT16 else 1


def fixed(b: Builder, data: int, scale: float, point: int) -> int:
    quantization = {
        INT8: ir.Quantization((scale,), (point,)),
        INT16: ir.Quantization((2.0**-15,), (0,)),
    }.get(b.element(data))
    return b.tensor(b.shape(data), b.element(data), quantization)


def sigmoid(b: Builder, data: int) -> int:
    return b.add("LOGISTIC", Sigmoid(), [data], fixed(b, data, 1 / 256, -128))


def tanh(b: Builder, data: int) -> int:
    return b.add("TANH", Tanh(), [data], fixed(b, data, 1 / 128, 0))


def leaky_relu(b: Builder, data: int) -> int:
    alpha = b.pick(0.1, 0.3, 0.0, float(b.rng.uniform(-1.0, 2.0)))
    layer = LeakyReLU(float(np.float32(alpha)))
    return b.add("LEAKY_RELU", layer, [data], b.result(data, b.shape(data), b.scale_of(data)))


def hard_swish(b: Builder, data: int) -> int:
    output = b.result(data, b.shape(data), b.scale_of(data))
    return b.add("HARD_SWISH", HardSwish(), [data], output)


def smooth(b: Builder, data: int) -> int:
    """ELU, or GELU, which TensorFlow Lite Micro lacks."""
    output = b.result(data, b.shape(data), b.scale_of(data))
    if b.tflm or (b.element(data) is not INT16 and b.chance(0.3)):
        return b.add("ELU", ELU(), [data], output)
    return b.add("GELU", GELU(b.chance(0.5)), [data], output)


def curve(b: Builder, data: int) -> int:
    """Several operators that make each element of the one at its place."""
    value = b.pick(sigmoid, tanh, relu, leaky_relu, hard_swish)(b, data)
    for _ in range(b.extent(3)):
        if b.chance(0.5):
            reach = SPREAD * b.scale_of(data) * b.scale_of(value)
            output = b.result(data, b.shape(data), reach)
            value = b.add("MUL", Mul(b.activation()), [data, value], output)
        else:
            value = b.pick(sigmoid, tanh, relu6, leaky_relu)(b, value)
    return value


def table(b: Builder, data: int) -> int:
    """Any function, of int8 and int16; of float32 what would become one."""
    element = b.element(data)
    if element is FLOAT32:
        return curve(b, data)
    count, reach = {INT8: (256, 128), INT16: (513, 32768)}[element]
    entries = b.rng.integers(-reach, reach, count).astype(element.dtype)
    output = b.result(data, b.shape(data), b.scale_of(data))
    stored = b.tensors[output].quantization
    return b.add("TABLE", Table(), [data, b.tensor((count,), element, stored, entries)], output)


REAL = ("ABS", "NEG", "SQUARE", "SQRT", "RSQRT", "EXP", "LOG", "SIN", "COS", "FLOOR", "CEIL",
        "ROUND", "SIGN")  # fmt: skip


def elementary(b: Builder, data: int) -> list[int]:
    """All functions of one input that there are."""
    if b.element(data) is FLOAT32:
        scales = {name: 1.0 for name in REAL if name != "SIGN" or not b.tflm}
    elif b.element(data) is INT16:
        scales = {"ABS": b.scale_of(data)}
        if not b.tflm:
            most = SPREAD * size_of(INT16) * b.scale_of(data)
            reach = {
                "SQRT": 2 * math.sqrt(most), "RSQRT": 30 / math.sqrt(most), "LOG": 12.0,
                "EXP": math.exp(min(most, 8.0)),
            }  # fmt: skip
            scales |= {name: each / 32768 for name, each in reach.items()}
    else:
        if b.tflm:  # TensorFlow Lite Micro has no RSQRT of negative numbers
            quantization = ir.Quantization((b.scale_of(data),), (-128,))
            b.tensors[data] = dataclasses.replace(b.tensors[data], quantization=quantization)
        most = SPREAD * b.scale_of(data)
        scales = {"ABS": b.scale_of(data), "RSQRT": 0.3 / math.sqrt(most) / SPREAD}
        if not b.tflm:
            scales |= {"SQRT": math.sqrt(most) / SPREAD, "LOG": 3.0 / SPREAD, "EXP": 0.05}
    found = [
        b.add(name, Elementary(), [data], b.result(data, b.shape(data), scale))
        for name, scale in scales.items()
    ]
    if b.element(data) is INT16 and b.tflm:  # which has no RSQRT of negative numbers
        scale = 30 / math.sqrt(SPREAD * size_of(INT16) * b.scale_of(data)) / 32768
        sizes = b.result(data, b.shape(data), scale)
        found.append(b.add("RSQRT", Elementary(), [found[0]], sizes))
    return found


def cast(b: Builder, data: int) -> list[int]:
    """To every element type, and what there is of booleans."""
    shape = b.shape(data)
    elements = [ir.Element.INT16, ir.Element.INT32, FLOAT32]
    if not b.tflm:
        elements += [ir.Element.INT64, BOOLEAN]
    outputs = [
        b.add("CAST", Cast(b.element(data), element), [data], b.tensor(shape, element))
        for element in elements
    ]
    if BOOLEAN in elements:
        flags = outputs[-1]
        outputs.append(b.add("LOGICAL_NOT", LogicalNot(), [flags], b.tensor(shape, BOOLEAN)))
        words = outputs[1]
        back = b.tensor(shape, FLOAT32)
        outputs.append(b.add("CAST", Cast(ir.Element.INT32, FLOAT32), [words], back))
    outputs.append(b.add("ZEROS_LIKE", ZerosLike(), [data], b.like(data, shape)))
    return outputs


def log_softmax(b: Builder, data: int) -> int:
    return b.add("LOG_SOFTMAX", LogSoftmax(), [data], fixed(b, data, 16 / 256, 127))


def softmax(b: Builder, data: int) -> int:
    beta = b.pick(1.0, 1.0, float(np.float32(b.rng.uniform(0.1, 4.0))))
    return b.add("SOFTMAX", Softmax(beta), [data], fixed(b, data, 1 / 256, -128))


def wide_softmax(b: Builder, data: int) -> int:
    """int8 to int16, and back."""
    if b.element(data) is not INT8:
        return softmax(b, data)
    stored = ir.Quantization((float(np.float32(1 / 65535)),), (-32768,))
    made = b.add("SOFTMAX", Softmax(), [data], b.tensor(b.shape(data), INT16, stored))
    if b.chance(0.4):
        scale = ir.Quantization((float(np.float32(1 / 32767)),), (0,))
        return b.add(
            "QUANTIZE", Quantize(), [made], b.tensor(b.shape(data), ir.Element.INT32, scale)
        )
    return b.add("QUANTIZE", Quantize(), [made], fixed(b, data, 1 / 256, -128))


def argmax(b: Builder, data: int) -> int:
    shape = b.shape(data)
    axis = int(b.rng.integers(len(shape)))
    reduced = shape[:axis] + shape[axis + 1 :]
    if len(reduced) >= 3 and reduced[0] != 1:  # would look like a batch
        axis, reduced = len(shape) - 1, shape[:-1]
    element = ir.Element.INT32 if b.tflm else b.pick(ir.Element.INT32, ir.Element.INT64)
    stored = b.integers(axis - len(shape) if b.chance(0.5) else axis)
    name = b.pick("ARG_MAX", "ARG_MIN")
    return b.add(name, ArgMax(axis, element), [data, stored], b.tensor(reduced, element))


def l2_normalization(b: Builder, data: int) -> int:
    return b.add("L2_NORMALIZATION", L2Normalization(), [data], fixed(b, data, 1 / 128, 0))


def cumsum(b: Builder, data: int) -> int:
    shape = b.shape(data)
    axis = int(b.rng.integers(len(shape)))
    layer = CumSum(axis, b.chance(0.3), b.chance(0.3))
    output = b.result(data, shape, b.scale_of(data) * math.sqrt(shape[axis]))
    return b.add("CUMSUM", layer, [data, b.integers(axis)], output)


def quantize(b: Builder, data: int) -> int:
    scale = b.scale_of(data) if b.element(data) is not FLOAT32 else 0.03
    output = b.tensor(b.shape(data), INT8, b.quantization(b.scale(scale)))
    return b.add("QUANTIZE", Quantize(), [data], output)


def quantize_unsigned(b: Builder, data: int) -> int:
    """From or to uint8."""
    if b.element(data) is INT8 and b.chance(0.5):
        b.as_uint8(data)
        return quantize(b, data)
    output = quantize(b, data)
    if b.element(data) is INT8 or not b.tflm:  # TensorFlow Lite Micro has no float to uint8
        b.as_uint8(output)
    return output


def dequantize(b: Builder, data: int) -> int:
    if len(b.operators) == 0 and b.element(data) is INT8 and b.chance(0.3):
        b.as_uint8(data)
    return b.add("DEQUANTIZE", Dequantize(), [data], b.tensor(b.shape(data), FLOAT32))


def concat(b: Builder, data: int) -> int:
    shape = b.shape(data)
    axis = int(b.rng.integers(1, len(shape))) if len(shape) > 1 else 0
    parts = [data]
    for _ in range(b.extent(4) - 1):
        other = (*shape[:axis], b.extent(5), *shape[axis + 1 :])
        parts.append(b.input(other, b.element(data)))
        if b.tflm:  # TensorFlow Lite Micro does not rescale here
            last = b.tensors[parts[-1]]
            same = b.tensors[data].quantization
            b.tensors[-1] = ir.Tensor(last.index, last.name, last.shape, last.element, same, None)
    return merge(b, parts, axis)


def merge(b: Builder, parts: list[int], axis: int) -> int:
    shape = list(b.shape(parts[0]))
    shape[axis] = sum(b.shape(part)[axis] for part in parts)
    activation = "NONE" if b.tflm else b.activation()
    if b.tflm:
        output = b.like(parts[0], tuple(shape))
    else:
        output = b.result(parts[0], tuple(shape), b.scale_of(parts[0]))
    return b.add("CONCATENATION", Concat(axis, activation), parts, output)


def split(b: Builder, data: int) -> list[int]:
    """All parts, in any order."""
    shape = b.shape(data)
    axis = int(b.rng.integers(len(shape) > 1, len(shape)))
    parts = b.pick(*(count for count in range(1, 7) if shape[axis] % count == 0))
    part = tuple(extent // parts if place == axis else extent for place, extent in enumerate(shape))
    outputs = tuple(b.like(data, part) for _ in range(parts))
    stored = b.integers(axis - len(shape) if b.chance(0.3) else axis)
    layer = Split(axis, parts)
    b.operators.append(ir.Operator(len(b.operators), "SPLIT", layer, (stored, data), outputs))
    return [int(index) for index in b.rng.permutation(outputs)]


def halves(b: Builder, data: int) -> int:
    """Split and joined again, the other way round."""
    axis = int(b.rng.integers(1, 4))
    shape = b.shape(data)
    if shape[axis] % 2:
        return transpose(b, data)
    part = tuple(extent // 2 if place == axis else extent for place, extent in enumerate(shape))
    outputs = tuple(b.like(data, part) for _ in range(2))
    inputs = (b.integers(axis), data)
    layer = Split(axis, 2)
    b.operators.append(ir.Operator(len(b.operators), "SPLIT", layer, inputs, outputs))
    parts = [
        b.add("RELU", ReLU(), [part], b.like(data, b.shape(part))) if b.chance(0.5) else part
        for part in outputs[::-1]
    ]
    return b.add("CONCATENATION", Concat(axis, "NONE"), parts, b.like(data, shape))


def transpose(b: Builder, data: int) -> int:
    shape = b.shape(data)
    lead = 1 if len(shape) > 1 else 0
    axes = (*range(lead), *(int(axis) + lead for axis in b.rng.permutation(len(shape) - lead)))
    output = b.like(data, tuple(shape[axis] for axis in axes))
    return b.add("TRANSPOSE", Transpose(axes), [data, b.integers(*axes)], output)


def variable(b: Builder, data: int) -> list[int]:
    """What lasts from run to run, in several ways; layers before and after the assignment."""
    ways = [summed, exchanged] + [moved_on] * (len(b.shape(data)) > 1)
    return b.pick(*ways)(b, data)


def summed(b: Builder, data: int) -> list[int]:
    content = b.result(data, b.shape(data), 2 * b.scale_of(data))
    kept = b.variable(content)
    old = b.read(kept)
    pair = [data, old] if b.chance(0.5) else [old, data]
    b.add("ADD", Add("NONE"), pair, content)
    if b.chance(0.3):
        b.assign(kept, data if b.tensors[data].quantization == b.tensors[kept].quantization
                 else old)  # fmt: skip
    b.assign(kept, content)
    return [content, b.add("RELU", ReLU(), [old], b.like(old, b.shape(old)))]


def moved_on(b: Builder, data: int) -> list[int]:
    """A delay line: what was before and what is new, of which half is kept."""
    axis = b.extent(len(b.shape(data)) - 1)
    kept = b.variable(data)
    old = b.read(kept)
    joined = merge_plain(b, [old, data], axis)
    halves = tuple(b.like(data, b.shape(data)) for _ in range(2))
    layer, inputs = Split(axis, 2), (b.integers(axis), joined)
    b.operators.append(ir.Operator(len(b.operators), "SPLIT", layer, inputs, halves))
    b.assign(kept, halves[1])
    if b.chance(0.6):  # the joined rows need not be an output
        joined = b.add("RELU", ReLU(), [joined], b.like(joined, b.shape(joined)))
    outputs = [joined, halves[0]]
    if b.chance(0.5):  # read again: what has been assigned
        outputs.append(b.add("RELU", ReLU(), [b.read(kept)], b.like(data, b.shape(data))))
    return outputs


def exchanged(b: Builder, data: int) -> list[int]:
    """Three variables take turns."""
    kept = [b.variable(data) for _ in range(3)]
    old = [b.read(each) for each in kept]
    joined = merge_plain(b, [*old[:2], data], len(b.shape(data)) - 1)
    b.assign(kept[0], old[1])
    b.assign(kept[1], old[2])
    b.assign(kept[2], data)
    return [joined, old[0]]


def merge_plain(b: Builder, parts: list[int], axis: int) -> int:
    shape = list(b.shape(parts[0]))
    shape[axis] = sum(b.shape(part)[axis] for part in parts)
    output = b.like(parts[0], tuple(shape))
    return b.add("CONCATENATION", Concat(axis, "NONE"), parts, output)


def svdf(b: Builder, data: int) -> int:
    """Over one row; the state is int16, sometimes int8."""
    data = as_row(b, data)
    inputs, units, rank, memory = b.shape(data)[1], b.extent(9), b.extent(3), b.extent(10)
    features = units * rank
    filter = b.weights(data, (features, inputs), 0, per_channel=False)
    layer = Svdf(rank, b.activation())
    if b.element(data) is FLOAT32:
        time = b.tensor((features, memory), FLOAT32, None,
                        b.rng.normal(0, 0.5, (features, memory)).astype(np.float32))  # fmt: skip
        state = b.state((1, features * memory), FLOAT32, None)
        bias = b.bias(data, filter, units, 1)
        output = b.tensor((1, units), FLOAT32)
        return b.add("SVDF", layer, [data, filter, time, bias, state], output)
    element = b.pick(INT16, INT16, INT8)
    wide = 256 if element is INT16 else 1
    point = 0 if element is INT16 else int(b.rng.integers(-128, 128))
    reach = b.scale_of(data) * b.scale_of(filter) * SPREAD * math.sqrt(inputs)
    stored = ir.Quantization((b.scale(reach / wide),), (point,))
    state = b.state((1, features * memory), element, stored)
    values = b.rng.normal(0, SPREAD * wide / 2, (features, memory))
    limits = np.iinfo(element.dtype)
    values = values.clip(limits.min, limits.max).astype(element.dtype)
    time = b.tensor(values.shape, element, ir.Quantization((b.scale(0.02 / wide),), (0,)), values)
    spread = b.scale_of(state) * b.scale_of(time) * (SPREAD * wide) ** 2
    reach = spread / SPREAD * math.sqrt(memory * rank)
    scale = float(np.float32(b.scale_of(state)) * np.float32(b.scale_of(time)))
    sums = np.rint(b.rng.normal(0, reach / scale, units)).astype(np.int32)
    bias = b.tensor((units,), ir.Element.INT32, ir.Quantization((scale,), (0,)), sums)
    output = b.result(data, (1, units), reach)
    return b.add("SVDF", layer, [data, filter, time, bias, state], output)


def sequence(b: Builder, data: int) -> tuple[int, int, bool]:
    """A short one, sometimes along the height (time major); and a number of units."""
    shape = b.shape(data)
    size, moments = math.prod(shape), 1
    for count in (2, 3, 4, 5):
        moments = count if size % count == 0 and b.chance(0.6) else moments
    inputs, units, major = size // moments, b.extent(9), b.chance(0.4)
    data = shaped(b, data, (moments, 1, inputs) if major else (1, moments, inputs))
    return data, units, major


def hidden_state(b: Builder, data: int, units: int, lasts: bool = True) -> int:
    element = b.element(data)
    point = 0 if element is not INT8 else int(b.rng.integers(-128, 128))
    stored = ir.Quantization((1 / 32768 if element is INT16 else 1 / 128,), (point,))
    return b.state((1, units), element, None if element is FLOAT32 else stored, lasts)


def lstm(b: Builder, data: int, lasts: bool = True) -> int:
    data, units, major = sequence(b, data)
    hidden = hidden_state(b, data, units, lasts)
    if b.element(data) is FLOAT32:
        cell = b.state((1, units), FLOAT32, None, lasts)
    else:
        stored = ir.Quantization((2.0 ** -b.pick(12, 12, 11, 14),), (0,))
        cell = b.state((1, units), INT16, stored, lasts)
    gates = [lstm_gate(b, data, hidden, units) for _ in range(4)]
    first, second, biases = zip(*gates, strict=True)
    inputs = [data, *first, *second, -1, -1, -1, *biases, -1, -1, hidden, cell, -1, -1, -1, -1]
    output = b.like(hidden, (*b.shape(data)[:2], units))
    layer = Lstm(major, b.pick(0.0, 0.0, 1.5))
    return b.add("UNIDIRECTIONAL_SEQUENCE_LSTM", layer, inputs, output)


def sequence_lstm(b: Builder, data: int) -> int:
    """Perhaps one that begins every run with zeros."""
    return lstm(b, data, b.chance(0.3))


def gru(b: Builder, data: int) -> int:
    data, units, major = sequence(b, data)
    lasts, layer = b.chance(0.6), Gru(major, b.chance(0.6))
    hidden = hidden_state(b, data, units, lasts)
    gates = [lstm_gate(b, data, hidden, units) for _ in range(3)]
    first, second, biases = zip(*gates, strict=True)
    own = -1
    if layer.reset_after and b.chance(0.7):
        own = lstm_gate(b, hidden, hidden, units)[2]
    inputs = [data, *first, *second, *biases, own, hidden]
    if b.element(data) is not FLOAT32:
        stored = ir.Quantization((1 / 32768,), (0,))
        inputs.append(b.state((1, units), INT16, stored, lasts))
    return b.add("GRU", layer, inputs, b.like(hidden, (*b.shape(data)[:2], units)))


def simple_rnn(b: Builder, data: int) -> int:
    data, units, major = sequence(b, data)
    layer = SimpleRnn(major, b.chance(0.4))
    hidden = hidden_state(b, data, units, b.chance(0.6))
    inputs = [data, *lstm_gate(b, data, hidden, units), hidden]
    output = b.like(hidden, (*b.shape(data)[:2], units))
    return b.add("UNIDIRECTIONAL_SEQUENCE_RNN", layer, inputs, output)


def lstm_gate(b: Builder, data: int, hidden: int, units: int) -> tuple[int, int, int]:
    """Weights of the input, of the hidden state, and biases: sums of a few units at most."""
    found = []
    for source in (data, hidden):
        depth = b.shape(source)[-1]
        if b.element(source) is FLOAT32:
            values = b.rng.normal(0, 1, (units, depth)).astype(np.float32)
            found.append(b.tensor(values.shape, FLOAT32, None, values))
            continue
        spread = SPREAD if b.element(source) is INT8 else SPREAD * 256
        scale = b.scale(1.5 / (b.scale_of(source) * spread * SPREAD * math.sqrt(depth)))
        values = b.rng.integers(-127, 128, (units, depth)).astype(np.int8)
        found.append(b.tensor(values.shape, INT8, ir.Quantization((scale,), (0,)), values))
    if b.element(data) is FLOAT32:
        bias = b.rng.normal(0, 1, units).astype(np.float32)
        return found[0], found[1], b.tensor((units,), FLOAT32, None, bias)
    scale = float(np.float32(b.scale_of(data)) * np.float32(b.scale_of(found[0])))
    wide = ir.Element.INT64 if b.element(data) is INT16 else ir.Element.INT32
    sums = np.rint(b.rng.normal(0, 1 / scale, units)).astype(wide.dtype)
    return found[0], found[1], b.tensor((units,), wide, ir.Quantization((scale,), (0,)), sums)


# -- the audio front end: a chain from samples to logarithms, of which one value is the output -----


def audio(b: Builder, data: int) -> int:
    del b.inputs[:]
    samples = b.tensor((b.extent(30),), INT16)
    b.inputs.append(samples)
    energies, bits = energies_of(b, samples)
    channels = b.extent(12)
    widths = b.rng.integers(0, 3, channels + 1)
    weights = [words(b, b.rng.integers(0, 4097, max(widths.sum(), 1))) for _ in range(2)]
    places = (b.rng.integers(0, 2, channels + 1), np.cumsum(widths) - widths, widths)
    inputs = [energies, *weights, *(words(b, each) for each in places)]
    sums = b.tensor((channels,), ir.Element.UINT64)
    signal_operator(b, "SignalFilterBank", inputs, sums, num_channels=channels)
    roots, signal, noise, steady = (b.tensor((channels,), ir.Element.UINT32) for _ in range(4))
    signal_operator(b, "SignalFilterBankSquareRoot", [sums, bits], roots)
    less_noise(b, roots, signal, noise)
    inputs = [signal, noise, words(b, b.rng.integers(0, 1 << 15, 125))]
    signal_operator(b, "SignalPCAN", inputs, steady, snr_shift=b.extent(8))
    logs = b.tensor((channels,), INT16)
    numbers = {"output_scale": b.extent(2000), "input_correction_bits": b.extent(5)}
    signal_operator(b, "SignalFilterBankLog", [steady], logs, **numbers)
    with_kept(b)
    return logs


def with_kept(b: Builder) -> None:
    """The operator that keeps something has its variables, behind all other tensors."""
    place = next(k for k, each in enumerate(b.operators) if layers.kept(each.name))
    operator = b.operators[place]
    option = layers.modules()[operator.name].options(operator.layer).__getitem__
    node = dataclasses.replace(node_among(b.tensors, "random", operator), option=option)
    added = []
    for initial in layers.kept(operator.name)(node):
        element = ir.Element(initial.dtype.name)
        stored = node.input(0).quantization if element is node.input(0).element else None
        added.append(b.tensor(initial.shape, element, stored))
        b.tensors[-1] = dataclasses.replace(b.tensors[-1], initial=initial)
    b.operators[place] = dataclasses.replace(operator, inputs=(*operator.inputs, *added))


def delay_line(b: Builder, data: int) -> list[int]:
    """Samples in lines of their own, or rows of int8; and whether they are valid."""
    name = b.pick("SignalDelay", "SignalFramer", "SignalFramer", "SignalStacker", "CIRCULAR_BUFFER")
    del b.inputs[:]
    lines, step, frames = (b.extent(2),) * b.pick(0, 1), b.extent(5), b.extent(3)
    shape = (*lines, step * frames)
    if name == "SignalDelay":
        numbers = {"delay_length": b.extent(12) - 1}
        made = shape
    elif name == "SignalFramer":
        size = step + b.extent(12) - 1
        numbers = {"frame_size": size, "frame_step": step, "prefill": b.chance(0.5)}
        made = (*shape[:-1], frames, size)
    elif name == "SignalStacker":
        shape, before, behind = (step,), b.extent(4) - 1, b.extent(4) - 1
        total = before + behind + 1
        contexts = {"stacker_left_context": before, "stacker_right_context": behind}
        numbers = {"num_channels": step, **contexts, "stacker_step": b.extent(total)}
        made = (step * total,)
    else:
        shape, numbers = (1, 1, b.extent(3), step), {"cycles_max": b.pick(1, 1, 3)}
        made = (1, b.extent(6), *shape[2:])
    stored = b.quantization(b.scale(0.05)) if name == "CIRCULAR_BUFFER" else None
    element = INT8 if stored else INT16
    outputs = [b.tensor(made, element, stored)]
    data = b.tensor(shape, element, stored)
    if name in ("SignalFramer", "SignalStacker") or numbers.get("cycles_max", 1) > 1:
        outputs.append(b.tensor((1,) if stored else (), BOOLEAN))
    b.inputs.append(data)
    b.operators.append(ir.Operator(0, name, DelayLine(numbers), (data,), tuple(outputs)))
    with_kept(b)
    return outputs


def transform(b: Builder, data: int) -> list[int]:
    """Frames to spectra, or spectra to frames; frames that overlap."""
    element = b.pick(INT16, INT32, FLOAT32)
    lines, length = (b.extent(3),) * b.pick(0, 1), b.pick(4, 8, 16, 32, 64)
    del b.inputs[:]
    if b.chance(0.4):
        element = b.pick(INT16, FLOAT32)
        frames, size = b.extent(3), b.extent(12)
        step = b.extent(size)
        data, output = (b.tensor((*lines, *shape), element)
                        for shape in ((frames, size), (frames * step,)))  # fmt: skip
        b.inputs.append(data)
        numbers = Signal({"frame_step": step}, element)
        b.operators.append(ir.Operator(0, "SignalOverlapAdd", numbers, (data,), (output,)))
        with_kept(b)
        return [output]
    inverse = b.chance(0.5)
    given, made = (length + 2, length) if inverse else (b.extent(length), length + 2)
    data, output = (b.tensor((*lines, size), element) for size in (given, made))
    b.inputs.append(data)
    numbers = Signal({"fft_length": length}, element)
    name = "SignalIrfft" if inverse else "SignalRfft"
    b.operators.append(ir.Operator(0, name, numbers, (data,), (output,)))
    return [output]


def detections(b: Builder, data: int) -> list[int]:
    """Boxes around anchors of a grid, some of which overlap much."""
    del b.inputs[:]
    count, classes, background = b.extent(30), b.extent(5), b.pick(0, 1)
    boxes = b.input((1, count, b.pick(4, 4, 6)), FLOAT32)
    scores = b.input((1, count, classes + background), FLOAT32)
    places = b.rng.integers(0, 4, (count, 2)) / 4
    sides = b.rng.uniform(0.1, 0.5, (count, 2))
    anchors = b.tensor((count, 4), FLOAT32, None, np.hstack([places, sides]).astype(np.float32))
    most, regular = b.extent(10), b.chance(0.5)
    overlap, least = float(np.float32(b.rng.uniform(0.05, 0.9))), b.pick(0.25, 1.0)
    if b.tflm and not regular:  # there what is behind the last box stays as it was
        most, overlap, least = min(most, count), 1.0, -1024.0
    layer = Detections(
        most, b.extent(6) if regular else 0, classes, least, overlap, (10.0, 10.0, 5.0, 5.0)
    )
    shapes = ((1, most, 4), (1, most), (1, most), (1,))
    outputs = tuple(b.tensor(shape, FLOAT32) for shape in shapes)
    name = "TFLite_Detection_PostProcess"
    b.operators.append(ir.Operator(0, name, layer, (boxes, scores, anchors), outputs))
    return list(outputs)


# -- places that are computed ----------------------------------------------------------------------


def indices(b: Builder, shape: tuple[int, ...], extent: int) -> int:
    """Of an axis of so many elements."""
    scores = b.input((*shape, extent))
    inputs, output = [scores, b.integers(len(shape))], b.tensor(shape, INT32)
    return b.add("ARG_MAX", ArgMax(len(shape)), inputs, output)


def gather(b: Builder, data: int) -> int:
    return b.pick(gather_along, gather_places, embedding)(b, data)


def gather_along(b: Builder, data: int) -> int:
    shape = b.shape(data)
    axis = int(b.rng.integers(len(shape)))
    batches = int(b.rng.integers(axis + 1)) if b.chance(0.3) else 0
    counts = tuple(b.extent(4) for _ in range(b.pick(0, 1, 1, 2)))
    where = indices(b, (*shape[:batches], *counts), shape[axis])
    output = b.like(data, (*shape[:axis], *counts, *shape[axis + 1 :]))
    return b.add("GATHER", Gather(axis, batches), [data, where], output)


def gather_places(b: Builder, data: int) -> int:
    shape = b.shape(data)
    depth, counts = b.extent(len(shape)), tuple(b.extent(4) for _ in range(b.extent(2)))
    where = indices(b, (*counts, depth), min(shape[:depth]))
    output = b.like(data, (*counts, *shape[depth:]))
    return b.add("GATHER_ND", GatherND(), [data, where], output)


def embedding(b: Builder, data: int) -> int:
    """Of a constant table, of which one of int8 may give reals."""
    rows, shape = b.extent(20), (b.extent(5),) + (b.extent(3),) * b.pick(0, 1)
    table = b.weights(data, (rows, *shape), 0, per_channel=False)
    real = b.element(data) is FLOAT32 or b.chance(0.5)
    shape = (b.extent(5), *shape)
    where = indices(b, shape[:1], rows)
    output = b.tensor(shape, FLOAT32) if real else b.like(table, shape)
    b.inputs.remove(data)
    return b.add("EMBEDDING_LOOKUP", EmbeddingLookup(), [where, table], output)


def update_slice(b: Builder, data: int) -> int:
    """Its indices may lie outside."""
    shape = b.shape(data)
    fresh = b.like(data, tuple(b.extent(extent) for extent in shape))
    b.inputs.append(fresh)
    where = b.input((len(shape),), INT32) if b.chance(0.4) else indices(b, (len(shape),), 4)
    return b.add("DYNAMIC_UPDATE_SLICE", UpdateSlice(), [data, fresh, where], b.like(data, shape))


def words(b: Builder, values: np.ndarray) -> int:
    return b.tensor(values.shape, INT16, None, values.astype(np.int16))


def signal_operator(b: Builder, name: str, inputs: list[int], *outputs: int, **numbers) -> None:
    index = len(b.operators)
    b.operators.append(ir.Operator(index, name, Signal(numbers), tuple(inputs), outputs))


def energies_of(b: Builder, samples: int) -> tuple[int, int]:
    """And by how many bits they are scaled."""
    (size,) = b.shape(samples)
    length = 4
    while length < size:
        length *= 2
    framed, scaled = (b.tensor((size,), INT16) for _ in range(2))
    bits, spectrum = b.tensor((), ir.Element.INT32), b.tensor((length + 2,), INT16)
    energies = b.tensor((length // 2 + 1,), ir.Element.UINT32)
    window = words(b, b.rng.integers(-4096, 4097, size))
    signal_operator(b, "SignalWindow", [samples, window], framed, shift=12)
    signal_operator(b, "SignalFftAutoScale", [framed], scaled, bits)
    signal_operator(b, "SignalRfft", [scaled], spectrum, fft_length=length)
    numbers = {"start_index": 0, "end_index": length // 2 + 1}
    signal_operator(b, "SignalEnergy", [spectrum], energies, **numbers)
    return energies, bits


def less_noise(b: Builder, roots: int, signal: int, noise: int) -> None:
    smoothing = [int(value) for value in b.rng.integers(0, 1 << 14, 3)]
    signal_operator(
        b,
        "SignalFilterBankSpectralSubtraction",
        [roots],  # and what it keeps, the last of all tensors
        signal,
        noise,
        smoothing=smoothing[0],
        one_minus_smoothing=(1 << 14) - smoothing[0],
        alternate_smoothing=smoothing[1],
        alternate_one_minus_smoothing=(1 << 14) - smoothing[1],
        min_signal_remaining=smoothing[2],
        smoothing_bits=b.extent(10),
        spectral_subtraction_bits=14,
        clamping=b.chance(0.5),
        num_channels=b.shape(roots)[0],
    )


LAYERS: dict[str, Callable[[Builder, int], int | list[int]]] = {
    layer.__name__: layer
    for layer in (
        conv2d,
        depthwise_conv2d,
        dilated,
        transpose_conv2d,
        padded_conv2d,
        padded_depthwise,
        dense,
        batch_matmul,
        max_pool,
        avg_pool,
        mean,
        total,
        extreme,
        add,
        mul,
        sub,
        minimum,
        squared_difference,
        div,
        floor_div,
        comparison,
        logic,
        select,
        add_n,
        prelu,
        integers,
        reshape,
        resize_nearest,
        resize_bilinear,
        images,
        relu,
        relu6,
        leaky_relu,
        hard_swish,
        smooth,
        curve,
        elementary,
        sigmoid,
        tanh,
        softmax,
        wide_softmax,
        log_softmax,
        argmax,
        l2_normalization,
        cumsum,
        cast,
        quantize,
        quantize_unsigned,
        quantize_wide,
        dequantize,
        concat,
        split,
        transpose,
        gather,
        update_slice,
        variable,
        audio,
        delay_line,
        transform,
        detections,
        svdf,
        lstm,
    )
}
KINDS = tuple(LAYERS)
BEYOND = {
    each.__name__: each
    for each in (sequence_lstm, gru, simple_rnn, power, one_hot, any_extreme, conv3d, top_k, table)
}
"""What TensorFlow Lite Micro has no operator for."""
WORDS = ("div", "comparison", "logic", "resize_bilinear", "select", "smooth")
"""Those of which it lacks int16."""
WEIGHTED = ("conv2d", "depthwise_conv2d", "dense")
MAPS = (
    "relu", "relu6", "leaky_relu", "hard_swish", "smooth", "curve", "elementary", "sigmoid", "tanh",
    "cast", "log_softmax", "images",
)  # fmt: skip
"""One case of them sees most of the values that there are, or is large."""
WIDE = (
    *WEIGHTED, "padded_conv2d", "padded_depthwise", "max_pool", "avg_pool", "mean", "total",
    "reshape", "quantize_wide", "dequantize", "concat", "split", "transpose", "resize_nearest",
    "add", "mul", "sub", "minimum", "relu", "relu6", "leaky_relu", "sigmoid", "tanh", "softmax",
    "lstm", "elementary", "transpose_conv2d", "batch_matmul", "squared_difference", "prelu",
    "images",
)  # fmt: skip
"""Those that take int16 as well."""
ELEMENTS = tuple(
    (kind, element)
    for kind in KINDS
    for element in (INT8, FLOAT32, INT16)
    if element is not INT16 or kind in WIDE
)
IMAGES_ONLY = (
    conv2d, conv3d, depthwise_conv2d, dilated, transpose_conv2d, padded_conv2d, padded_depthwise,
    max_pool, avg_pool, resize_nearest, resize_bilinear, images,
)  # fmt: skip


def random_case(
    rng: Rng,
    kind: str,
    element: ir.Element = INT8,
    tflm: bool = True,
    hybrid: bool = False,
    nibbles: bool = False,
) -> ir.Network:
    """A network of one operator; `kind` is one of KINDS or BEYOND."""
    b = Builder(rng, tflm, hybrid, nibbles)
    layer = (LAYERS | BEYOND)[kind]
    image = (1, b.extent(9), b.extent(9), b.extent(8))
    shape = image
    if layer not in IMAGES_ONLY and b.chance(0.6):
        shape = b.pick((1, b.extent(40)), (1, b.extent(6), b.extent(9)), (b.extent(30),))
    real = kind == "dequantize" and element is FLOAT32
    data = b.input(shape, INT8 if real else element)
    output = layer(b, data)
    return b.network(output if isinstance(output, list) else [output])


def five_axes(rng: Rng) -> ir.Network:
    """A sum along whose axes either operand may broadcast."""
    b = Builder(rng)
    extents = (1, *(int(extent) for extent in rng.integers(2, 5, 4)))
    pair = [b.input(tuple(1 if b.chance(0.4) else each for each in extents)) for _ in range(2)]
    return b.network([join(b, pair)])


def random_graph(rng: Rng, tflm: bool = True) -> ir.Network:
    """A network of several layers with branches that are added or joined again."""
    b = Builder(rng, tflm)
    value = b.input((1, b.extent(12), b.extent(12), b.extent(4)))
    if b.chance(0.3):
        value = quantize(b, value)
    for _ in range(b.extent(5)):
        value = b.pick(block, residual, branches)(b, value)
    if b.chance(0.6):
        value = mean(b, value) if b.chance(0.5) else reshape(b, value)
        value = dense(b, value if b.shape(value) else as_row(b, value))
        value = b.pick(softmax, relu, sigmoid, dequantize)(b, value)
    outputs = [value]
    used = {index for operator in b.operators for index in operator.inputs}
    outputs += [op.outputs[0] for op in b.operators if op.outputs[0] not in used | {value}]
    return b.network(outputs)


def block(b: Builder, value: int) -> int:
    """One layer that takes and gives an image."""
    if math.prod(b.shape(value)) > 4000:
        return avg_pool(b, value)
    return b.pick(
        conv2d, conv2d, depthwise_conv2d, max_pool, avg_pool, relu, relu6, leaky_relu, hard_swish,
        sigmoid, tanh, quantize, resize_nearest, resize_bilinear, transpose, halves,
    )(b, value)  # fmt: skip


def same_size(b: Builder, value: int, channels: int) -> int:
    """A convolution that keeps height and width."""
    _, height, width, depth = b.shape(value)
    size = (b.pick(1, 3), b.pick(1, 3))
    weights = b.weights(value, (channels, *size, depth), 0, b.chance(0.8))
    fan_in = depth * math.prod(size)
    shape = (1, height, width, channels)
    inputs, output = b.weighted(value, weights, channels, fan_in, shape)
    return b.add("CONV_2D", Conv2D((1, 1), (1, 1), "SAME", b.activation()), inputs, output)


def residual(b: Builder, value: int) -> int:
    depth = b.shape(value)[3]
    body = same_size(b, value, b.extent(6))
    body = same_size(b, body, depth)
    shortcut = value if b.chance(0.7) else same_size(b, value, depth)
    return join(b, [body, shortcut])


def branches(b: Builder, value: int) -> int:
    parts = [same_size(b, value, b.extent(5)) for _ in range(b.extent(3))]
    if b.tflm:  # all at the first one's scale, else it would have to rescale
        parts = parts[:1] + [requantized(b, part, parts[0]) for part in parts[1:]]
    return merge(b, parts, int(b.pick(3, 3, -1)) % 4)


def requantized(b: Builder, value: int, like: int) -> int:
    return b.add("QUANTIZE", Quantize(), [value], b.like(like, b.shape(value)))


def random_inputs(rng: Rng, network: ir.Network) -> list[np.ndarray]:
    values = []
    for index in network.inputs:
        tensor = network.tensors[index]
        if tensor.element is BOOLEAN:
            values.append(rng.integers(0, 2, tensor.shape).astype(bool))
        elif tensor.element is not FLOAT32:
            limits = np.iinfo(tensor.element.dtype)
            values.append(
                rng.integers(limits.min, limits.max + 1, tensor.shape, np.int64).astype(
                    limits.dtype
                )
            )
        else:
            values.append(rng.normal(0.0, 2.0, tensor.shape).astype(np.float32))
    return values
