"""Reads an .onnx file as PyTorch, tf2onnx, skl2onnx and others export it: float32 or quantized.

Each kind of node has a function here that tells nchw.Draft what the node computes; nodes whose
inputs are all constants are computed by onnx's own evaluator. Opsets 11 and later; 7 to 10 by
onnx's converter. Quantized are networks between QuantizeLinear and DequantizeLinear, and
onnxruntime's operators of integers (onnx_quantized.py): a View stands for the real numbers, whose
scale the Draft knows.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graven import ir
from graven.errors import GravenError, first_line, printable
from graven.frontends import (
    functions,
    lookups,
    onnx_operators,
    onnx_patterns,
    places,
    products,
    recurrent,
)
from graven.frontends.integers import Integers
from graven.frontends.nchw import Draft, Operand, Sliding, View, cheapest
from graven.frontends.tflite import identifier
from graven.layers.resize_nearest import ResizeNearest, sources
from graven.node import shape_text

if TYPE_CHECKING:
    import onnx

OLDEST, CONVERTED = 11, 7
"""Opsets: that is read, and that is converted to it."""

SIMPLE = "simple"
"""How a Resize without a nearest_mode rounded: down where it enlarges, else up."""

FLOAT, UINT8, INT8 = 1, 2, 3  # onnx.TensorProto's
TOKENS = (6, 7)  # INT32 and INT64, both int32 here
ELEMENTWISE = {
    "Abs": "ABS", "Ceil": "CEIL", "Cos": "COS", "Exp": "EXP", "Floor": "FLOOR",
    "HardSwish": "HARD_SWISH", "Log": "LOG", "Neg": "NEG", "Relu": "RELU", "Round": "ROUND",
    "Sigmoid": "LOGISTIC", "Sign": "SIGN", "Sin": "SIN", "Sqrt": "SQRT", "Tanh": "TANH",
}  # fmt: skip
BINARY = {"Add": "ADD", "Max": "MAXIMUM", "Min": "MINIMUM", "Mul": "MUL"}
REDUCTIONS = {
    "ReduceMax": "REDUCE_MAX", "ReduceMean": "MEAN", "ReduceMin": "REDUCE_MIN",
    "ReduceProd": "REDUCE_PROD", "ReduceSum": "SUM",
}  # fmt: skip
DYNAMIC = (
    "its scales depend on the input: quantize the model statically, with samples, or give the "
    "float model and let graven quantize it (--quantize int8 --calibrate)"
)
INSTEAD = {
    "If": "the network must not depend on its input; export one of its branches",
    "Loop": "export the loop unrolled",
    "Scan": "export the loop unrolled",
    **dict.fromkeys(("DynamicQuantizeLinear", "ConvInteger", "MatMulInteger"), DYNAMIC),
    "NonMaxSuppression": "end the network before it, and do it in the firmware",
}

Attributes = dict[str, Any]
Handler = Callable[["_Reader", Attributes, list[Operand | None]], Any]
HANDLERS: dict[str, Handler] = dict(onnx_operators.HANDLERS)
OTHERWISE = (
    "end the model before it and compute it in the firmware, or write it with operators that are "
    "(docs/models.md lists them)"
)
DOMAINS = ("", "ai.onnx", "com.microsoft")
STORED = (
    "Add", "Concat", "Conv", "ConvTranspose", "DequantizeLinear", "Gemm", "MatMul", "Max", "Min",
    "Mul", "Sub", "Transpose",
)  # fmt: skip
"""What takes constants as integers; others see their real numbers."""
STATES = (5, 6)  # inputs of recurrent layers that may be computed
SCALED = ("QuantizeLinear", "DequantizeLinear")


def require() -> None:
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise GravenError(
            "reading an .onnx file needs the package onnx: pip install 'graven[onnx]'."
        ) from None


def load(path: str | Path, layout: str | None = None) -> ir.Network:
    """The network in the file; `layout` is that of inputs with height and width: nhwc, nchw, or
    what costs nothing."""
    require()
    import onnx
    from google.protobuf.message import DecodeError

    path = Path(path)
    source = printable(path.name)
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except OSError as error:
        raise GravenError(f"{path}: cannot be read: {error.strerror or error}.") from None
    except (DecodeError, onnx.checker.ValidationError, ValueError) as error:
        reason = first_line(error)
        raise GravenError(
            f"{path}: is no valid ONNX model ({reason}); copy or export it again."
        ) from None
    return parse(model, source, identifier(path.stem), layout)


def parse(model: onnx.ModelProto, source: str, name: str, layout: str | None = None) -> ir.Network:
    """The network of a model that onnx's checker has accepted; `source` is for messages."""
    from onnx import inliner

    if model.functions:
        model = inliner.inline_local_functions(model)
    opset = max((each.version for each in model.opset_import if not each.domain), default=0)
    if opset < OLDEST:
        model, opset = converted(model, opset, source), OLDEST
    from graven.frontends import onnx_quantized

    HANDLERS.update(onnx_quantized.handlers())

    def draw(each: str) -> ir.Network:
        reader = _Reader(model, opset, source)
        with reader.draft.trusting("ONNX"):
            return reader.network(name, each)

    return cheapest(draw, layout)


def converted(model: onnx.ModelProto, opset: int, source: str) -> onnx.ModelProto:
    """A model of an older opset in that of the oldest that is read, by onnx's own rules, but for
    one that they lack: where pixels lay before a Resize could say it."""
    from onnx import helper, version_converter

    if opset >= CONVERTED:
        with contextlib.suppress(RuntimeError, ValueError):
            found = version_converter.convert_version(model, OLDEST)
            for node in nodes_of(found.graph):
                if node.op_type == "Resize":
                    lies = helper.make_attribute("coordinate_transformation_mode", "asymmetric")
                    node.attribute.extend([lies, helper.make_attribute("nearest_mode", SIMPLE)])
            return found
    raise GravenError(
        f"{source}: is of opset {opset}, expected {OLDEST} or later, and onnx.version_converter "
        "does not convert it; export it again."
    )


def nodes_of(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """With those of branches and loops."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from nodes_of(attribute.g)


def handles(*types: str) -> Callable[[Handler], Handler]:
    def add(function: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(types, function))
        return function

    return add


class _Reader:
    def __init__(self, model: onnx.ModelProto, opset: int, source: str) -> None:
        self.graph = model.graph
        self.opset = opset
        self.draft = Draft(source)
        self.values: dict[str, Operand] = {}
        self.outputs = 1  # of the node that is being read
        self.yields: list[bool] = []  # whether anything reads them
        self.read = {name for each in self.graph.node for name in each.input}
        self.read |= {each.name for each in self.graph.output}
        self.unscaled: set[int] = set()  # inputs of integers, whose first reader says their scale

    def network(self, name: str, layout: str) -> ir.Network:
        from onnx import numpy_helper

        for each in self.graph.initializer:
            self.values[each.name] = numpy_helper.to_array(each)
        weights = [each for each in self.values.values() if each.size > 1]
        self.draft.note_weights(weights)
        for each in self.graph.input:
            if each.name not in self.values:
                shape = self.input_shape(each)
                kind = each.type.tensor_type.elem_type
                element = ir.Element.INT32 if kind in TOKENS else ir.Element.FLOAT32
                view = self.draft.input(printable(each.name), shape, layout, element)
                self.values[each.name] = view
                if kind in (INT8, UINT8):
                    self.unscaled.add(view.index)
                if each.type.tensor_type.elem_type == UINT8:
                    self.draft.edges.add(printable(each.name))
        for node in onnx_patterns.read(self.graph.node, self.values):
            self.node(node)
        outputs: dict[str, View] = {}
        for each in self.graph.output:
            value = self.values[each.name]
            if not isinstance(value, View):
                raise GravenError(
                    f"{self.draft.source}: output '{each.name}' does not depend on the input."
                )
            if each.type.tensor_type.elem_type == UINT8:
                self.draft.edges.add(printable(each.name))
            outputs[printable(each.name)] = value
        return self.draft.network(name, outputs, layout)

    def input_shape(self, each: onnx.ValueInfoProto) -> tuple[int, ...]:
        """Of a model input; an open batch is 1."""
        self.draft.where = f"input '{each.name}'"
        kind = each.type.tensor_type
        if kind.elem_type not in (FLOAT, INT8, UINT8, *TOKENS):
            raise self.draft.error(
                "is not float32, nor int8 or uint8 of a quantized model, nor tokens (int32, "
                "int64); export the model in float32."
            )
        shape = []
        for axis, extent in enumerate(kind.shape.dim):
            known = extent.HasField("dim_value") and extent.dim_value > 0
            if not known and axis > 0:
                raise self.draft.error(
                    f"has an open extent '{extent.dim_param}' as axis {axis}; export the model "
                    "with a fixed input shape."
                )
            shape.append(extent.dim_value if known else 1)
        return tuple(shape)

    def node(self, node: onnx.NodeProto) -> None:
        from onnx import helper

        label = printable(node.name or (node.output[0] if node.output else ""))
        self.draft.where = f"node '{label}' ({node.op_type})"
        if node.domain not in DOMAINS:
            raise self.draft.error(
                f"is of the domain {node.domain}; export the model with ONNX's own operators."
            )
        inputs = [self.values[name] if name else None for name in node.input]
        self.outputs = len(node.output)
        self.yields = [name in self.read for name in node.output]
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        stored = any(isinstance(value, Integers) for value in inputs)
        if any(isinstance(value, View) for value in inputs):
            if node.op_type not in STORED:
                inputs = [real(value) for value in inputs]
            found = self.handler(node.op_type)(self, attributes, inputs)
        elif node.op_type in SCALED or (stored and node.op_type == "Transpose"):
            found = self.handler(node.op_type)(self, attributes, inputs)
        elif node.op_type == "If":
            found = self.branch(attributes["then_branch" if inputs[0].all() else "else_branch"])
        elif node.op_type in INSTEAD:
            found = self.handler(node.op_type)
        else:
            found = self.computed(node)
        results = found if isinstance(found, list | tuple) else [found]
        for name, value in zip(node.output, results, strict=False):
            if isinstance(value, View):
                value = self.renamed(value, name)
            self.values[name] = value

    def branch(self, graph: onnx.GraphProto) -> list[Operand]:
        """Of a constant condition; it sees all that is outside of it."""
        from onnx import numpy_helper

        for each in graph.initializer:
            self.values[each.name] = numpy_helper.to_array(each)
        self.read |= {each.name for each in graph.output}
        self.read |= {name for each in graph.node for name in each.input}
        for each in graph.node:
            self.node(each)
        return [self.values[each.name] for each in graph.output]

    def renamed(self, view: View, name: str) -> View:
        """The file's name for what it has computed, without its node's in front."""
        tensor = self.draft.tensors[view.index]
        if tensor.name.startswith(f"{self.draft.where}_"):
            self.draft.tensors[view.index] = replace(tensor, name=printable(name))
        return view

    def handler(self, kind: str) -> Handler:
        if kind not in HANDLERS:
            raise self.draft.error(f"is not supported; {INSTEAD.get(kind, OTHERWISE)}.")
        return HANDLERS[kind]

    def computed(self, node: onnx.NodeProto) -> list[np.ndarray]:
        """Of constants, by onnx's own evaluator."""
        from onnx import ModelProto, helper
        from onnx.reference import ReferenceEvaluator

        if not node.input and node.op_type != "Constant":
            raise self.draft.error("has no inputs; a network that makes its own is not supported.")
        names = [name for name in node.input if name]
        given = {name: real(self.values[name]) for name in names}
        for attribute in node.attribute:
            if attribute.s == SIMPLE.encode():
                shrinks = {bool(scale < 1) for scale in given[node.input[2]] if scale != 1}
                if len(shrinks) > 1:
                    raise self.draft.error("makes a constant larger and smaller; store the result.")
                attribute.s = b"ceil" if True in shrinks else b"floor"
        graph = helper.make_graph(
            [node],
            "constant",
            [helper.make_empty_tensor_value_info(name) for name in dict.fromkeys(names)],
            [helper.make_empty_tensor_value_info(name) for name in node.output],
        )
        model: ModelProto = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self.opset)]
        )
        return [np.asarray(each) for each in ReferenceEvaluator(model).run(None, given)]

    # -- what handlers ask for -------------------------------------------------------------------

    def array(self, inputs: Sequence[Operand | None], place: int, what: str) -> np.ndarray | None:
        """An input that must be constant, in real numbers; None if it is absent."""
        return real(self.constant(inputs, place, what))

    def constant(
        self, inputs: Sequence[Operand | None], place: int, what: str
    ) -> np.ndarray | Integers | None:
        """As it is stored."""
        value = inputs[place] if place < len(inputs) else None
        if isinstance(value, View):
            raise self.draft.error(f"computes its {what} at run time; make it a constant.")
        return value

    def integers(self, inputs: Sequence[Operand | None], place: int, what: str) -> list[int] | None:
        value = self.array(inputs, place, what)
        return None if value is None else [int(each) for each in value.reshape(-1)]

    def listed(
        self, attributes: Attributes, inputs: Sequence[Operand | None], name: str, place: int = 1
    ) -> list[int] | None:
        """An attribute of old opsets that is an input of newer ones."""
        if name in attributes:
            return list(attributes[name])
        return self.integers(inputs, place, name)

    def pads(
        self,
        attributes: Attributes,
        extents: Sequence[int],
        filter: Sequence[int],
        stride: Sequence[int],
        dilation: Sequence[int],
    ) -> list[tuple[int, int]]:
        auto = attributes.get("auto_pad", b"NOTSET").decode()
        if auto == "VALID":
            return [(0, 0)] * len(filter)
        if auto == "NOTSET":
            flat = attributes.get("pads", [0] * 2 * len(filter))
            return list(zip(flat[: len(filter)], flat[len(filter) :], strict=True))
        found = []
        for extent, size, step, apart in zip(extents, filter, stride, dilation, strict=True):
            total = max((-(-extent // step) - 1) * step + (size - 1) * apart + 1 - extent, 0)
            half = (total // 2, total - total // 2)
            found.append(half if auto == "SAME_UPPER" else half[::-1])
        return found

    def cuts(
        self,
        attributes: Attributes,
        extents: Sequence[int],
        filter: Sequence[int],
        stride: Sequence[int],
    ) -> list[tuple[int, int]]:
        """What a transposed convolution cuts off its result."""
        count = len(filter)
        auto = attributes.get("auto_pad", b"NOTSET").decode()
        whole = [(n - 1) * s + k for n, k, s in zip(extents, filter, stride, strict=True)]
        beyond = attributes.get("output_padding", [0] * count)
        if "output_shape" in attributes or auto.startswith("SAME"):
            like = [n * step for n, step in zip(extents, stride, strict=True)]
            wanted = attributes.get("output_shape", like)[-count:]
            total = [n - m for n, m in zip(whole, wanted, strict=True)]
            halves = [(each // 2, each - each // 2) for each in total]
            return halves if auto == "SAME_UPPER" else [half[::-1] for half in halves]
        flat = attributes.get("pads", [0] * 2 * count)
        return [(flat[axis], flat[axis + count] - beyond[axis]) for axis in range(count)]


def real(value: Operand | None) -> View | np.ndarray | None:
    return value.real() if isinstance(value, Integers) else value


# -- convolutions, pools, products ----------------------------------------------------------------


@handles("Conv")
def _conv(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    view, weights = inputs[0], reader.constant(inputs, 1, "weights")
    bias = reader.constant(inputs, 2, "bias")
    count = weights.ndim - 2
    stride = tuple(attributes.get("strides", [1] * count))
    dilation = tuple(attributes.get("dilations", [1] * count))
    pads = reader.pads(attributes, view.shape[2:], weights.shape[2:], stride, dilation)
    sliding = Sliding(stride, dilation, pads, attributes.get("group", 1))
    return reader.draft.conv(view, weights, bias, sliding)


@handles("ConvTranspose")
def _conv_transpose(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    weights, bias = (reader.constant(inputs, *each) for each in ((1, "weights"), (2, "bias")))
    count = weights.ndim - 2
    if set(attributes.get("dilations", [1])) != {1} or count > 2:
        raise reader.draft.error("is dilated, or of a volume; use Resize and Conv.")
    stride = tuple(attributes.get("strides", [1] * count))
    pads = reader.cuts(attributes, inputs[0].shape[2:], weights.shape[2:], stride)
    groups = attributes.get("group", 1)
    return functions.conv_transpose(reader.draft, inputs[0], weights, bias, stride, pads, groups)


@handles("MaxPool")
def _pool(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    (view,) = inputs
    filter = tuple(attributes["kernel_shape"])
    if set(attributes.get("dilations", [1])) != {1}:
        raise reader.draft.error("is dilated; use a pool without dilation.")
    stride = tuple(attributes.get("strides", [1] * len(filter)))
    pads = reader.pads(attributes, view.shape[2:], filter, stride, [1] * len(filter))
    kind = "AVERAGE" if "count_include_pad" in attributes else "MAX"
    counted = bool(attributes.get("count_include_pad", 0))
    ceil = bool(attributes.get("ceil_mode", 0))
    if len(filter) == 3:
        return functions.pool_volume(reader.draft, kind, view, filter, stride, pads, ceil, counted)
    return reader.draft.pool(kind, view, filter, stride, pads, ceil, counted)


@handles("AveragePool")
def _average_pool(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    return _pool(reader, {"count_include_pad": 0, **attributes}, inputs)


@handles("GlobalAveragePool")
def _global_pool(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    (view,) = inputs
    return reader.draft.reduce("MEAN", view, range(2, len(view.shape)), keep=True)


@handles("GlobalMaxPool")
def _global_max_pool(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    (view,) = inputs
    return reader.draft.reduce("REDUCE_MAX", view, range(2, len(view.shape)), keep=True)


@handles("Gemm")
def _gemm(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    view, weights = inputs[0], reader.constant(inputs, 1, "second factor")
    bias = reader.constant(inputs, 2, "third operand")
    if not isinstance(view, View):
        raise reader.draft.error("has a constant as its first factor; use MatMul.")
    if attributes.get("transA", 0):
        view = reader.draft.transpose(view, (1, 0))
    if not attributes.get("transB", 0):
        weights = weights.transpose((1, 0))
    if attributes.get("alpha", 1.0) != 1.0:
        weights = real(weights) * np.float32(attributes["alpha"])
    units = weights.shape[0]
    if bias is None:
        return reader.draft.dense(view, weights, None)
    if attributes.get("beta", 1.0) != 1.0:
        bias = real(bias) * np.float32(attributes["beta"])
    if bias.size == units:
        return reader.draft.dense(view, weights, bias)
    if bias.size == 1:
        return reader.draft.dense(view, weights, np.full(units, real(bias).reshape(-1)[0]))
    return reader.draft.binary("ADD", reader.draft.dense(view, weights, None), bias)


@handles("MatMul")
def _matmul(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    return products.matmul(reader.draft, *inputs)


@handles(*recurrent.ONNX)
def _recurrent(reader: _Reader, attributes: Attributes, inputs: list) -> list:
    if not isinstance(inputs[0], View):
        raise reader.draft.error("reads a constant sequence; compute what it yields beforehand.")
    arrays = [
        inputs[place] if place in STATES else reader.array(inputs, place, "weights")
        for place in range(1, len(inputs))
    ]
    kind = reader.draft.where.split("(")[-1].rstrip(")")
    yields_memory = reader.yields[2:3] == [True]
    return recurrent.of_onnx(reader.draft, kind, attributes, inputs[0], arrays, yields_memory)


# -- element by element ---------------------------------------------------------------------------


def _unary(name: str) -> Handler:
    return lambda reader, attributes, inputs: reader.draft.unary(name, inputs[0])


def _binary(name: str) -> Handler:
    def handler(reader: _Reader, attributes: Attributes, inputs: list) -> View:
        result = inputs[0]
        for other in inputs[1:]:
            if not isinstance(result, View) and not isinstance(other, View):
                raise reader.draft.error("joins constants; fold them before the export.")
            result = reader.draft.binary(name, result, other)
        return result

    return handler


HANDLERS.update({kind: _unary(name) for kind, name in ELEMENTWISE.items()})
HANDLERS.update({kind: _binary(name) for kind, name in BINARY.items()})


@handles("Sub")
def _sub(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    first, second = inputs
    if isinstance(second, np.ndarray):
        return reader.draft.binary("ADD", first, -second)
    return reader.draft.binary("SUB", first, second)


@handles("Div")
def _div(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    first, second = inputs
    if isinstance(second, np.ndarray) and second.dtype.kind == "f":
        return reader.draft.binary("MUL", first, np.float32(1.0) / second)
    return reader.draft.binary("DIV", first, second)


@handles("Clip")
def _clip(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    low, high = (reader.array(inputs, place, "limits") for place in (1, 2))
    ends = [math.inf if each is None else float(each) for each in (low, high)]
    if low is None:
        ends[0] = -math.inf
    limit = float(np.finfo(np.float32).max)
    return reader.draft.clip(
        inputs[0],
        -math.inf if ends[0] <= -limit else ends[0],
        math.inf if ends[1] >= limit else ends[1],
    )


@handles("LeakyRelu")
def _leaky_relu(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    alpha = attributes.get("alpha", 0.01)
    return reader.draft.unary("LEAKY_RELU", inputs[0], {"Alpha": alpha})


@handles("PRelu")
def _prelu(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    slope = reader.array(inputs, 1, "slope")
    return reader.draft.prelu(inputs[0], slope)


@handles("Gelu")
def _gelu(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    rough = attributes.get("approximate", b"none") == b"tanh"
    return reader.draft.unary("GELU", inputs[0], {"Approximate": rough})


@handles("HardSigmoid")
def _hard_sigmoid(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    alpha, beta = attributes.get("alpha", 0.2), attributes.get("beta", 0.5)
    return reader.draft.scaled_relu6(inputs[0], alpha, beta)


def _softmax(name: str) -> Handler:
    def handler(reader: _Reader, attributes: Attributes, inputs: list) -> View:
        (view,) = inputs
        old = reader.opset < 13
        axis = functions.axis_of(reader.draft, view, attributes.get("axis", 1 if old else -1))
        if old and math.prod(view.shape[axis + 1 :]) != 1:  # opset 11 flattens from that axis on
            whole = (math.prod(view.shape[:axis]), math.prod(view.shape[axis:]))
            flat = reader.draft.softmax(reader.draft.reshape(view, whole), 1, name)
            return reader.draft.reshape(flat, view.shape)
        return reader.draft.softmax(view, axis, name)

    return handler


HANDLERS.update(Softmax=_softmax("SOFTMAX"), LogSoftmax=_softmax("LOG_SOFTMAX"))


@handles("BatchNormalization")
def _batch_normalization(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    view = inputs[0]
    if attributes.get("training_mode", 0):
        raise reader.draft.error("is in training mode; call model.eval() before the export.")
    names = ("scale", "offset", "mean", "variance")
    arrays = [reader.array(inputs, 1 + place, name) for place, name in enumerate(names)]
    return reader.draft.normalized(view, *arrays, attributes.get("epsilon", 1e-5))


def _norm(name: str) -> Handler:
    def handler(reader: _Reader, attributes: Attributes, inputs: list) -> View:
        view = inputs[0]
        axis = functions.axis_of(reader.draft, view, attributes.get("axis", -1))
        factors = [reader.array(inputs, place, what) if len(inputs) > place else None
                   for place, what in ((1, "scale"), (2, "bias"))]  # fmt: skip
        epsilon = attributes.get("epsilon", 1e-5)
        return functions.norm(reader.draft, name, view, len(view.shape) - axis, factors, epsilon)

    return handler


handles("LayerNormalization")(_norm("LAYER_NORM"))
handles("RMSNormalization", "SimplifiedLayerNormalization")(_norm("RMS_NORM"))


@handles("Identity", "Dropout")
def _identity(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    return inputs[0]


# -- shapes ---------------------------------------------------------------------------------------


@handles("Shape")
def _shape(reader: _Reader, attributes: Attributes, inputs: list) -> np.ndarray:
    shape = inputs[0].shape[attributes.get("start", 0) : attributes.get("end")]
    return np.array(shape, dtype=np.int64)


@handles("Reshape")
def _reshape(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    view = inputs[0]
    shape = reader.integers(inputs, 1, "shape")
    if not attributes.get("allowzero", 0):
        shape = [view.shape[axis] if n == 0 else n for axis, n in enumerate(shape)]
    if -1 in shape:
        shape[shape.index(-1)] = math.prod(view.shape) // -math.prod(shape)
    return reader.draft.reshape(view, tuple(shape))


@handles("Flatten")
def _flatten(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    view = inputs[0]
    axis = attributes.get("axis", 1)
    axis += len(view.shape) if axis < 0 else 0
    shape = (math.prod(view.shape[:axis]), math.prod(view.shape[axis:]))
    return reader.draft.reshape(view, shape)


@handles("Squeeze")
def _squeeze(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    view, axes = inputs[0], reader.listed(attributes, inputs, "axes")
    ones = [axis for axis, n in enumerate(view.shape) if n == 1]
    gone = ones if axes is None else [functions.axis_of(reader.draft, view, axis) for axis in axes]
    shape = tuple(n for axis, n in enumerate(view.shape) if axis not in gone)
    return reader.draft.reshape(view, shape)


@handles("Unsqueeze")
def _unsqueeze(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    view, axes = inputs[0], reader.listed(attributes, inputs, "axes")
    rank = len(view.shape) + len(axes)
    new = {axis % rank for axis in axes}
    old = iter(view.shape)
    return reader.draft.reshape(
        view, tuple(1 if axis in new else next(old) for axis in range(rank))
    )


@handles("Transpose")
def _transpose(reader: _Reader, attributes: Attributes, inputs: list) -> View | list[Integers]:
    (value,) = inputs
    axes = tuple(attributes.get("perm", range(len(value.shape))[::-1]))
    if isinstance(value, Integers):
        return [value.transpose(axes)]
    return reader.draft.transpose(value, axes)


@handles("Concat")
def _concat(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    return reader.draft.concat(inputs, attributes["axis"])


@handles("Slice")
def _slice(reader: _Reader, attributes: Attributes, inputs: list) -> Operand:
    view = inputs[0]
    starts, ends = (reader.integers(inputs, place, "limits") for place in (1, 2))
    axes = reader.integers(inputs, 3, "axes") or list(range(len(starts)))
    steps = reader.integers(inputs, 4, "steps") or [1] * len(starts)
    begin, end, stride = [0] * len(view.shape), list(view.shape), [1] * len(view.shape)
    for axis, first, last, step in zip(axes, starts, ends, steps, strict=True):
        axis = functions.axis_of(reader.draft, view, axis)
        if step < 0:
            kept = range(view.shape[axis])[first:last:step]
            if not kept:
                return np.zeros([0 if at == axis else n for at, n in enumerate(view.shape)])
            view = functions.reversed_along(reader.draft, view, [axis])
            first, last, step = view.shape[axis] - 1 - kept[0], view.shape[axis] - kept[-1], -step
        begin[axis], end[axis], stride[axis] = slice(first, last, step).indices(view.shape[axis])
    counts = [len(range(*each)) for each in zip(begin, end, stride, strict=True)]
    if 0 in counts:  # as what a rotation of all channels leaves out
        return np.zeros(counts, np.float32)
    return reader.draft.strided(view, begin, end, stride)


@handles("Split")
def _split(reader: _Reader, attributes: Attributes, inputs: list) -> list[View]:
    view = inputs[0]
    axis = functions.axis_of(reader.draft, view, attributes.get("axis", 0))
    sizes = reader.listed(attributes, inputs, "split")
    if sizes is None:
        count = attributes.get("num_outputs", reader.outputs)
        part = -(-view.shape[axis] // count)
        sizes = [part] * (count - 1) + [view.shape[axis] - part * (count - 1)]
    return reader.draft.split(view, axis, sizes)


@handles("TopK")
def _top_k(reader: _Reader, attributes: Attributes, inputs: list) -> list[View]:
    view, count = inputs[0], reader.integers(inputs, 1, "number K")
    axis = functions.axis_of(reader.draft, view, attributes.get("axis", -1))
    if not count or not 0 < count[0] <= view.shape[axis]:
        raise reader.draft.error("asks for more than its axis has, or for none; choose K in it.")
    return places.ranked(reader.draft, view, axis, count[0], bool(attributes.get("largest", 1)))


@handles("Gather")
def _gather(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    view = inputs[0]
    axis = functions.axis_of(reader.draft, view, attributes.get("axis", 0))
    if not isinstance(view, View):
        if lookups.are_tokens(reader.draft, view, axis, inputs[1]):
            return reader.draft.embedding(view, inputs[1])
        return lookups.picked(reader.draft, real(view), axis, [inputs[1]])
    if isinstance(inputs[1], View):
        return lookups.picked(reader.draft, view, axis, [inputs[1]])
    indices = reader.array(inputs, 1, "indices")
    extent = view.shape[axis]
    places.expect_inside(reader.draft, [extent], [indices])
    listed = [int(place) % extent for place in indices.reshape(-1)]
    if listed == list(range(listed[0], listed[0] + len(listed))):
        found = functions.part(reader.draft, view, axis, listed[0], len(listed))
    else:
        found = reader.draft.gather(view, listed, axis)
    shape = (*view.shape[:axis], *indices.shape, *view.shape[axis + 1 :])
    return reader.draft.reshape(found, shape)


@handles("Expand")
def _expand(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    shape = reader.integers(inputs, 1, "shape")
    return reader.draft.expand(inputs[0], tuple(shape))


@handles("Pad")
def _pad(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    view, flat = inputs[0], reader.integers(inputs, 1, "pads")
    fill = reader.array(inputs, 2, "value")
    axes = reader.integers(inputs, 3, "axes") or list(range(len(view.shape)))
    pads = [(0, 0)] * len(view.shape)
    for place, axis in enumerate(axes):
        pads[axis] = (flat[place], flat[place + len(axes)])
    mode = attributes.get("mode", b"constant").decode()
    if mode in ("edge", "wrap"):
        return functions.padded_like(reader.draft, view, pads, mode == "wrap")
    value = 0.0 if fill is None or fill.size == 0 else float(fill.reshape(-1)[0])
    return reader.draft.pad(view, pads, mode, value)


def _reduction(kind: str) -> Handler:
    def handler(reader: _Reader, attributes: Attributes, inputs: list) -> View:
        view, axes = inputs[0], reader.listed(attributes, inputs, "axes")
        if not axes:
            if attributes.get("noop_with_empty_axes", 0):
                return view
            axes = list(range(len(view.shape)))
        keep = bool(attributes.get("keepdims", 1))
        axes = [functions.axis_of(reader.draft, view, axis) for axis in axes]
        return reader.draft.reduce(REDUCTIONS[kind], view, axes, keep)

    return handler


HANDLERS.update({kind: _reduction(kind) for kind in REDUCTIONS})


# -- other resolutions ----------------------------------------------------------------------------


@handles("Resize", "Upsample")
def _resize(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    view = inputs[0]
    scales, sizes = reader.array(inputs, 2, "scales"), reader.integers(inputs, 3, "sizes")
    how = attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
    if sizes is None:
        pairs = zip(view.shape, scales.reshape(-1), strict=True)
        exact = [n * float(scale) for n, scale in pairs]
        sizes = [math.floor(extent + 1e-4) for extent in exact]  # scales are float32
        whole = all(abs(extent - size) < 1e-4 for extent, size in zip(exact, sizes, strict=True))
        if not whole and how != "align_corners":  # ONNX lays pixels by the scales, not the sizes
            raise reader.draft.error(
                f"makes no whole number of pixels of {shape_text(view.shape)}; export it with "
                "sizes instead of scales."
            )
    if len(view.shape) not in (3, 4) or list(view.shape[:2]) != sizes[:2]:
        raise reader.draft.error(
            f"makes {shape_text(tuple(sizes))} of {shape_text(view.shape)}; only height and width, "
            "or a length, can change."
        )
    if len(view.shape) == 4:
        return _resized(reader, attributes, how, view, tuple(sizes[2:]))
    wide = reader.draft.reshape(view, (*view.shape, 1))
    found = _resized(reader, attributes, how, wide, (sizes[2], 1))
    return reader.draft.reshape(found, tuple(sizes))


def _resized(
    reader: _Reader, attributes: Attributes, how: str, view: View, size: tuple[int, int]
) -> View:
    extents = view.shape[2:]
    mode = attributes.get("mode", b"nearest").decode()
    if mode == "linear" and not attributes.get("antialias", 0):
        flags = {"align_corners": (True, False), "asymmetric": (False, False)}
        flags |= {"half_pixel": (False, True), "pytorch_half_pixel": (False, True)}
        fits = all(n > 1 or m == 1 for n, m in zip(size, extents, strict=True))
        if how in flags and (how != "pytorch_half_pixel" or fits):
            return reader.draft.resize(view, "RESIZE_BILINEAR", size, *flags[how])
    if mode == "nearest":
        rounding = attributes.get("nearest_mode", b"round_prefer_floor").decode()
        shrinks = {m < n for n, m in zip(extents, size, strict=True) if m != n}
        if rounding == SIMPLE and len(shrinks) < 2:
            rounding = "ceil" if True in shrinks else "floor"
        flags = None if rounding == SIMPLE else nearest(how, rounding, extents, size)
        if flags is not None:
            return reader.draft.resize(view, "RESIZE_NEAREST_NEIGHBOR", size, *flags)
    raise reader.draft.error(
        f"interpolates ({mode}, {how}) as no operator here does; use nearest by a whole factor, "
        "or linear with half_pixel or align_corners."
    )


def nearest(
    how: str, rounding: str, extents: Sequence[int], size: Sequence[int]
) -> tuple[bool, bool] | None:
    """Flags (align corners, half pixel centers) that pick the very pixels that ONNX picks."""
    wanted = [picked(how, rounding, *pair) for pair in zip(extents, size, strict=True)]
    for flags in ((False, False), (False, True), (True, False)):
        layer = ResizeNearest(*flags)
        found = [sources(layer, *pair) for pair in zip(extents, size, strict=True)]
        if all(np.array_equal(*pair) for pair in zip(wanted, found, strict=True)):
            return flags
    return None


def picked(how: str, rounding: str, extent: int, output: int) -> np.ndarray:
    """The input's index for each output index along one axis, as ONNX says it."""
    place, scale = np.arange(output, dtype=np.float64), output / extent
    if how == "asymmetric":
        place = place / scale
    elif how == "align_corners":
        place = place * (extent - 1) / max(output - 1, 1)
    elif how == "pytorch_half_pixel" and output == 1:
        place = np.zeros(1)
    else:
        place = (place + 0.5) / scale - 0.5
    rounded = {
        "floor": np.floor,
        "ceil": np.ceil,
        "round_prefer_floor": lambda each: np.ceil(each - 0.5),
        "round_prefer_ceil": lambda each: np.floor(each + 0.5),
    }[rounding](place)
    return np.clip(rounded, 0, extent - 1).astype(np.int64)


@handles("DepthToSpace")
def _depth_to_space(reader: _Reader, attributes: Attributes, inputs: list) -> View:
    (view,) = inputs
    block = attributes["blocksize"]
    batch, channels, height, width = view.shape
    draft, kept = reader.draft, channels // block**2
    if attributes.get("mode", b"DCR") == b"DCR":
        return draft.depth_to_space(view, block)
    split, axes = (batch, kept, block, block, height, width), (0, 1, 4, 2, 5, 3)
    turned = draft.transpose(draft.reshape(view, split), axes)
    return draft.reshape(turned, (batch, kept, height * block, width * block))
