"""Writes a network as a .tflite file: random models for tests, and the end of a training script."""

from __future__ import annotations

from pathlib import Path

import flatbuffers
import numpy as np
import tflite

from graven import ir, layers
from graven.errors import GravenError
from graven.node import Option

IDENTIFIER = b"TFL3"
ALIGNMENT = 16  # of constant data, as TensorFlow Lite's own converter has it

ENUMERATIONS = {
    "Padding": tflite.Padding,
    "FusedActivationFunction": tflite.ActivationFunctionType,
    "OutputType": tflite.TensorType,
}
"""Option fields whose numbers have names; the reader decodes by the same table."""

CODES = {name: code for code, name in tflite.BUILTIN_OPCODE2NAME.items()}
TENSOR_TYPES = {
    ir.Element.INT8: tflite.TensorType.INT8,
    ir.Element.UINT8: tflite.TensorType.UINT8,
    ir.Element.INT16: tflite.TensorType.INT16,
    ir.Element.INT32: tflite.TensorType.INT32,
    ir.Element.INT64: tflite.TensorType.INT64,
    ir.Element.FLOAT16: tflite.TensorType.FLOAT16,
    ir.Element.FLOAT32: tflite.TensorType.FLOAT32,
    ir.Element.BOOLEAN: tflite.TensorType.BOOL,
}


def write(network: ir.Network, path: str | Path) -> None:
    """Write `network` to `path`; tensors and operators keep their order."""
    Path(path).write_bytes(to_bytes(network))


def to_bytes(network: ir.Network) -> bytes:
    builder = flatbuffers.Builder(1024)
    buffers = [_buffer(builder, None)]
    tensors = []
    for tensor in network.tensors:
        if tensor.data is not None:
            buffers.append(_buffer(builder, tensor.data))
        tensors.append(_tensor(builder, tensor, len(buffers) - 1 if tensor.data is not None else 0))
    names = list(dict.fromkeys(operator.name for operator in network.operators))
    operators = [_operator(builder, operator, names) for operator in network.operators]
    subgraph = _table(
        builder,
        "SubGraph",
        Tensors=_offsets(builder, tensors),
        Inputs=_integers(builder, network.inputs),
        Outputs=_integers(builder, network.outputs),
        Operators=_offsets(builder, operators),
        Name=builder.CreateString("main"),
    )
    model = _table(
        builder,
        "Model",
        Version=3,
        OperatorCodes=_offsets(builder, [_operator_code(builder, name) for name in names]),
        Subgraphs=_offsets(builder, [subgraph]),
        Description=builder.CreateString(network.description),
        Buffers=_offsets(builder, buffers),
    )
    builder.Finish(model, file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def _table(builder: flatbuffers.Builder, name: str, **fields: Option) -> int:
    getattr(tflite, f"{name}Start")(builder)
    for field, value in fields.items():
        getattr(tflite, f"{name}Add{field}")(builder, value)
    return getattr(tflite, f"{name}End")(builder)


def _offsets(builder: flatbuffers.Builder, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def _integers(builder: flatbuffers.Builder, values: tuple[int, ...]) -> int:
    return builder.CreateNumpyVector(np.asarray(values, dtype="<i4"))


def _buffer(builder: flatbuffers.Builder, data: np.ndarray | None) -> int:
    if data is None:
        return _table(builder, "Buffer")
    raw = np.ascontiguousarray(data).astype(data.dtype.newbyteorder("<"), copy=False).tobytes()
    builder.StartVector(1, len(raw), ALIGNMENT)
    # The runtime has no bulk copy with an alignment; StartVector has already made the room.
    builder.head = builder.head - len(raw)
    builder.Bytes[builder.head : builder.head + len(raw)] = raw
    return _table(builder, "Buffer", Data=builder.EndVector())


def _tensor(builder: flatbuffers.Builder, tensor: ir.Tensor, buffer: int) -> int:
    fields: dict[str, Option] = {
        "Shape": _integers(builder, tensor.shape),
        "Type": TENSOR_TYPES[tensor.element],
        "Buffer": buffer,
        "Name": builder.CreateString(tensor.name),
        "HasRank": True,
    }
    if tensor.quantization is not None:
        fields["Quantization"] = _quantization(builder, tensor.quantization)
    return _table(builder, "Tensor", **fields)


def _quantization(builder: flatbuffers.Builder, quantization: ir.Quantization) -> int:
    scale = builder.CreateNumpyVector(np.asarray(quantization.scale, dtype="<f4"))
    zero_point = builder.CreateNumpyVector(np.asarray(quantization.zero_point, dtype="<i8"))
    return _table(
        builder,
        "QuantizationParameters",
        Scale=scale,
        ZeroPoint=zero_point,
        QuantizedDimension=quantization.axis,
    )


def _operator_code(builder: flatbuffers.Builder, name: str) -> int:
    code = CODES[name]
    return _table(
        builder, "OperatorCode", DeprecatedBuiltinCode=min(code, 127), BuiltinCode=code, Version=1
    )


def _operator(builder: flatbuffers.Builder, operator: ir.Operator, names: list[str]) -> int:
    module = layers.modules().get(operator.name)
    if module is None:
        raise GravenError(f"operator {operator.index} ({operator.name}) cannot be written.")
    fields: dict[str, Option] = {
        "OpcodeIndex": names.index(operator.name),
        "Inputs": _integers(builder, operator.inputs),
        "Outputs": _integers(builder, operator.outputs),
    }
    table = layers.option_table(operator.name)
    if table is not None:
        values = {
            name: getattr(ENUMERATIONS[name], value) if isinstance(value, str) else value
            for name, value in module.options(operator.layer).items()
        }
        fields["BuiltinOptions"] = _table(builder, table, **values)
        fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, table)
    return _table(builder, "Operator", **fields)
