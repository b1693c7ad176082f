"""Accuracy against bytes: a float model pruned to several sizes, each quantized, judged and
built.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from graven import __version__, cache, evaluation, notebook, sweep
from graven.api import Model, calibration, collected
from graven.api import compile as compiled
from graven.errors import GravenError
from graven.outputs import write_file
from graven.pruning import structured
from graven.pruning.structured import FineTune
from graven.quantize.budget import MIXED
from graven.quantize.kinds import kind_of
from graven.quantize.search import Progress, quiet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SHARES = (1.0, 0.75, 0.5, 0.35, 0.25)


@dataclass(frozen=True)
class Curve:
    """A result for each share, as graven.sweep has them, and the models (None: it cannot be)."""

    results: list[sweep.Result]
    models: list[Model | None] = field(repr=False)

    def __repr__(self) -> str:
        return notebook.text(self.show)

    def _repr_html_(self) -> str:
        plots = self.section()["plots"]
        return notebook.html(self.show) + "".join(drawn for _, drawn in plots)

    def show(self, console: Console) -> None:
        sweep.show(self.results, console)

    def section(self) -> dict[str, Any]:
        """What a report says of it."""
        return {**sweep.section(self.results), "heading": "Accuracy against bytes"}

    def save(self, path: str | os.PathLike) -> Path:
        """A line of JSON each: what `graven report --sweep` takes."""
        lines = "".join(f"{json.dumps(each)}\n" for each in self.results)
        write_file(Path(path), lines.encode())
        return Path(path)


def curve(
    model: Any, *samples_and_labels: ArrayLike, calibrate: Any, keep: Sequence[float] = SHARES,
    quantize: str | None = "int8", target: str = "cortex-m4", plan: str = "fastest",
    criterion: str = "reconstruction", fine_tune: FineTune | str | None = None,
    progress: Progress = quiet, **others: Any,
) -> Curve:  # fmt: skip
    """curve(model, x, y, calibrate=samples): what each share of the weights costs on the target,
    and how well it does on x and y, data that served nothing else. `model` and `others` are as
    graven.compile takes them, `keep` are shares as of graven.prune; quantize=None: in float32."""
    check(keep, quantize)
    whole = compiled(model, **{**example(model, calibrate), **others}, target=target, plan=plan)
    samples = calibration(whole.source.network, collected(calibrate), whole.pixels)
    if len(samples_and_labels) < 2:
        raise GravenError("curve: takes samples and labels that judge, as in curve(model, x, y).")
    evaluation.data(samples_and_labels[:-1], samples_and_labels[-1])
    structured.check(whole.source.network, criterion)
    pruner: structured.Pruner | None = None
    results, models = [], []
    for share in keep:
        result, made = start(whole, share, quantize, target, plan), None
        try:
            made = whole
            if share < 1.0:
                if pruner is None:
                    network = whole.source.network
                    pruner = structured.Pruner(network, samples, criterion, progress=progress)
                made = whole.slimmer(pruner.pruned(share, fine_tune=fine_tune))
            if quantize is not None:
                made = compiled(made, calibrate=calibrate, quantize=quantize, target=target,
                                plan=plan, progress=progress)  # fmt: skip
            progress(f"building {result['title']} for {target}")
            result |= sweep.costs(made, target, plan)
            result["measure"], result["score"] = judged(made, samples_and_labels)
        except GravenError as error:
            result["error"] = str(error)
        results.append(result)
        models.append(None if result["error"] else made)
    return Curve(results, models)


def check(keep: Sequence[float], quantize: str | None) -> None:
    """What would be wrong with every share."""
    if np.ndim(keep) != 1 or len(keep) == 0:
        raise GravenError(f"keep={keep!r}: expected several shares, as in (1, 0.75, 0.5).")
    for share in keep:
        structured.check_share(share)
    if quantize == MIXED:
        raise GravenError(
            "--quantize mixed: is for a budget in bytes, where this makes a model for each share "
            "of the weights; take int8, int4 or int16x8."
        )
    if quantize is not None:
        kind_of(quantize)


def judged(model: Model, samples_and_labels: Sequence[ArrayLike]) -> tuple[str, float]:
    return next(iter(model.scores(*samples_and_labels).items()))


def example(model: Any, calibrate: Any) -> dict[str, Any]:
    """What a PyTorch module is exported with."""
    return {"calibrate": calibrate} if hasattr(model, "state_dict") else {}


def start(whole: Model, share: float, quantize: str | None, target: str, plan: str) -> sweep.Result:
    how = "" if quantize is None else f" {quantize}"
    title = f"{whole.network.name}{how}, {100 * share:g} % of the weights"
    named = {"model": whole.network.name, "quantize": quantize or sweep.AS_IT_IS, "target": target,
             "plan": plan, "keep": share, "title": title}  # fmt: skip
    key = cache.digest(__version__, whole.source.sha256, repr(named))
    return {"key": key, **named, "score": None, **dict.fromkeys(sweep.COSTS), "error": None}
