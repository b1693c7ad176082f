"""Estimated cycles of an inference, and what it reads from flash, on Cortex-M4, M7 and M55.

    cycles.py [MODEL.tflite ...] [--target T ...] [--plan P ...] [--json] [--update]

QEMU, with the plugin blocks.c, counts how often each basic block is executed; mca.py says what a
block costs. The sum is an estimate: see mca.py for what it leaves out. The instructions counted
that way must be those that `graven run` measures. Needs llvm-19 (apt-get install llvm-19).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import estimates
import figures
import graven
import mca
from estimates import Estimate
from figures import BenchError
from graven import build, inputs, runner
from rich.console import Console
from rich.table import Table

TOLERANCE = 0.001  # of the instructions: reading the counter is not part of an inference


@dataclass(frozen=True)
class Block:
    at: int
    instructions: int
    bytes: int
    times: int
    taken: int  # times that another block than the next followed


def require_tools() -> None:
    for tool in mca.TOOLS:
        if shutil.which(tool) is None:
            raise BenchError(
                f"{tool}: is not installed; on Debian or Ubuntu: apt-get install llvm-19."
            )


# -- executed blocks ------------------------------------------------------------------------------


def plugin(folder: Path) -> Path:
    made = folder / "blocks.so"
    source = str(figures.ROOT / "benchmarks/blocks.c")
    compiler = os.environ.get("CC", "cc")
    figures.call(compiler, "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-o", str(made),
                 source)  # fmt: skip
    return made


def entry_of(program: Path) -> int:
    """The routine that the harness measures: a lambda, called by firmware::measure."""
    for line in figures.call("llvm-nm-19", "-C", str(program)).splitlines():
        if "run_all(" in line and "_FUN(" in line:
            return int(line.split()[0], 16)
    raise BenchError(f"{program}: the routine that is measured has no symbol.")


def flash_of(program: Path) -> tuple[int, int]:
    """From the first to the last byte of the segments that nobody writes."""
    found = []
    for line in figures.call("llvm-readelf-19", "-lW", str(program)).splitlines():
        words = line.split()
        if words[:1] == ["LOAD"] and "W" not in "".join(words[6:-1]):
            found.append((int(words[2], 16), int(words[2], 16) + int(words[4], 16)))
    if not found:
        raise BenchError(f"{program}: has no read-only segment.")
    return min(start for start, _ in found), max(end for _, end in found)


def executed(built: build.Build, program: Path, folder: Path) -> tuple[list[Block], int]:
    """The blocks of the first inference, and the bytes of data that it reads from flash."""
    start, end = flash_of(program)
    settings = f"entry={entry_of(program):x},flash={start:x},limit={end:x},out=blocks.txt"
    options = ["-plugin", f"{plugin(folder)},{settings}"]
    figures.call(*runner.command_of(built, ["in.bin", "out.bin", "1"], options), folder=folder)
    blocks, loads = [], 0
    for line in (folder / "blocks.txt").read_text().splitlines():
        kind, first, *rest = line.split()
        if kind == "block":
            blocks.append(Block(int(first, 16), *map(int, rest)))
        else:
            loads = int(first)
    return blocks, loads


# -- an estimate ----------------------------------------------------------------------------------


def estimate(model: figures.Model, target: str, plan: str) -> Estimate:
    compiled = graven.compile(model.path, target=target, plan=plan, name=model.name)
    network = compiled.network
    values = inputs.load(network, [model.vector]) if model.vector else inputs.random(network, 1, 0)
    built = compiled.build(compiled.choice, build.Parts.ALL)
    measured = runner.run(network, built, values, profile=False).instructions
    with tempfile.TemporaryDirectory(prefix="graven-") as at:
        folder = Path(at)
        (folder / "in.bin").write_bytes(inputs.to_bytes(values))
        program = built.folder / "run"
        blocks, loads = executed(built, program, folder)
        cycles = cycles_of(blocks, program, mca.CORES[target], folder)
    return Estimate(
        model=model.name, sha256=model.sha256, target=target, isa=built.facts.isa, plan=plan,
        macs=built.facts.macs, instructions=measured or 0,
        counted=sum(block.instructions * block.times for block in blocks),
        cycles=cycles,
        fetched_bytes=sum(block.bytes * block.times for block in blocks),
        loaded_bytes=loads,
    )  # fmt: skip


def cycles_of(blocks: list[Block], program: Path, core: mca.Core, folder: Path) -> int:
    known = mca.disassemble(program, core)
    codes = [
        [known[at] for at in range(block.at, block.at + block.bytes, 2) if at in known]
        for block in blocks
    ]
    for block, code in zip(blocks, codes, strict=True):
        if len(code) != block.instructions:
            raise BenchError(
                f"{program}: at {block.at:#x} the emulator ran {block.instructions} instructions, "
                f"the disassembler sees {len(code)}."
            )
    total = 0.0
    for block, code, cost in zip(blocks, codes, mca.cycles_of(codes, core, folder), strict=True):
        taken = 0 if code[-1].is_loop_end else block.taken
        total += cost * block.times + core.taken * taken
    return round(total)


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
    parser.add_argument("--target", action="append", choices=tuple(mca.CORES), help="default: all")
    parser.add_argument("--plan", action="append", help="default: those of the record")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--update", action="store_true", help="take the figures into the record")
    return parser.parse_args()


def main() -> int:
    options = parse_arguments()
    require_tools()
    models = [figures.load_model(path) for path in options.models] or figures.default_models()
    targets = options.target or list(mca.CORES)
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
