"""From a model of graven.nano_rust to the network that computes the same bits."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from graven import ir
from graven.frontends.nchw import Draft, Shape, View, channels_last, plain
from graven.layers.nano_rust import CONV2D, DENSE, SIGMOID, SOFTMAX, TANH, NanoRust, options
from graven.nano_rust.sequential import (
    Conv2D,
    Dense,
    Flatten,
    Layer,
    Lookup,
    MaxPool2D,
    PySequentialModel,
    ReLU,
)

UNIT = ir.Quantization((1.0,), (0,))
"""nano-rust keeps its scales to itself: outputs are int8, to be read as such."""


@dataclass
class _Draft(Draft):
    """Whose activations are int8."""

    def tensor(self, name: str, shape: Shape, data: np.ndarray | None = None) -> int:
        index = super().tensor(name, shape, data)
        if data is None:
            found = replace(self.tensors[index], element=ir.Element.INT8, quantization=UNIT)
            self.tensors[index] = found
        return index

    def own(self, name: str, inputs: list[int], shape: Shape, **numbers: int) -> int:
        """An operator of nano-rust's."""
        return self.emit(name, inputs, shape, options(NanoRust(**numbers)))


def from_model(model: PySequentialModel, layout: str | None = None) -> ir.Network:
    """`layout` is that of images among inputs and outputs: nhwc costs nothing, nchw is nano-rust's
    own."""
    draft = _Draft("PySequentialModel", "input")
    if not model.layers:
        raise draft.error("has no layers; add some.")
    layout, shape = layout or "nhwc", model.input_shape
    batched = (1, *shape) if len(shape) < 4 else shape
    # Three axes beside the batch are channels, height, width.
    view = draft.input("x", batched, layout if len(shape) == 3 else "nchw")
    for place, layer in enumerate(model.layers):
        draft.where = f"{layer.name}_{place}"
        view = added(draft, view, layer)
    images = layout if len(model.layers[-1].output) == 3 else "nchw"
    return draft.network("nano_rust", {"y": view}, images)


def added(draft: _Draft, view: View, layer: Layer) -> View:
    if isinstance(layer, Dense):
        weights = np.ascontiguousarray(layer.weights[:, draft.lying(view)])
        inputs = [view.index, draft.constant(weights), draft.constant(layer.bias)]
        shape = (1, *layer.output)
        requant = {"multiplier": layer.multiplier, "shift": layer.shift}
        return plain(draft.own(DENSE, inputs, shape, **requant), shape)
    if isinstance(layer, Conv2D):
        return convolved(draft, view, layer)
    if isinstance(layer, MaxPool2D):
        window, stride = (layer.height, layer.width), (layer.stride, layer.stride)
        return draft.pool("MAX", view, window, stride, ((0, 0), (0, 0)))
    if isinstance(layer, Flatten):
        return draft.reshape(view, (1, *layer.output))
    memory = draft.tensors[view.index].shape
    if isinstance(layer, ReLU):
        return draft.unary("RELU", view)
    if isinstance(layer, Lookup):
        name = SIGMOID if layer.function == "sigmoid" else TANH
        requant = {"multiplier": layer.multiplier, "shift": layer.shift}
        return replace(view, index=draft.own(name, [view.index], memory, **requant))
    flat = (1, math.prod(memory))
    found = draft.own(SOFTMAX, [draft.shaped(view.index, flat)], flat)
    return replace(view, index=draft.shaped(found, memory))


def convolved(draft: _Draft, view: View, layer: Conv2D) -> View:
    """Where the border is as wide as the kernel, by a layer of its own: a window must see some of
    its input."""
    kernel, padding = layer.kernel.transpose(0, 2, 3, 1), layer.padding
    if padding >= min(kernel.shape[1:3]):
        view, padding = draft.padded(view, [(padding, padding)] * 2), 0
    inputs = [draft.demand_last(view).index, draft.constant(kernel), draft.constant(layer.bias)]
    channels, *sides = layer.output
    numbers = {"stride": layer.stride, "padding": padding,
               "multiplier": layer.multiplier, "shift": layer.shift}  # fmt: skip
    index = draft.own(CONV2D, inputs, (1, *sides, channels), **numbers)
    shape = (1, *layer.output)
    return View(index, shape, channels_last(4), shape)
