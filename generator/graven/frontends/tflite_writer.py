"""Writes a network as a .tflite file: random models for tests, and the end of a training script."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import flatbuffers
import numpy as np
import tflite
from flatbuffers import flexbuffers

from graven import ir, layers
from graven.errors import GravenError
from graven.node import Option

IDENTIFIER = b"TFL3"
ALIGNMENT = 16  # of constant data, as TensorFlow Lite's own converter has it

ENUMERATIONS = {
    "Mode": tflite.MirrorPadMode,
    "Padding": tflite.Padding,
    "FusedActivationFunction": tflite.ActivationFunctionType,
    "OutputType": tflite.TensorType,
}
"""Option fields whose numbers have names; the reader decodes by the same table."""

CODES = {name: code for code, name in tflite.BUILTIN_OPCODE2NAME.items()}
TENSOR_TYPES = {
    ir.Element.INT4: tflite.TensorType.INT4,
    ir.Element.INT8: tflite.TensorType.INT8,
    ir.Element.UINT8: tflite.TensorType.UINT8,
    ir.Element.INT16: tflite.TensorType.INT16,
    ir.Element.INT32: tflite.TensorType.INT32,
    ir.Element.INT64: tflite.TensorType.INT64,
    ir.Element.UINT32: tflite.TensorType.UINT32,
    ir.Element.UINT64: tflite.TensorType.UINT64,
    ir.Element.FLOAT16: tflite.TensorType.FLOAT16,
    ir.Element.FLOAT32: tflite.TensorType.FLOAT32,
    ir.Element.BOOLEAN: tflite.TensorType.BOOL,
}


def write(network: ir.Network, path: str | Path) -> None:
    """Write `network` to `path`; tensors and operators keep their order."""
    Path(path).write_bytes(to_bytes(network))


def to_bytes(network: ir.Network) -> bytes:
    file = _File(network)
    resources = _resources(network)
    handles = {tensor.index for tensor in resources}
    stated = list(network.tensors)
    unstated = {index for each in network.operators if layers.kept(each.name)
                for index in each.inputs}  # fmt: skip
    while stated[-1].is_variable and stated[-1].index in unstated:
        stated.pop()  # a front end adds it again
    overwritten = {each.outputs[0] for each in network.operators if layers.overwrites(each.name)}
    tensors = [
        file.tensor(each, each.index in handles, each.index in overwritten) for each in stated
    ]
    started = [each for each in resources if not _is_zero(each)]
    operators = [
        *([file.call_once(1)] if started else []),
        *(file.var_handle(each, each.index) for each in resources),
        *(file.operator(each) for each in network.operators),
    ]
    subgraphs = [file.subgraph("main", tensors, network.inputs, network.outputs, operators)]
    if started:
        subgraphs.append(file.start(started))
    return file.finished(subgraphs)


def _resources(network: ir.Network) -> list[ir.Tensor]:
    """The variables that are resources: READ_VARIABLE and ASSIGN_VARIABLE name them."""
    names = ("READ_VARIABLE", "ASSIGN_VARIABLE")
    used = {each.inputs[0] for each in network.operators if each.name in names}
    return [network.tensors[index] for index in sorted(used)]


def _is_zero(variable: ir.Tensor) -> bool:
    stored = variable.quantization
    return bool(np.all(variable.initial == (stored.zero_point[0] if stored else 0)))


class _File:
    """A file under construction."""

    def __init__(self, network: ir.Network) -> None:
        self.network = network
        self.builder = flatbuffers.Builder(1024)
        self.buffers = [_buffer(self.builder, None)]
        self.names: list[str] = []  # of operators, by code

    def tensor(self, tensor: ir.Tensor, is_handle: bool = False, overwritten: bool = False) -> int:
        if is_handle:
            return _table(
                self.builder,
                "Tensor",
                Shape=_integers(self.builder, ()),
                Type=tflite.TensorType.RESOURCE,
                Name=self.builder.CreateString(tensor.name),
                HasRank=True,
            )
        if tensor.data is not None:
            data = packed(tensor.data) if tensor.element is ir.Element.INT4 else tensor.data
            self.buffers.append(_buffer(self.builder, data))
        buffer = len(self.buffers) - 1 if tensor.data is not None else 0
        return _tensor(self.builder, tensor, buffer, tensor.is_variable or overwritten)

    def code(self, name: str) -> int:
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def operator(self, operator: ir.Operator) -> int:
        if layers.kept(operator.name):  # which its file does not state
            tensors = self.network.tensors
            stated = (index for index in operator.inputs if not tensors[index].is_variable)
            operator = replace(operator, inputs=tuple(stated))
        return _operator(self.builder, operator, self.code(operator.name), self.bias(operator))

    def bias(self, operator: ir.Operator) -> dict[str, Option]:
        """An option's value by its name: of int16 convolutions and Dense, LiteRT reads any bias as
        int64 that is not stated to be something else.
        """
        place = 3 if operator.name == "TRANSPOSE_CONV" else 2
        table = layers.option_table(operator.name) or ""
        if not hasattr(getattr(tflite, table, None), "QuantizedBiasType"):
            return {}
        if len(operator.inputs) <= place or operator.inputs[place] < 0:
            return {}
        tensors = self.network.tensors
        element = tensors[operator.inputs[place]].element
        if (element, tensors[operator.output].element) != (ir.Element.INT32, ir.Element.INT16):
            return {}
        return {"QuantizedBiasType": tflite.TensorType.INT32}

    def plain(
        self,
        name: str,
        inputs: tuple[int, ...],
        outputs: tuple[int, ...],
        table: str = "",
        **options: Option,
    ) -> int:
        """One that no layer module writes."""
        fields: dict[str, Option] = {
            "OpcodeIndex": self.code(name),
            "Inputs": _integers(self.builder, inputs),
            "Outputs": _integers(self.builder, outputs),
        }
        if table:
            fields["BuiltinOptions"] = _table(self.builder, table, **options)
            fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, table)
        return _table(self.builder, "Operator", **fields)

    def call_once(self, subgraph: int) -> int:
        return self.plain("CALL_ONCE", (), (), "CallOnceOptions", InitSubgraphIndex=subgraph)

    def var_handle(self, variable: ir.Tensor, handle: int) -> int:
        name = self.builder.CreateString(variable.name)
        container = self.builder.CreateString("")
        return self.plain(
            "VAR_HANDLE", (), (handle,), "VarHandleOptions", Container=container, SharedName=name
        )

    def start(self, variables: list[ir.Tensor]) -> int:
        """The subgraph that assigns what is in variables at first."""
        tensors, operators = [], []
        for place, each in enumerate(variables):
            handle, content = 2 * place, 2 * place + 1
            tensors.append(self.tensor(each, is_handle=True))
            tensors.append(self.tensor(replace(each, data=each.initial, initial=None)))
            operators.append(self.var_handle(each, handle))
            operators.append(self.plain("ASSIGN_VARIABLE", (handle, content), ()))
        return self.subgraph("start", tensors, (), (), operators)

    def subgraph(
        self,
        name: str,
        tensors: list[int],
        inputs: tuple[int, ...],
        outputs: tuple[int, ...],
        operators: list[int],
    ) -> int:
        return _table(
            self.builder,
            "SubGraph",
            Tensors=_offsets(self.builder, tensors),
            Inputs=_integers(self.builder, inputs),
            Outputs=_integers(self.builder, outputs),
            Operators=_offsets(self.builder, operators),
            Name=self.builder.CreateString(name),
        )

    def finished(self, subgraphs: list[int]) -> bytes:
        codes = [_operator_code(self.builder, name) for name in self.names]
        model = _table(
            self.builder,
            "Model",
            Version=3,
            OperatorCodes=_offsets(self.builder, codes),
            Subgraphs=_offsets(self.builder, subgraphs),
            Description=self.builder.CreateString(self.network.description),
            Buffers=_offsets(self.builder, self.buffers),
        )
        self.builder.Finish(model, file_identifier=IDENTIFIER)
        return bytes(self.builder.Output())


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


def packed(data: np.ndarray) -> np.ndarray:
    """Two numbers of four bits per byte, the lower half first."""
    flat = data.reshape(-1).astype(np.uint8) & 15
    flat = np.append(flat, np.zeros(flat.size % 2, dtype=np.uint8))
    return flat[::2] | flat[1::2] << 4


def _buffer(builder: flatbuffers.Builder, data: np.ndarray | None) -> int:
    if data is None:
        return _table(builder, "Buffer")
    raw = np.ascontiguousarray(data).astype(data.dtype.newbyteorder("<"), copy=False).tobytes()
    builder.StartVector(1, len(raw), ALIGNMENT)
    # The runtime has no bulk copy with an alignment; StartVector has already made the room.
    builder.head = builder.head - len(raw)
    builder.Bytes[builder.head : builder.head + len(raw)] = raw
    return _table(builder, "Buffer", Data=builder.EndVector())


def _tensor(builder: flatbuffers.Builder, tensor: ir.Tensor, buffer: int, is_variable: bool) -> int:
    fields: dict[str, Option] = {
        "Shape": _integers(builder, tensor.shape),
        "Type": TENSOR_TYPES[tensor.element],
        "Buffer": buffer,
        "Name": builder.CreateString(tensor.name),
        "HasRank": True,
    }
    if is_variable:
        fields["IsVariable"] = True
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
    fields: dict[str, Option] = {}
    if layers.is_custom(name):
        fields["CustomCode"] = builder.CreateString(name)
        name = "CUSTOM"
    code = CODES[name]
    return _table(
        builder,
        "OperatorCode",
        DeprecatedBuiltinCode=min(code, 127),
        BuiltinCode=code,
        Version=1,
        **fields,
    )


def _operator(
    builder: flatbuffers.Builder, operator: ir.Operator, code: int, bias: dict[str, Option]
) -> int:
    module = layers.modules().get(operator.name)
    if module is None:
        raise GravenError(f"operator {operator.index} ({operator.name}) cannot be written.")
    fields: dict[str, Option] = {
        "OpcodeIndex": code,
        "Inputs": _integers(builder, operator.inputs),
        "Outputs": _integers(builder, operator.outputs),
    }
    table = layers.option_table(operator.name)
    if table == layers.FLEX_BUFFER:
        stored = np.frombuffer(flexbuffers.Dumps(module.options(operator.layer)), dtype=np.uint8)
        fields["CustomOptions"] = builder.CreateNumpyVector(stored)
    elif table is not None:
        values = {
            name: getattr(ENUMERATIONS[name], value) if isinstance(value, str) else value
            for name, value in module.options(operator.layer).items()
        }
        values |= bias
        fields["BuiltinOptions"] = _table(builder, table, **values)
        fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, table)
    elif operator.name == "RESHAPE":  # Micro takes the output's shape, LiteRT this
        new = _integers(builder, operator.layer.shape)
        fields["BuiltinOptions"] = _table(builder, "ReshapeOptions", NewShape=new)
        fields["BuiltinOptionsType"] = tflite.BuiltinOptions.ReshapeOptions
    return _table(builder, "Operator", **fields)
