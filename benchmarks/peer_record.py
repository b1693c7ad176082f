"""The record of speed beside other engines, and its tables."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import figures

RESULTS = figures.ROOT / "benchmarks/results/peers.json"
PEERS = ("LiteRT (XNNPACK)", "ONNX Runtime", "tflite-micro")


@dataclass(frozen=True)
class Measured:
    """One engine's inference of one model; a ratio is its time over ours of the same round."""

    model: str
    sha256: str
    engine: str  # "graven (ISA)" for ours
    microseconds: float  # the median
    ratio: float  # the median, then the extremes
    lowest: float
    highest: float
    differs: int  # largest distance of an output from the exact one, in quantization steps

    @property
    def ours(self) -> bool:
        return self.engine not in PEERS

    def spread(self) -> str:
        return f"{self.ratio:.2f} ({self.lowest:.2f} - {self.highest:.2f})"


@dataclass(frozen=True)
class Run:
    """What was measured, and on and with what."""

    machine: dict[str, str] = field(default_factory=dict)
    rows: tuple[Measured, ...] = ()

    def models(self) -> list[str]:
        return sorted({row.model for row in self.rows})

    def find(self, model: str, engine: str | None) -> Measured | None:
        """None for an engine: ours."""
        wanted = (row for row in self.rows if row.model == model)
        return next((x for x in wanted if x.engine == engine or (engine is None and x.ours)), None)

    def best(self, model: str) -> Measured | None:
        peers = [row for row in self.rows if row.model == model and not row.ours]
        return min(peers, key=lambda row: row.ratio, default=None)


def row_of(model: figures.Model, engine: str, times: Sequence[float], ours: Sequence[float],
           differs: int) -> Measured:  # fmt: skip
    """Of seconds per round."""
    ratios = [time / own for time, own in zip(times, ours, strict=True)]
    return Measured(
        model.name, model.sha256, engine, round(statistics.median(times) * 1e6, 3),
        *(round(x, 3) for x in (statistics.median(ratios), min(ratios), max(ratios))), differs,
    )  # fmt: skip


def mean(ratios: Iterable[float]) -> float:
    """The geometric mean; nan of nothing."""
    logs = [math.log(ratio) for ratio in ratios]
    return math.exp(statistics.fmean(logs)) if logs else math.nan


def read(file: Path = RESULTS) -> Run:
    if not file.exists():
        return Run()
    found = json.loads(file.read_text())
    return Run(found["machine"], tuple(Measured(**row) for row in found["rows"]))


def write(run: Run, file: Path = RESULTS) -> None:
    """A whole run: rows of different runs cannot be compared."""
    machine = json.dumps(run.machine, indent=2).replace("\n", "\n ")
    rows = ",\n  ".join(json.dumps(asdict(row)) for row in run.rows)
    file.write_text(f'{{\n "machine": {machine},\n "rows": [\n  {rows}\n ]\n}}\n')


# -- cells of the tables --------------------------------------------------------------------------

COLUMNS = ("model", "ours, µs", *PEERS, "the best of them")
DISTANCE_COLUMNS = ("model", *PEERS)
MACHINE_COLUMNS = ("what", "which")


def cells_of(run: Run) -> list[list[str]]:
    """Per model, times ours: median (lowest - highest); then the geometric means."""
    lines = []
    for model in run.models():
        ours, best = run.find(model, None), run.best(model)
        found = [run.find(model, engine) for engine in PEERS]
        lines.append([
            model, f"{ours.microseconds:,.2f}" if ours else "",
            *(row.spread() if row else "" for row in found), f"{best.ratio:.2f}" if best else "",
        ])  # fmt: skip
    if lines:
        means = [mean(r.ratio for r in run.rows if r.engine == engine) for engine in PEERS]
        means.append(mean(row.ratio for row in map(run.best, run.models()) if row))
        lines.append(["geometric mean", "", *("" if math.isnan(x) else f"{x:.2f}" for x in means)])
    return lines


def distance_cells(run: Run) -> list[list[str]]:
    lines = []
    for model in run.models():
        found = [run.find(model, engine) for engine in PEERS]
        lines.append([model, *(str(row.differs) if row else "" for row in found)])
    return lines


def machine_cells(run: Run) -> list[list[str]]:
    return [[what, which] for what, which in run.machine.items()]
