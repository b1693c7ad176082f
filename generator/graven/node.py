"""What a layer module sees of one operator: its tensors, its options, and a way to say no."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from graven import ir
from graven.errors import GravenError

Option = int | float | bool | str
"""Enumerations are given by name: a padding, a fused activation, an element type."""

T = TypeVar("T")

ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")


BYTES = (ir.Element.INT8, ir.Element.UINT8)
QUANTIZED = (*BYTES, ir.Element.INT16)
PLAIN = (
    ir.Element.INT32, ir.Element.INT64, ir.Element.UINT32, ir.Element.UINT64, ir.Element.BOOLEAN,
)  # fmt: skip
"""What has no scale: numbers of things, indices, decisions."""
NARROW = (ir.Element.INT8, ir.Element.FLOAT32)
WIDE = (ir.Element.INT8, ir.Element.INT16, ir.Element.FLOAT32)
"""The activations of a layer without and with int16."""
WEIGHTS = {
    # int16: of old models, see unsigned.py
    ir.Element.INT8: (ir.Element.INT8, ir.Element.INT4, ir.Element.INT16),
    ir.Element.INT16: (ir.Element.INT8,),
    ir.Element.FLOAT32: (ir.Element.FLOAT32, ir.Element.INT8),  # int8: hybrid
}
"""The elements of weights by that of the activations."""
UNUSUAL = (ir.Element.INT4, ir.Element.INT16)
"""Weights that not all layers take."""
BIASES = {
    ir.Element.INT8: (ir.Element.INT32,),
    ir.Element.INT16: (ir.Element.INT64, ir.Element.INT32),
    ir.Element.FLOAT32: (ir.Element.FLOAT32,),
}
MOST_SUMMED = 65535  # int16 elements
MOST_STRIDE = 16383  # four rows further, the kernels' 16 bits still hold it


class Misshapen(GravenError):
    """A tensor has another shape than its operator makes it; where a file leaves shapes open, the
    latter holds."""

    def __init__(self, message: str, tensor: int, shape: tuple[int, ...]) -> None:
        super().__init__(message)
        self.tensor, self.shape = tensor, shape


@dataclass(frozen=True, eq=False)
class Node:
    source: str  # file name, for messages
    index: int
    name: str
    inputs: tuple[ir.Tensor | None, ...]
    outputs: tuple[ir.Tensor, ...]
    option: Callable[[str], Option]  # by the schema's name; absent ones have the schema's default

    @property
    def where(self) -> str:
        return f"{self.source}: operator {self.index} ({self.name})"

    def error(self, message: str, tensor: ir.Tensor | None = None) -> GravenError:
        subject = "" if tensor is None else f", tensor {tensor.index} '{tensor.name}'"
        return GravenError(f"{self.where}{subject}: {message}")

    def input(self, position: int) -> ir.Tensor:
        tensor = self.inputs[position] if position < len(self.inputs) else None
        if tensor is None:
            raise self.error(f"input {position} is missing; export the model again.")
        return tensor

    def optional(self, position: int) -> ir.Tensor | None:
        return self.inputs[position] if position < len(self.inputs) else None

    @property
    def output(self) -> ir.Tensor:
        """Of an operator that has one, as most have."""
        (tensor,) = self.outputs
        return tensor

    @property
    def known_by(self) -> ir.Tensor:
        """The tensor that an operator goes by: its first output, or the variable it assigns."""
        return self.outputs[0] if self.outputs else self.input(0)

    # -- checks that several layers share --------------------------------------------------------

    def expect_inputs(self, least: int, most: int, outputs: int = 1) -> None:
        """That many inputs, and outputs."""
        count = len(self.inputs)
        if not least <= count <= most:
            expected = str(least) if least == most else f"{least} to {most}"
            raise self.error(f"has {count} inputs, expected {expected}.")
        if len(self.outputs) != outputs:
            raise self.error(f"has {len(self.outputs)} outputs, expected {outputs}.")

    def expect_activations(
        self, least: int, most: int, wide: bool = False
    ) -> tuple[ir.Tensor, ir.Tensor]:
        """That many inputs; the first and the only output: activations of one element."""
        self.expect_inputs(least, most)
        data, output = self.input(0), self.output
        self.expect_activation(data, wide)
        self.expect_activation(output, wide)
        self.expect_same_element(data, output)
        return data, output

    def expect_rank(self, tensor: ir.Tensor, rank: int) -> None:
        if len(tensor.shape) != rank:
            raise self.error(f"has shape {shape_text(tensor.shape)}, expected {rank} axes.", tensor)

    def expect_shape(self, tensor: ir.Tensor, shape: tuple[int, ...]) -> None:
        if tensor.shape != tuple(shape):
            error = self.error(
                f"has shape {shape_text(tensor.shape)}, but the operator's inputs and options make "
                f"it {shape_text(shape)}.",
                tensor,
            )
            raise Misshapen(str(error), tensor.index, tuple(map(int, shape)))

    def expect_element(self, tensor: ir.Tensor, *elements: ir.Element) -> None:
        if tensor.element not in elements:
            names = " or ".join(element.value for element in elements)
            advice = element_advice(tensor.element, elements)
            raise self.error(f"is {tensor.element.value}, expected {names}; {advice}.", tensor)

    def expect_activation(self, tensor: ir.Tensor, wide: bool = False) -> None:
        """A tensor that is computed or given, one scale for all of it; `wide`: or int16."""
        self.expect_element(tensor, *(WIDE if wide else NARROW))
        if tensor.element is not ir.Element.FLOAT32:
            self.expect_symmetric_words(tensor)

    def expect_quantized(self, tensor: ir.Tensor) -> None:
        """Int8 or int16, or uint8 as some models' inputs and outputs are."""
        self.expect_element(tensor, *QUANTIZED)
        per_tensor(self, tensor)

    def expect_symmetric_words(self, tensor: ir.Tensor) -> None:
        """One scale; int16 has the zero point 0."""
        _, zero_point = per_tensor(self, tensor)
        if tensor.element is ir.Element.INT16 and zero_point != 0:
            raise self.error(
                f"is int16 with zero point {zero_point}, expected 0; quantize the model again.",
                tensor,
            )

    def expect_same_element(self, *tensors: ir.Tensor) -> None:
        first = tensors[0]
        for tensor in tensors[1:]:
            if tensor.element is not first.element:
                raise self.error(
                    f"is {tensor.element.value} while tensor {first.index} '{first.name}' is "
                    f"{first.element.value}; the operator needs one element type for both.",
                    tensor,
                )

    def expect_same_quantization(self, first: ir.Tensor, second: ir.Tensor) -> None:
        """For operators that only move or select values."""
        if first.element not in QUANTIZED or second.element not in QUANTIZED:
            return
        if first.quantization is None and second.quantization is None:
            return
        if per_tensor(self, first) != per_tensor(self, second):
            raise self.error(
                f"scale and zero point {per_tensor(self, second)} differ from its input's "
                f"{per_tensor(self, first)}, but the operator does not rescale; put a QUANTIZE "
                "between them.",
                second,
            )

    def expect_output_quantization(self, scale: float, zero_point: int) -> None:
        found = per_tensor(self, self.output)
        if found != (scale, zero_point):
            raise self.error(
                f"has scale and zero point {found}, but this operator's output is always "
                f"({scale}, {zero_point}); export the model again.",
                self.output,
            )

    def expect_multiplier(self, real: float, bits: int = 30) -> None:
        if not 0.0 < real < 2.0**bits:
            raise self.error(
                f"the scales of its tensors make a multiplier of {real:g}, expected one below "
                f"2^{bits}; quantize the model again."
            )

    def expect_summable(self, count: int) -> None:
        """Elements of the first input that a sum of 32 bits takes, whatever they are."""
        if self.input(0).element is ir.Element.INT16 and count > MOST_SUMMED:
            raise self.error(
                f"sums {count} int16 elements, at most {MOST_SUMMED} fit 32 bits; reduce one axis "
                "after the other."
            )

    def expect_channel_scales(self, weights: ir.Tensor, axis: int) -> None:
        """Integer weights: symmetric, one scale or one per output channel."""
        if weights.element is ir.Element.FLOAT32:
            return
        quantization = weights.quantization
        if quantization is None:
            raise self.error(
                f"is {weights.element.value} but has no scale; quantize the model.", weights
            )
        if any(quantization.zero_point):
            raise self.error("has a zero point other than 0, expected symmetric weights.", weights)
        if len(quantization.scale) > 1 and quantization.axis != axis:
            raise self.error(
                f"is quantized along axis {quantization.axis}, expected axis {axis}.", weights
            )
        if self.input(0).element is ir.Element.FLOAT32:
            return
        bits = 7 if self.input(0).element is ir.Element.INT16 else 30
        for scale in quantization.scale:
            self.expect_multiplier(scale_of(self.input(0)) * scale / scale_of(self.output), bits)

    def weights(self, position: int, usual: bool = False) -> ir.Tensor:
        """Of the kinds that go with the first input; `usual`: none of UNUSUAL."""
        kinds = WEIGHTS[self.input(0).element]
        if usual:
            kinds = tuple(each for each in kinds if each not in UNUSUAL)
        tensor = self.constant(position, kinds)
        if tensor.data is not None and tensor.data.size == 0:
            raise self.error("is empty.", tensor)
        return tensor

    def bias(self, position: int, channels: int) -> None:
        if self.optional(position) is None:
            return
        tensor = self.constant(position, BIASES[self.input(0).element])
        if tensor.data is not None and tensor.data.size != channels:
            raise self.error(
                f"has {tensor.data.size} values, expected one for each of {channels} outputs.",
                tensor,
            )
        if tensor.quantization is not None and any(tensor.quantization.zero_point):
            raise self.error("has a zero point other than 0, expected a plain sum.", tensor)

    def constant(self, position: int, elements: tuple[ir.Element, ...]) -> ir.Tensor:
        tensor = self.input(position)
        self.expect_element(tensor, *elements)
        if tensor.data is None:
            raise self.error(
                "is computed at run time, but the operator needs a constant there.", tensor
            )
        return tensor

    def integers(self, position: int) -> tuple[int, ...]:
        """A small constant list, such as axes or a size."""
        tensor = self.constant(position, (ir.Element.INT32, ir.Element.INT64))
        if tensor.data.size > 8:
            raise self.error(f"has {tensor.data.size} numbers, at most 8 make sense here.", tensor)
        return tuple(int(value) for value in tensor.data.reshape(-1))

    def whole(self, name: str) -> int:
        """An option of a custom operator, whose file may say any number."""
        value = self.option(name)
        if not isinstance(value, int):
            raise self.error(f"option {name} is {value}, expected a whole number.")
        return value

    def axis(self, value: int, rank: int) -> int:
        if not -rank <= value < rank:
            raise self.error(f"axis {value} does not exist in a tensor of {rank} axes.")
        return value % rank

    def activation(self) -> str:
        name = str(self.option("FusedActivationFunction"))
        if name not in ACTIVATIONS:
            raise self.error(
                f"fused activation {name} is not supported, expected {', '.join(ACTIVATIONS)}."
            )
        return name

    def padding(self) -> str:
        return str(self.option("Padding"))

    def positive(self, *options: str) -> tuple[int, ...]:
        values = tuple(int(self.option(name)) for name in options)
        for name, value in zip(options, values, strict=True):
            if not 0 < value <= MOST_STRIDE:
                raise self.error(f"option {name} is {value}, expected 1 to {MOST_STRIDE}.")
        return values


def node_of(network: ir.Network, operator: ir.Operator) -> Node:
    """An operator of a network that has been read: its record has all the options."""
    return node_among(network.tensors, network.source or network.name, operator)


def node_among(tensors: Sequence[ir.Tensor], source: str, operator: ir.Operator) -> Node:
    def option(name: str) -> Option:
        raise KeyError(name)

    return Node(
        source=source,
        index=operator.index,
        name=operator.name,
        inputs=tuple(tensors[index] if index >= 0 else None for index in operator.inputs),
        outputs=tuple(tensors[index] for index in operator.outputs),
        option=option,
    )


def element_advice(found: ir.Element, expected: Sequence[ir.Element] = ()) -> str:
    """How a model comes to have that element there, and what to do."""
    if found is ir.Element.INT64 and ir.Element.INT32 in expected:
        return "export the model with int32 there (as tf.argmax(..., output_type=tf.int32))"
    if found in (ir.Element.INT32, ir.Element.INT64, ir.Element.BOOLEAN):
        return (
            "it computes with whole numbers, of shapes or indices as a rule: export the model with "
            "fixed shapes, so that they are constants, or do it outside of the model"
        )
    if found is ir.Element.UINT8:
        return "its quantization is the old one: convert the model again, to int8"
    if found is ir.Element.INT8:
        return (
            "this operator has no int8: leave it out of quantization, or do it outside of the model"
        )
    return "convert the model with full integer (int8) quantization, or keep all of it float32"


def is_plain(tensor: ir.Tensor) -> bool:
    return tensor.element in PLAIN


def several(found: T | tuple[T, ...]) -> tuple[T, ...]:
    """One per output: a layer with one output gives it as it is."""
    return found if isinstance(found, tuple) else (found,)


def shape_text(shape: tuple[int, ...]) -> str:
    return "x".join(str(extent) for extent in shape) or "scalar"


def counted(count: int, noun: str, nouns: str = "") -> str:
    """A number of things, for messages: 1 row, 2 rows."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def per_tensor(node: Node, tensor: ir.Tensor) -> tuple[float, int]:
    """Scale and zero point of a tensor quantized as a whole."""
    quantization = tensor.quantization
    if quantization is None:
        raise node.error(
            f"is {tensor.element.value} but has no scale and zero point; quantize the model.",
            tensor,
        )
    if len(quantization.scale) != 1:
        raise node.error(
            f"has {len(quantization.scale)} scales, but only weights can have one per channel.",
            tensor,
        )
    return quantization.scale[0], quantization.zero_point[0]


def scale_of(tensor: ir.Tensor) -> float:
    """The one scale of a tensor that a layer's `read` has checked."""
    assert tensor.quantization is not None
    return tensor.quantization.scale[0]


def zero_point_of(tensor: ir.Tensor) -> int:
    assert tensor.quantization is not None
    return tensor.quantization.zero_point[0]


Values = tuple[np.ndarray | None, ...]
"""One array per input of an operator, constants included; None where an input is absent."""
