"""Windows over several images, of which the engine has one at a time: the images of a batch apart.

Exact: what an operator makes of an image depends on that image alone. All of them read the same
weights, which lie in flash once (emit.py). What computes elements one by one, or reduces images,
stays apart behind windows: images need not lie side by side in memory. Where no window reaches over
the border between two images, as those of 1x1 convolutions, the batch is one image instead, with
the images below each other.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from graven import ir, layers
from graven.layers.concat import Concat
from graven.layers.pad import Pad
from graven.layers.reduce import Reduce
from graven.layers.reshape import Reshape
from graven.layers.resize_bilinear import ResizeBilinear
from graven.layers.resize_nearest import ResizeNearest
from graven.layers.slice import Slice
from graven.layers.transpose_conv2d import TransposeConv2D
from graven.node import node_of
from graven.passes.grown import Grown
from graven.window import Convolution, Pool, convolution_spans, pool_spans

WINDOWS = (Convolution, Pool, ResizeBilinear, ResizeNearest, TransposeConv2D)


def batches(network: ir.Network) -> ir.Network:
    if not any(_has_images(network, each) for each in network.operators):
        return network
    return _Batches(network).result()


def _data(operator: ir.Operator) -> int:
    return 2 if isinstance(operator.layer, TransposeConv2D) else 0


def _has_images(network: ir.Network, operator: ir.Operator) -> bool:
    """A window over a batch of several."""
    data = operator.inputs[_data(operator)] if isinstance(operator.layer, WINDOWS) else -1
    return data >= 0 and network.tensors[data].shape[0] > 1


class _Batches:
    def __init__(self, network: ir.Network) -> None:
        self.network = network
        self.grown = Grown(network)
        self.parts: dict[int, list[int]] = {}  # the images of a tensor that is not whole yet
        self.makers: dict[int, ir.Operator] = {}  # of those
        self.cut: dict[int, list[int]] = {}  # the images of one that is
        self.readers: dict[int, list[ir.Operator]] = {}
        for operator in network.operators:
            for index in operator.inputs:
                self.readers.setdefault(index, []).append(operator)

    def result(self) -> ir.Network:
        for operator in self.network.operators:
            if self._is_apart(operator):
                self._split(operator)
            elif _has_images(self.network, operator):
                self._stack(operator)
            else:
                for index in operator.inputs:
                    self._join(index)
                self.grown.keep(operator)
        for index in self.network.outputs:
            self._join(index)
        return self.grown.network()

    def _is_apart(self, operator: ir.Operator) -> bool:
        if isinstance(operator.layer, Pad):  # that becomes the padding of each image (pads.py)
            readers = self.readers.get(operator.output, [])
            of_images = operator.layer.border[0] == (0, 0) and operator.output not in (
                self.network.outputs
            )
            return (
                of_images
                and bool(readers)
                and all(
                    isinstance(each.layer, Convolution) and self._is_apart(each) for each in readers
                )
            )
        if isinstance(operator.layer, WINDOWS):
            return _has_images(self.network, operator) and not self._stacks(operator)
        return any(index in self.parts for index in operator.inputs) and bool(self._taken(operator))

    def _taken(self, operator: ir.Operator) -> tuple[int, ...]:
        """Which inputs each image has its own of; none, where images are not to be told apart."""
        if isinstance(operator.layer, WINDOWS):
            return (_data(operator),)
        if isinstance(operator.layer, Pad):
            return (0,)
        tensors = [self.network.tensors[index] if index >= 0 else None for index in operator.inputs]
        count, *_ = output = self.network.tensors[operator.output].shape or (1,)
        if isinstance(operator.layer, Reduce | Reshape):
            axes = getattr(operator.layer, "axes", ())
            return (0,) if tensors[0].shape[0] == count and 0 not in axes else ()
        if not getattr(layers.modules()[operator.name], "POINTWISE", False):
            return ()
        of_images = tuple(
            place
            for place, tensor in enumerate(tensors)
            if tensor and len(tensor.shape) == len(output) and tensor.shape[0] == count
        )
        return () if any(tensors[place].data is not None for place in of_images) else of_images

    def _stacks(self, operator: ir.Operator) -> bool:
        """Does each image begin with a window of its own, and end behind its last one?"""
        node, layer = node_of(self.network, operator), operator.layer
        if isinstance(layer, Pool):
            rows, _ = pool_spans(layer, node)
        elif isinstance(layer, Convolution):
            rows, _ = convolution_spans(layer, node, node.input(0).shape, node.input(1).shape[1:3])
        else:
            return False
        reach = (rows.filter - 1) * rows.dilation + 1
        return (
            (rows.before, rows.after) == (0, 0)
            and rows.output * rows.stride == node.input(0).shape[1]
            and reach <= rows.stride
        )

    def _stack(self, operator: ir.Operator) -> None:
        grown, tensors = self.grown, self.grown.tensors
        data, *others = operator.inputs
        self._join(data)
        below = []
        for index in (data, operator.output):
            count, height, *row = tensors[index].shape
            below.append(grown.tensor(tensors[index], (1, count * height, *row)))
        grown.reshape(data, below[0])
        grown.add(operator.name, operator.layer, (below[0], *others), below[1], operator.index)
        grown.reshape(below[1], operator.output)

    def _split(self, operator: ir.Operator) -> None:
        output, taken = self.grown.tensors[operator.output], self._taken(operator)
        shape, layer, made = (1, *output.shape[1:]), operator.layer, []
        for image in range(output.shape[0]):
            inputs = list(operator.inputs)
            for place in taken:
                inputs[place] = self._images(inputs[place])[image]
            if isinstance(layer, TransposeConv2D):
                inputs[0] = self.grown.integers("shape", np.array(shape, np.int32))
            elif isinstance(layer, Reshape):
                inputs, layer = inputs[:1], Reshape(shape=shape)
            found = self.grown.tensor(output, shape)
            made.append(self.grown.add(operator.name, layer, tuple(inputs), found))
        self.parts[operator.output], self.makers[operator.output] = made, operator

    def _images(self, index: int) -> list[int]:
        """The images of a batch, one by one."""
        if index in self.parts:
            return self.parts[index]
        if index not in self.cut:
            batch = self.grown.tensors[index]
            shape = (1, *batch.shape[1:])
            self.cut[index] = [
                self.grown.add(
                    "SLICE",
                    Slice((at, *[0] * len(shape[1:])), shape),
                    (index,),
                    self.grown.tensor(dataclasses.replace(batch, initial=None), shape),
                )
                for at in range(batch.shape[0])
            ]
        return self.cut[index]

    def _join(self, index: int) -> None:
        """The whole batch, for who reads it so."""
        if index not in self.parts:
            return
        self.cut[index] = self.parts.pop(index)
        images, maker = tuple(self.cut[index]), self.makers[index].index
        self.grown.add("CONCATENATION", Concat(axis=0), images, index, maker)
