"""The recorded figures as tables: for the terminal (rich), and for the pages in docs/.

In a Markdown file each table lies between `<!-- table: NAME -->` and `<!-- end -->`; what is
between them is written by `qemu.py --markdown` and never by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import estimates
import peer_record
from figures import CLANG_TARGETS, TARGETS, BenchError, Record, Row
from rich.console import Console
from rich.table import Table

PEERS = json.loads(Path(__file__).with_name("tflm.json").read_text())
CODE_LIMITS = {
    ("hello_world", "native"): 4096,
    ("hello_world", "scalar"): 4096,
    ("kws_dscnn", "native"): 20480,
    ("kws_dscnn", "scalar"): 14336,
}
"""Bytes of code on a Cortex-M4, by model and instruction set asked for."""
CODE_TARGET = "cortex-m4"
LEAN_LIMITS = {
    "digits": (7 * 1024, 1.5),
    "kws_dscnn": (8 * 1024, 1.25),
    "person_detect": (12 * 1024, 1.5),
}
"""Of the plan `lean` on a Cortex-M4: bytes of code, and instructions for one of `fastest`."""


def ratio(row: Row, peer: str) -> float | None:
    """Our instructions over the peer's; None for a file or a target that it was not run on."""
    found = PEERS["models"].get(row.model)
    if found is None or found["sha256"] != row.sha256:
        return None
    count = found[peer].get(row.target)
    return row.instructions / count if count else None


def ratio_text(row: Row, peer: str) -> str:
    found = ratio(row, peer)
    return "" if found is None else f"{found:.3f}"


# -- for the terminal -----------------------------------------------------------------------------


def show(rows: Sequence[Row], old: Record, console: Console) -> None:
    """`change`: of the instructions, against the record."""
    table = Table(title="one inference, counted in QEMU", title_justify="left")
    for title in ("model", "target", "isa", "plan"):
        table.add_column(title, no_wrap=True)
    for title in ("instructions", "change", "per MAC", "/ CMSIS-NN", "/ its best", "/ reference",
                  "arena", "RAM", "stack", "code", "weights"):  # fmt: skip
        table.add_column(title, justify="right", no_wrap=True)
    recorded, last = old.by_key(), ""
    for row in rows:
        if last and row.model != last:
            table.add_section()
        before = recorded.get(row.key)
        change = row.instructions / before.instructions - 1 if before else None
        native = row.asked == "native"
        table.add_row(
            row.model if row.model != last else "", row.target, row.isa, row.plan,
            f"{row.instructions:,}",
            "new" if change is None else f"{change:+.1%}" if change else "",
            f"{row.per_mac:.2f}",
            *(ratio_text(row, peer) if native else "" for peer in ("cmsis_nn", "cmsis_nn_best")),
            "" if native else ratio_text(row, "reference"),
            f"{row.arena_bytes:,}", f"{row.ram_bytes:,}", f"{row.stack_bytes:,}",
            f"{row.code_bytes:,}", f"{row.weight_bytes:,}",
        )  # fmt: skip
        last = row.model
    console.print(table)
    for title, peer in (("/ CMSIS-NN", "cmsis_nn"), ("/ its best", "cmsis_nn_best"),
                        ("/ reference", "reference")):  # fmt: skip
        console.print(f"{title}: {PEERS['sources'][peer]}", highlight=False, markup=False)


def show_layers(row: Row, console: Console) -> None:
    table = Table(title=row.title, title_justify="left")
    for title in ("", "MACs", "instructions", "share", "per MAC"):
        table.add_column(title, justify="right")
    table.add_column("operator", no_wrap=True)
    table.add_column("name")
    for index, layer in enumerate(row.layers):
        table.add_row(
            str(index), f"{layer.macs:,}", f"{layer.instructions:,}",
            f"{layer.instructions / row.instructions:.1%}",
            f"{layer.instructions / layer.macs:.2f}" if layer.macs else "", layer.op, layer.name,
        )  # fmt: skip
    console.print(table)


# -- for a Markdown file --------------------------------------------------------------------------


def markdown(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column is text, the others are numbers."""
    lines = [titles, ["---", *("---:" for _ in titles[1:])], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def models_of(rows: Iterable[Row]) -> list[str]:
    return sorted({row.model for row in rows})


def pick(
    rows: Iterable[Row], model: str, target: str, asked: str = "native", plan: str = "fastest"
) -> Row | None:
    wanted = (model, target, asked, plan)
    return next((r for r in rows if (r.model, r.target, r.asked, r.plan) == wanted), None)


def matrix(rows: Sequence[Row], cell) -> list[list[str]]:
    lines = []
    for model in models_of(rows):
        found = [pick(rows, model, target) for target in TARGETS]
        lines.append([model, *("" if row is None else cell(row) for row in found)])
    return lines


def instructions_table(rows: Sequence[Row]) -> str:
    return markdown(["model", *TARGETS], matrix(rows, lambda row: f"{row.instructions:,}"))


def per_mac_table(rows: Sequence[Row]) -> str:
    return markdown(["model", *TARGETS], matrix(rows, lambda row: f"{row.per_mac:.2f}"))


def ratio_table(rows: Sequence[Row]) -> str:
    def cell(row: Row) -> str:
        both = [ratio_text(row, peer) for peer in ("cmsis_nn", "cmsis_nn_best")]
        return " / ".join(both) if all(both) else ""

    lines = [line for line in matrix(rows, cell) if any(line[1:])]
    arm = [target for target in TARGETS if target.startswith("cortex")]
    return markdown(["model", *arm], [line[: 1 + len(arm)] for line in lines])


def scalar_table(rows: Sequence[Row]) -> str:
    lines = []
    for model in models_of(rows):
        row = pick(rows, model, "cortex-m4", "scalar")
        if row is not None:
            numbers = [f"{row.instructions:,}", f"{row.per_mac:.2f}", ratio_text(row, "reference")]
            lines.append([model, *numbers])
    return markdown(["model", "instructions", "per MAC", "of TFLM's reference kernels"], lines)


def memory_table(rows: Sequence[Row]) -> str:
    lines = []
    for model in models_of(rows):
        row = pick(rows, model, "cortex-m4")
        if row is not None:
            sizes = (row.arena_bytes, row.stack_bytes, row.ram_bytes, row.weight_bytes)
            lines.append([model, *(f"{size:,}" for size in sizes)])
    return markdown(["model", "arena", "stack", "RAM in all", "weights"], lines)


def plans_table(rows: Sequence[Row]) -> str:
    """What `smallest` costs in speed, and `fastest` in memory."""
    lines = []
    for model in models_of(rows):
        both = [pick(rows, model, "cortex-m4", plan=plan) for plan in ("smallest", "fastest")]
        if None not in both:
            sizes = [f"{getattr(row, f'{kind}_bytes'):,}"
                     for kind in ("arena", "weight") for row in both]  # fmt: skip
            counts = [f"{row.instructions:,}" for row in both]
            lines.append([model, *sizes[:2], *counts, ratio_text(both[0], "cmsis_nn"), *sizes[2:]])
    titles = ["model", "arena, smallest", "fastest", "instructions, smallest", "fastest",
              "smallest of TFLM + CMSIS-NN", "weights, smallest", "fastest"]  # fmt: skip
    return markdown(titles, lines)


def lean_table(rows: Sequence[Row]) -> str:
    """What the plan `lean` saves in flash, and costs in speed."""
    lines = []
    for model in models_of(rows):
        lean, fastest = (pick(rows, model, CODE_TARGET, plan=plan) for plan in ("lean", "fastest"))
        if lean is not None and fastest is not None:
            sizes = [f"{row.code_bytes:,}" for row in (lean, fastest)]
            flash = [f"{row.code_bytes + row.weight_bytes:,}" for row in (lean, fastest)]
            lines.append([model, *sizes, *flash, f"{lean.instructions:,}",
                          f"{lean.instructions / fastest.instructions:.2f}"])  # fmt: skip
    titles = ["model", "code, lean", "fastest", "flash in all, lean", "fastest",
              "instructions, lean", "times fastest's"]  # fmt: skip
    return markdown(titles, lines)


def code_table(rows: Sequence[Row]) -> str:
    lines = []
    for model in models_of(rows):
        for asked in ("native", "scalar"):
            row = pick(rows, model, CODE_TARGET, asked)
            if row is not None:
                limit = CODE_LIMITS.get((model, asked))
                lines.append([f"{model}, {row.isa}" + (" (native)" if asked == "native" else ""),
                              f"{row.code_bytes:,}", f"{limit:,}" if limit else ""])  # fmt: skip
    return markdown(["model", "code", "limit"], lines)


def operator_table(rows: Sequence[Row], target: str) -> str:
    """Where the instructions go: shares of all layers', which a hook counts one by one."""
    lines = []
    for model in models_of(rows):
        row = pick(rows, model, target)
        sums: dict[str, tuple[int, int]] = {}
        for layer in row.layers if row is not None else ():
            macs, instructions = sums.get(layer.op, (0, 0))
            sums[layer.op] = (macs + layer.macs, instructions + layer.instructions)
        total = sum(instructions for _, instructions in sums.values())
        for op, (macs, instructions) in sorted(sums.items(), key=lambda item: -item[1][1]):
            if instructions * 1000 >= total:
                lines.append([f"{model}: {op}", f"{macs:,}", f"{instructions:,}",
                              f"{instructions / total:.1%}",
                              f"{instructions / macs:.2f}" if macs else ""])  # fmt: skip
    return markdown(["operator", "MACs", "instructions", "share", "per MAC"], lines)


def summary_table(rows: Sequence[Row], target: str) -> str:
    """A target in one table."""
    lines = []
    for model in models_of(rows):
        row = pick(rows, model, target)
        if row is not None:
            lines.append([model, f"{row.macs:,}", f"{row.instructions:,}", f"{row.per_mac:.2f}",
                          ratio_text(row, "cmsis_nn"), f"{row.arena_bytes:,}",
                          f"{row.code_bytes:,}", f"{row.weight_bytes:,}"])  # fmt: skip
    titles = ["model", "MACs", "instructions", "per MAC", "of TFLM + CMSIS-NN", "arena", "code"]
    return markdown([*titles, "weights"], lines)


def clang_table(rows: Sequence[Row]) -> str:
    """What clang's instructions are of g++'s."""
    titles, lines = ["model"], []
    for target in CLANG_TARGETS:
        titles += [target.removesuffix("-clang") + " by g++", "by clang", "ratio"]
    for model in models_of(rows):
        line = [model]
        for target in CLANG_TARGETS:
            both = [pick(rows, model, name) for name in (target.removesuffix("-clang"), target)]
            if None not in both:
                counts = [row.instructions for row in both]
                line += [*(f"{count:,}" for count in counts), f"{counts[1] / counts[0]:.3f}"]
            else:
                line += ["", "", ""]
        lines.append(line)
    return markdown(titles, lines)


def compiler_table(record: Record) -> str:
    return markdown(["target", "compiler"], sorted(record.compilers.items())).replace("---:", "---")


def peer_tables(run: peer_record.Run) -> dict[str, str]:
    """Times of one machine."""
    machine = markdown(peer_record.MACHINE_COLUMNS, peer_record.machine_cells(run))
    return {
        "peers": markdown(peer_record.COLUMNS, peer_record.cells_of(run)),
        "peers-distance": markdown(peer_record.DISTANCE_COLUMNS, peer_record.distance_cells(run)),
        "peers-machine": machine.replace("---:", "---"),
    }


def rendered(record: Record) -> dict[str, str]:
    rows = record.rows
    return {
        "summary": summary_table(rows, "cortex-m4"),
        "summary-m55": summary_table(rows, "cortex-m55"),
        "instructions": instructions_table(rows),
        "per-mac": per_mac_table(rows),
        "ratio": ratio_table(rows),
        "scalar": scalar_table(rows),
        "memory": memory_table(rows),
        "plans": plans_table(rows),
        "lean": lean_table(rows),
        "code": code_table(rows),
        "operators-m4": operator_table(rows, "cortex-m4"),
        "operators-m55": operator_table(rows, "cortex-m55"),
        "cycles": markdown(estimates.COLUMNS, estimates.cells_of(estimates.read())),
        "compilers": compiler_table(record),
        "clang": clang_table(rows),
        **peer_tables(peer_record.read()),
    }


def filled(text: str, tables: dict[str, str], source: str) -> str:
    """The text with the tables between their markers."""
    unknown: list[str] = []

    def replace(match: re.Match[str]) -> str:
        if match[1] not in tables:
            unknown.append(match[1])
            return match[0]
        return f"<!-- table: {match[1]} -->\n{tables[match[1]]}\n<!-- end -->"

    done, count = re.subn(r"<!-- table: ([\w-]+) -->\n.*?<!-- end -->", replace, text, flags=re.S)
    if unknown or not count:
        what = f"unknown: {', '.join(unknown)}" if unknown else "it has no place for a table"
        raise BenchError(
            f"{source}: {what}; a place is '<!-- table: NAME -->', a new line, '<!-- end -->', "
            f"with NAME out of {', '.join(tables)}.", 2
        )  # fmt: skip
    return done
