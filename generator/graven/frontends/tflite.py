"""Reads a .tflite file: TensorFlow Lite's FlatBuffer of one int8 or float32 network.

Nothing in the file is believed: flatbuffer.check has verified every offset before this module
reads a field, and each number that is an index, a size or a scale is checked here, where it is
read. Whatever is wrong becomes one sentence.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tflite

from graven import ir, layers
from graven.errors import GravenError
from graven.frontends import flatbuffer
from graven.frontends.tflite_writer import ENUMERATIONS, TENSOR_TYPES
from graven.node import BYTES, Node, Option, shape_text

ELEMENTS = {code: element for element, code in TENSOR_TYPES.items()}
MOST_AXES = 6
MOST_BYTES = 1 << 28  # of one tensor: far above any microcontroller's memory
MOST_COMPUTED = 1 << 24  # bytes of a tensor that is no constant
MOST_FILE = 1 << 30
EMPTY_TABLE = struct.pack("<HHi", 4, 4, 4)  # a vtable without fields, and a table that points to it
CPP_WORDS = frozenset(
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t "
    "char32_t char8_t class co_await co_return co_yield compl concept const const_cast consteval "
    "constexpr constinit continue decltype default delete do double dynamic_cast else enum "
    "explicit export extern false float for friend goto graven if inline int long main mutable "
    "namespace new noexcept not not_eq nullptr operator or or_eq private protected public "
    "register reinterpret_cast requires return short signed sizeof static static_assert "
    "static_cast std struct switch template this thread_local throw true try typedef typeid "
    "typename union unsigned using virtual void volatile wchar_t while xor xor_eq".split()
)

C_NAMES = frozenset(
    "abs accept access acos acosh asin asinh assert atan atan2 atanh atof atoi bind brk calloc "
    "cbrt ceil clock close connect copysign cos cosh div drem dup environ erf erfc errno exit exp "
    "exp2 expm1 fabs fdim floor fma fmax fmin fmod fork free frexp gamma getenv gets hypot index "
    "isalpha isdigit j0 j1 jn kill labs ldexp lgamma link linux listen log log10 log1p log2 logb "
    "lround malloc memcpy modf nan nice open pause pipe pow printf putc puts qsort raise rand "
    "random read realloc recv remainder remove rename rewind rindex rint round scalb scanf select "
    "send signal signbit significand sin sinh sleep sqrt stat stderr stdin stdout strlen sync "
    "system tan tanh tgamma time times trunc truncate unix unlink vfork wait write y0 y1 yn".split()
)
"""Global names of the C library that a model may well be called; a namespace cannot be."""

TORCH = ("a PyTorch model", "litert-torch")
KERAS = ("a Keras or TensorFlow model", "tf.lite.TFLiteConverter")
CONVERTERS = {
    ".onnx": ("an ONNX model", "onnx2tf (option -oiqt)"),
    **dict.fromkeys((".ckpt", ".pt", ".pt2", ".pte", ".pth", ".safetensors"), TORCH),
    **dict.fromkeys((".h5", ".hdf5", ".keras", ".pb"), KERAS),
}
"""What another front end would read, by the file's ending, and what makes a .tflite file of it."""


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
        kind, converter = CONVERTERS[path.suffix.lower()]
        raise GravenError(
            f"{path}: is no .tflite file but {kind}, by its name; graven reads .tflite files only: "
            f"convert it to full int8 with {converter}."
        )
    return data


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
            f"{source}: is damaged ({type(error).__name__}: {error}); copy or export it again."
        ) from None


def identifier(stem: str) -> str:
    """A C++ identifier made of a file's name."""
    word = re.sub(r"_+", "_", re.sub(r"[^0-9A-Za-z]", "_", stem)).strip("_")
    if not word or word[0].isdigit() or word in CPP_WORDS | C_NAMES:
        word = f"model_{word}" if word else "model"
    return word


class _Reader:
    def __init__(self, data: bytes, source: str) -> None:
        self.source = source
        self.model = tflite.Model.GetRootAs(data, 0)
        if self.model.SubgraphsLength() != 1:
            raise self.error(
                f"has {self.model.SubgraphsLength()} subgraphs, expected 1; models with control "
                "flow or several signatures are not supported."
            )
        self.graph = self.model.Subgraphs(0)

    def error(self, message: str) -> GravenError:
        return GravenError(f"{self.source}: {message}")

    def network(self, name: str) -> ir.Network:
        names = [self.operator_name(index) for index in range(self.graph.OperatorsLength())]
        self.check_supported(names)
        users = self.users(names)
        tensors = tuple(
            self.tensor(index, users.get(index, "")) for index in range(self.graph.TensorsLength())
        )
        inputs = self.indices(_array(self.graph, "Inputs"), "model's inputs", len(tensors))
        outputs = self.indices(_array(self.graph, "Outputs"), "model's outputs", len(tensors))
        if not inputs or not outputs or not names:
            raise self.error(
                f"has {len(inputs)} inputs, {len(names)} operators and {len(outputs)} outputs, "
                "expected at least one of each."
            )
        operators = tuple(self.operator(index, name, tensors) for index, name in enumerate(names))
        self.check_order(tensors, operators, inputs, outputs)
        self.check_inputs([tensors[index] for index in inputs])
        check_islands(self.source, tensors, operators)
        return ir.Network(
            name=name,
            source=self.source,
            description=_text(self.model.Description()),
            tensors=tensors,
            operators=operators,
            inputs=inputs,
            outputs=outputs,
        )

    # -- operators -------------------------------------------------------------------------------

    def operator_name(self, index: int) -> str:
        code_index = self.graph.Operators(index).OpcodeIndex()
        if not 0 <= code_index < self.model.OperatorCodesLength():
            raise self.error(
                f"operator {index} has operator code {code_index}, but the file lists "
                f"{self.model.OperatorCodesLength()}; it is damaged."
            )
        code = self.model.OperatorCodes(code_index)
        builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        custom = _text(code.CustomCode())
        if custom and tflite.BUILTIN_OPCODE2NAME.get(builtin) == "CUSTOM":
            return custom
        return tflite.BUILTIN_OPCODE2NAME.get(builtin, f"number {builtin}")

    def check_supported(self, names: list[str]) -> None:
        for index, name in enumerate(names):
            if name not in layers.modules():
                supported = ", ".join(sorted(layers.modules()))
                outputs = _array(self.graph.Operators(index), "Outputs")
                raise self.error(
                    f"operator {index} ({name}), {self.tensor_text(outputs)}: is not supported; "
                    f"replace it with one of {supported}."
                )

    def tensor_text(self, indices: np.ndarray) -> str:
        if len(indices) == 0 or not 0 <= indices[0] < self.graph.TensorsLength():
            return "no tensor"
        return f"tensor {indices[0]} '{_text(self.graph.Tensors(int(indices[0])).Name())}'"

    def users(self, names: list[str]) -> dict[int, str]:
        """The first operator that mentions each tensor, for messages."""
        found: dict[int, str] = {}
        for index, name in enumerate(names):
            operator = self.graph.Operators(index)
            for field in ("Outputs", "Inputs"):
                for tensor in _array(operator, field):
                    found.setdefault(int(tensor), f"operator {index} ({name}), ")
        return found

    def indices(self, values: np.ndarray, what: str, count: int) -> tuple[int, ...]:
        for value in values:
            if not 0 <= value < count:
                raise self.error(
                    f"{what} name tensor {value}, but the file has {count}; it is damaged."
                )
        return tuple(int(value) for value in values)

    def operator(self, index: int, name: str, tensors: tuple[ir.Tensor, ...]) -> ir.Operator:
        record = self.graph.Operators(index)
        where = f"operator {index} ({name})"
        raw = _array(record, "Inputs")
        self.indices(raw[raw != -1], f"{where}: its inputs", len(tensors))
        inputs = tuple(int(value) for value in raw)
        outputs = self.indices(_array(record, "Outputs"), f"{where}: its outputs", len(tensors))
        module = layers.modules()[name]
        node = Node(
            source=self.source,
            index=index,
            name=name,
            inputs=tuple(None if value < 0 else tensors[value] for value in inputs),
            outputs=tuple(tensors[value] for value in outputs),
            option=self.options(record, module.OPTIONS, where),
        )
        if not outputs:
            raise self.error(f"{where}: has no outputs; the file is damaged.")
        return ir.Operator(index, name, module.read(node), inputs, outputs)

    def options(
        self, record: tflite.Operator, table: str | None, where: str
    ) -> Callable[[str], Option]:
        if table is None:
            return lambda name: 0
        options = getattr(tflite, table)()
        stored = record.BuiltinOptions()
        kind = record.BuiltinOptionsType()
        if stored is None or kind == tflite.BuiltinOptions.NONE:
            options.Init(EMPTY_TABLE, 4)  # the schema's defaults; `read` refuses senseless ones
        elif kind == getattr(tflite.BuiltinOptions, table):
            options.Init(stored.Bytes, stored.Pos)
        else:
            raise self.error(
                f"{where}: has options of type {kind}, expected {table}; the file is damaged."
            )

        def option(name: str) -> Option:
            value = getattr(options, name)()
            if name not in ENUMERATIONS:
                return value
            for text, number in vars(ENUMERATIONS[name]).items():
                if number == value and not text.startswith("_"):
                    return text
            raise self.error(f"{where}: option {name} is {value}, which has no meaning.")

        return option

    # -- tensors ---------------------------------------------------------------------------------

    def tensor(self, index: int, user: str) -> ir.Tensor:
        record = self.graph.Tensors(index)
        name = _text(record.Name())
        where = f"{user}tensor {index} '{name}'"
        element = self.element(record, where)
        shape = self.shape(record, element, where)
        quantization = self.quantization(record, shape, element, where)
        data = self.constant(record, shape, element, where)
        if data is None and math.prod(shape) * element.dtype.itemsize > MOST_COMPUTED:
            raise self.error(
                f"{where}: has shape {shape_text(shape)}, more than {MOST_COMPUTED >> 20} MB; no "
                "microcontroller holds it."
            )
        if data is None and len(shape) >= 3 and shape[0] != 1:
            raise self.error(
                f"{where}: has shape {shape_text(shape)}, a batch of {shape[0]}; export the model "
                "with a batch of 1."
            )
        return ir.Tensor(index, name, shape, element, quantization, data)

    def element(self, record: tflite.Tensor, where: str) -> ir.Element:
        element = ELEMENTS.get(record.Type())
        if element is None or element is ir.Element.INT16:
            known = {number: text for text, number in vars(tflite.TensorType).items()}
            text = str(known.get(record.Type(), record.Type())).lower()
            raise self.error(
                f"{where}: is {text}, expected int8 or float32; convert the model again with full "
                "integer (int8) quantization."
            )
        if record.IsVariable():
            raise self.error(f"{where}: keeps state between runs, which is not supported.")
        if record.Sparsity() is not None:
            raise self.error(f"{where}: is stored sparsely; export the model with dense weights.")
        return element

    def shape(self, record: tflite.Tensor, element: ir.Element, where: str) -> tuple[int, ...]:
        if record.ShapeLength() > MOST_AXES:
            raise self.error(f"{where}: has {record.ShapeLength()} axes, at most {MOST_AXES} work.")
        shape = tuple(int(extent) for extent in _array(record, "Shape"))
        signature = tuple(int(extent) for extent in _array(record, "ShapeSignature")[:MOST_AXES])
        if signature and len(signature) != len(shape):
            raise self.error(f"{where}: its shape and shape signature differ in rank.")
        dynamic = [axis for axis, extent in enumerate(signature) if extent < 0 and axis > 0]
        if dynamic or any(extent < 0 for extent in shape):
            text = shape_text(signature or shape)
            raise self.error(
                f"{where}: has the dynamic shape {text}; export the model with a fixed input shape."
            )
        if any(extent == 0 for extent in shape):
            raise self.error(f"{where}: has shape {shape_text(shape)}, which holds nothing.")
        if math.prod(shape) * element.dtype.itemsize > MOST_BYTES:
            raise self.error(
                f"{where}: has shape {shape_text(shape)}, more than {MOST_BYTES >> 20} MB."
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
        expected = math.prod(shape) * element.dtype.itemsize
        if buffer.DataLength() != expected:
            raise self.error(
                f"{where}: has {buffer.DataLength()} bytes of constant data, but its shape "
                f"{shape_text(shape)} of {element.value} takes {expected}; the file is damaged."
            )
        if element is ir.Element.BOOLEAN:
            return (_array(buffer, "Data") != 0).reshape(shape)
        raw = _array(buffer, "Data").view(element.dtype.newbyteorder("<"))
        return raw.astype(element.dtype, copy=False).reshape(shape)

    def quantization(
        self, record: tflite.Tensor, shape: tuple[int, ...], element: ir.Element, where: str
    ) -> ir.Quantization | None:
        stored = record.Quantization()
        integer = element in (*BYTES, ir.Element.INT32)
        if not integer or stored is None or stored.ScaleLength() == 0:
            if element in BYTES:
                raise self.error(
                    f"{where}: is {element.value} but has no scale and zero point; convert the "
                    "model again with full integer quantization."
                )
            return None
        scales = tuple(float(scale) for scale in _array(stored, "Scale"))
        points = tuple(int(point) for point in _array(stored, "ZeroPoint")) or (0,)
        if len(points) == 1:
            points *= len(scales)
        axis = 0 if len(shape) <= 1 else stored.QuantizedDimension()
        if len(points) != len(scales):
            raise self.error(
                f"{where}: has {len(scales)} scales and {len(points)} zero points; it is damaged."
            )
        for scale in scales:
            if not 0.0 < scale < math.inf:
                raise self.error(
                    f"{where}: has scale {scale}, expected a positive number; quantize again."
                )
        low, high = (0, 255) if element is ir.Element.UINT8 else (-128, 127)
        for point in points:
            if not low <= point <= high:
                raise self.error(
                    f"{where}: has zero point {point}, expected {low} to {high}; quantize again."
                )
        if len(scales) == 1:
            return ir.Quantization(scales, points, axis if 0 <= axis < len(shape) else 0)
        if not 0 <= axis < len(shape) or shape[axis] != len(scales):
            raise self.error(
                f"{where}: has {len(scales)} scales along axis {axis}, which do not fit its shape "
                f"{shape_text(shape)}."
            )
        return ir.Quantization(scales, points, axis)

    # -- the graph -------------------------------------------------------------------------------

    def check_order(
        self,
        tensors: tuple[ir.Tensor, ...],
        operators: tuple[ir.Operator, ...],
        inputs: tuple[int, ...],
        outputs: tuple[int, ...],
    ) -> None:
        known = {tensor.index for tensor in tensors if tensor.data is not None}
        for index in inputs:
            if index in known:
                raise self.error(
                    f"tensor {index} '{tensors[index].name}': is a model input twice or a constant."
                )
            known.add(index)
        computed = set()
        for operator in operators:
            where = f"operator {operator.index} ({operator.name})"
            for index in operator.inputs:
                if index >= 0 and index not in known:
                    raise self.error(
                        f"{where}, tensor {index} '{tensors[index].name}': is used before any "
                        "operator has computed it; the file is damaged."
                    )
            for index in operator.outputs:
                if index in known:
                    raise self.error(
                        f"{where}, tensor {index} '{tensors[index].name}': is written although it "
                        "is an input, a constant or another operator's output."
                    )
                known.add(index)
                computed.add(index)
        for index in outputs:
            if index not in computed:
                raise self.error(
                    f"tensor {index} '{tensors[index].name}': is a model output, but no operator "
                    "computes it."
                )

    def check_inputs(self, tensors: list[ir.Tensor]) -> None:
        for tensor in tensors:
            where = f"tensor {tensor.index} '{tensor.name}'"
            if len(tensor.shape) == 2 and tensor.shape[0] != 1:
                raise self.error(
                    f"{where}: is a model input of shape {shape_text(tensor.shape)}, a batch of "
                    f"{tensor.shape[0]}; export the model with a batch of 1."
                )
            if tensor.element not in (*BYTES, ir.Element.FLOAT32):
                raise self.error(
                    f"{where}: is a model input of {tensor.element.value}, expected int8, uint8 or "
                    "float32."
                )


def check_islands(
    source: str, tensors: tuple[ir.Tensor, ...], operators: tuple[ir.Operator, ...]
) -> None:
    """A float operator may stand before or behind the int8 part of a model, not inside it."""

    def quantized(indices: tuple[int, ...]) -> bool:
        return any(index >= 0 and tensors[index].element in BYTES for index in indices)

    after: set[int] = set()  # tensors that depend on int8 ones
    for operator in operators:
        if quantized(operator.inputs) or any(index in after for index in operator.inputs):
            after.update(operator.outputs)
    before: set[int] = set()  # tensors that int8 ones depend on
    for operator in reversed(operators):
        if quantized(operator.outputs) or any(index in before for index in operator.outputs):
            before.update(index for index in operator.inputs if index >= 0)
    for operator in operators:
        output = operator.outputs[0]
        if operator.name == "DEQUANTIZE" or tensors[output].element is not ir.Element.FLOAT32:
            continue
        if output in after and output in before:
            raise GravenError(
                f"{source}: operator {operator.index} ({operator.name}), tensor {output} "
                f"'{tensors[output].name}': is float32 between int8 operators; quantize the whole "
                "model, this operator included."
            )


def _array(record: object, field: str) -> np.ndarray:
    """A vector field, empty where it is absent (the runtime would give the number 0)."""
    value = getattr(record, f"{field}AsNumpy")()
    return value if isinstance(value, np.ndarray) else np.zeros(0, dtype=np.int32)


def _text(raw: bytes | None) -> str:
    """A name in the file, fit to print and not endless."""
    return printable((raw or b"")[:1000].decode("utf-8", "replace"))


def printable(text: str) -> str:
    """On one line, without control characters and halves of surrogate pairs."""
    return "".join(char if char.isprintable() else "?" for char in text)
