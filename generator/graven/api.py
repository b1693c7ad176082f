"""graven in Python: a trained network compiled, run, judged and saved.

model = graven.compile("net.pt2", calibrate=images, quantize="int8", target="cortex-m4")
scores = model(images)             # numpy, bit for bit what the firmware computes
model.evaluate(images, labels)     # the share that it gets right
model.memory()                     # what it takes on the target
fast = model.native()              # C++ on this machine, built once
model.on("cortex-m4")(images[:1])  # C++ in the emulator
model.save("net.hpp")
"""

from __future__ import annotations

import ctypes
import html
import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graven import build, emit, inputs, ir, layers, passes, prune, report, runner
from graven.errors import GravenError
from graven.frontends import files, sklearn, tflite_writer, torch
from graven.node import QUANTIZED, node_of, shape_text
from graven.quantize.batches import Batches, joined
from graven.quantize.convert import dequantized, quantized
from graven.quantize.post_training import Report

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

BATCH = 64


def compile(
    model: Any,
    *,
    example: Any = None,
    calibrate: Any = None,
    quantize: str | None = None,
    method: str = "best",
    target: str = build.HOST,
    plan: str = "fastest",
    isa: str = "native",
    layout: str | None = None,
    name: str | None = None,
    prune: bool = True,
) -> Model:
    """A network ready to run and to save.

    `model` is a file (.tflite, .onnx, .pt2), a torch.nn.Module with an `example` input (or
    `calibrate`, whose first sample serves), or an estimator or Pipeline of scikit-learn.
    quantize="int8" makes an int8 model of a float32 one, by the samples in `calibrate`: an array,
    arrays by the inputs' names, an .npz or .npy file, or anything that yields batches; `method` is
    one for all ranges, or the best for each. `target` and `plan` are what memory() and on() take
    unless they are told otherwise. `layout` is that of inputs with height and width: nhwc, nchw, or
    what costs nothing. Exact pruning only removes what cannot change an output.
    """
    choice = build.Choice(target, isa, plan)
    build.check(choice)
    samples = None if calibrate is None else collected(calibrate)
    source = read(model, example, samples, layout)
    if name is not None:
        source = replace(source, network=replace(source.network, name=emit.check_name(name)))
    decisions = None
    if quantize is not None:
        source, decisions = in_int8(source, samples, quantize, method)
    elif samples is not None and not is_module(model):
        raise GravenError("calibrate: is for quantize='int8'; say so, or leave it out.")
    return Model(source, choice, decisions, prune)


# -- what is given --------------------------------------------------------------------------------


def is_module(model: Any) -> bool:
    return hasattr(model, "state_dict") and hasattr(model, "forward")


def read(model: Any, example: Any, samples: Any, layout: str | None) -> files.Source:
    if isinstance(model, str | os.PathLike):
        return files.read(Path(model), layout)
    if is_module(model):
        network = torch.from_module(model, examples(model, example, samples), layout=layout)
        network = replace(network, name=files.default_name(Path(type(model).__name__.lower())))
    elif sklearn.is_estimator(model):
        network = sklearn.from_estimator(model)
    else:
        raise GravenError(
            f"compile: got a {type(model).__name__}; give a file, a torch.nn.Module or an "
            "estimator of scikit-learn."
        )
    data = tflite_writer.to_bytes(network)
    return files.Source(network, data, files.digest_of(data))


def examples(model: Any, example: Any, samples: Any) -> tuple:
    """What torch.export calls the module with."""
    import torch as library

    if example is None and isinstance(samples, dict):
        known = [each for each in inspect.signature(model.forward).parameters if each in samples]
        samples = [samples[each] for each in (known if len(known) == len(samples) else samples)]
    if example is None and isinstance(samples, list):
        example = tuple(library.as_tensor(np.asarray(each[:1], np.float32)) for each in samples)
    if example is None:
        raise GravenError(
            f"compile: {type(model).__name__} says nothing about its input; give example=, a "
            "tensor such as it takes."
        )
    return tuple(example) if isinstance(example, list | tuple) else (example,)


def collected(given: Any) -> Any:
    """Samples as a list of arrays, one per input; names of files, and arrays by name, stay so."""
    if isinstance(given, str | os.PathLike):
        return Path(given)
    if hasattr(given, "numpy") or isinstance(given, np.ndarray):
        return [plain(given)]
    if isinstance(given, dict):
        return {name: plain(each) for name, each in given.items()}
    batches = [each[0] if isinstance(each, list | tuple) else each for each in given]
    if not batches:
        raise GravenError("calibrate: yields nothing; give some hundred samples.")
    return [np.concatenate([plain(each) for each in batches])]


def plain(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    value = np.asarray(value)
    return value.astype(np.float32) if value.dtype == np.float64 else value


def in_int8(
    source: files.Source, samples: Any, kind: str, method: str
) -> tuple[files.Source, Report]:
    if kind != "int8":
        raise GravenError(f"quantize='{kind}': is unknown; the only one is 'int8'.")
    if samples is None:
        raise GravenError(
            "quantize='int8': needs samples of what the model will see; give calibrate=."
        )
    network = source.network
    if isinstance(samples, Path):
        values = inputs.samples(network, [samples])
    else:
        if isinstance(samples, dict):
            samples = [samples[each] for each in inputs.names(network, samples, "calibrate")]
        if len(samples) != len(network.inputs):
            raise GravenError(
                f"calibrate: has {len(samples)} arrays, but the model has {len(network.inputs)} "
                "inputs."
            )
        pairs = zip(inputs.tensors(network), samples, strict=True)
        values = [inputs.real(tensor, value, "calibrate") for tensor, value in pairs]
    return files.quantized(source, values, method)


# -- the model ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    index: int
    op: str
    name: str
    shape: tuple[int, ...]
    element: str
    scale: float | None
    zero_point: int | None
    macs: int
    parameters: int  # numbers among its weights, biases and constants


@dataclass(frozen=True)
class Memory:
    """What a model takes on a target, in bytes; code is None on the host."""

    target: str
    arena: int
    weights: int
    code: int | None

    @property
    def flash(self) -> int:
        return self.weights + (self.code or 0)


Engine = Callable[[list[np.ndarray]], list[np.ndarray]]
"""From model inputs to model outputs, in their own types; the first axis is that of inferences."""


class Runnable:
    """What takes samples and gives outputs, whoever computes them."""

    def __init__(self, network: ir.Network, engine: Engine) -> None:
        self.network, self._engine = network, engine

    def __call__(self, *samples: ArrayLike) -> Any:
        """The outputs for samples with a leading axis; an array, or a tuple where there are several
        outputs. Real numbers go in and come out; an int8 model takes and gives int8 as it is."""
        values = [
            self._given(tensor, plain(value), place)
            for place, (tensor, value) in enumerate(self._pairs(samples))
        ]
        raw = all(value.dtype != np.float32 for _, value in values) and self.is_quantized
        found = self._engine([value for _, value in values] if raw else self._quantized(values))
        outputs = [self._output(place, value, raw) for place, value in enumerate(found)]
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    @property
    def is_quantized(self) -> bool:
        return inputs.tensors(self.network)[0].element in QUANTIZED

    def predict(self, *samples: ArrayLike) -> np.ndarray:
        """The class of each sample: the place of its largest score, or 0 and 1 of a single one."""
        scores = self(*samples)
        scores = scores[0] if isinstance(scores, tuple) else scores
        scores = scores.reshape(len(scores), -1)
        if scores.shape[1] == 1:
            return (scores[:, 0] > self._middle()).astype(np.int64)
        return scores.argmax(axis=1)

    def evaluate(self, *samples_and_labels: ArrayLike) -> float:
        """The share of samples whose class is their label: evaluate(x, y)."""
        *samples, labels = samples_and_labels
        labels = np.asarray(labels)
        if labels.dtype.kind not in "iub":
            raise GravenError(
                f"evaluate: labels are {labels.dtype}, expected whole numbers, the places of the "
                "classes among the outputs; map names to numbers first."
            )
        found = self.predict(*samples)
        if labels.shape != found.shape:
            raise GravenError(
                f"evaluate: has labels of shape {shape_text(labels.shape)} for "
                f"{len(found)} samples, expected one each."
            )
        return float((found == labels).mean())

    def _middle(self) -> float:
        """Of a single score: a probability's, or 0 of a distance."""
        makers = {index: op.name for op in self.network.operators for index in op.outputs}
        return 0.5 if makers.get(self.network.outputs[0]) == "LOGISTIC" else 0.0

    def _pairs(self, samples: Sequence[ArrayLike]) -> list[tuple[ir.Tensor, ArrayLike]]:
        wanted = inputs.tensors(self.network)
        if len(samples) != len(wanted):
            raise GravenError(
                f"{self.network.name}: got {len(samples)} inputs, expected {len(wanted)}."
            )
        return list(zip(wanted, samples, strict=True))

    def _given(
        self, tensor: ir.Tensor, value: np.ndarray, place: int
    ) -> tuple[ir.Tensor, np.ndarray]:
        where = f"{self.network.name}: input {place}"
        if value.dtype.kind == "f":
            return tensor, inputs.real(tensor, value, where)
        if value.dtype == tensor.element.dtype and tensor.element in QUANTIZED:
            fitted = inputs.real(tensor, value.astype(np.float32), where)
            return tensor, fitted.astype(value.dtype)
        raise GravenError(
            f"{where}: is {value.dtype}, expected real numbers scaled as for training, in float32."
        )

    def _quantized(self, values: list[tuple[ir.Tensor, np.ndarray]]) -> list[np.ndarray]:
        return [
            value if tensor.element is ir.Element.FLOAT32 or value.dtype != np.float32
            else quantize_input(tensor, value)
            for tensor, value in values
        ]  # fmt: skip

    def _output(self, place: int, value: np.ndarray, raw: bool) -> np.ndarray:
        tensor = self.network.tensors[self.network.outputs[place]]
        if tensor.shape[:1] == (1,) and len(tensor.shape) > 1:
            value = value.reshape(len(value), *tensor.shape[1:])
        if raw or tensor.element not in QUANTIZED:
            return value
        found = tensor.quantization
        return dequantized(value, (found.scale[0], found.zero_point[0]))


def quantize_input(tensor: ir.Tensor, value: np.ndarray) -> np.ndarray:
    found = tensor.quantization
    limits = np.iinfo(tensor.element.dtype)
    if tensor.element is ir.Element.INT8:
        return quantized(value, (found.scale[0], found.zero_point[0]))
    whole = np.round(value.astype(np.float64) / found.scale[0]) + found.zero_point[0]
    return np.clip(whole, limits.min, limits.max).astype(tensor.element.dtype)


class Model(Runnable):
    """A compiled network; called, it is computed by numpy, bit for bit what the C++ computes."""

    def __init__(
        self,
        source: files.Source,
        choice: build.Choice,
        decisions: Report | None,
        exact_pruning: bool,
    ) -> None:
        self.source, self.choice, self.quantization = source, choice, decisions
        self.original = passes.canonical(source.network)
        self.pruned = prune.prune(self.original) if exact_pruning else None
        super().__init__(self.pruned.network if self.pruned else self.original, self._by_numpy)
        self._batches = Batches(self.network)

    # -- running ---------------------------------------------------------------------------------

    def _by_numpy(self, values: list[np.ndarray]) -> list[np.ndarray]:
        found: list[list[np.ndarray]] = []
        given = joined(self.network, values)
        for start in range(0, len(given[0]), BATCH):
            every = self._batches.run([value[start : start + BATCH] for value in given])
            found.append([every[index] for index in self.network.outputs])
        return [np.concatenate(column) for column in zip(*found, strict=True)]

    def native(self, plan: str | None = None) -> Runnable:
        """The C++ on this machine, built once and called on whole batches; of one thread."""
        choice = replace(self.choice, target=build.HOST, plan=plan or "fastest")
        built = build.build(self.network.name, self.header(), choice, build.Parts.LIBRARY)
        function = ctypes.CDLL(str(built.library)).graven_run
        function.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t]
        function.restype = None
        ends = [self.network.tensors[index] for index in self.network.outputs]
        size = sum(report.tensor_bytes(tensor) for tensor in ends)

        def run(values: list[np.ndarray]) -> list[np.ndarray]:
            count = len(values[0])
            outputs = ctypes.create_string_buffer(count * size)
            function(inputs.to_bytes(values), outputs, count)
            return runner.split(self.network, outputs.raw, count)

        return Runnable(self.network, run)

    def on(self, target: str, plan: str | None = None) -> Emulated:
        """The C++ in the emulator of a target."""
        return Emulated(self, replace(self.choice, target=target, plan=plan or self.choice.plan))

    # -- looking ---------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        return [self._layer(operator) for operator in self.network.operators]

    def _layer(self, operator: ir.Operator) -> Layer:
        tensor = self.network.tensors[operator.known_by]
        node = node_of(self.network, operator)
        found = tensor.quantization
        constants = [self.network.tensors[index].data for index in operator.inputs if index >= 0]
        return Layer(
            index=operator.index,
            op=operator.name,
            name=tensor.name,
            shape=tensor.shape,
            element=tensor.element.value,
            scale=found.scale[0] if found else None,
            zero_point=found.zero_point[0] if found else None,
            macs=layers.modules()[operator.name].cpp(operator.layer, node).macs,
            parameters=sum(data.size for data in constants if data is not None),
        )

    def memory(self, target: str | None = None, plan: str | None = None) -> Memory:
        """As the target's compiler says it; takes a while the first time."""
        choice = replace(
            self.choice, target=target or self.choice.target, plan=plan or self.choice.plan
        )
        built = build.build(self.network.name, self.header(), choice, build.Parts.FACTS)
        facts = built.facts
        return Memory(choice.target, facts.arena_bytes, facts.weight_bytes, built.code_bytes)

    def header(self) -> str:
        """The network as C++."""
        return emit.header(self.network, self.source.sha256)

    def save(self, path: str | os.PathLike) -> Path:
        """As a C++ header (.hpp, .h) or as a .tflite file, by the name's ending."""
        path = Path(path)
        if path.suffix in (".hpp", ".h"):
            path.write_text(self.header())
        elif path.suffix == ".tflite":
            path.write_bytes(self.source.tflite)
        else:
            raise GravenError(f"{path}: ends in '{path.suffix}', expected .hpp, .h or .tflite.")
        return path

    def __repr__(self) -> str:
        lines = [f"graven.Model '{self.network.name}' ({self.network.source})"]
        lines += [
            f"  {each.index:3} {each.op:20} {shape_text(each.shape):14} {each.element:8}"
            f"{each.macs:>12,} MACs {each.parameters:>10,} parameters"
            for each in self.layers
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """For notebooks."""
        titles = ("", "operator", "output", "shape", "element", "scale", "MACs", "parameters")
        rows = [
            (each.index, each.op, each.name, shape_text(each.shape), each.element,
             "" if each.scale is None else f"{each.scale:.4g}", f"{each.macs:,}",
             f"{each.parameters:,}")
            for each in self.layers
        ]  # fmt: skip
        head = "".join(f"<th>{title}</th>" for title in titles)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        name = html.escape(f"{self.network.name} ({self.network.source})")
        return f"<table><caption>{name}</caption><tr>{head}</tr>{body}</table>"


class Emulated(Runnable):
    """A model on an emulated target; `instructions` are those of the last call's first inference,
    in all and by layer."""

    def __init__(self, model: Model, choice: build.Choice) -> None:
        super().__init__(model.network, self._run)
        parts = build.Parts.PROGRAM
        self._built = build.build(model.network.name, model.header(), choice, parts)
        self.instructions: int | None = None
        self.by_layer: dict[int, int] = {}

    def _run(self, values: list[np.ndarray]) -> list[np.ndarray]:
        found = runner.run(self.network, self._built, values, profile=True)
        self.instructions, self.by_layer = found.instructions, found.layers
        return found.outputs
