"""`graven compare A B`: what two models, or one on two targets, cost: side by side."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from graven import notebook

Report = dict[str, Any]
"""As `inspect --json` or `run --json` prints it."""


def _expanded(report: Report) -> int:
    return sum(layer["expanded_bytes"] for layer in report["layers"])


FIGURES: dict[str, Callable[[Report], int | None]] = {
    "layers": lambda report: len(report["layers"]),
    "MACs": lambda report: report["macs"],
    "weights, bytes": lambda report: report["flash_bytes"]["weights"],
    "of these expanded": _expanded,
    "code, bytes": lambda report: report["flash_bytes"]["code"],
    "flash, bytes": lambda report: _flash(report),
    "arena, bytes": lambda report: report["arena_bytes"],
    "its lower bound": lambda report: report["arena_bound_bytes"],
    "input, bytes": lambda report: report["input_bytes"],
    "stack, bytes": lambda report: report.get("stack_bytes"),
    "RAM in all, bytes": lambda report: report.get("ram_bytes"),
    "instructions": lambda report: report.get("instructions"),
}
"""What is compared, in this order; None where it is not known (code on the host, without a run)."""


def _flash(report: Report) -> int | None:
    code = report["flash_bytes"]["code"]
    return None if code is None else code + report["flash_bytes"]["weights"]


@dataclass(frozen=True, repr=False)
class Comparison:
    """What `compared` says, and the share of samples on which both models say the same class."""

    found: dict[str, Any]
    agreement: float | None = None

    @property
    def figures(self) -> dict[str, list[int | None]]:
        """[first, second] of each figure."""
        return self.found["figures"]

    def __repr__(self) -> str:
        return notebook.text(self._show)

    def _repr_html_(self) -> str:
        return notebook.html(self._show)

    def _show(self, console: Console) -> None:
        show(self.found, console, self.agreement)


def compared(first: Report, second: Report) -> dict[str, Any]:
    """One JSON object: both sides, the figures, and which layers are the same."""
    sides = [
        {name: report[name] for name in ("model", "source", "target", "isa", "plan")}
        for report in (first, second)
    ]
    figures = {name: [of(first), of(second)] for name, of in FIGURES.items()}
    layers = [
        [None if layer is None else _of_layer(layer) for layer in pair]
        for pair in pairs(first, second)
    ]
    return {"sides": sides, "figures": figures, "layers": layers}


def _of_layer(layer: dict[str, Any]) -> dict[str, Any]:
    names = ("index", "name", "op", "kernel", "output_shape", "macs", "weight_bytes")
    return {name: layer[name] for name in names}


def pairs(first: Report, second: Report) -> Iterator[tuple[dict | None, dict | None]]:
    """Layers that stand for each other: the longest common sequence of operators."""
    ours, theirs = first["layers"], second["layers"]
    matcher = difflib.SequenceMatcher(
        None, [layer["op"] for layer in ours], [layer["op"] for layer in theirs], autojunk=False
    )
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            yield from zip(ours[a:b], theirs[c:d], strict=True)
        else:
            yield from ((layer, None) for layer in ours[a:b])
            yield from ((None, layer) for layer in theirs[c:d])


# -- tables ---------------------------------------------------------------------------------------


def show(found: dict[str, Any], console: Console, agreement: float | None = None) -> None:
    titles = [
        f"{letter}: {side['model']} ({side['source']})\n"
        f"{side['target']}, {side['isa']}, {side['plan']}"
        for letter, side in zip("AB", found["sides"], strict=True)
    ]
    table = Table()
    table.add_column("")
    for title in (*map(escape, titles), "change"):
        table.add_column(title, justify="right")
    for name, (ours, theirs) in found["figures"].items():
        if ours is not None or theirs is not None:
            table.add_row(name, number(ours), number(theirs), change(ours, theirs))
    if agreement is not None:
        table.add_row("the same answers", "", "", f"{agreement:.2%}")
    console.print(table)
    console.print(layer_table(found["layers"]))


def layer_table(pairs: Sequence[Sequence[dict | None]]) -> Table:
    """What differs stands beside each other; "-": the other model has no such layer."""
    table = Table()
    table.add_column("operator")
    for title in ("output", "MACs", "weights", "kernel"):
        for side in ("A", "B"):
            justify = "right" if title in ("MACs", "weights") else "left"
            table.add_column(f"{title} {side}", justify=justify)
    for ours, theirs in pairs:
        cells = [(ours or theirs or {})["op"]]
        for name in ("output_shape", "macs", "weight_bytes", "kernel"):
            cells += [_cell(layer, name) for layer in (ours, theirs)]
        table.add_row(*map(escape, cells))
    return table


def _cell(layer: dict | None, name: str) -> str:
    if layer is None:
        return "-"
    value = layer[name]
    if isinstance(value, list):
        return "x".join(map(str, value)) or "scalar"
    return number(value) if isinstance(value, int) else value


def number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def change(ours: int | None, theirs: int | None) -> str:
    if ours is None or theirs is None or ours == theirs:
        return ""
    return f"{(theirs - ours) / ours:+.1%}" if ours else f"{theirs - ours:+,}"
