"""`graven report`: one HTML page that says what a model is, costs and loses; without network."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np

from graven import (
    __version__,
    build,
    chips,
    cycles,
    drawing,
    evaluation,
    inputs,
    memory,
    picture,
    report,
)
from graven import ranks as ranking
from graven.evaluation import Classes, Data, Evaluation, Masks
from graven.node import shape_text
from graven.sphere import Layer as Neurons
from graven.sphere import Sphere5D

if TYPE_CHECKING:
    from graven.api import Model

MOST_BARS = 300  # of an arena's picture as SVG; one with more is PNG
MOST_CLASSES = 40  # of a confusion matrix


@dataclass(frozen=True)
class OnTarget:
    """What a model costs on a target."""

    target: str
    figures: dict[str, Any]  # as `run --json`
    cycles: int | None = None  # estimated, where the tools are installed
    by_layer: list[int] | None = None  # the same

    @property
    def usage(self) -> memory.Usage:
        return memory.Usage(self.figures)

    @property
    def flash(self) -> int | None:
        code = self.figures["flash_bytes"]["code"]
        return None if code is None else code + self.figures["flash_bytes"]["weights"]

    @property
    def need(self) -> chips.Need | None:
        if self.flash is None:
            return None
        return chips.Need(self.flash, self.figures["ram_bytes"])

    @functools.cached_property
    def ram(self) -> list[int]:
        """Of each layer, the most bytes of the arena alive while it makes its rows."""
        usage = self.usage
        alive = usage.alive()
        steps = [[bar.first for bar in usage.bars if bar.layer == k]
                 for k in range(len(self.figures["layers"]))]  # fmt: skip
        return [int(max((alive[step] for step in each), default=0)) for each in steps]


def html(
    model: Model,
    data: Data | None = None,
    targets: Sequence[str] = ("cortex-m4",),
    exact: Model | None = None,
    on_target: int = 100,
    sweep: dict[str, Any] | None = None,
) -> str:
    """The page; `data` are labelled samples, of which targets compute the first `on_target`;
    `sweep` is sweep.section() of results."""
    picture.require("report")
    columns = [_on_target(model, target, data) for target in targets]
    found = None
    if data is not None:
        emulated = [target for target in targets if target != build.HOST]
        found = evaluation.evaluate(model, data, emulated, exact, on_target)
    ranks = ranking.ranks(model.network)
    template = _environment().get_template("report.html.j2")
    return template.render(
        version=__version__,
        model=model,
        network=model.network,
        interface=report.interface(model.network),
        columns=columns,
        graph=drawing.graph(model.network),
        arenas=[_arena(each) for each in columns],
        layers=_layers(model, columns),
        evaluation=found,
        rows=_rows(found),
        confusion=_confusion(found),
        worst=[] if found is None else _worst(found),
        quantization=model.quantization,
        pruned=_pruned(model),
        ranks=ranks,
        spectra=drawing.spectra(ranks) if ranks else "",
        sphere=_sphere(model),
        fits=_fits(columns),
        sweep=sweep,
        bars=_bars,
    )


@functools.cache
def _environment() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["number"] = lambda value: "" if value is None else f"{value:,}"
    found.filters["shape"] = lambda value: shape_text(tuple(value))
    found.filters["kilo"] = _kilo
    return found


def _kilo(size: int) -> str:
    return f"{size / 1024:.3g} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.3g} MB"


def _bars(values: Sequence[float | None]) -> list[float]:
    """Lengths of bars in percent of the longest."""
    most = max((value or 0 for value in values), default=0) or 1
    return [100 * (value or 0) / most for value in values]


# -- parts of the page ----------------------------------------------------------------------------


def _on_target(model: Model, target: str, data: Data | None) -> OnTarget:
    values = inputs.random(model.network, 1, 0)
    if data is not None:
        values = model.inputs(*data.first(1).samples)
    program = model.on(target)
    figures = program.measure(values)[1]
    if not cycles.is_possible(target):
        return OnTarget(target, figures)
    return OnTarget(target, figures, program.cycles(*values), program.cycles_by_layer(*values))


def _arena(column: OnTarget) -> str:
    kind = "svg" if len(column.usage.bars) <= MOST_BARS else "png"
    return drawing.embedded(picture.draw(column.usage, kind), kind, f"arena-{column.target}")


def _layers(model: Model, columns: Sequence[OnTarget]) -> list[dict[str, Any]]:
    """A row for each layer; what differs between targets is a list."""
    found = []
    for place, operator in enumerate(model.network.operators):
        each = [column.figures["layers"][place] for column in columns]
        tensor = model.network.tensors[operator.known_by]
        found.append(
            {
                "index": operator.index,
                "op": operator.name,
                "name": tensor.name,
                "shape": report.without_batch(tensor.shape),
                "macs": each[0]["macs"],
                "flash": [layer["weight_bytes"] for layer in each],
                "ram": [column.ram[place] for column in columns],
                "instructions": [layer["instructions"] for layer in each],
                "cycles": [column.by_layer and column.by_layer[place] for column in columns],
            }
        )
    return found


def _rows(found: Evaluation | None) -> list[list[str]]:
    if found is None:
        return []
    return [evaluation.row(side, len(found.labels)) for side in found.sides]


def _confusion(found: Evaluation | None) -> dict[str, Any] | None:
    table = None if found is None else found.confusion
    if table is None or len(table) > MOST_CLASSES:
        return None
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    return {"counts": table.tolist(), "shares": share.tolist()}


def _worst(found: Evaluation) -> list[dict[str, Any]]:
    model, names = found.model, []
    for place in found.worst:
        each: dict[str, Any] = {"sample": place, "by": float(found.badness[place])}
        if isinstance(found.task, Classes):
            each["label"] = int(found.labels[place])
            each["answer"] = int(found.reference.answers[place])
            each["wrong"] = each["label"] != each["answer"]
            each["text"] = f"label {each['label']}, says {each['answer']}"
        else:
            what = "of the pixels wrong" if isinstance(found.task, Masks) else "mean error"
            each["text"] = f"{each['by']:.3g} {what}"
            each["wrong"] = each["by"] > 0
        each["pictures"] = [
            drawing.sample(_shown(model, given, k, place), f"sample-{place}-{k}")
            for k, given in enumerate(found.data.samples)
        ]
        if isinstance(found.task, Masks):
            each["pictures"] += [
                drawing.picture(mask[place][..., None].astype(np.float64))
                for mask in (found.labels, found.reference.answers)
            ]
        names.append(each)
    return names


def _shown(model: Model, given: np.ndarray, k: int, place: int) -> np.ndarray:
    """A sample in the input's shape without its batch axis."""
    tensor = inputs.tensors(model.network)[k]
    value = inputs.shaped(model.network, tensor, given, "report")[place]
    if len(tensor.shape) > 1 and (tensor.shape[0] == 1 or len(tensor.shape) > 3):
        value = value[0]  # of several images the first
    if report.layout(model.network, tensor) == "NCHW":
        value = np.moveaxis(value, 0, -1)
    return value


def _pruned(model: Model) -> dict[str, Any] | None:
    if model.removed is None:
        return None
    changes = [change for change in model.removed.operators if change.removed or change.vanished]
    return {**report.pruning(model.removed), "changes": changes}


def _sphere(model: Model) -> dict[str, Any] | None:
    """The neurons of all layers with weights: their channels."""
    ours, names = [], []
    for operator in model.network.operators:
        weighted = [model.network.tensors[index] for index in operator.inputs if index >= 0]
        if not any(tensor.data is not None and tensor.data.ndim > 1 for tensor in weighted):
            continue
        neurons = model.network.tensors[operator.known_by].shape[-1]
        biases = [t.data for t in weighted if t.data is not None and t.data.shape == (neurons,)]
        kept = biases[0].astype(float).tolist() if biases else [0.0] * neurons
        ours.append(Neurons(kept, operator.name))
        names.append(f"{operator.index} {operator.name}")
    if not ours:
        return None
    found = Sphere5D.from_network(ours)
    return {
        "picture": drawing.sphere(found, names),
        "count": len(found.points),
        "mean_radius": found.mean_radius(),
        "centroid": [float(each) for each in found.centroid()],
    }


def _fits(columns: Sequence[OnTarget]) -> list[tuple[chips.Fit, float | None]]:
    """And the milliseconds of an inference, where its cycles are known."""
    needs = {each.target: each.need for each in columns if each.need is not None}
    known = {each.target: each.cycles for each in columns if each.cycles is not None}
    return [
        (fit, known[fit.chip.target] / fit.chip.megahertz / 1e3)
        if fit.chip.target in known else (fit, None)
        for fit in (chips.fits(needs) if needs else [])
    ]  # fmt: skip
