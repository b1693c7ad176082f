"""Reads a .tflite file: TensorFlow Lite's FlatBuffer of one network.

Nothing in the file is believed: flatbuffer.check has verified every offset before this module
reads a field; what is peculiar to this format is checked here, where it is read, and the network
that comes out of it in checked.py. Whatever is wrong becomes one sentence.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tflite
from flatbuffers import flexbuffers
from flatbuffers.number_types import Int32Flags

from graven import ir, layers, unsupported
from graven.checked import MOST_BYTES, Stated, check_axes, checked
from graven.cpp import taken_names
from graven.errors import GravenError, described, printable
from graven.frontends import flatbuffer, sparsity, unsigned
from graven.frontends.resources import SILENT, Resources
from graven.frontends.tflite_writer import ENUMERATIONS, TENSOR_TYPES
from graven.node import BYTES, Option, shape_text
from graven.variables import settled

ELEMENTS = {code: element for element, code in TENSOR_TYPES.items()}
SCHEMA = 3
LEAST_SCALE = 2.0**-149  # of constants that are all 0, which some converters say to be 0
MOST_FILE = 1 << 30
NEW_CODE = 10  # of builtin_code, in the vtable of an OperatorCode
EMPTY_TABLE = struct.pack("<HHi", 4, 4, 4)  # a vtable without fields, and a table that points to it
WEIGHTS = (
    "weights of PyTorch without their network",
    "load them into its torch.nn.Module and give that to graven.compile, or torch.export.save it",
)
CONVERTERS = {
    **dict.fromkeys((".ckpt", ".safetensors"), WEIGHTS),
    ".pte": ("a program of ExecuTorch", "give the .pt2 file that it was made of"),
    ".pb": ("a TensorFlow model", "convert it to full int8 with tf.lite.TFLiteConverter"),
}
"""What another front end would read, by the file's ending, and how to get there."""


NPUS = {
    "ethos-u": "Arm's Ethos-U NPU (by Vela)",
    "edgetpu-custom-op": "the Edge TPU (by edgetpu_compiler)",
    "NeutronGraph": "NXP's Neutron NPU (by neutron-converter)",
}
"""Custom operators that are a network in the words of another machine."""


def load(path: str | Path) -> ir.Network:
    """The network in the file, checked; GravenError with one sentence otherwise."""
    path = Path(path)
    return parse(read(path), printable(path.name), identifier(path.stem))


def read(path: Path) -> bytes:
    """The file's bytes, if it may be a .tflite file."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_FILE + 1)
    except OSError as error:
        raise GravenError(f"{path}: cannot be read: {error.strerror}.") from None
    if len(data) > MOST_FILE:
        raise GravenError(f"{path}: is larger than {MOST_FILE >> 20} MB; is it the right file?")
    if data[4:8] != flatbuffer.IDENTIFIER and path.suffix.lower() in CONVERTERS:
        kind, advice = CONVERTERS[path.suffix.lower()]
        raise GravenError(
            f"{path}: is no .tflite file but {kind}, by its name; graven reads .tflite, .onnx "
            f"and .pt2 files: {advice}."
        )
    return data


def is_tflite(path: Path) -> bool:
    """By its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(8)[4:] == flatbuffer.IDENTIFIER
    except OSError:
        return False


def parse(data: bytes, source: str, name: str) -> ir.Network:
    """The network in a file's bytes; `source` is what messages call it."""
    flatbuffer.check(data, source)
    try:
        return _Reader(data, source).network(name)
    except (
        struct.error, IndexError, KeyError, TypeError, ValueError, OverflowError, AttributeError,
        MemoryError,
    ) as error:  # fmt: skip
        raise GravenError(
            f"{source}: is damaged ({described(error)}); copy or export it again."
        ) from None


def identifier(stem: str) -> str:
    """A C++ identifier made of a file's name."""
    word = re.sub(r"_+", "_", re.sub(r"[^0-9A-Za-z]", "_", stem)).strip("_")
    if not word or word[0].isdigit() or word in taken_names():
        word = f"model_{word}" if word else "model"
    return word


NEWER = {"mask_of_head": 0}
"""Options of custom operators that older files lack, and what they mean there."""


class _Reader:
    def __init__(self, data: bytes, source: str) -> None:
        self.source = source
        self.model = tflite.Model.GetRootAs(data, 0)
        if self.model.Version() != SCHEMA:
            raise self.error(
                f"has version {self.model.Version()} of the file format, expected {SCHEMA}; it is "
                "damaged, or export the model again."
            )
        if self.model.SubgraphsLength() == 0:
            raise self.error("has no subgraphs, expected 1; it is damaged.")
        self.graph = self.model.Subgraphs(0)

    def error(self, message: str) -> GravenError:
        return GravenError(f"{self.source}: {message}")

    def network(self, name: str) -> ir.Network:
        names = [self.operator_name(index) for index in range(self.graph.OperatorsLength())]
        self.check_supported(names)
        users = self.users(names)
        self.made = {
            index
            for place in range(len(names))
            for index in _integers(self.graph.Operators(place), "Outputs")
        }  # one that is a variable keeps for its operator what it was
        self.fillings = {
            index: _integers(self.graph.Operators(place), "Inputs")[1:]
            for place, name in enumerate(names)
            if name == "FILL"
            for index in _integers(self.graph.Operators(place), "Outputs")
        }
        self.open: set[int] = set()  # of those, the ones with extents that the file leaves open
        self.resources = Resources(self.model, self.source, self.name_of, self.content)
        operators = [
            self.operator(index, name) for index, name in enumerate(names) if name not in SILENT
        ]
        inputs = _integers(self.graph, "Inputs")
        run = settled(operators, _integers(self.graph, "Outputs"))
        tensors, operators = unsigned.signed(
            self.source,
            [
                self.tensor(index, users.get(index, ""))
                for index in range(self.graph.TensorsLength())
            ],
            run.operators,
            inputs,
            run.outputs,
        )
        description = _text(self.model.Description())
        return checked(
            name, self.source, description, tensors, operators, inputs, run.outputs, self.open
        )

    # -- operators -------------------------------------------------------------------------------

    def operator_name(self, index: int) -> str:
        return self.name_of(self.graph.Operators(index), f"operator {index}")

    def name_of(self, operator: tflite.Operator, where: str = "an operator") -> str:
        code_index = operator.OpcodeIndex()
        if not 0 <= code_index < self.model.OperatorCodesLength():
            raise self.error(
                f"{where} has operator code {code_index}, but the file lists "
                f"{self.model.OperatorCodesLength()}; it is damaged."
            )
        code = self.model.OperatorCodes(code_index)
        builtin = max(_new_code(code), code.DeprecatedBuiltinCode())
        custom = _text(code.CustomCode())
        if custom and tflite.BUILTIN_OPCODE2NAME.get(builtin) == "CUSTOM":
            return custom
        return tflite.BUILTIN_OPCODE2NAME.get(builtin, f"number {builtin}")

    def check_supported(self, names: list[str]) -> None:
        for index, name in enumerate(names):
            if name in NPUS:
                raise self.error(
                    f"operator {index} ({name}): is compiled for {NPUS[name]}, which alone can run "
                    "it; give the .tflite file from before that step."
                )

        def where(index: int) -> str:
            outputs = _integers(self.graph.Operators(index), "Outputs")
            return f"operator {index} ({names[index]}), {self.tensor_text(outputs)}"

        if text := unsupported.sentence(names, where, SILENT):
            raise self.error(text)

    def tensor_text(self, indices: tuple[int, ...]) -> str:
        if not indices or not 0 <= indices[0] < self.graph.TensorsLength():
            return "no tensor"
        return f"tensor {indices[0]} '{_text(self.graph.Tensors(indices[0]).Name())}'"

    def users(self, names: list[str]) -> dict[int, str]:
        """The first operator that mentions each tensor, for messages."""
        found: dict[int, str] = {}
        for index, name in enumerate(names):
            operator = self.graph.Operators(index)
            for field in ("Outputs", "Inputs"):
                for tensor in _integers(operator, field):
                    found.setdefault(tensor, f"operator {index} ({name}), ")
        return found

    def operator(self, index: int, name: str) -> Stated:
        record = self.graph.Operators(index)
        option = self.options(record, layers.option_table(name), f"operator {index} ({name})")
        same = self.resources.same
        inputs = tuple(same.get(tensor, tensor) for tensor in _integers(record, "Inputs"))
        return Stated(name, inputs, _integers(record, "Outputs"), option, index)

    def options(
        self, record: tflite.Operator, table: str | None, where: str
    ) -> Callable[[str], Option]:
        if table is None:
            return lambda name: 0
        if table == layers.FLEX_BUFFER:
            return self.custom_options(record, where)
        options = getattr(tflite, table)()
        stored, kind = record.BuiltinOptions(), record.BuiltinOptionsType()
        absent = stored is None or kind == tflite.BuiltinOptions.NONE
        if absent:
            options.Init(EMPTY_TABLE, 4)  # the schema's defaults; `read` refuses senseless ones
        else:
            options.Init(stored.Bytes, stored.Pos)

        def option(name: str) -> Option:
            if not absent and kind != getattr(tflite.BuiltinOptions, table):
                raise self.error(
                    f"{where}: has options of type {kind}, expected {table}; the file is damaged."
                )
            value = getattr(options, name)()
            if name not in ENUMERATIONS:
                return value
            for text, number in vars(ENUMERATIONS[name]).items():
                if number == value and not text.startswith("_"):
                    return text
            raise self.error(f"{where}: option {name} is {value}, which has no meaning.")

        return option

    def custom_options(self, record: tflite.Operator, where: str) -> Callable[[str], Option]:
        try:
            stored = flexbuffers.Loads(_array(record, "CustomOptions").tobytes())
        except (IndexError, ValueError, TypeError, struct.error):
            raise self.error(f"{where}: its options are no FlexBuffer; it is damaged.") from None

        def option(name: str) -> Option:
            value = stored.get(name, NEWER.get(name)) if isinstance(stored, dict) else None
            if not isinstance(value, int | float) or not math.isfinite(value):
                raise self.error(f"{where}: has no option {name}, a number; export it again.")
            return value

        return option

    # -- tensors ---------------------------------------------------------------------------------

    def tensor(self, index: int, user: str) -> ir.Tensor:
        record = self.graph.Tensors(index)
        name = _text(record.Name())
        where = f"{user}tensor {index} '{name}'"
        if record.Type() == tflite.TensorType.RESOURCE:
            return self.variable(index, name, where)
        element = self.element(record, where)
        shape = self.shape(record, where, computed=index in self.made)
        if index in self.made and (0 in shape or (_array(record, "ShapeSignature") < 0).any()):
            self.open.add(index)
        quantization = self.quantization(record, shape, element)
        data = self.constant(record, shape, element, where)
        initial = None
        if record.IsVariable() and index not in self.made:
            initial, data = _zeros(shape, element, quantization), None
        if quantization and quantization.scale == (0.0,) and self.is_zero(index, data):
            quantization = ir.Quantization((LEAST_SCALE,), quantization.zero_point)
        return ir.Tensor(index, name, shape, element, quantization, data, initial)

    def is_zero(self, index: int, data: np.ndarray | None) -> bool:
        """Whether a tensor is a constant of zeros, for which some converters store the scale 0."""
        if data is not None:
            return not data.any()
        filling = [
            self.tensor(each, "") for each in self.fillings.get(index, ()) if each not in self.made
        ]
        return bool(filling) and all(
            each.data is not None and not each.data.any() for each in filling
        )

    def variable(self, index: int, name: str, where: str) -> ir.Tensor:
        """A resource's handle as the variable that it names; another one is left alone."""
        like = self.resources.described.get(index)
        if like is None:
            return ir.Tensor(index, name, (1,), ir.Element.BOOLEAN, None, None)
        record = self.graph.Tensors(like)
        element, shape = self.element(record, where), self.shape(record, where)
        quantization = self.quantization(record, shape, element)
        initial = self.resources.contents.get(self.resources.keys[index])
        if initial is None:
            initial = _zeros(shape, element, quantization)
        elif (initial.shape, initial.dtype) != (shape, element.dtype):
            raise self.error(
                f"{where}: is {element.value} {shape_text(shape)}, but at first it gets "
                f"{initial.dtype} {shape_text(initial.shape)}; the file is damaged."
            )
        return ir.Tensor(index, name, shape, element, quantization, None, initial)

    def content(self, record: tflite.Tensor) -> np.ndarray | None:
        """Of a constant of another subgraph."""
        where = f"tensor '{_text(record.Name())}'"
        element = self.element(record, where)
        return self.constant(record, self.shape(record, where), element, where)

    def element(self, record: tflite.Tensor, where: str) -> ir.Element:
        element = ELEMENTS.get(record.Type())
        if element is None:
            known = {number: text for text, number in vars(tflite.TensorType).items()}
            text = str(known.get(record.Type(), record.Type())).lower()
            raise self.error(
                f"{where}: is {text}, expected int8 or float32; convert the model again with full "
                "integer (int8) quantization."
            )
        return element

    def shape(self, record: tflite.Tensor, where: str, computed: bool = False) -> tuple[int, ...]:
        """Open extents (-1 in the signature) are stored as 1: right for a batch that comes in, and
        what an operator computes, the operator knows; also where 0 is stored."""
        check_axes(self.source, where, record.ShapeLength())
        shape = _integers(record, "Shape")
        signature = tuple(
            int(extent) for extent in _array(record, "ShapeSignature")[: len(shape) + 1]
        )
        if signature and len(signature) != len(shape):
            raise self.error(f"{where}: its shape and shape signature differ in rank.")
        dynamic = any(extent < 0 for extent in signature[1:])
        if (dynamic and not computed) or any(extent < 0 for extent in shape):
            raise self.error(
                f"{where}: has the dynamic shape {shape_text(signature or shape)}; export the "
                "model with a fixed input shape, its batch included (in Keras: "
                "Input(shape, batch_size=1))."
            )
        return shape

    def constant(
        self, record: tflite.Tensor, shape: tuple[int, ...], element: ir.Element, where: str
    ) -> np.ndarray | None:
        index = record.Buffer()
        if not 0 <= index < max(self.model.BuffersLength(), 1):
            raise self.error(
                f"{where}: names buffer {index}, but the file has {self.model.BuffersLength()}; "
                "it is damaged."
            )
        if index == 0:
            return None
        buffer = self.model.Buffers(index)
        if buffer.Offset() > 1 or buffer.Size() > 1:
            raise self.error(
                f"{where}: keeps its data behind the FlatBuffer (a file above 2 GB); export a "
                "smaller model."
            )
        if buffer.DataLength() == 0:
            return None
        if record.Sparsity() is not None:
            return self.expanded(record, shape, element, where)
        expected = math.prod(shape) * element.dtype.itemsize
        if element is ir.Element.INT4:
            expected = (expected + 1) // 2
        if buffer.DataLength() != expected:
            raise self.error(
                f"{where}: has {buffer.DataLength()} bytes of constant data, but its shape "
                f"{shape_text(shape)} of {element.value} takes {expected}; the file is damaged."
            )
        if element is ir.Element.BOOLEAN:
            return (_array(buffer, "Data") != 0).reshape(shape)
        if element is ir.Element.INT4:
            return unpacked(_array(buffer, "Data"))[: math.prod(shape)].reshape(shape)
        raw = _array(buffer, "Data").view(element.dtype.newbyteorder("<"))
        return raw.astype(element.dtype, copy=False).reshape(shape)

    def expanded(
        self, record: tflite.Tensor, shape: tuple[int, ...], element: ir.Element, where: str
    ) -> np.ndarray:
        """Of a constant that is stored sparsely."""
        if element in (ir.Element.INT4, ir.Element.BOOLEAN):
            raise self.error(
                f"{where}: is {element.value} and stored sparsely, which works for whole bytes "
                "alone; export the model with dense weights."
            )
        if math.prod(shape) * element.dtype.itemsize > MOST_BYTES:
            raise self.error(f"{where}: has shape {shape_text(shape)}, too large a constant.")
        raw = _array(self.model.Buffers(record.Buffer()), "Data")
        try:
            values = raw.view(element.dtype.newbyteorder("<")).astype(element.dtype, copy=False)
            return sparsity.expanded(record.Sparsity(), shape, values)
        except ValueError as error:
            raise self.error(
                f"{where}: is stored sparsely, but {error}; the file is damaged."
            ) from None

    def quantization(
        self, record: tflite.Tensor, shape: tuple[int, ...], element: ir.Element
    ) -> ir.Quantization | None:
        stored = record.Quantization()
        integer = element not in (ir.Element.FLOAT16, ir.Element.FLOAT32, ir.Element.BOOLEAN)
        if not integer or stored is None or stored.ScaleLength() == 0:
            return None
        scales = tuple(float(scale) for scale in _array(stored, "Scale"))
        points = _integers(stored, "ZeroPoint") or (0,)
        if len(points) == 1:
            points *= len(scales)
        axis = 0 if len(shape) <= 1 else stored.QuantizedDimension()
        if len(scales) == 1 and not 0 <= axis < len(shape):
            axis = 0
        return ir.Quantization(scales, points, axis)


def _zeros(
    shape: tuple[int, ...], element: ir.Element, quantization: ir.Quantization | None
) -> np.ndarray:
    """Real zeros."""
    zero = quantization.zero_point[0] if quantization and element in BYTES else 0
    return np.full(shape, zero, dtype=element.dtype)


def _new_code(code: tflite.OperatorCode) -> int:
    """The field as it is stored: some files have nothing in the old one."""
    place = code._tab.Offset(NEW_CODE)
    return code._tab.Get(Int32Flags, code._tab.Pos + place) if place else 0


def unpacked(data: np.ndarray) -> np.ndarray:
    """Two numbers of four bits per byte, the lower half first."""
    pairs = data.view(np.int8)
    return np.stack([(pairs << 4) >> 4, pairs >> 4], axis=-1).reshape(-1)


def _array(record: object, field: str) -> np.ndarray:
    """A vector field, empty where it is absent (the runtime would give the number 0)."""
    value = getattr(record, f"{field}AsNumpy")()
    return value if isinstance(value, np.ndarray) else np.zeros(0, dtype=np.int32)


def _integers(record: object, field: str) -> tuple[int, ...]:
    return tuple(int(value) for value in _array(record, field))


def _text(raw: bytes | None) -> str:
    """A name in the file, fit to print and not endless."""
    return printable((raw or b"")[:1000].decode("utf-8", "replace"))
