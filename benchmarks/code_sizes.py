"""What the code of each kernel takes, measured: the record that plan::in_flash counts by.

    code_sizes.py [MODEL.tflite ...] [--build build/cortex-m4] [--update]

Takes the programs of parity in a build folder (`cmake --preset cortex-m4 && cmake --build
build/cortex-m4 --target parity`), which say in QEMU which function each kernel runs; a function's
bytes are its symbol's and those of graven's functions that it calls. Then compares the flash that
Model counts by the record with that of the images of models (default: those of the record), in each
plan. --update writes the record, include/graven/isa/armv7em/code_sizes.hpp, first.

Exit code 1 if a model's flash is over TOLERANCE off, 2 bad use, 3 a tool failed or no program.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import figures
from figures import ROOT, BenchError
from tables import CODE_TARGET

TOLERANCE = 0.15  # of what code, weights and tables take
PLANS = ("fastest", "smallest", "lean")
RECORD = ROOT / "include/graven/isa/armv7em/code_sizes.hpp"
TOOLS = "arm-none-eabi-"
THUMB = 1  # bit of a function's address
SYMBOL = re.compile(r"^([0-9a-f]+) ([0-9a-f]+) [tTwWvV] (\S+)$", re.M)
FUNCTION = re.compile(r"^([0-9a-f]+) <[^>]+>:$")
BRANCH = re.compile(r"\tb\S*\s+(?:r\d+, )?([0-9a-f]+) <")
SHARED, OTHERS = "", "*"  # lines of the record that are no kernel's


@dataclass(frozen=True)
class Image:
    """The functions of a program: bytes, names, and whom each calls, by address."""

    size: dict[int, int]
    name: dict[int, str]
    calls: dict[int, set[int]]

    def bytes_of(self, address: int) -> int:
        """With what it calls of graven's own; what the C library has, all models share."""
        found, todo = {address}, [address]
        while todo:
            for callee in self.calls[todo.pop()] - found:
                if self.name.get(callee, "").startswith("_ZN6graven"):
                    found.add(callee)
                    todo.append(callee)
        return sum(self.size.get(each, 0) for each in found)


def read_image(program: str) -> Image:
    size, name = {}, {}
    for address, length, symbol in SYMBOL.findall(figures.call(f"{TOOLS}nm", "-S", program)):
        size[int(address, 16) & ~THUMB] = int(length, 16)
        name[int(address, 16) & ~THUMB] = symbol
    calls, inside = defaultdict(set), 0
    for line in figures.call(f"{TOOLS}objdump", "-d", "--no-show-raw-insn", program).splitlines():
        if found := FUNCTION.match(line):
            inside = int(found[1], 16)
        elif (found := BRANCH.search(line)) and (to := int(found[1], 16)) in name:
            calls[inside].add(to)
    return Image(size, name, calls)


def measured(build: Path) -> dict[str, list[int]]:
    """By kernel, the bytes of each of its functions."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    programs = sorted((build / "firmware/apps/parity").glob("parity.*.emulator.json"))
    for file in programs:
        command = json.loads(file.read_text())["command"]
        if not Path(command[-1]).exists():
            raise BenchError(f"{command[-1]}: is not built; build the target parity there.")
        said = re.findall(r"^function: (\S+) (\d+)$", figures.call(*command), re.M)
        image = read_image(command[-1])
        for kernel, address in said:
            at = int(address) & ~THUMB
            found[kernel][image.name[at]] = image.bytes_of(at)
    if not found:
        raise BenchError(f"{build}: has no programs of parity; configure the preset there.")
    return {kernel: list(sizes.values()) for kernel, sizes in found.items()}


def write(sizes: dict[str, int], compiler: str) -> None:
    lines = "".join(f'    {{"{kernel}", {size}}},\n' for kernel, size in sorted(sizes.items()))
    RECORD.write_text(
        f"""// Bytes of code by kernel, as benchmarks/code_sizes.py has measured and written them:
// {compiler}, -O2.
#pragma once

#include "graven/kernel/code_size.hpp"

namespace graven::core::armv7em_isa {{

inline constexpr CodeSize code_sizes[]{{
{lines}}};

}}  // namespace graven::core::armv7em_isa
"""
    )


@dataclass(frozen=True)
class Flash:
    """Of a model in a plan: bytes by the record, and of the image."""

    title: str
    counted: int
    whole: int

    @property
    def error(self) -> float:
        return self.counted / self.whole - 1


def flashes(models: Iterable[figures.Model]) -> Iterator[Flash]:
    for model in models:
        for plan in PLANS:
            arguments = ["--target", CODE_TARGET, "--plan", plan, "--name", model.name, "--json"]
            found = json.loads(figures.graven("inspect", str(model.path), *arguments))
            flash = found["flash_bytes"]
            title = f"{model.name}, {plan}"
            yield Flash(title, flash["counted"], flash["weights"] + flash["code"])


def update(build: Path, models: list[figures.Model]) -> None:
    sizes = {kernel: round(statistics.mean(each)) for kernel, each in measured(build).items()}
    sizes[OTHERS] = round(statistics.mean(sizes.values()))
    compiler = figures.compiler_of(CODE_TARGET)
    write(sizes | {SHARED: 0}, compiler)
    rest = [flash.whole - flash.counted for flash in flashes(models)]
    write(sizes | {SHARED: max(0, round(statistics.median(rest)))}, compiler)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build" / CODE_TARGET)
    parser.add_argument("--update", action="store_true", help="measure, write the record")
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL")
    options = parser.parse_args()
    models = [figures.load_model(path) for path in options.models] or figures.default_models()
    if options.update:
        update(options.build, models)
    off = False
    print(f"{'model, plan':<32}{'counted':>10}{'image':>10}{'error':>8}")
    for flash in flashes(models):
        over = abs(flash.error) > TOLERANCE
        off = off or over
        print(f"{flash.title:<32}{flash.counted:>10,}{flash.whole:>10,}{flash.error:>8.1%}"
              f"{'  too far off' if over else ''}", flush=True)  # fmt: skip
    return 1 if off else 0


if __name__ == "__main__":
    figures.exit_with(main)
