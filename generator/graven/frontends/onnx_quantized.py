"""The nodes of a quantized ONNX file: QuantizeLinear and DequantizeLinear, which say a scale, and
operators of integers (QOperator), which say those of their operands and of their result: they are
read as the operator of real numbers between such scales.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from graven import ir
from graven.frontends.integers import Integers, scales_of, stored, whole
from graven.frontends.nchw import View

if TYPE_CHECKING:
    from graven.frontends.onnx import Attributes, Handler, _Reader

BYTES = (np.dtype(np.int8), np.dtype(np.uint8))
WORDS = (np.dtype(np.int16), np.dtype(np.uint16))
UNARY = {
    "QLinearAveragePool": "AveragePool",
    "QLinearGlobalAveragePool": "GlobalAveragePool",
    "QLinearLeakyRelu": "LeakyRelu",
    "QLinearReduceMean": "ReduceMean",
    "QLinearSigmoid": "Sigmoid",
    "QLinearSoftmax": "Softmax",
}
"""Value, its scale and zero point, those of the result."""
BINARY = {"QLinearAdd": "Add", "QLinearMatMul": "MatMul", "QLinearMul": "Mul"}


def handlers() -> dict[str, Handler]:
    found: dict[str, Handler] = {
        "QuantizeLinear": _quantize,
        "DequantizeLinear": _dequantize,
        "QLinearConv": _conv,
        "QLinearConcat": _concat,
        "QGemm": _gemm,
    }
    found |= {name: _nary(kind, 1) for name, kind in UNARY.items()}
    return found | {name: _nary(kind, 2) for name, kind in BINARY.items()}


# -- scales ---------------------------------------------------------------------------------------


def activation_scales(reader: _Reader, scale: Any, zero_point: Any) -> ir.Quantization:
    dtype = np.dtype(np.uint8) if zero_point is None else zero_point.dtype
    if dtype not in (*BYTES, *WORDS):
        raise reader.draft.error(
            f"has numbers of {dtype}, expected int8, uint8 or int16; quantize the model to 8 bits."
        )
    if np.size(scale) != 1:
        raise reader.draft.error(
            f"has {np.size(scale)} scales for an activation, expected one; only weights can have "
            "one per channel."
        )
    reader.draft.computes(ir.Element.INT16 if dtype in WORDS else ir.Element.INT8)
    found = scales_of(scale, zero_point, dtype)
    if dtype in WORDS and found.zero_point != (0,):
        raise reader.draft.error(
            f"has {dtype} numbers with zero point {int(np.ravel(zero_point)[0])}, expected "
            f"{0 if dtype == np.int16 else 32768}: activations of 16 bits are symmetric; quantize "
            "the model again with symmetric activations (ActivationSymmetric), or to 8 bits."
        )
    return found


def read_as(reader: _Reader, value: Any, scale: Any, zero_point: Any, axis: int = 0) -> Any:
    """The real numbers that an operand of integers stands for."""
    if isinstance(value, View):
        found = activation_scales(reader, scale, zero_point)
        tensor = reader.draft.tensors[value.index]
        if tensor.quantization is None and value.index in reader.unscaled:
            reader.draft.tensors[value.index] = replace(tensor, quantization=found)
        elif tensor.quantization is None:
            return reader.draft.quantize(value, found)
        elif tensor.quantization != found:
            raise reader.draft.error(
                f"reads '{tensor.name}' with scale and zero point {text(found)}, but it was "
                f"written with {text(tensor.quantization)}; quantize the model again."
            )
        return value
    kinds = (*BYTES, np.dtype(np.int16), np.dtype(np.int32))
    values = value if value.dtype in kinds else four_bits(reader, value)
    if np.size(scale) > 1 and (np.ndim(scale) != 1 or np.size(scale) != values.shape[axis]):
        raise reader.draft.error(
            f"has {np.size(scale)} scales along axis {axis} of {values.shape[axis]} elements, "
            "expected one scale, or one for each; quantize per tensor or per channel."
        )
    return stored(values, scale, zero_point, axis)


def four_bits(reader: _Reader, value: np.ndarray) -> np.ndarray:
    if str(value.dtype) not in ("int4", "uint4"):
        raise reader.draft.error(
            f"has a constant of {value.dtype}, expected int8, uint8 or int32; quantize the model "
            "to 8 bits."
        )
    return value.astype(np.int8)


def text(scales: ir.Quantization) -> str:
    return f"({scales.scale[0]:g}, {scales.zero_point[0]} of int8)"


# -- nodes ----------------------------------------------------------------------------------------


def _quantize(reader: _Reader, attributes: Attributes, inputs: list) -> View | list[np.ndarray]:
    scale, zero_point = reader.array(inputs, 1, "scale"), reader.array(inputs, 2, "zero point")
    kind = attributes.get("output_dtype", 0)
    if zero_point is None and kind not in (0, 2):
        zero_point = np.zeros((), {3: np.int8, 4: np.uint16, 5: np.int16}.get(kind, np.int32))
    if not isinstance(inputs[0], View):
        return [whole(inputs[0], scale, zero_point, attributes.get("axis", 1))]
    return reader.draft.quantize(inputs[0], activation_scales(reader, scale, zero_point))


def _dequantize(reader: _Reader, attributes: Attributes, inputs: list) -> View | list[Integers]:
    scale, zero_point = reader.array(inputs, 1, "scale"), reader.array(inputs, 2, "zero point")
    if attributes.get("block_size", 0):
        raise reader.draft.error(
            "has a scale for each block of weights, expected one per tensor or per channel."
        )
    value = inputs[0]
    if isinstance(value, View):
        if zero_point is None and value.index in reader.unscaled:
            wide = reader.draft.tensors[value.index].name in reader.draft.edges
            kind = np.uint8 if wide else np.int8
            zero_point = np.zeros((), kind)
        return read_as(reader, value, scale, zero_point)
    axis = attributes.get("axis", 1)
    axis += np.ndim(value) if axis < 0 else 0
    return [read_as(reader, value, scale, zero_point, axis)]


def _nary(kind: str, count: int) -> Callable:
    """`count` operands of three inputs each, then scale and zero point of the result."""

    def handler(reader: _Reader, attributes: Attributes, inputs: list) -> View:
        if attributes.pop("channels_last", 0):
            raise reader.draft.error("has its channels last; export it with channels first.")
        attributes.pop("opset", None)
        matrix = kind == "MatMul"  # weights have a scale per column
        operands = [
            read_as(reader, *inputs[3 * place : 3 * place + 3], axis=1 if matrix else 0)
            for place in range(count)
        ]
        found = reader.handler(kind)(reader, attributes, operands)
        return written(reader, found, inputs[3 * count : 3 * count + 2])

    return handler


def written(reader: _Reader, view: View, scale_and_zero_point: list) -> View:
    scale, zero_point = (*scale_and_zero_point, None)[:2]
    return reader.draft.quantize(view, activation_scales(reader, scale, zero_point))


def _conv(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    view = read_as(reader, *inputs[:3])
    weights = read_as(reader, *inputs[3:6])
    bias = sums(inputs[8] if len(inputs) > 8 else None, inputs[1], inputs[4])
    found = reader.handler("Conv")(reader, attributes, [view, weights, bias])
    return written(reader, found, inputs[6:8])


def sums(bias: np.ndarray | None, scale: np.ndarray, weights: np.ndarray) -> Integers | None:
    """A bias in the scale of its sums."""
    if bias is None:
        return None
    both = np.float32(scale).reshape(-1) * np.float32(weights).reshape(-1)
    return stored(bias, both, None)


def _gemm(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    view = read_as(reader, *inputs[:3])
    turned = bool(attributes.get("transB", 0))
    weights = read_as(reader, *inputs[3:6], axis=0 if turned else 1)
    bias = sums(inputs[6] if len(inputs) > 6 else None, inputs[1], inputs[4])
    found = reader.handler("Gemm")(reader, attributes, [view, weights, bias])
    return written(reader, found, inputs[7:9]) if len(inputs) > 7 else found


def _concat(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    parts = [read_as(reader, *inputs[place : place + 3]) for place in range(2, len(inputs), 3)]
    found = reader.handler("Concat")(reader, attributes, parts)
    return written(reader, found, inputs[:2])
