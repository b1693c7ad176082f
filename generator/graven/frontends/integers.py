"""Networks that are quantized already, as ONNX (QDQ and QOperator) and torch.export state them:
with their scales, zero points and weights as they are.

A front end tells a Draft where a file quantizes: Draft.quantize writes a QUANTIZE, whose output has
that scale. Here each of them goes into the operator that makes the value, what has a scale on all
sides becomes an int8 operator, and the rest computes in float32 between DEQUANTIZE and QUANTIZE, as
the file says. uint8 is the same numbers 128 lower.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from graven import ir, layers
from graven.errors import GravenError
from graven.frontends.folding import WEIGHTED, without_dead
from graven.node import Node
from graven.quantize.rules import SAME, Fixed, rule_of
from graven.quantize.scales import Scale, quantized, real_numbers

if TYPE_CHECKING:
    from graven.frontends.nchw import Draft, Op

MOVES = (
    "BROADCAST_TO", "DEPTH_TO_SPACE", "GATHER", "MAX_POOL_2D", "MIRROR_PAD", "PAD", "PADV2",
    "RESHAPE", "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "SLICE", "SPACE_TO_DEPTH", "SPLIT",
    "SPLIT_V", "STRIDED_SLICE", "TILE", "TRANSPOSE",
)  # fmt: skip
"""What gives values of its input as they are."""
CLAMPS = ("RELU", "RELU6", "RELU_N1_TO_1", "MINIMUM", "MAXIMUM")
"""What does so between limits."""
MEANS = ("AVERAGE_POOL_2D", "RESIZE_BILINEAR")
EQUAL = 64
SAME_SCALE = 1e-5  # of a bias: relative, what float32 makes of a product

FLOAT32, INT8, INT16 = ir.Element.FLOAT32, ir.Element.INT8, ir.Element.INT16

UP_TO_6 = {
    INT8: ir.Quantization((float(np.float32(6 / 255)),), (-128,)),
    INT16: ir.Quantization((float(np.float32(6 / 32767)),), (0,)),
}


@dataclass(frozen=True)
class Integers:
    """A constant as a file stores it: (values - zero point) * scale; as numpy's arrays in what
    layouts need."""

    values: np.ndarray
    scales: ir.Quantization

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def ndim(self) -> int:
        return self.values.ndim

    @property
    def size(self) -> int:
        return self.values.size

    def transpose(self, axes: Sequence[int]) -> Integers:
        axis = list(axes).index(self.scales.axis) if len(self.scales.scale) > 1 else 0
        return Integers(self.values.transpose(axes), replace(self.scales, axis=axis))

    def reshape(self, shape: Sequence[int]) -> Integers:
        """ValueError if the axis of the scales is no axis any more."""
        values = self.values.reshape(shape)
        if len(self.scales.scale) == 1:
            return replace(self, values=values)
        axis = self.scales.axis
        before, extent = math.prod(self.shape[:axis]), self.shape[axis]
        for place, each in enumerate(values.shape):
            if each == extent and math.prod(values.shape[:place]) == before:
                return Integers(values, replace(self.scales, axis=place))
        raise ValueError(f"quantized along axis {axis}, expected one scale for what is reshaped")

    def take(self, places: np.ndarray, axis: int) -> Integers:
        """Along another axis than that of the scales."""
        return replace(self, values=self.values.take(places, axis=axis))

    def real(self) -> np.ndarray:
        return real_numbers(self.values, self.scales)

    def centred(self, units: int) -> Integers:
        """As weights: less their zero points, in int8, or in int16 where that is too narrow;
        ValueError if one scale for each of these units, or for all of them, cannot say it."""
        several, axis = len(self.scales.scale) > 1, self.scales.axis
        if several and axis != units:
            raise ValueError(
                f"quantized along axis {axis}, expected axis {units}, that of the outputs"
            )
        extents = [1] * self.ndim
        if several:
            extents[axis] = -1
        whole = self.values - np.array(self.scales.zero_point, np.int64).reshape(extents)
        narrow = whole.min() >= -128 and whole.max() <= 127
        if several and not narrow:
            raise ValueError(
                f"from {whole.min()} to {whole.max()} around the zero points of their channels, "
                "expected -128 to 127; quantize weights symmetrically, or with one scale for all"
            )
        points = (0,) * len(self.scales.zero_point)
        scales = replace(self.scales, zero_point=points)
        return Integers(whole.astype(np.int8 if narrow else np.int16), scales)


def scales_of(
    scale: np.ndarray, zero_point: np.ndarray | None, dtype: np.dtype, axis: int = 0
) -> ir.Quantization:
    """As a file states them, for numbers of this dtype."""
    found = tuple(float(np.float32(each)) for each in np.ravel(scale))
    points = np.zeros(len(found), np.int64) if zero_point is None else np.ravel(zero_point)
    lower = {np.dtype(np.uint8): 128, np.dtype(np.uint16): 32768}.get(np.dtype(dtype), 0)
    return ir.Quantization(found, tuple(int(each) - lower for each in points), axis)


def stored(
    values: np.ndarray, scale: np.ndarray, zero_point: np.ndarray | None, axis: int = 0
) -> Integers:
    """A constant of a file."""
    scales = scales_of(scale, zero_point, values.dtype, axis)
    if values.dtype == np.uint8:
        values = (values.astype(np.int16) - 128).astype(np.int8)
    return Integers(values, scales)


def whole(
    value: np.ndarray, scale: np.ndarray, zero_point: np.ndarray | None, axis: int
) -> np.ndarray:
    """A constant in integers, halves to even."""
    dtype = np.dtype(np.uint8) if zero_point is None else zero_point.dtype
    extents = [1] * value.ndim
    if np.size(scale) > 1:
        extents[axis] = -1
    point = np.zeros(1, np.int64) if zero_point is None else zero_point.astype(np.int64)
    found = np.rint(value / scale.reshape(extents)) + point.reshape(extents)
    return np.clip(found, np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype)


def lowered(draft: Draft, operators: list[Op], outputs: list[int]) -> list[Op]:
    """The operators in integers (Draft.whole) where the file says so; the Draft's tensors and
    inputs, and the list of outputs, change with them."""
    scaled = [tensor for tensor in draft.tensors if tensor.quantization]
    if not scaled or any(each.data is None and each.element is not FLOAT32 for each in scaled):
        return operators  # of real numbers, or int8 from the beginning
    return _Lowering(draft, outputs).all(operators)


class _Lowering:
    def __init__(self, draft: Draft, outputs: list[int]) -> None:
        self.draft, self.tensors, self.outputs = draft, draft.tensors, outputs
        self.made: dict[tuple, int] = {}  # dequantized and rescaled tensors
        self.left: list[Op] = []

    def all(self, operators: list[Op]) -> list[Op]:
        operators = self.merged(operators)
        self.pin_sources(operators)
        self.pin_results(operators)
        for each in operators:
            self.draft.where = self.tensors[each.outputs[0]].name
            self.operator(each)
        self.widen_edges()
        for index in range(len(self.tensors)):
            self.tensors[index] = self.final(index)
        return without_dead(self.left, self.outputs)

    # -- which tensor has which scale --------------------------------------------------------------

    def merged(self, operators: list[Op]) -> list[Op]:
        """Without QUANTIZEs of what nobody reads as it was before: who makes it, makes it so."""
        readers = self.readers(operators)
        kept: list[Op] = []
        renamed: dict[int, int] = {}
        for each in operators:
            inputs = [renamed.get(index, index) for index in each.inputs]
            output = each.outputs[0]
            if each.name == "QUANTIZE" and self.absorbs(inputs[0], output, readers):
                renamed[output] = inputs[0]
            else:
                kept.append(replace(each, inputs=inputs))
        self.outputs[:] = [renamed.get(index, index) for index in self.outputs]
        return kept

    def absorbs(self, source: int, output: int, readers: dict[int, list[Op]]) -> bool:
        tensor, wanted = self.tensors[source], self.tensors[output].quantization
        if output in self.outputs and (source in self.draft.inputs or source in self.outputs):
            return False
        if tensor.quantization is None:
            alike = (
                each.name == "QUANTIZE" and self.tensors[each.outputs[0]].quantization == wanted
                for each in readers[source]
            )
            if source in self.outputs or tensor.data is not None or not all(alike):
                return False
        elif tensor.quantization != wanted:
            return False
        name = self.tensors[output].name if output in self.outputs else tensor.name
        self.tensors[source] = replace(tensor, name=name, quantization=wanted)
        return True

    def readers(self, operators: list[Op]) -> dict[int, list[Op]]:
        found: dict[int, list[Op]] = defaultdict(list)
        for each in operators:
            for index in each.inputs:
                found[index].append(each)
        return found

    def pin_sources(self, operators: list[Op]) -> None:
        """Moving commutes with quantizing: what is moved alone has the scale behind it."""
        readers = self.readers(operators)
        for each in reversed(operators):
            data = self.activations(each)
            if each.name not in MOVES or len(data) != 1 or len(each.outputs) != 1:
                continue
            (index,) = data
            alone = len(readers[index]) == 1 and index not in self.outputs
            if alone and self.tensors[index].quantization is None:
                self.draft.scaled(index, self.tensors[each.outputs[0]].quantization)

    def pin_results(self, operators: list[Op]) -> None:
        """And what gives values as they are has the scale before it, where no other is stated."""
        for each in operators:
            found = {self.tensors[index].quantization for index in self.activations(each)}
            if each.name in (*MOVES, *CLAMPS) and len(found) == 1:
                for index in each.outputs:
                    if self.tensors[index].quantization is None:
                        self.draft.scaled(index, *found)

    def activations(self, each: Op) -> list[int]:
        return [
            index
            for index in each.inputs
            if index >= 0
            and self.tensors[index].data is None
            and self.tensors[index].element is FLOAT32
        ]

    # -- operators -------------------------------------------------------------------------------

    def operator(self, each: Op) -> None:
        if each.name == "QUANTIZE":
            self.left.append(each)
        elif not (self.is_whole(each) and self.whole(each)):
            self.real(each)

    def is_whole(self, each: Op) -> bool:
        """Has it a scale on all sides? CAST takes numbers for integers, whatever their scale."""
        if each.name == "CAST":
            return False
        computed = [*self.activations(each), *each.outputs]
        weights = self.weights(each)
        return all(self.tensors[index].quantization for index in computed) and (
            weights is None or self.tensors[each.inputs[weights]].quantization is not None
        )

    def weights(self, each: Op) -> int | None:
        """Their place among the inputs, where they are constant."""
        if each.name not in WEIGHTED:
            return None
        place = WEIGHTED[each.name][1]
        return None if self.tensors[each.inputs[place]].data is None else place

    def whole(self, each: Op) -> bool:
        """In int8; False if there is no such operator."""
        if each.name == "AVERAGE_POOL_2D":
            each = self.averaging(each)
        rule = rule_of(layers.modules()[each.name], each.name)
        (output, *others) = each.outputs
        wanted = self.tensors[output].quantization
        made = output
        if isinstance(rule, Fixed):
            found = rule.of(self.draft.whole)
            scales = ir.Quantization((float(np.float32(found.scale)),), (found.zero_point,))
            made = output if scales == wanted else self.like(output, scales)
        common = wanted if rule == SAME else None
        if each.name in MEANS:  # of values that the output's scale may not reach
            common = self.tensors[self.activations(each)[0]].quantization
            made = output if common == wanted else self.like(output, common)
        if min(each.inputs) < 0:  # recurrent layers, which no file quantizes
            return False
        if self.weights(each) is None:
            inputs = [
                index  # slopes are int8, as weights are
                if each.name == "PRELU" and self.tensors[index].element is INT8
                else self.operand(index, common)
                for index in each.inputs
            ]
        else:
            inputs = self.weighted(each)
        found = replace(each, inputs=inputs, outputs=[made, *others])
        if self.weights(each) is None and not self.takes(found):
            return False
        self.left.append(found)
        if made != output:
            self.emit("QUANTIZE", made, output)
        return True

    def takes(self, each: Op) -> bool:
        node = Node(
            source="",
            index=0,
            name=each.name,
            inputs=tuple(self.final(index) for index in each.inputs),
            outputs=tuple(self.final(index) for index in each.outputs),
            option=each.options.__getitem__,
        )
        try:
            layers.modules()[each.name].read(node)
        except GravenError:
            return False
        return True

    def operand(self, index: int, common: ir.Quantization | None) -> int:
        """An input with a scale: its own, or that which all have in common."""
        index = self.widened(index)
        tensor = self.tensors[index]
        if tensor.data is None:
            alike = common is None or tensor.quantization == common
            return index if alike or tensor.element is not FLOAT32 else self.rescaled(index, common)
        if tensor.element is not FLOAT32 and tensor.quantization in (None, common):
            return index
        if common is None and tensor.quantization is not None:
            return index
        values = self.real_of(tensor)
        element = self.draft.whole
        if common is None:
            most = float(np.max(np.abs(values), initial=0.0))
            levels = np.iinfo(element.dtype).max
            common = ir.Quantization((float(np.float32(most / levels)) or 1.0,), (0,))
        data = quantized(values, Scale(common.scale[0], common.zero_point[0], element))
        return self.draft.scaled(self.draft.tensor(tensor.name, data.shape, data), common)

    def widened(self, index: int) -> int:
        """Under int16 a constant of int8 is its numbers less their zero point, of the same
        scale."""
        tensor = self.tensors[index]
        stored = tensor.quantization
        if self.draft.whole is not INT16 or tensor.element is not INT8 or stored is None:
            return index
        if tensor.data is None or len(stored.scale) != 1:
            return index
        data = tensor.data.astype(np.int16) - np.int16(stored.zero_point[0])
        wide = self.draft.tensor(tensor.name, data.shape, data)
        return self.draft.scaled(wide, replace(stored, zero_point=(0,)))

    def weighted(self, each: Op) -> list[int]:
        """With a bias in the scale of the sums: as it is stored, if that is its scale."""
        _, place, last = WEIGHTED[each.name]
        inputs = list(each.inputs)
        weights, bias = (self.tensors[inputs[at]] for at in (place, last))
        (data,) = self.activations(each)
        scale = np.float32(self.tensors[data].quantization.scale[0])
        both = (scale * np.array(weights.quantization.scale, np.float32)).astype(np.float32)
        scales = ir.Quantization(tuple(map(float, both)), (0,) * len(both))
        stated = None if bias.quantization is None else bias.quantization.scale
        if stated is not None and np.allclose(stated, both, rtol=SAME_SCALE, atol=0.0):
            sums = bias.data.astype(np.int64)
        else:
            sums = np.round(self.real_of(bias).astype(np.float64) / both.astype(np.float64))
        if np.max(np.abs(sums), initial=0) >= 1 << 31:
            raise self.draft.error(
                "has a bias beyond 32 bits in the scale of its input times that of its weights; "
                "quantize the model again, with wider weights."
            )
        data = sums.astype(np.int64 if self.draft.whole is INT16 else np.int32)
        inputs[last] = self.draft.scaled(self.draft.tensor(bias.name, data.shape, data), scales)
        return inputs

    def averaging(self, each: Op) -> Op:
        """Between two scales: a sum under a window of equal weights, rounded once. They are large
        because TensorFlow Lite's rescaling rounds a whole number before it divides."""
        (data,), (output,) = each.inputs, each.outputs
        padded = each.options["Padding"] != "VALID"
        if self.tensors[data].quantization == self.tensors[output].quantization or padded:
            return each
        size = tuple(int(each.options[name]) for name in ("FilterHeight", "FilterWidth"))
        channels = self.tensors[data].shape[-1]
        equal = np.full((1, *size, channels), EQUAL, np.int8)
        scales = ir.Quantization((float(np.float32(1 / (EQUAL * math.prod(size)))),), (0,))
        weights = self.draft.scaled(self.draft.tensor("equal_weights", equal.shape, equal), scales)
        bias = self.draft.constant(np.zeros(channels, np.float32))
        options = {**each.options, "DepthMultiplier": 1}
        return replace(
            each, name="DEPTHWISE_CONV_2D", inputs=[data, weights, bias], options=options
        )

    def real(self, each: Op) -> None:
        """In float32, between a DEQUANTIZE and a QUANTIZE where its sides have scales; weights of
        int8 stay so."""
        stored = self.weights(each)
        inputs = [
            index  # as it is, also one that is absent
            if index < 0 or (place == stored and self.tensors[index].element is INT8)
            else self.dequantized(index)
            for place, index in enumerate(each.inputs)
        ]
        outputs = [
            self.like(index, None) if self.tensors[index].quantization else index
            for index in each.outputs
        ]
        self.left.append(replace(each, inputs=inputs, outputs=outputs))
        for made, output in zip(outputs, each.outputs, strict=True):
            if made != output:
                self.emit("QUANTIZE", made, output)

    # -- tensors ---------------------------------------------------------------------------------

    def emit(self, name: str, data: int, output: int) -> None:
        from graven.frontends.nchw import Op

        self.left.append(Op(name, [data], [output], {}))

    def like(self, index: int, scales: ir.Quantization | None, ending: str = "as_made") -> int:
        tensor = self.tensors[index]
        index = self.draft.tensor(f"{tensor.name}_{ending}", tensor.shape)
        return self.draft.scaled(index, scales)

    def rescaled(self, index: int, scales: ir.Quantization) -> int:
        if (index, scales) not in self.made:
            self.made[index, scales] = self.like(index, scales, "rescaled")
            self.emit("QUANTIZE", index, self.made[index, scales])
        return self.made[index, scales]

    def dequantized(self, index: int) -> int:
        tensor = self.tensors[index]
        if tensor.quantization is None:
            return index
        if (index, None) not in self.made:
            if tensor.data is None:
                self.made[index, None] = self.like(index, None, "real")
                self.emit("DEQUANTIZE", index, self.made[index, None])
            else:
                self.made[index, None] = self.draft.constant(self.real_of(tensor))
        return self.made[index, None]

    def real_of(self, tensor: ir.Tensor) -> np.ndarray:
        if tensor.quantization is None:
            return tensor.data
        return real_numbers(tensor.data, tensor.quantization)

    def final(self, index: int) -> ir.Tensor:
        """As the network has it."""
        tensor = self.tensors[index]
        if tensor.element is not FLOAT32 or tensor.quantization is None:
            return tensor
        return replace(tensor, element=self.draft.whole)

    def widen_edges(self) -> None:
        """What the file takes and gives as uint8 stays so, with a QUANTIZE between."""
        for edges, inward in ((self.draft.inputs, True), (self.outputs, False)):
            for place, index in enumerate(edges):
                tensor = self.tensors[index]
                if tensor.name not in self.draft.edges or tensor.quantization is None:
                    continue
                wide = self.draft.tensor(tensor.name, tensor.shape)
                (point,) = tensor.quantization.zero_point
                scales = replace(tensor.quantization, zero_point=(point + 128,))
                self.tensors[wide] = replace(
                    self.tensors[wide], element=ir.Element.UINT8, quantization=scales
                )
                edges[place] = wide
                self.emit("QUANTIZE", *((wide, index) if inward else (index, wide)))
                if inward:
                    self.left.insert(0, self.left.pop())
