"""Judges a model by labelled samples: how often the float model, int8 in numpy, the C++ here and
the C++ on targets are right, and where they part.

Labels say what is judged: whole numbers, one for each sample, are classes; those of an output's
height and width are masks; real numbers of an output's size are values.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table

from graven import build, inputs, ir, notebook, report, verify
from graven.errors import GravenError
from graven.node import counted, shape_text
from graven.outputs import write_arrays
from graven.quantize.scales import dequantized, scale_in
from graven.runnable import Runnable, as_array, plain

if TYPE_CHECKING:
    from graven.api import Model

LABELS = ("y", "labels", "label", "targets", "target", "masks", "mask")
WORST = 12
BETA = 2.0  # of F-beta: to miss something is worse than to see it where it is not
Scores = dict[str, float]


@dataclass(frozen=True)
class Data:
    """Samples, an array for each input of a model, and what is right."""

    samples: list[np.ndarray]
    labels: np.ndarray
    source: str = ""

    def first(self, count: int) -> Data:
        return Data([each[:count] for each in self.samples], self.labels[:count], self.source)


def load(network: ir.Network, file: Path) -> Data:
    """From an .npz: arrays by the inputs' names, or x; labels as y or labels."""
    arrays = inputs.archive(file)
    named = [name for name in LABELS if name in arrays]
    if not named:
        raise GravenError(
            f"{file}: has no labels; name them y or labels; it has {', '.join(sorted(arrays))}."
        )
    labels = arrays.pop(named[0])
    samples = [arrays[name] for name in inputs.names(network, arrays, str(file))]
    return data(samples, labels, file.name)


def samples(network: ir.Network, file: Path) -> list[np.ndarray]:
    """As `load`, where labels are not wanted."""
    arrays = inputs.archive(file)
    return [arrays[name] for name in inputs.names(network, arrays, str(file))]


def data(samples: Sequence[Any], labels: Any, source: str = "") -> Data:
    found = [np.atleast_1d(plain(each)) for each in samples]
    labels, where = np.atleast_1d(as_array(labels)), source or "evaluate"
    if labels.size == 0:
        raise GravenError(f"{where}: has no labels; give some, and a sample for each.")
    if labels.dtype.kind not in "iubf":
        raise GravenError(
            f"{where}: labels are {labels.dtype} {shape_text(labels.shape)}, expected whole "
            "numbers, the places of the classes among the outputs (map names to numbers first), "
            "or real numbers of the output's size."
        )
    for each in found:
        if len(each) != len(labels):
            raise GravenError(
                f"{where}: has labels of shape {shape_text(labels.shape)} for {len(each)} "
                "samples, expected one each."
            )
    return Data(found, labels, source)


# -- what is judged -------------------------------------------------------------------------------


class Classes:
    """Labels that are the places of outputs."""

    name = "classes"

    def answers(self, model: Runnable, scores: np.ndarray) -> np.ndarray:
        return model.classes(scores)

    def scores(self, answers: np.ndarray, labels: np.ndarray) -> Scores:
        return {"accuracy": float((answers == labels).mean())}

    def badness(self, scores: np.ndarray, answers: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """By how much another class is ahead of the right one; below 0 where none is."""
        scores = scores.reshape(len(scores), -1).astype(np.float64)
        if scores.shape[1] == 1:
            return np.where(labels > 0, -scores[:, 0], scores[:, 0])
        place = np.arange(len(scores))
        right = scores[place, labels]
        others = scores.copy()
        others[place, labels] = -np.inf
        return others.max(axis=1) - right


class Masks:
    """A class for each pixel; the score of a single channel says class 1."""

    name = "masks"

    def answers(self, model: Runnable, scores: np.ndarray) -> np.ndarray:
        if scores.shape[-1] == 1:
            return (scores[..., 0] > model.middle).astype(np.int64)
        return scores.argmax(axis=-1)

    def scores(self, answers: np.ndarray, labels: np.ndarray) -> Scores:
        """Over all pixels: the mean of the classes' IoU; Dice and F-beta of all but class 0."""
        both, found, there = self._counts(answers, labels)
        union = found + there - both
        seen = union > 0
        front = seen.copy()
        front[0] = False
        missed, false, weight = there - both, found - both, BETA**2
        of_beta = (1 + weight) * both / np.maximum((1 + weight) * both + weight * missed + false, 1)
        dice = 2 * both / np.maximum(found + there, 1)

        def mean(values: np.ndarray, which: np.ndarray) -> float:
            return float(values[which].mean()) if which.any() else 1.0

        return {
            "mIoU": mean(both / np.maximum(union, 1), seen),
            "Dice": mean(dice, front),
            f"F{BETA:g}": mean(of_beta, front),
        }

    @staticmethod
    def _counts(answers: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, ...]:
        """Pixels by class: where both say it, where the model does, where the labels do."""
        classes = int(max(answers.max(), labels.max())) + 1
        pairs = labels.reshape(-1).astype(np.int64) * classes + answers.reshape(-1)
        table = np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
        return np.diag(table), table.sum(axis=0), table.sum(axis=1)

    def badness(self, scores: np.ndarray, answers: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """The share of wrong pixels."""
        return (answers != labels).reshape(len(labels), -1).mean(axis=1)


class Values:
    """Real numbers."""

    name = "values"

    def answers(self, model: Runnable, scores: np.ndarray) -> np.ndarray:
        return scores.reshape(len(scores), -1)

    def scores(self, answers: np.ndarray, labels: np.ndarray) -> Scores:
        error = answers.astype(np.float64) - labels
        return {"RMSE": float(np.sqrt((error**2).mean())), "MAE": float(np.abs(error).mean())}

    def badness(self, scores: np.ndarray, answers: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.abs(answers - labels).mean(axis=1)


Task = Classes | Masks | Values


def task_of(network: ir.Network, labels: np.ndarray) -> tuple[Task, np.ndarray]:
    """What the labels are for the model's first output, and the labels in the answers' shape."""
    tensor = network.tensors[network.outputs[0]]
    shape, count = tensor.shape[1:], len(labels)
    size = int(np.prod(shape))
    whole = labels.dtype.kind in "iub"
    if whole and labels.size == count:
        labels = labels.reshape(count).astype(np.int64)
        most = max(size - 1, 1)
        if labels.min() < 0 or labels.max() > most:
            raise GravenError(
                f"evaluate: labels reach from {labels.min()} to {labels.max()}, but the model's "
                f"output '{tensor.name}' has classes 0 to {most}."
            )
        return Classes(), labels
    if whole and len(shape) == 3 and labels.size == count * shape[0] * shape[1]:
        return Masks(), labels.reshape(count, *shape[:2]).astype(np.int64)
    if not whole and labels.size == count * size:
        if not np.isfinite(labels).all():
            raise GravenError("evaluate: labels have NaN or infinity among them; leave those out.")
        return Values(), labels.reshape(count, size).astype(np.float64)
    raise GravenError(
        f"evaluate: labels are {labels.dtype} {shape_text(labels.shape)}, but the model's output "
        f"'{tensor.name}' is {shape_text(tensor.shape)}; expected a whole number for each sample "
        "(or pixel), or real numbers of that shape."
    )


# -- the sides ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """What one of those who compute the model says."""

    title: str
    outputs: list[np.ndarray]  # in their own types
    answers: np.ndarray
    scores: Scores
    agreement: float  # share of answers that are those of numpy on the same samples
    equal: bool | None  # outputs are numpy's, floats within the tolerance; None: another model
    seconds: np.ndarray | None = None  # of single inferences
    instructions: int | None = None  # of the first

    @property
    def samples(self) -> int:
        return len(self.answers)

    @property
    def microseconds(self) -> dict[str, float] | None:
        if self.seconds is None:
            return None
        mean, p99 = self.seconds.mean(), np.percentile(self.seconds, 99)
        return {"mean": float(mean) * 1e6, "p99": float(p99) * 1e6}


@dataclass(frozen=True, repr=False)
class Evaluation:
    model: Model
    data: Data
    task: Task
    labels: np.ndarray
    sides: list[Side]
    reference: Side  # numpy's among them
    difference: verify.Difference | None  # the first between C++ and numpy

    @cached_property
    def badness(self) -> np.ndarray:
        scores = self.model.real(self.reference.outputs)[0]
        return self.task.badness(scores, self.reference.answers, self.labels)

    @property
    def worst(self) -> list[int]:
        """The samples that are furthest from right, the worst first."""
        return [int(place) for place in np.argsort(-self.badness, kind="stable")[:WORST]]

    @property
    def confusion(self) -> np.ndarray | None:
        """[label][answer], of classes."""
        if not isinstance(self.task, Classes):
            return None
        answers = self.reference.answers
        classes = int(max(self.labels.max(), answers.max())) + 1
        pairs = self.labels * classes + answers
        return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)

    @property
    def is_exact(self) -> bool:
        """Does all C++ say what numpy says?"""
        return all(side.equal is not False for side in self.sides)

    def __repr__(self) -> str:
        return notebook.text(functools.partial(show, self))

    def _repr_html_(self) -> str:
        return notebook.html(functools.partial(show, self))

    def as_json(self) -> dict[str, Any]:
        sides = [
            {
                "title": side.title,
                "samples": side.samples,
                "scores": side.scores,
                "agreement": side.agreement,
                "equal": side.equal,
                "microseconds": side.microseconds,
                "instructions": side.instructions,
            }
            for side in self.sides
        ]
        worst = [{"sample": place, "by": float(self.badness[place])} for place in self.worst]
        if isinstance(self.task, Classes):
            for each in worst:
                place = each["sample"]
                each["label"] = int(self.labels[place])
                each["answer"] = int(self.reference.answers[place])
        confusion = self.confusion
        return {
            "model": self.model.network.name,
            "data": self.data.source,
            "task": self.task.name,
            "sides": sides,
            "difference": None if self.difference is None else str(self.difference),
            "worst": worst,
            "confusion": None if confusion is None else confusion.tolist(),
        }

    def save(self, path: str | os.PathLike) -> Path:
        """One .npz: labels, and of every side its outputs and answers."""
        arrays = {"labels": self.labels, "badness": self.badness}
        for side in self.sides:
            title = side.title.replace(" ", "_")
            arrays[f"{title}/answers"] = side.answers
            for place, value in enumerate(side.outputs):
                arrays[f"{title}/output_{place}"] = value
        write_arrays(Path(path), arrays)
        return Path(path)


def evaluate(
    model: Model,
    given: Data,
    targets: Sequence[str] = (),
    exact: Model | None = None,
    on_target: int = 100,
) -> Evaluation:
    """`exact`: the float model, if it is not the one that the model was quantized from; targets
    compute the first `on_target` samples."""
    task, labels = task_of(model.network, given.labels)
    given = Data(given.samples, labels, given.source)
    reference = _side(model, "numpy", model, task, given)
    sides = [reference]
    if exact := exact or model.exact:
        real = Data(_real(model, exact, given.samples), labels)
        sides.insert(0, _side(model, "float", exact, task, real, reference))
    model.progress(f"building {model.network.name} for {build.HOST}")
    native = model.native()
    host = _side(model, "C++", native, task, given, reference)
    sides.append(replace(host, seconds=native.seconds(*given.samples)))
    for target in targets:
        program = model.on(target)
        found = _side(model, target, program, task, given.first(on_target), reference)
        sides.append(replace(found, instructions=program.instructions))
    difference = _difference(model, given, reference, sides)
    return Evaluation(model, given, task, labels, sides, reference, difference)


def _real(model: Model, exact: Model, samples: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Samples as the float model takes them, which has to have the same inputs and outputs."""
    shapes = [
        [[tensor.shape for tensor in inputs.tensors(each.network)],
         [each.network.tensors[index].shape for index in each.network.outputs]]
        for each in (model, exact)
    ]  # fmt: skip
    if shapes[0] != shapes[1]:
        raise GravenError(
            f"evaluate: {exact.network.source} has inputs and outputs of the shapes {shapes[1]}, "
            f"but {model.network.source} {shapes[0]}; give the float model that it was made from."
        )
    found = []
    for tensor, value in zip(inputs.tensors(model.network), samples, strict=True):
        if value.dtype == tensor.element.dtype and tensor.quantization is not None:
            value = dequantized(value, scale_in(tensor))
        found.append(value)
    return found


def _side(
    model: Model, title: str, by: Runnable, task: Task, given: Data, reference: Side | None = None
) -> Side:
    outputs = [
        value.reshape(len(value), *report.without_batch(by.network.tensors[index].shape))
        for index, value in zip(by.network.outputs, by.raw(*given.samples), strict=True)
    ]
    answers = task.answers(by, by.real(outputs)[0])
    agreement, equal = 1.0, None
    if reference is not None:
        count = len(answers)
        agreement = float(np.isclose(answers, reference.answers[:count]).mean())
        if by.network is model.network:
            equal = not any(_unequal(outputs, reference.outputs).any(axis=1))
    return Side(title, outputs, answers, task.scores(answers, given.labels), agreement, equal)


def _unequal(ours: list[np.ndarray], theirs: list[np.ndarray]) -> np.ndarray:
    """[sample][output]: whether they differ."""
    pairs = list(zip(ours, theirs, strict=True))
    return np.array(
        [
            [bool(verify.unequal(one[k], other[k]).any()) for one, other in pairs]
            for k in range(len(ours[0]))
        ]
    )


def _difference(
    model: Model, given: Data, reference: Side, sides: Sequence[Side]
) -> verify.Difference | None:
    """The first layer that C++ computes otherwise than numpy, on the first sample where outputs
    do."""
    for side in sides:
        if side.equal is False:
            k = int(np.argmax(_unequal(side.outputs, reference.outputs).any(axis=1)))
            target = build.HOST if side.title == "C++" else side.title
            values = model.inputs(*(each[k : k + 1] for each in given.samples))
            return model.verify(values, target=target).difference
    return None


# -- tables ---------------------------------------------------------------------------------------


def show(found: Evaluation, console: Console) -> None:
    title = f"{found.model.network.name} on {counted(len(found.labels), 'sample')}"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in (*found.reference.scores, "as numpy", "outputs", "mean", "p99", "instructions"):
        table.add_column(name, justify="right")
    for side in found.sides:
        table.add_row(*row(side, len(found.labels)))
    console.print(table)
    if found.difference is not None:
        console.print(f"first difference: {found.difference}", highlight=False, markup=False)
    for place in found.worst[:3]:
        console.print(_of_sample(found, place), highlight=False, markup=False)


def row(side: Side, samples: int) -> list[str]:
    """A side's cells, as `show` has them."""
    some = "" if side.samples == samples else f" (first {side.samples})"
    equal = {None: "", True: "equal", False: "DIFFER"}[side.equal]
    times = side.microseconds
    return [
        f"{side.title}{some}",
        *(f"{score:.2%}" if score <= 1 else f"{score:.4g}" for score in side.scores.values()),
        f"{side.agreement:.2%}",
        equal,
        *(f"{times[name]:.2f} us" if times else "" for name in ("mean", "p99")),
        f"{side.instructions:,}" if side.instructions else "",
    ]


def _of_sample(found: Evaluation, place: int) -> str:
    text, value = f"sample {place}: ", found.badness[place]
    if isinstance(found.task, Masks):
        return f"{text}{value:.2%} of its pixels are wrong"
    if isinstance(found.task, Values):
        return f"{text}{value:.4g} is its mean error"
    label, answer = found.labels[place], found.reference.answers[place]
    said = "right" if label == answer else f"says {answer}"
    return f"{text}{said}, label {label}, ahead by {value:.3g}"
