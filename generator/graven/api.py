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

import copy
import ctypes
import html
import inspect
import os
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graven import (
    build,
    compare,
    cycles,
    emit,
    evaluation,
    inputs,
    ir,
    islands,
    layers,
    page,
    passes,
    pixels,
    reference,
    report,
    runner,
    verify,
)
from graven.errors import GravenError, GravenWarning
from graven.frontends import files, keras, nano_rust, rmd1, sklearn, tflite_writer, torch
from graven.nano_rust import PySequentialModel
from graven.node import counted, node_of, shape_text
from graven.outputs import check_inputs, write_file
from graven.pixels import Pixels
from graven.pruning import exact as pruning
from graven.pruning import structured
from graven.pruning.structured import FineTune, Keep
from graven.quantize.batches import Batches
from graven.quantize.budget import MIXED, Bytes
from graven.quantize.decisions import Report
from graven.quantize.kinds import kind_of
from graven.quantize.search import Progress, check_method, quiet
from graven.quantize.sequences import joined
from graven.runnable import Runnable, plain

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from graven.curves import Curve
    from graven.emit import FoundPlan
    from graven.evaluation import Evaluation

BATCH = 64


def compile(
    model: Any, *, example: Any = None, calibrate: Any = None, quantize: str | None = None,
    method: str = "best", target: str = build.HOST, plan: str = "fastest", isa: str = "native",
    layout: str | None = None, of: str | None = None, shape: Sequence[int] | None = None,
    name: str | None = None, prune: bool = True, allow_float: bool = False, normalize: Any = None,
    flash: int | None = None, ram: int | None = None, keep: Keep | None = None,
    criterion: str = "reconstruction", fine_tune: FineTune | str | None = None,
    progress: Progress = quiet,
) -> Model:  # fmt: skip
    """A network ready to run and to save. `model` is a file (.tflite, .onnx, .pt2; a .pth with its
    class `of`, "module:Name", and the `shape` of its input), a torch.nn.Module with an `example`
    input (or `calibrate`, whose first sample serves), what torch.export has made of one, a model of
    scikit-learn's or graven.nano_rust's, or a graven.Model. By the samples in `calibrate` (as of
    `collected`) quantize="int8" makes an int8 model of a float32 one, "int4" with weights of 4
    bits, "int16x8" with int16 activations; `method` is one for all ranges, or the best for each;
    "mixed" chooses for every layer what `flash` and `ram`, bytes on the target (weights and code;
    arena), leave room for. `target` and `plan` are what memory() and on() take. `layout` is that of
    inputs with height and width: nhwc, nchw, or what costs nothing. Exact `prune` removes what
    cannot change an output; `keep`, `criterion` and `fine_tune` are those of graven.prune.
    `allow_float` takes float32 operators between int8 ones. `normalize`, a pair (mean, std) as of
    torchvision, lets the model take bytes of a camera. `progress` hears what begins and counts."""
    build.check(choice := build.Choice(target, isa, plan))
    check_companions(model, quantize, method, keep, criterion, fine_tune)
    budget = within(quantize, flash, ram)
    samples = samples_for(quantize, keep, calibrate)
    source = named(read(model, example, samples, layout, of, shape), name)
    before, slimmed = (model.pixels, model.slimmed) if isinstance(model, Model) else (None, None)
    bytes_as = pixels.checked(normalize, source.network) or before
    if keep is not None:
        how = {"criterion": criterion, "fine_tune": fine_tune, "progress": progress}
        source, slimmed = made_smaller(source, samples, keep, bytes_as, **how)
    make = partial(Model, choice=choice, pixels=bytes_as, slimmed=slimmed, progress=progress)
    if quantize is None:
        check_no_samples(model, samples, keep)
        return make(source, prune=prune, allow_float=allow_float)
    exact = make(source, prune=False)
    measure = partial(needed, partial(make, prune=prune, allow_float=True), source)
    values = calibration(source.network, samples, bytes_as)
    it = files.quantized(source, values, quantize, method, progress, budget, measure)
    return make(it[0], prune=prune, allow_float=allow_float, decisions=warned(*it), exact=exact)


def warned(source: files.Source, decisions: Report) -> Report:
    """What quantization warns of is said to whoever called compile()."""
    for sentence in decisions.warnings:
        warnings.warn(f"{source.network.source}: {sentence}", GravenWarning, stacklevel=3)
    return decisions


def made_smaller(
    source: files.Source, samples: Any, keep: Keep, bytes_as: Pixels | None, **how: Any
) -> tuple[files.Source, structured.Report]:
    values = calibration(source.network, samples, bytes_as)
    found = structured.prune(source.network, values, keep, **how)
    return files.pruned(source, found), found.report


def prune(
    model: Any, samples: Any, *, keep: Keep, criterion: str = "reconstruction",
    fine_tune: FineTune | str | None = None, **others: Any,
) -> Model:  # fmt: skip
    """A float32 network without the channels that its outputs lose least by, as a graven.Model that
    graven.compile quantizes.

    `keep` is the share of the weights that may stay, or that of the channels by the name of a group
    (`.slimmed.groups` of a model that is pruned says them). Which channels go, and how many of each
    layer, say the `samples` (some hundred), by the error that the layers behind cannot make up for;
    criterion="l1" takes the filters of the least weights instead. What is left of the layers behind
    is fitted to what they computed before, by least squares. `fine_tune` gets a torch.nn.Module of
    the smaller network, whichever front end it came from, and trains it; or its name,
    "module:function". `others` are arguments of graven.compile.
    """
    structured.check_keep(keep)
    return compile(
        model, calibrate=samples, keep=keep, criterion=criterion, fine_tune=fine_tune, **others
    )


# -- what is given --------------------------------------------------------------------------------


def is_module(model: Any) -> bool:
    return hasattr(model, "state_dict") and hasattr(model, "forward")


def read(
    model: Any, example: Any, samples: Any, layout: str | None, of: str | None,
    shape: Sequence[int] | None,
) -> files.Source:  # fmt: skip
    given = {"example": example, "layout": layout, "of": of, "shape": shape}

    def takes(*names: str) -> None:
        for name, value in given.items():
            if value is not None and name not in names:
                raise GravenError(
                    f"compile: {name}= says nothing about a {type(model).__name__}; leave it out."
                )

    if isinstance(model, Model):
        takes()
        return model.source
    if isinstance(model, str | os.PathLike):
        takes("layout", "of", "shape")
        return files.read(Path(model), layout, of, shape)
    if keras.is_model(model):
        takes("layout")
        network = keras.from_model(model, layout)
    elif is_module(model):
        takes("example", "layout")
        network = torch.from_module(model, examples(model, example, samples), layout=layout)
        network = replace(network, name=files.default_name(Path(type(model).__name__.lower())))
    elif torch.is_program(model):
        takes("layout")
        network = torch.parse(model, type(model).__name__, "program", layout)
    elif sklearn.is_estimator(model):
        takes()
        network = sklearn.from_estimator(model)
    elif isinstance(model, PySequentialModel):
        takes("layout")
        network = nano_rust.from_model(model, layout)
    else:
        raise unread(model)
    data = tflite_writer.to_bytes(network)
    return files.Source(network, data, files.digest_of(data))


def unread(model: Any) -> GravenError:
    """What can be given instead."""
    kind = type(model).__name__
    if isinstance(model, dict) and model and all(hasattr(each, "shape") for each in model.values()):
        return GravenError(
            f"compile: got a {kind} of weights, without their network; load them into their "
            "torch.nn.Module (load_state_dict), and give that."
        )
    return GravenError(
        f"compile: got a {kind}; give a file, a torch.nn.Module, a keras.Model, an estimator of "
        "scikit-learn, a graven.nano_rust.PySequentialModel or a graven.Model."
    )


def named(source: files.Source, name: str | None) -> files.Source:
    if name is None:
        return source
    return replace(source, network=replace(source.network, name=emit.check_name(name)))


def check_companions(
    model: Any, quantize: str | None, method: str, keep: Keep | None, criterion: str, fine_tune: Any
) -> None:
    """Arguments that say how to do what another one asks for, or that a model cannot take."""
    if quantize is not None and sklearn.is_estimator(model):
        sklearn.expect_integers(model)
    if keep is None and (fine_tune is not None or criterion != structured.CRITERIA[0]):
        name = "criterion" if fine_tune is None else "fine_tune"
        raise GravenError(f"{name}: is for keep=, as in keep=0.5; say so, or leave it out.")
    if quantize is None and method != "best":
        raise GravenError(
            "method: is for quantize=, as in quantize='int8'; say so, or leave it out."
        )
    check_method(method)
    if keep is not None:
        structured.check_keep(keep)
        structured.check_criterion(criterion)


def samples_for(quantize: str | None, keep: Keep | None, calibrate: Any) -> Any:
    """As `collected`; None without. Before a model is read and pruned, which takes its time."""
    if calibrate is None and (quantize is not None or keep is not None):
        what = f"quantize='{quantize}'" if keep is None else f"keep={keep}"
        raise GravenError(f"{what}: needs samples of what the model will see; give calibrate=.")
    if are_files(calibrate):
        check_inputs(*map(Path, calibrate))
    elif isinstance(calibrate, str | os.PathLike):
        check_inputs(Path(calibrate))
    return None if calibrate is None else collected(calibrate)


def check_no_samples(model: Any, samples: Any, keep: Keep | None) -> None:
    """Without quantization and pruning they only serve as a module's example."""
    if samples is not None and keep is None and not is_module(model):
        raise GravenError(
            "calibrate: is for quantize=, as in quantize='int8'; say so, or leave it out."
        )


def examples(model: Any, example: Any, samples: Any) -> tuple:
    """What torch.export calls the module with."""
    import torch as library

    if example is None and isinstance(samples, dict):
        known = [each for each in inspect.signature(model.forward).parameters if each in samples]
        samples = [samples[each] for each in (known if len(known) == len(samples) else samples)]
    if example is None and isinstance(samples, list):
        example = tuple(library.as_tensor(one_of(each)) for each in samples)
    if example is None:
        raise GravenError(
            f"compile: {type(model).__name__} says nothing about its input; give example=, a "
            "tensor such as it takes."
        )
    return tuple(example) if isinstance(example, list | tuple) else (example,)


def one_of(value: np.ndarray | list[np.ndarray]) -> np.ndarray:
    """The first sample, with its axis; whole numbers stay so."""
    first = np.asarray((value[0] if isinstance(value, list) else value)[:1])
    if first.size == 0:
        raise GravenError("calibrate: there are no samples; give some hundred.")
    return first if first.dtype.kind in "iub" else first.astype(np.float32)


def collected(given: Any) -> Any:
    """Samples as a list with what each input gets: an array, or a list of batches or sequences;
    names of files, and arrays by name, stay so. They come as an array, arrays by the inputs' names,
    an .npz or .npy file or a list of them, a folder of images or WAVs, or anything that yields
    batches; of a network that keeps a state, as sequences of steps."""
    if isinstance(given, str | os.PathLike):
        return [Path(given)]
    if are_files(given):
        return [Path(each) for each in given]
    if hasattr(given, "numpy") or isinstance(given, np.ndarray):
        return [plain(given)]
    if isinstance(given, dict):
        return {name: each_plain(value) for name, value in given.items()}
    if not hasattr(given, "__iter__") and not hasattr(given, "__getitem__"):
        raise GravenError(
            f"calibrate: is a {type(given).__name__}; give an array of samples, arrays by the "
            "inputs' names, files, or what yields batches."
        )
    batches = [each[0] if isinstance(each, list | tuple) else each for each in given]
    if not batches:
        raise GravenError("calibrate: yields nothing; give some hundred samples.")
    return [[plain(each) for each in batches]]


def each_plain(value: Any) -> np.ndarray | list[np.ndarray]:
    """An array, or those of a list."""
    listed = isinstance(value, list | tuple) and all(hasattr(each, "shape") for each in value)
    return [plain(each) for each in value] if listed else plain(value)


def are_files(given: Any) -> bool:
    return (
        isinstance(given, list | tuple)
        and bool(given)
        and all(isinstance(each, str | os.PathLike) for each in given)
    )


def calibration(network: ir.Network, samples: Any, bytes_as: Pixels | None) -> inputs.Samples:
    """Samples in the order of the model's inputs."""
    if are_files(samples):
        return inputs.samples(network, samples, bytes_as)
    if isinstance(samples, dict):
        samples = [samples[each] for each in inputs.names(network, samples, "calibrate")]
    if len(samples) != len(network.inputs):
        wanted = ", ".join(f"'{tensor.name}'" for tensor in inputs.tensors(network))
        raise GravenError(
            f"calibrate: has samples of one input, but the model has {len(network.inputs)} "
            f"({wanted}); give a dict of arrays by these names, or files."
        )
    pairs = zip(inputs.tensors(network), samples, strict=True)
    return inputs.same_count(
        [inputs.sampled(network, tensor, value, "calibrate", bytes_as) for tensor, value in pairs],
        "calibrate",
    )


def within(kind: str | None, flash: int | None, ram: int | None) -> Bytes | None:
    """The budget of a mixed choice; GravenError where there is one without the other."""
    given = flash is not None or ram is not None
    if kind != MIXED:
        if kind is not None:
            kind_of(kind)
        if given:
            raise GravenError("flash, ram: are the budget of quantize='mixed'; say so.")
        return None
    if not given:
        raise GravenError(
            "--quantize mixed: needs a budget; give --flash or --ram, bytes on the target."
        )
    return Bytes(flash, ram)


def needed(
    make: Callable[[files.Source], Model], source: files.Source, network: ir.Network
) -> Bytes:
    """By a network on the target that it is made for."""
    found = make(replace(source, network=network)).memory()
    return Bytes(found.flash, found.arena)


def listed(targets: str | Sequence[str]) -> Sequence[str]:
    return [targets] if isinstance(targets, str) else targets


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


class Model(Runnable):
    """A compiled network; called, it is computed by numpy, bit for bit what the C++ computes."""

    def __init__(
        self,
        source: files.Source,
        choice: build.Choice,
        *,
        prune: bool = True,
        allow_float: bool = False,
        decisions: Report | None = None,
        exact: Model | None = None,
        pixels: Pixels | None = None,
        slimmed: structured.Report | None = None,
        progress: Progress = quiet,
    ) -> None:
        self.source, self.choice, self.progress = source, choice, progress
        self.slimmed = slimmed  # what structured pruning has taken
        self.quantization = decisions  # None: it came as it is
        self.exact = exact  # the float model that it was quantized from
        self.original = passes.canonical(source.network)
        if not allow_float:
            islands.check(self.original)
        self.pruned = pruning.prune(self.original) if prune else None
        network = self.pruned.network if self.pruned else self.original
        super().__init__(network, self._by_numpy, pixels)
        self._batches = Batches(self.network)

    def built_for(self, choice: build.Choice) -> Model:
        """The same model, for another target, plan, instruction set or way of feeding it."""
        build.check(choice)
        other = copy.copy(self)
        other.choice = choice
        return other

    def slimmer(self, found: structured.Pruned) -> Model:
        """The float model without the channels that structured pruning has taken."""
        source = files.pruned(self.source, found)
        return Model(source, self.choice, prune=self.pruned is not None, pixels=self.pixels,
                     slimmed=found.report, progress=self.progress)  # fmt: skip

    def _chosen(self, target: str | None, plan: str | None) -> build.Choice:
        return replace(
            self.choice, target=target or self.choice.target, plan=plan or self.choice.plan
        )

    # -- running ---------------------------------------------------------------------------------

    def _by_numpy(self, values: list[np.ndarray]) -> list[np.ndarray]:
        if self.network.variables:
            return self._in_turn(values)
        found: list[list[np.ndarray]] = []
        given = joined(self.network, values)
        for start in range(0, len(given[0]), BATCH):
            every = self._batches.run([value[start : start + BATCH] for value in given])
            found.append([every[index] for index in self.network.outputs])
        return [np.concatenate(column) for column in zip(*found, strict=True)]

    def _in_turn(self, values: list[np.ndarray]) -> list[np.ndarray]:
        """With what lasts from one inference to the next; each call is the first after a reset."""
        state, found = reference.reset(self.network), []
        for k in range(len(values[0])):
            every = reference.run(self.network, inputs.one(values, k), state)
            found.append([every[index] for index in self.network.outputs])
        return [np.stack(column) for column in zip(*found, strict=True)]

    def native(self, plan: str | None = None) -> Native:
        """The C++ on this machine, built once and called on whole batches; of one thread. Plan and
        instruction set of another target are not for this one."""
        here = self.choice if self.choice.target == build.HOST else build.Choice()
        choice = replace(here, plan=plan or here.plan)
        return Native(self, self.build(choice, build.Parts.LIBRARY).library)

    def on(self, target: str | None = None, plan: str | None = None) -> Program:
        """The C++ on a target, in its emulator; "host": as a program on this machine."""
        return Program(self.built_for(self._chosen(target, plan)))

    def verify(
        self, values: ArrayLike, against: str = "tflm", target: str | None = None
    ) -> verify.Report:
        """Every layer's C++ on the target compared with numpy and with another engine, on samples
        of a single input, or on a list of values in the inputs' own types."""
        choice = self._chosen(target, None)
        values = values if isinstance(values, list) else self.inputs(values)
        self.progress(f"verifying {self.network.name} on {choice.target}")
        headers = verify.Headers(
            emit.header(self.original, self.source.sha256), self._planned(choice)
        )
        data = self.source.tflite
        return verify.verify(self.original, data, headers, values, choice, against)

    def proof(
        self,
        *samples_and_labels: ArrayLike,
        targets: str | Sequence[str] = (),
        exact: Model | None = None,
    ) -> Evaluation:
        """The float model, numpy, C++ here and on targets side by side on labelled samples:
        proof(x, y, targets=["cortex-m4"]). `exact`: the float model, if another made it int8."""
        *samples, labels = samples_and_labels
        given = evaluation.data(samples, labels)
        return evaluation.evaluate(self, given, listed(targets), exact)

    def report(
        self,
        path: str | os.PathLike,
        *samples_and_labels: ArrayLike,
        targets: str | Sequence[str] = ("cortex-m4",),
        exact: Model | None = None,
        curve: Curve | None = None,
    ) -> Path:
        """One HTML page of what it is, costs and loses: report("report.html", x, y); `curve` is
        what graven.curve has found."""
        *samples, labels = samples_and_labels or (None,)
        given = evaluation.data(samples, labels) if samples else None
        trials = curve.section() if curve else None
        text = page.html(self, given, listed(targets), exact, sweep=trials)
        write_file(Path(path), text.encode())
        return Path(path)

    def compare(self, other: Model | str, *samples: ArrayLike) -> compare.Comparison:
        """Beside another model, or beside itself on another target; with samples also how often
        both say the same."""
        second = self.built_for(self._chosen(other, None)) if isinstance(other, str) else other
        if not isinstance(second, Model):
            raise GravenError(
                f"compare: got a {type(other).__name__}; give another graven.Model or a target."
            )
        agreement = self.agreement(second, *samples) if samples else None
        return compare.Comparison(compare.compared(self.inspect(), second.inspect()), agreement)

    def agreement(self, other: Runnable, *samples: ArrayLike) -> float:
        """The share of samples that have the same class here and there."""
        return float((self.predict(*samples) == other.predict(*samples)).mean())

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
        choice = self._chosen(target, plan)
        built = self.build(choice, build.Parts.FACTS)
        facts = built.facts
        return Memory(choice.target, facts.arena_bytes, facts.weight_bytes, built.code_bytes)

    def inspect(self, target: str | None = None, plan: str | None = None) -> dict[str, Any]:
        """What `graven inspect --json` prints: kernels, MACs, flash and the arena's rows."""
        choice = self._chosen(target, plan)
        self.progress(f"compiling {self.network.name} for {choice.target}")
        built = self.build(choice, build.Parts.FACTS)
        return report.inspected(self.network, built, choice, self.removed)

    @property
    def removed(self) -> pruning.Report | None:
        """What exact pruning took."""
        return self.pruned.report if self.pruned else None

    def build(self, choice: build.Choice, parts: build.Parts) -> build.Build:
        """What `parts` says of the C++ for a choice; built once."""
        return build.build(self.network.name, self._planned(choice), choice, parts)

    def search(self, choice: build.Choice) -> FoundPlan:
        """The smallest plan that a search finds for a choice."""
        build.check(choice)
        self.progress(f"searching a plan of {self.network.name} for {choice.target}")
        name, parts = self.network.name, build.Parts.SEARCH
        return build.build(name, self.header(), choice, parts).found

    def _planned(self, choice: build.Choice) -> str:
        """The header, with what a search finds for the choice where that wants one."""
        return self.header([self.search(choice)] if build.wants_search(choice) else [])

    def header(self, plans: Sequence[FoundPlan] = ()) -> str:
        """The network as C++, with the plans that searches have found."""
        return emit.header(self.network, self.source.sha256, plans, self.pixels)

    def save(self, path: str | os.PathLike) -> Path:
        """As a C++ header (.hpp, .h), a .tflite file or, if all is Dense in float32, a RMD1 file
        (.rnn), by the name's ending."""
        path = Path(path)
        if path.suffix in (".hpp", ".h"):
            write_file(path, self.header().encode())
        elif path.suffix == ".tflite":
            write_file(path, self.source.tflite)
        elif path.suffix == ".rnn":
            write_file(path, rmd1.to_bytes(rmd1.layers_of(self.network)))
        else:
            raise GravenError(
                f"{path}: ends in '{path.suffix}', expected .hpp, .h, .tflite or .rnn."
            )
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


class Native(Runnable):
    """A model's C++ in this process."""

    def __init__(self, model: Model, library: Path) -> None:
        super().__init__(model.network, self._run, model.pixels)
        self._function = ctypes.CDLL(str(library)).graven_run
        self._function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
        self._function.restype = None
        ends = [self.network.tensors[index] for index in self.network.outputs]
        self._size = sum(report.tensor_bytes(tensor) for tensor in ends)

    def _run(self, values: inputs.Inputs) -> inputs.Inputs:
        given = inputs.rows(values)
        outputs = np.empty((len(given), self._size), np.uint8)
        self._function(given.ctypes.data, outputs.ctypes.data, len(given))
        return runner.split(self.network, outputs, len(given))

    def seconds(self, *samples: ArrayLike, least: int = 2000, most: float = 1.0) -> np.ndarray:
        """How long single inferences take, one after the other: at least `least`, round after
        round through the samples, but for no longer than `most` seconds."""
        given = inputs.rows(self.inputs(*samples))
        output = np.empty(self._size, np.uint8)
        places = [given[k].ctypes.data for k in range(len(given))]
        found: list[float] = []
        self._function(places[0], output.ctypes.data, 1)
        while len(found) < least and sum(found) < most:
            for place in places:
                start = time.perf_counter()
                self._function(place, output.ctypes.data, 1)
                found.append(time.perf_counter() - start)
        return np.array(found)


class Program(Runnable):
    """A model's C++ on a target; `instructions` are those of the last call's first inference, in
    all and by layer (None on the host, which counts none)."""

    def __init__(self, model: Model) -> None:
        super().__init__(model.network, self._run, model.pixels)
        self._model = model
        self.instructions: int | None = None
        self.by_layer: dict[int, int] = {}

    def _run(self, values: inputs.Inputs) -> inputs.Inputs:
        return self._measured(self._build(build.Parts.PROGRAM), values).outputs

    def _build(self, parts: build.Parts) -> build.Build:
        model = self._model
        model.progress(f"building {model.network.name} for {model.choice.target}")
        return model.build(model.choice, parts)

    def _measured(self, built: build.Build, values: inputs.Inputs) -> runner.Run:
        self._model.progress(f"running {counted(len(values[0]), 'inference')}")
        found = runner.run(self.network, built, values, profile=True)
        self.instructions, self.by_layer = found.instructions, found.layers
        return found

    def cycles(self, *samples: ArrayLike) -> int:
        """Estimated for the first sample, on Cortex-M4, M7 and M55 (needs llvm-19)."""
        built, target = self._build(build.Parts.PROGRAM), self._model.choice.target
        return cycles.estimate(built, self.inputs(*samples), target).cycles

    def cycles_by_layer(self, *samples: ArrayLike) -> list[int] | None:
        """As `cycles`, of each layer; None where the input is fed by rows."""
        built, target = self._build(build.Parts.PROGRAM), self._model.choice.target
        count = len(self.network.operators)
        return cycles.by_layer(built, self.inputs(*samples), target, count)

    def measure(self, values: inputs.Inputs) -> tuple[runner.Run, dict[str, Any]]:
        """A run on values in the inputs' own types, and what `graven run --json` prints of it."""
        choice, removed = self._model.choice, self._model.removed
        built = self._build(build.Parts.ALL)
        found = self._measured(built, values)
        return found, report.measured(self.network, built, choice, found, [], removed)
