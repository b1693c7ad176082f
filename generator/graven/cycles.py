"""Estimated cycles of an inference, and what it reads from flash, on Cortex-M4, M7 and M55.

QEMU, with the plugin blocks.c, counts how often each basic block is executed; mca.py says what a
block costs. The sum is an estimate: see mca.py for what it leaves out.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
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
    tools.require(*mca.TOOLS)
    with tempfile.TemporaryDirectory(prefix="graven-") as at:
        folder = Path(at)
        (folder / "in.bin").write_bytes(inputs.to_bytes([value[:1] for value in values]))
        program = built.folder / "run"
        blocks, loads = executed(built, program, folder)
        return Estimate(
            cycles=cycles_of(blocks, program, CORES[target], folder),
            instructions=sum(block.instructions * block.times for block in blocks),
            fetched_bytes=sum(block.bytes * block.times for block in blocks),
            loaded_bytes=loads,
        )


@dataclass(frozen=True)
class Block:
    at: int
    instructions: int
    bytes: int
    times: int
    taken: int  # times that another block than the next followed


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
    for line in tools.run(["llvm-nm-19", "-C", str(program)], program.parent).splitlines():
        if "run_all(" in line and "_FUN(" in line:
            return int(line.split()[0], 16)
    raise ToolError(f"{program}: the routine that is measured has no symbol.")


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
    settings = f"entry={entry_of(program):x},flash={start:x},limit={end:x},out=blocks.txt"
    options = ["-plugin", f"{plugin(folder)},{settings}"]
    tools.run(runner.command_of(built, ["in.bin", "out.bin", "1"], options), folder)
    blocks, loads = [], 0
    for line in (folder / "blocks.txt").read_text().splitlines():
        kind, first, *rest = line.split()
        if kind == "block":
            blocks.append(Block(int(first, 16), *map(int, rest)))
        else:
            loads = int(first)
    return blocks, loads


# -- what they cost -----------------------------------------------------------------------------


def cycles_of(blocks: list[Block], program: Path, core: mca.Core, folder: Path) -> int:
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
    total = 0.0
    for block, code, cost in zip(blocks, codes, mca.cycles_of(codes, core, folder), strict=True):
        taken = 0 if code[-1].is_loop_end else block.taken
        total += cost * block.times + core.taken * taken
    return round(total)
