"""nano-rust's model class: layers are added, then it runs; to the bit what its compiled core gives.

Shapes are channels first, numbers int8, as lists or arrays. What the core answers by a panic or by
the name of an error is a ValueError with a sentence here.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from graven.nano_rust import arithmetic
from graven.node import shape_text

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Shape = tuple[int, ...]
MAGIC = b"NANO"
MOST_SHIFT = 63  # of 64 bits


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer and what it makes of its input's shape."""

    name: str  # nano-rust's
    output: Shape
    workspace: int = 0  # bytes of the arena besides the output

    def run(self, x: np.ndarray) -> np.ndarray:
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Dense(Layer):
    weights: np.ndarray = field(kw_only=True)  # outputs x inputs
    bias: np.ndarray = field(kw_only=True)
    multiplier: int = field(kw_only=True)
    shift: int = field(kw_only=True)

    def run(self, x: np.ndarray) -> np.ndarray:
        return arithmetic.dense(x, self.weights, self.bias, self.multiplier, self.shift)


@dataclass(frozen=True, eq=False)
class Conv2D(Layer):
    kernel: np.ndarray = field(kw_only=True)  # outputs x channels x height x width
    bias: np.ndarray = field(kw_only=True)
    stride: int = field(kw_only=True)
    padding: int = field(kw_only=True)
    multiplier: int = field(kw_only=True)
    shift: int = field(kw_only=True)

    def run(self, x: np.ndarray) -> np.ndarray:
        return arithmetic.conv2d(
            x, self.kernel, self.bias, self.stride, self.padding, self.multiplier, self.shift
        )


@dataclass(frozen=True, eq=False)
class MaxPool2D(Layer):
    height: int = field(kw_only=True)
    width: int = field(kw_only=True)
    stride: int = field(kw_only=True)

    def run(self, x: np.ndarray) -> np.ndarray:
        return arithmetic.max_pool2d(x, self.height, self.width, self.stride)


@dataclass(frozen=True, eq=False)
class Lookup(Layer):
    """Sigmoid or tanh by a table."""

    function: str = field(kw_only=True)
    multiplier: int = field(kw_only=True, default=1)
    shift: int = field(kw_only=True, default=0)

    def run(self, x: np.ndarray) -> np.ndarray:
        return arithmetic.looked_up(x, self.function, self.multiplier, self.shift)


class ReLU(Layer):
    def run(self, x: np.ndarray) -> np.ndarray:
        return arithmetic.relu(x)


class Softmax(Layer):
    def run(self, x: np.ndarray) -> np.ndarray:
        return arithmetic.softmax(x)


class Flatten(Layer):
    def run(self, x: np.ndarray) -> np.ndarray:
        return x.reshape(-1)


class PySequentialModel:
    """A network of int8 layers, one after the other.

    input_shape: one to four extents, images as [channels, height, width]. arena_size: bytes that
    the original would have; a forward pass that needs more is refused, as there.
    """

    def __init__(self, input_shape: Sequence[int], arena_size: int) -> None:
        self.input_shape: Shape = tuple(int(extent) for extent in input_shape)
        if not 1 <= len(self.input_shape) <= 4 or min(self.input_shape) < 1:
            raise ValueError(
                f"input_shape: is {list(input_shape)}, expected one to four positive numbers such "
                "as [6] or [1, 28, 28] (channels, height, width)."
            )
        self.arena_size = int(arena_size)
        self.layers: list[Layer] = []

    # -- layers ----------------------------------------------------------------------------------

    def add_dense(self, weights: ArrayLike, bias: ArrayLike) -> None:
        """Weights output by output; sums are shifted by what their length may need."""
        shift = arithmetic.default_shift(math.prod(self._shape))
        self._add_dense("add_dense", weights, bias, 1, shift)

    def add_dense_with_requant(
        self, weights: ArrayLike, bias: ArrayLike, requant_m: int, requant_shift: int
    ) -> None:
        """Sums are multiplied by requant_m / 2^requant_shift."""
        self._add_dense("add_dense_with_requant", weights, bias, requant_m, requant_shift)

    def add_trainable_dense(self, in_features: int, out_features: int) -> None:
        """Weights of 0, which `backward` changes."""
        what = "add_trainable_dense"
        inputs = self._positive(what, "in_features", in_features)
        outputs = self._positive(what, "out_features", out_features)
        self._expect_count(what, "in_features", inputs, math.prod(self._shape), "its input has")
        weights = np.zeros((outputs, inputs), np.int8)
        self.layers.append(
            Dense("TrainableDense", (outputs,), weights=weights, bias=np.zeros(outputs, np.int8),
                  multiplier=1, shift=arithmetic.default_shift(inputs))
        )  # fmt: skip

    def add_conv2d(
        self, kernel: ArrayLike, bias: ArrayLike, in_ch: int, out_ch: int, kh: int, kw: int,
        stride: int, padding: int,
    ) -> None:  # fmt: skip
        """Kernels output by output, each [in_ch][kh][kw]; zeros around the image."""
        shift = arithmetic.default_shift(in_ch * kh * kw)
        sizes = (in_ch, out_ch, kh, kw)
        self._add_conv2d("add_conv2d", kernel, bias, sizes, stride, padding, 1, shift)

    def add_conv2d_with_requant(
        self, kernel: ArrayLike, bias: ArrayLike, in_ch: int, out_ch: int, kh: int, kw: int,
        stride: int, padding: int, requant_m: int, requant_shift: int,
    ) -> None:  # fmt: skip
        what, sizes = "add_conv2d_with_requant", (in_ch, out_ch, kh, kw)
        self._add_conv2d(what, kernel, bias, sizes, stride, padding, requant_m, requant_shift)

    def add_max_pool2d(self, pool_h: int, pool_w: int, stride: int) -> None:
        what = "add_max_pool2d"
        height, width = (self._positive(what, "pool", each) for each in (pool_h, pool_w))
        channels, *image = self._image(what)
        sides = self._windows(what, tuple(image), (height, width), stride)
        self.layers.append(
            MaxPool2D("MaxPool2D", (channels, *sides), height=height, width=width, stride=stride)
        )

    def add_relu(self) -> None:
        self.layers.append(ReLU("ReLU", self._shape))

    def add_sigmoid(self) -> None:
        """127 times the sigmoid of x / 16."""
        self.layers.append(Lookup("Sigmoid", self._shape, function="sigmoid"))

    def add_tanh(self) -> None:
        """127 times tanh of x / 32."""
        self.layers.append(Lookup("Tanh", self._shape, function="tanh"))

    def add_sigmoid_scaled(self, scale_mult: int, scale_shift: int) -> None:
        """scale_mult / 2^scale_shift: the scale of the layer before, times 16."""
        self._add_scaled("ScaledSigmoid", "sigmoid", scale_mult, scale_shift)

    def add_tanh_scaled(self, scale_mult: int, scale_shift: int) -> None:
        """scale_mult / 2^scale_shift: the scale of the layer before, times 32."""
        self._add_scaled("ScaledTanh", "tanh", scale_mult, scale_shift)

    def add_softmax(self) -> None:
        """Over all elements; a ramp, see arithmetic.softmax."""
        self.layers.append(Softmax("Softmax", self._shape))

    def add_flatten(self) -> None:
        self.layers.append(Flatten("Flatten", (math.prod(self._shape),)))

    # -- running ---------------------------------------------------------------------------------

    def forward(self, input: ArrayLike) -> list[int]:
        """The output's elements; `input` has those of input_shape in its order."""
        return [int(value) for value in self._run(input, len(self.layers)).reshape(-1)]

    def predict(self, input: ArrayLike) -> int:
        """The first of the largest outputs."""
        return arithmetic.argmax(np.array(self.forward(input)))

    def backward(
        self, layer: int, input: ArrayLike, output_grad: ArrayLike, learning_rate: int
    ) -> None:
        """One step of the trainable layer of that index: `input` is the layer's own,
        `output_grad` the loss's slope at its outputs; both and the rate are int8."""
        found = self._trainable(layer)
        outputs, inputs = found.weights.shape
        x = self._numbers("backward", "input", input, inputs)
        grad = self._numbers("backward", "output_grad", output_grad, outputs)
        rate = int(self._numbers("backward", "learning_rate", [learning_rate], 1)[0])
        found.weights[:], found.bias[:] = arithmetic.int8_sgd_step(
            found.weights, found.bias, x, grad, rate
        )

    def load_weights(self, layer: int, weights: ArrayLike, bias: ArrayLike) -> None:
        """Into the trainable layer of that index."""
        found = self._trainable(layer)
        what, shape = "load_weights", found.weights.shape
        found.weights[:] = self._numbers(what, "weights", weights, found.weights.size).reshape(
            shape
        )
        found.bias[:] = self._numbers(what, "bias", bias, found.bias.size)

    # -- looking ---------------------------------------------------------------------------------

    def output_shape(self) -> list[int]:
        return list(self._shape)

    def estimate_arena_size(self) -> int:
        """The sum of all outputs, as the original counts; its convolutions need more
        (`needed_arena_size`), graven's C++ far less (`graven inspect`)."""
        return sum(math.prod(layer.output) for layer in self.layers)

    def needed_arena_size(self) -> int:
        """Bytes without which the original's forward pass fails."""
        return self.estimate_arena_size() + sum(layer.workspace for layer in self.layers)

    def num_layers(self) -> int:
        return len(self.layers)

    def layer_names(self) -> list[str]:
        return [layer.name for layer in self.layers]

    def export_to_flash(self, path: str | Path) -> None:
        """The names of the layers in the original's format, which holds nothing else; for weights
        take graven.compile(model).save("model.hpp")."""
        names = [layer.name.encode() for layer in self.layers]
        parts = [struct.pack("<H", len(name)) + name for name in names]
        Path(path).write_bytes(MAGIC + struct.pack("<I", len(names)) + b"".join(parts))

    # -- checks ----------------------------------------------------------------------------------

    @property
    def _shape(self) -> Shape:
        return self.layers[-1].output if self.layers else self.input_shape

    def _run(self, input: ArrayLike, count: int) -> np.ndarray:
        shape = self.input_shape
        x = self._numbers("forward", "input", input, math.prod(shape)).reshape(shape)
        if self.needed_arena_size() > self.arena_size:
            raise ValueError(
                f"forward: needs an arena of {self.needed_arena_size():,} bytes (outputs of all "
                f"layers and the patches of convolutions), but arena_size is {self.arena_size:,}."
            )
        for layer in self.layers[:count]:
            x = layer.run(x)
        return x

    def _trainable(self, layer: int) -> Dense:
        names = self.layer_names()
        if not 0 <= layer < len(names) or names[layer] != "TrainableDense":
            places = [k for k, name in enumerate(names) if name == "TrainableDense"]
            raise ValueError(f"layer {layer}: is no trainable layer; those are {places}.")
        found = self.layers[layer]
        assert isinstance(found, Dense)
        return found

    def _add_dense(
        self, what: str, weights: ArrayLike, bias: ArrayLike, multiplier: int, shift: int
    ) -> None:
        inputs, biases = math.prod(self._shape), self._bias(what, bias)
        because = f"{len(biases)} outputs (as bias has) times {inputs} inputs"
        found = self._numbers(what, "weights", weights, len(biases) * inputs, because)
        multiplier, shift = self._requant(what, multiplier, shift)
        self.layers.append(
            Dense("FrozenDense", (len(biases),), weights=found.reshape(-1, inputs), bias=biases,
                  multiplier=multiplier, shift=shift)
        )  # fmt: skip

    def _add_conv2d(
        self, what: str, kernel: ArrayLike, bias: ArrayLike, sizes: Shape, stride: int,
        padding: int, multiplier: int, shift: int,
    ) -> None:  # fmt: skip
        in_ch, out_ch, height, width = (
            self._positive(what, name, each)
            for name, each in zip(("in_ch", "out_ch", "kh", "kw"), sizes, strict=True)
        )
        channels, *image = self._image(what)
        self._expect_count(what, "in_ch", in_ch, channels, "its input has channels:")
        if padding < 0:
            raise ValueError(f"{what}: padding is {padding}, expected a number from 0 on.")
        padded = tuple(extent + 2 * padding for extent in image)
        sides = self._windows(what, padded, (height, width), stride)
        biases = self._bias(what, bias)
        self._expect_count(what, "bias", len(biases), out_ch, "out_ch is")
        patch = in_ch * height * width
        found = self._numbers(what, "kernel", kernel, out_ch * patch,
                              f"{out_ch} x {in_ch} x {height} x {width}")  # fmt: skip
        multiplier, shift = self._requant(what, multiplier, shift)
        self.layers.append(
            Conv2D("FrozenConv2D", (out_ch, *sides), patch * math.prod(sides),
                   kernel=found.reshape(out_ch, in_ch, height, width), bias=biases, stride=stride,
                   padding=padding, multiplier=multiplier, shift=shift)
        )  # fmt: skip

    def _add_scaled(self, name: str, function: str, multiplier: int, shift: int) -> None:
        if not 0 <= shift <= 31:
            raise ValueError(f"{name}: scale_shift is {shift}, expected 0 to 31.")
        multiplier, _ = self._requant(name, multiplier, 0)
        self.layers.append(
            Lookup(name, self._shape, function=function, multiplier=multiplier, shift=int(shift))
        )

    def _windows(self, what: str, image: Shape, window: Shape, stride: int) -> Shape:
        if stride < 1:
            raise ValueError(
                f"{what}: stride is {stride}, expected at least 1; pools take pool_h, pool_w, "
                "stride, and have no padding."
            )
        if any(side > extent for side, extent in zip(window, image, strict=True)):
            raise ValueError(
                f"{what}: a window of {shape_text(window)} is larger than its image of "
                f"{shape_text(image)}, padding included."
            )
        return tuple((e - side) // stride + 1 for side, e in zip(window, image, strict=True))

    def _image(self, what: str) -> Shape:
        if len(self._shape) != 3:
            raise ValueError(
                f"{what}: its input has shape {list(self._shape)}, expected channels, height, "
                "width."
            )
        return self._shape

    def _bias(self, what: str, bias: ArrayLike) -> np.ndarray:
        return self._numbers(what, "bias", bias, np.size(bias) or 1)

    @staticmethod
    def _numbers(
        what: str, name: str, values: ArrayLike, count: int, because: str = ""
    ) -> np.ndarray:
        """`count` of them, int8, flat and of one's own."""
        found = np.asarray(values).reshape(-1)
        if found.size != count:
            more = f": {because}" if because else ""
            raise ValueError(
                f"{what}: {name} has {found.size:,} numbers, expected {count:,}{more}."
            )
        if found.dtype.kind not in "iu" or found.min() < -128 or found.max() > 127:
            raise ValueError(
                f"{what}: {name} has numbers that are no int8, expected whole ones from -128 to "
                "127; quantize_to_i8 makes them."
            )
        return found.astype(np.int8)

    @staticmethod
    def _positive(what: str, name: str, value: int) -> int:
        if value < 1:
            raise ValueError(f"{what}: {name} is {value}, expected at least 1.")
        return int(value)

    @staticmethod
    def _expect_count(what: str, name: str, got: int, expected: int, because: str) -> None:
        if got != expected:
            raise ValueError(f"{what}: {name} is {got}, but {because} {expected}.")

    @staticmethod
    def _requant(what: str, multiplier: int, shift: int) -> tuple[int, int]:
        if not -(1 << 31) <= multiplier < 1 << 31 or not 0 <= shift <= MOST_SHIFT:
            raise ValueError(
                f"{what}: multiplier {multiplier} and shift {shift} are none, expected an int32 "
                f"and 0 to {MOST_SHIFT}; compute_requant_params makes them."
            )
        return int(multiplier), int(shift)
