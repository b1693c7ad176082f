"""Estimated cycles of an inference, and what it reads from flash, on Cortex-M4, M7 and M55.

QEMU, with the plugin blocks.c, counts how often each basic block is executed; mca.py says what a
block costs. The sum is an estimate: see mca.py for what it leaves out.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from graven import build, inputs, mca, runner, tools
from graven.errors import ToolError

CORES = mca.CORES


@dataclass(frozen=True)
class Estimate:
    cycles: int
    instructions: int  # of the blocks that were executed
    fetched_bytes: int  # of instructions
    loaded_bytes: int  # of data, from flash


def is_possible(target: str) -> bool:
    """For a core that is known, where the tools are installed."""
    return target in CORES and all(shutil.which(tool) for tool in mca.TOOLS)


def estimate(built: build.Build, values: inputs.Inputs, target: str) -> Estimate:
    """Of the first inference of a program that is built for the target."""
    with _ran(built, values) as (program, folder):
        blocks, loads = executed(built, program, folder)
        costs = costs_of(blocks, program, CORES[target], folder)
        return Estimate(
            cycles=round(sum(each.cycles(cost) for each, cost in zip(blocks, costs, strict=True))),
            instructions=sum(block.instructions * block.times for block in blocks),
            fetched_bytes=sum(block.bytes * block.times for block in blocks),
            loaded_bytes=loads,
        )


def by_layer(
    built: build.Build, values: inputs.Inputs, target: str, layers: int
) -> list[int] | None:
    """Cycles of each layer, which together are those of `estimate`; None where the harness has no
    hooks. What a hook costs is the same for every step: what all steps took beyond the whole."""
    with _ran(built, values) as (program, folder):
        profile = address_of(program, "::profile")
        if profile is None:
            return None
        settings = f"entry={entry_of(program):x},profile={profile:x},number={layers:x}"
        blocks, total, steps = [], [0.0] * layers, [0] * layers
        parts: list[list[tuple[int, int, int]]] = []
        for kind, first, *rest in run(built, folder, settings, "profile"):
            if kind == "block":
                blocks.append(Block(int(first, 16), *map(int, rest)))
                parts.append([])
            elif kind == "in":
                parts[-1].append((int(first), *map(int, rest)))
            elif kind == "steps":
                steps[int(first)] = int(rest[0])
        costs = costs_of(blocks, program, CORES[target], folder)
    for block, cost, part in zip(blocks, costs, parts, strict=True):
        for layer, times, taken in part:
            total[layer] += replace(block, times=times, taken=taken).cycles(cost)
    whole = estimate(built, values, target).cycles
    hook = max(sum(total) - whole, 0) / max(sum(steps), 1)
    return [max(round(each - hook * n), 0) for each, n in zip(total, steps, strict=True)]


@contextlib.contextmanager
def _ran(built: build.Build, values: inputs.Inputs) -> Iterator[tuple[Path, Path]]:
    """The program, and a folder with the first inference's input."""
    tools.require(*mca.TOOLS)
    with tempfile.TemporaryDirectory(prefix="graven-") as at:
        folder = Path(at)
        (folder / "in.bin").write_bytes(inputs.to_bytes([value[:1] for value in values]))
        yield built.folder / "run", folder


@dataclass(frozen=True)
class Cost:
    """Of one execution of a block, and what it takes more if another than the next follows."""

    cycles: float
    taken: float


@dataclass(frozen=True)
class Block:
    at: int
    instructions: int
    bytes: int
    times: int
    taken: int  # times that another block than the next followed

    def cycles(self, cost: Cost) -> float:
        return cost.cycles * self.times + cost.taken * self.taken


# -- executed blocks ------------------------------------------------------------------------------


def plugin(folder: Path) -> Path:
    made = folder / "blocks.so"
    source = str(Path(__file__).parent / "templates/blocks.c")
    compiler = os.environ.get("CC", "cc")
    command = [compiler, "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-o", str(made), source]
    tools.run(command, folder)
    return made


def entry_of(program: Path) -> int:
    """The routine that the harness measures: a lambda, called by firmware::measure."""
    found = address_of(program, "run_all(", "_FUN(")
    if found is None:
        raise ToolError(f"{program}: the routine that is measured has no symbol.")
    return found


def address_of(program: Path, *parts: str) -> int | None:
    """Of the first symbol whose name has these parts; the last one ends it, or a bracket."""
    for line in tools.run(["llvm-nm-19", "-C", str(program)], program.parent).splitlines():
        if all(part in line for part in parts) and (line + "(").find(parts[-1]) > 0:
            return int(line.split()[0], 16)
    return None


def flash_of(program: Path) -> tuple[int, int]:
    """From the first to the last byte of the segments that nobody writes."""
    found = []
    for line in tools.run(["llvm-readelf-19", "-lW", str(program)], program.parent).splitlines():
        words = line.split()
        if words[:1] == ["LOAD"] and "W" not in "".join(words[6:-1]):
            found.append((int(words[2], 16), int(words[2], 16) + int(words[4], 16)))
    if not found:
        raise ToolError(f"{program}: has no read-only segment.")
    return min(start for start, _ in found), max(end for _, end in found)


def executed(built: build.Build, program: Path, folder: Path) -> tuple[list[Block], int]:
    """The blocks of the first inference, and the bytes of data that it reads from flash."""
    start, end = flash_of(program)
    settings = f"entry={entry_of(program):x},flash={start:x},limit={end:x}"
    blocks, loads = [], 0
    for kind, first, *rest in run(built, folder, settings):
        if kind == "block":
            blocks.append(Block(int(first, 16), *map(int, rest)))
        elif kind == "loads":
            loads = int(first)
    return blocks, loads


def run(built: build.Build, folder: Path, settings: str, *more: str) -> list[list[str]]:
    """The lines that the plugin writes, by words."""
    options = ["-plugin", f"{plugin(folder)},{settings},out=blocks.txt"]
    arguments = ["in.bin", "out.bin", "1", *more]
    tools.run(runner.command_of(built, arguments, options), folder)
    return [line.split() for line in (folder / "blocks.txt").read_text().splitlines()]


# -- what they cost -----------------------------------------------------------------------------


def costs_of(blocks: list[Block], program: Path, core: mca.Core, folder: Path) -> list[Cost]:
    known = mca.disassemble(program, core)
    codes = [
        [known[at] for at in range(block.at, block.at + block.bytes, 2) if at in known]
        for block in blocks
    ]
    for block, code in zip(blocks, codes, strict=True):
        if len(code) != block.instructions:
            raise ToolError(
                f"{program}: at {block.at:#x} the emulator ran {block.instructions} instructions, "
                f"the disassembler sees {len(code)}."
            )
    cycles = mca.cycles_of(codes, core, folder)
    return [
        Cost(each, 0 if code[-1].is_loop_end else core.taken)
        for code, each in zip(codes, cycles, strict=True)
    ]
