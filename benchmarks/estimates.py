"""The record of estimated cycles, and its table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import figures

RESULTS = figures.ROOT / "benchmarks/results/cycles.json"
TITLE = (
    "cycles of one inference, an ESTIMATE: executed blocks, each as llvm-mca has it, corrected by "
    "Arm's manuals; no waits for flash"
)
COLUMNS = ("model", "target", "plan", "instructions", "est. cycles", "per MAC", "per instruction",
           "code read", "data read")  # fmt: skip


@dataclass(frozen=True)
class Estimate:
    model: str
    sha256: str
    target: str
    isa: str
    plan: str
    macs: int
    instructions: int  # as `graven run` measures
    counted: int  # by executed blocks
    cycles: int  # an estimate
    fetched_bytes: int  # of instructions, as if nothing kept them
    loaded_bytes: int  # of weights and tables, from flash

    @property
    def key(self) -> tuple[str, str, str]:
        return self.model, self.target, self.plan


def read(file: Path = RESULTS) -> list[Estimate]:
    return [Estimate(**row) for row in json.loads(file.read_text())] if file.exists() else []


def write(rows: Sequence[Estimate], file: Path = RESULTS) -> None:
    """The new rows in place of the old ones of the same model, target and plan."""
    fresh = {row.key for row in rows}
    both = [*(row for row in read(file) if row.key not in fresh), *rows]
    order = {target: at for at, target in enumerate(figures.TARGETS)}
    both.sort(key=lambda row: (row.model, order[row.target], row.plan))
    file.write_text("[\n " + ",\n ".join(json.dumps(asdict(row)) for row in both) + "\n]\n")


def cells_of(rows: Iterable[Estimate]) -> Iterator[list[str]]:
    for row in rows:
        yield [
            row.model, row.target, row.plan, f"{row.instructions:,}", f"{row.cycles:,}",
            f"{row.cycles / row.macs:.2f}" if row.macs else "",
            f"{row.cycles / row.instructions:.2f}", f"{row.fetched_bytes:,}",
            f"{row.loaded_bytes:,}",
        ]  # fmt: skip
