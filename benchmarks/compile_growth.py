"""How a compiler's time and memory grow with rows, layers and weights of a network.

    compile_growth.py [--deep] [--compiler 'g++ -m32' ...] [--flag=-O2 ...] [--seconds 120]

Compiles chains of 3x3 convolutions (rows, layers), chains of functions (layers) and Dense layers
(weights, written as in a generated header), each in sizes that double, with the compiler's own
limits. --deep adds the largest: 300 layers, 4,000 rows, 4 M weights. Exit code 1 if something
costs more than the limits, or per unit more than twice what the size before cost (beyond the cost
of an empty model), or if a compiler refuses one; 3 if there is none.
"""

from __future__ import annotations

import argparse
import random
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import figures
import numpy as np
from compile_cost import INCLUDE, Cost, measure
from figures import BenchError
from graven.emit import byte_literals

GROWTH = 2.0  # per unit, from one size to the next
COMPILERS = (
    "g++", "clang++", "clang++-19",
    "arm-none-eabi-g++ -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    family: str
    units: int  # rows, layers or weights
    source: str


def program(network: str, shape: str, arrays: str, records: list[str]) -> str:
    return f"""#include <graven/graven.hpp>
using namespace graven;
{arrays}
using Network = Sequential<{network}>;
constexpr Parameters params[] = {{{{.output = {{0.02f, -128}}}}, {", ".join(records)}}};
static Model<Network, Shape{{{shape}}}, params> model;
int main() {{ model.run(); }}
"""


def convolutions(layers: int, height: int) -> str:
    arrays = (
        "constexpr std::int8_t w[576] = {1, 2, 3};\nconstexpr std::int32_t b[8] = {};\n"
        "constexpr float s[] = {0.01f};"
    )
    layer = "Conv2D<8, 8, 3, 1, Padding::same, Activation::relu>"
    record = "{.filter = w, .bias = b, .scale = s, .output = {0.02f, -128}}"
    return program(", ".join([layer] * layers), f"{height}, 12, 8", arrays, [record] * layers)


def maps(layers: int) -> str:
    return program(", ".join(["Tanh", "ReLU6"] * (layers // 2)), "8, 8, 8", "", ["{}"] * layers)


def dense(inputs: int, outputs: int) -> str:
    draw = random.Random(1)
    numbers = [max(-127, min(127, round(draw.gauss(0, 40)))) for _ in range(inputs * outputs)]
    literals = "\n".join(byte_literals(np.array(numbers, np.int8)))
    arrays = (
        f"constexpr Int8Text<{len(numbers)}> w = {{{literals}}};\nconstexpr float s[] = {{0.01f}};"
    )
    record = "{.filter = whole_array<w>, .scale = s, .output = {0.5f, 3}}"
    return program(f"Dense<{inputs}, {outputs}>", f"1, 1, {inputs}", arrays, [record])


def cases(deep: bool) -> Iterator[Case]:
    for layers, height in ((11, 48), (11, 96), (11, 192), *(((64, 34), (300, 13)) * deep)):
        yield Case("rows" if layers == 11 else "rows, deep", layers * height,
                   convolutions(layers, height))  # fmt: skip
    for layers in (32, 64, 128, *((256,) * deep)):
        yield Case("layers", layers, maps(layers))
    for inputs, outputs in (
        (256, 256),
        (512, 256),
        (512, 512),
        *(((2048, 1024), (2048, 2048)) * deep),
    ):
        yield Case("weights", inputs * outputs, dense(inputs, outputs))


def cost_of(compiler: str, flags: list[str], source: str) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "network.cpp")
        file.write_text(source)
        output = ["-c", str(file), "-o", str(Path(folder, "network.o"))]
        return measure([*shlex.split(compiler), "-std=c++20", *flags, f"-I{INCLUDE}", *output])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--deep", action="store_true", help="the largest networks as well")
    parser.add_argument("--compiler", action="append", help="with its options; default: COMPILERS")
    parser.add_argument("--flag", action="append", default=[], help="default: -O2")
    parser.add_argument("--seconds", type=float, default=120.0, help="limit of each")
    parser.add_argument("--megabytes", type=float, default=4096.0, help="limit of each")
    options = parser.parse_args()
    compilers = [c for c in options.compiler or COMPILERS if shutil.which(c.split()[0])]
    if not compilers:
        raise BenchError("no compiler found; apt-get install g++.")
    flags = options.flag or ["-O2"]
    failed = False
    print("| network    |     units | compiler     | seconds |   MB |")
    print("|:-----------|----------:|:-------------|--------:|-----:|")
    for compiler in compilers:
        base = cost_of(compiler, flags, maps(2))
        before: tuple[str, float] = ("", 0.0)
        for case in cases(options.deep):
            try:
                cost = cost_of(compiler, flags, case.source)
            except subprocess.CalledProcessError:
                print(f"{compiler} refuses {case.units:,} {case.family}.", flush=True)
                failed, before = True, ("", 0.0)
                continue
            each = max(cost.seconds - base.seconds, 0.1) / case.units
            grows = before[0] == case.family and each > GROWTH * before[1]
            over = cost.seconds > options.seconds or cost.megabytes > options.megabytes
            failed = failed or grows or over
            remark = " grows faster than its size" if grows else " too much" if over else ""
            print(
                f"| {case.family:<10} | {case.units:9,} | {Path(compiler.split()[0]).name:<12} |"
                f" {cost.seconds:7.2f} | {cost.megabytes:4.0f} |{remark}",
                flush=True,
            )
            before = case.family, each
    return 1 if failed else 0


if __name__ == "__main__":
    figures.exit_with(main)
