"""Cycles of basic blocks: the scheduling models of llvm-mca, corrected where Arm's manuals differ.

A block's cost is what it takes in a steady repetition; caches, waits for flash and the overlap of
one block with the next are not modelled. What is corrected, by core:

* all: the address register that a load or store writes back is there at once (the models make it
  wait for the data); a call is a branch (the models take 100 cycles for one).
* Cortex-M4 (Technical Reference Manual, section 3.3): loads in a row take n + 1 cycles, and so do
  LDM, LDRD, POP, STM, STRD and PUSH of n registers; all multiplications take one; a division
  takes 2 to 12, counted as 7, of reals 14; a taken branch refills the pipeline in 1 to 3 cycles,
  counted as 2.
* Cortex-M7: no timings are published; LDM and STM move two registers a cycle (64-bit memories);
  branches are predicted.
* Cortex-M55: LDM and STM as above; a low-overhead loop's LE costs nothing; other taken branches
  cost 2 cycles more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from graven import tools
from graven.errors import ToolError

TOOLS = ("llvm-mca-19", "llvm-objdump-19", "llvm-nm-19", "llvm-readelf-19")
ITERATIONS = 40
DIVISION, REAL_DIVISION = 7, 14
LINE = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)[ \t]*([^@<\n]*)")
BRANCH = re.compile(r"(b|bl|bx|blx|cbn?z)(eq|ne|[ch]s|cc|lo|mi|pl|v[sc]|hi|ls|ge|lt|gt|le)?")
LOOP_START = re.compile(r"[dw]ls(tp\.\d+)?$")
CONDITIONS = "eq ne cs cc hs lo mi pl vs vc hi ls ge lt gt le".split()
MULTIPLY = re.compile(r"(mla|mls|[su]mull|[su]mlal\w*|smml[as]r?|smmulr?|umaal|smlsl\w*)$")
LOAD = re.compile(r"v?ldr(?!d)\w*(\.\w+)?$")
PAIR = re.compile(r"(ldr|str)d$")
MANY = re.compile(r"(v?ldm|v?stm|v?push|v?pop)(ia|db|fd|ea)?$")


@dataclass(frozen=True)
class Core:
    triple: str
    cpu: str
    taken: int  # cycles that a taken branch costs beyond its own
    in_pairs: bool  # two registers a cycle
    by_the_manual: bool  # the Cortex-M4's rules


CORES = {
    "cortex-m4": Core("thumbv7em-none-eabihf", "cortex-m4", 2, False, True),
    "cortex-m7": Core("thumbv7em-none-eabihf", "cortex-m7", 0, True, False),
    "cortex-m55": Core("thumbv8.1m.main-none-eabihf", "cortex-m55", 2, True, False),
}


@dataclass(frozen=True)
class Instruction:
    name: str
    operands: str

    @property
    def plain(self) -> str:
        """The name without its width."""
        return self.name.removesuffix(".w").removesuffix(".n")

    @property
    def is_loop_end(self) -> bool:
        return self.plain in ("le", "letp")


def disassemble(program: Path, core: Core) -> dict[int, Instruction]:
    command = ["llvm-objdump-19", "-d", "--no-show-raw-insn", "--no-leading-headers",
               f"--triple={core.triple}", f"--mcpu={core.cpu}", str(program)]  # fmt: skip
    text = tools.run(command, program.parent)
    found = {}
    for line in text.splitlines():
        if match := LINE.match(line):
            found[int(match[1], 16)] = Instruction(match[2].lower(), match[3].strip())
    return found


# -- what llvm-mca is given -----------------------------------------------------------------------


def registers(operands: str) -> list[str]:
    """Of a list in braces, ranges included."""
    names = []
    for part in operands[operands.index("{") + 1 : operands.index("}")].split(","):
        first, _, last = part.strip().partition("-")
        if last:
            kind = first[0]
            names += [f"{kind}{k}" for k in range(int(first[1:]), int(last[1:]) + 1)]
        else:
            names.append(first)
    return names


def transfers(one: Instruction, core: Core) -> list[str] | None:
    """LDM, LDRD and their like as the loads or stores that they are; None for all else."""
    if PAIR.match(one.plain):
        if core.in_pairs:
            return None
        base = re.search(r"\[(\w+)", one.operands)
        each = [name.strip() for name in one.operands.split(",")[:2]]
    elif MANY.match(one.plain):
        base = re.match(r"(\w+)!?\s*,", one.operands)
        each = registers(one.operands)
    else:
        return None
    at = base[1] if base else "sp"
    verb = "ldr" if "ld" in one.plain or "pop" in one.plain else "str"
    if each[0][0] in "sd" and each[0] != "sp":  # of the floating-point unit
        return [f"v{verb} {name}, [{at}]" for name in each] + ["nop"] * (not core.in_pairs)
    each = [name for name in each if name != "pc"] or ["r0"]
    if not core.in_pairs:
        return [*(f"{verb} {name}, [{at}]" for name in each), "nop"]
    pairs = (each[k : k + 2] for k in range(0, len(each), 2))
    return [f"{verb}{'d' * (len(pair) - 1)} {', '.join(pair)}, [{at}]" for pair in pairs]


def without_write_back(operands: str) -> str:
    operands = re.sub(r"\](,\s*(#-?\w+|[rq]\d+))$", "]", operands)
    return operands.replace("]!", "]")


def by_the_manual(one: Instruction) -> list[str] | None:
    """What takes another time on a Cortex-M4 than its model says."""
    names = [name.strip() for name in one.operands.split(",")]
    if MULTIPLY.match(one.plain):
        if one.plain.startswith(("smull", "umull", "smlal", "umlal", "umaal", "smlsl")):
            names = [names[0], names[2], names[3], names[0]]
        return [f"smlabb {', '.join((names * 2)[:4])}"]
    if one.plain in ("sdiv", "udiv"):
        return ["nop"] * DIVISION
    if one.plain.startswith(("vdiv", "vsqrt")):
        return ["nop"] * REAL_DIVISION
    return None


def unconditional(block: Sequence[Instruction], core: Core) -> Iterator[Instruction]:
    """What IT makes conditional, without its condition: in the emulator all of it was executed."""
    left = 0
    for one in block:
        if re.fullmatch("it[te]{0,3}", one.plain):
            left = len(one.plain) - 1
            if core.by_the_manual:
                yield Instruction("nop", "")
        elif left > 0:
            left -= 1
            name, dot, width = one.name.partition(".")
            if name[-2:] in CONDITIONS:
                name = name[:-2]
            yield Instruction(f"{name}{dot}{width}", one.operands)
        else:
            yield one


def lines_of(block: Sequence[Instruction], core: Core) -> list[str]:
    lines: list[str] = []
    loading = False  # a row of loads is not over
    for one in unconditional(block, core):
        plain = one.plain
        single = bool(core.by_the_manual and LOAD.match(plain))
        if loading and not single and not plain.startswith(("str", "vstr")):
            lines.append("nop")
        loading = single
        if one.is_loop_end:
            continue
        if LOOP_START.match(plain):
            lines.append("nop")
        elif BRANCH.fullmatch(plain):
            target = one.operands.split(",")[0]
            lines.append(f"cbz {target}, t" if plain.startswith("cb") else "b t")
        elif (parts := transfers(one, core)) is not None:
            lines += parts + ["b t"] * ("pc" in one.operands and plain.startswith(("pop", "ldm")))
        elif core.by_the_manual and (parts := by_the_manual(one)) is not None:
            lines += parts
        else:
            lines.append(f"{one.name} {without_write_back(one.operands)}".rstrip())
    return [*lines, *["nop"] * loading]


# -- costs ----------------------------------------------------------------------------------------


def cycles_of(blocks: Iterable[Sequence[Instruction]], core: Core, folder: Path) -> list[float]:
    """Of one execution of each block."""
    source, texts = folder / "blocks.s", [lines_of(block, core) for block in blocks]
    with source.open("w") as file:
        for number, lines in enumerate(texts):
            if lines:
                body = "\n".join(lines)
                file.write(f"# LLVM-MCA-BEGIN {number}\n{body}\n# LLVM-MCA-END\n")
    to = folder / "mca.json"  # warnings go elsewhere
    command = ["llvm-mca-19", f"-mtriple={core.triple}", f"-mcpu={core.cpu}", "-json",
               f"-iterations={ITERATIONS}", "-skip-unsupported-instructions=any", "-o", str(to),
               str(source)]  # fmt: skip
    tools.run(command, folder)
    costs = [0.0] * len(texts)
    for region in json.loads(to.read_text())["CodeRegions"]:
        costs[int(region["Name"])] = region["SummaryView"]["TotalCycles"] / ITERATIONS
    if not any(costs):
        raise ToolError(f"llvm-mca knows no instruction of {core.cpu}.")
    return costs
