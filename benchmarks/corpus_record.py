"""What models of a folder took (corpus.py), and the table that is made of it."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import figures

RESULTS = figures.ROOT / "benchmarks/results/corpus.json"
LEAST_MACS = 1000  # below, a model's instructions are not those of its products
COLUMNS = ("target", "models", "in scalar kernels", "per MAC: geometric mean", "median",
           "90th percentile", "models that count")  # fmt: skip


@dataclass(frozen=True)
class Part:
    """The layers of a model that are of one operator and one kernel."""

    op: str
    kernel: str
    layers: int
    macs: int
    instructions: int


@dataclass(frozen=True)
class Found:
    """A model on a target; `said`: why it has no figures."""

    name: str
    sha256: str
    target: str
    macs: int = 0
    instructions: int = 0
    said: str = ""
    parts: tuple[Part, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.name, self.target

    @property
    def per_mac(self) -> float:
        return self.instructions / self.macs

    def saying(self, sentence: str) -> Found:
        return replace(self, said=sentence)


@dataclass(frozen=True)
class Summary:
    """A target's line in the table."""

    target: str
    models: int
    instructions: int
    scalar: int  # of these, in layers whose kernel is scalar's
    counted: int  # models of more than LEAST_MACS multiplications, of which the following tell
    geometric_mean: float
    median: float
    percentile_90: float
    left_out: tuple[str, ...]  # models without figures that no sentence refuses


def read(file: Path) -> list[Found]:
    if not file.exists():
        return []
    return [
        Found(**{**row, "parts": tuple(Part(*part) for part in row["parts"])})
        for row in json.loads(file.read_text())
    ]


def write(rows: Iterable[Found], file: Path) -> None:
    """A line per model, in place at once: who is stopped has lost nothing."""
    lines = []
    for row in sorted(rows, key=lambda row: (row.target, row.name)):
        parts = [list(asdict(part).values()) for part in row.parts]
        lines.append(json.dumps({**asdict(row), "parts": parts}))
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text("[\n " + ",\n ".join(lines) + "\n]\n")
    fresh.replace(file)


def counted(rows: Iterable[Found]) -> list[Found]:
    return [row for row in rows if row.macs > LEAST_MACS]


def summary(rows: Iterable[Found], target: str) -> Summary:
    of_target = [row for row in rows if row.target == target]
    measured = [row for row in of_target if row.instructions]
    ratios = sorted(row.per_mac for row in counted(measured))
    if not ratios:
        raise figures.BenchError(f"{target}: no model of more than {LEAST_MACS} MACs ran.")
    scalar = sum(
        part.instructions for row in measured for part in row.parts
        if part.kernel.startswith("scalar")
    )  # fmt: skip
    return Summary(
        target, len(measured), sum(row.instructions for row in measured), scalar, len(ratios),
        round(statistics.geometric_mean(ratios), 3), round(statistics.median(ratios), 3),
        round(ratios[min(len(ratios) - 1, int(0.9 * len(ratios)))], 3),
        tuple(sorted(row.name for row in of_target if "took more" in row.said)),
    )  # fmt: skip


# -- the record -----------------------------------------------------------------------------------


def read_summaries(file: Path = RESULTS) -> list[Summary]:
    if not file.exists():
        return []
    rows = json.loads(file.read_text())["targets"]
    return [Summary(**{**row, "left_out": tuple(row["left_out"])}) for row in rows]


def write_summaries(
    lines: Iterable[Summary], compilers: dict[str, str], file: Path = RESULTS
) -> None:
    """The new lines in place of the old ones of the same target."""
    known = {line.target: line for line in [*read_summaries(file), *lines]}
    before = json.loads(file.read_text())["compilers"] if file.exists() else {}
    order = {target: at for at, target in enumerate(figures.ALL_TARGETS)}
    rows = [asdict(known[target]) for target in sorted(known, key=order.__getitem__)]
    text = ",\n  ".join(json.dumps(row) for row in rows)
    both = json.dumps(dict(sorted({**before, **compilers}.items())))
    file.write_text(f'{{\n "compilers": {both},\n "targets": [\n  {text}\n ]\n}}\n')


def cells_of(lines: Iterable[Summary]) -> list[list[str]]:
    return [
        [
            line.target, f"{line.models}", f"{line.scalar / line.instructions:.1%}",
            f"{line.geometric_mean:.2f}", f"{line.median:.2f}", f"{line.percentile_90:.2f}",
            f"{line.counted}",
        ]
        for line in lines
    ]  # fmt: skip
