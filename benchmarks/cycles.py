"""Estimated cycles of an inference, and what it reads from flash, on Cortex-M4, M7 and M55.

    cycles.py [MODEL.tflite ...] [--target T ...] [--plan P ...] [--json] [--update]

graven.cycles estimates. The instructions counted that way must be those that `graven run` measures.
Needs llvm-19 (apt-get install llvm-19).
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import estimates
import figures
import graven
from estimates import Estimate
from graven import build, cycles, inputs, mca, runner, tools
from rich.console import Console
from rich.table import Table

TOLERANCE = 0.001  # of the instructions: reading the counter is not part of an inference


# -- an estimate ----------------------------------------------------------------------------------


def estimate(model: figures.Model, target: str, plan: str) -> Estimate:
    compiled = graven.compile(model.path, target=target, plan=plan, name=model.name)
    network = compiled.network
    values = inputs.load(network, [model.vector]) if model.vector else inputs.random(network, 1, 0)
    built = compiled.build(compiled.choice, build.Parts.ALL)
    measured = runner.run(network, built, values, profile=False).instructions
    found = cycles.estimate(built, values, target)
    return Estimate(
        model=model.name, sha256=model.sha256, target=target, isa=built.facts.isa, plan=plan,
        macs=built.facts.macs, instructions=measured or 0,
        counted=found.instructions, cycles=found.cycles, fetched_bytes=found.fetched_bytes,
        loaded_bytes=found.loaded_bytes,
    )  # fmt: skip


def disagreement(found: Estimate) -> str | None:
    if abs(found.counted - found.instructions) <= max(2, TOLERANCE * found.instructions):
        return None
    return (
        f"{found.model}, {found.target}: the executed blocks have {found.counted:,} instructions, "
        f"measured are {found.instructions:,}"
    )


# -- the command ----------------------------------------------------------------------------------


def show(rows: list[Estimate], console: Console) -> None:
    table = Table(title=estimates.TITLE, title_justify="left")
    for column in estimates.COLUMNS:
        table.add_column(column, no_wrap=True, justify="left" if column == "model" else "right")
    for cells in estimates.cells_of(rows):
        table.add_row(*cells)
    console.print(table)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL",
                        help="default: digits, shapes, and the shared *_int8.tflite")  # fmt: skip
    parser.add_argument(
        "--target", action="append", choices=tuple(cycles.CORES), help="default: all"
    )
    parser.add_argument("--plan", action="append", help="default: those of the record")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--update", action="store_true", help="take the figures into the record")
    return parser.parse_args()


def main() -> int:
    options = parse_arguments()
    tools.require(*mca.TOOLS)
    models = [figures.load_model(path) for path in options.models] or figures.default_models()
    targets = options.target or list(cycles.CORES)
    rows = []
    for model in models:
        for target in targets:
            small = ["smallest"] * (target in figures.SMALL_TARGETS)
            for plan in options.plan or ["fastest", *small]:
                rows.append(estimate(model, target, plan))
                if options.update:  # each at once: all of them take a while
                    estimates.write(rows[-1:])
    if options.json:
        print(json.dumps([asdict(row) for row in rows]))
    else:
        show(rows, Console(width=None if sys.stdout.isatty() else 150))
    wrong = [sentence for row in rows if (sentence := disagreement(row))]
    for sentence in wrong:
        print(f"benchmarks: {sentence}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    figures.exit_with(main)
