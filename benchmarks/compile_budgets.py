"""Whether networks of the kinds that people have compile within what is promised.

    compile_budgets.py [NAME ...] [--compiler g++] [--flag=-O2 ...] [--slack 1]

Compiles each of BUDGETS (those of NAME alone) into a program and prints seconds of processor time
and peak memory beside their limits. Models that are not at hand are named and left out.
Exit code 1 if a limit is exceeded, 2 bad use, 3 if the compiler is missing or refuses a program.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import figures
import numpy as np
from compile_cost import INCLUDE, PROGRAM, measure
from figures import BenchError
from graven import ir
from graven.frontends import tflite_writer
from graven.layers.add import Add
from graven.layers.conv2d import Conv2D
from graven.layers.dense import Dense
from graven.layers.depthwise_conv2d import DepthwiseConv2D
from graven.layers.reduce import Reduce
from shape_families import Layers

Source = Path | str | Callable[[], ir.Network]  # a model's file, a program, what makes a network


@dataclass(frozen=True)
class Budget:
    name: str
    seconds: float
    megabytes: float
    source: Source


TRAINER = """#include <graven/graven.hpp>
#include <graven/train.hpp>
using namespace graven;
using Net = Sequential<Dequantize, Conv2D<1, 8, 3, 1, same, relu>, MaxPool<2>,
                       Conv2D<8, 16, 3, 1, same, relu>, MaxPool<2>, Flatten, Dense<64, 10>>;
constexpr Parameters params[8]{{.output = {1.0f / 255, -128}}};
constexpr TrainPolicy policy{.optimizer = optimizer::momentum(0.02f), .batch = 8, .remake = true};
using Digits = Trainer<Net, Shape{8, 8, 1}, params, policy>;
Digits::State state;
alignas(Digits::alignment) std::byte memory[Digits::arena_size];
std::int8_t image[64];
int main() {
  Digits trainer(state, memory);
  trainer.step(image, 1);
}
"""

# Rows of MobileNetV2: factor of expansion, channels before the width's factor, blocks, stride.
MOBILENET_V2 = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
    (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)  # fmt: skip


class MobileNetV2(Layers):
    """Of width 0.35, with random weights."""

    def __init__(self, side: int, classes: int) -> None:
        super().__init__(np.random.default_rng(3))
        image = self.conv(self.input((1, side, side, 3)), self.channels(32), 3, 2, "RELU6")
        for factor, channels, blocks, stride in MOBILENET_V2:
            for block in range(blocks):
                image = self.block(image, factor, self.channels(channels), 1 if block else stride)
        image = self.conv(image, 1280, 1, 1, "RELU6")
        axes = self.tensor((2,), ir.Element.INT32, None, data=np.array([1, 2], np.int32))
        mean = self.add("MEAN", Reduce((1, 2)), [image, axes], self.tensor((1, 1280)))
        constants = self.weights((classes, 1280), classes, ir.Element.INT8, 0)
        scores = self.tensor((1, classes))
        self.outputs.append(self.add("FULLY_CONNECTED", Dense("NONE"), [mean, *constants], scores))

    @staticmethod
    def channels(count: int) -> int:
        """Of width 0.35, rounded to eight as MobileNet's authors do, never below 90 %."""
        scaled = max(8, int(count * 0.35 + 4) // 8 * 8)
        return scaled + 8 if scaled < 0.9 * count * 0.35 else scaled

    def conv(self, source: int, channels: int, side: int, stride: int, activation: str) -> int:
        _, height, width, inputs = self.tensors[source].shape
        extents = (1, -(-height // stride), -(-width // stride), channels)
        constants = self.weights((channels, side, side, inputs), channels, ir.Element.INT8, 0)
        layer = Conv2D((stride, stride), (1, 1), "SAME", activation)
        return self.add("CONV_2D", layer, [source, *constants], self.tensor(extents))

    def block(self, source: int, factor: int, channels: int, stride: int) -> int:
        inputs = self.tensors[source].shape[3]
        wide = self.conv(source, inputs * factor, 1, 1, "RELU6") if factor > 1 else source
        _, height, width, depth = self.tensors[wide].shape
        constants = self.weights((1, 3, 3, depth), depth, ir.Element.INT8, 3)
        layer = DepthwiseConv2D((stride, stride), (1, 1), "SAME", "RELU6", 1)
        made = self.tensor((1, -(-height // stride), -(-width // stride), depth))
        self.add("DEPTHWISE_CONV_2D", layer, [wide, *constants], made)
        narrow = self.conv(made, channels, 1, 1, "NONE")
        if stride > 1 or inputs != channels:
            return narrow
        total = self.tensor(self.tensors[narrow].shape)
        return self.add("ADD", Add("NONE"), [source, narrow], total)


def budgets() -> list[Budget]:
    """A keyword spotter has 90 and 107 operators here; all limits are those of g++ 12."""
    models, corpus = figures.shared_folder() / "models", figures.shared_folder() / "corpus"
    return [
        Budget("kws_dscnn", 1.5, 500, models / "kws_dscnn_int8.tflite"),
        Budget("person_detect", 4, 500, models / "person_detect_int8.tflite"),
        Budget("mobilenet_v2_96", 8, 600, MobileNetV2(96, 2).network),
        Budget("mobilenet_v2_224", 20, 1000, MobileNetV2(224, 1000).network),
        Budget("transformer_92", 12, 1000, corpus / "m120.tflite"),
        Budget("spotter_111", 12, 1000, corpus / "m004.tflite"),
        Budget("lstm", 4, 700, corpus / "m040.tflite"),
        Budget("language", 15, 700, figures.ROOT / "firmware/models/language/language.tflite"),
        Budget("trainer", 10, 700, TRAINER),
    ]


def program_of(budget: Budget, folder: Path) -> str | None:
    """What is compiled; none if its model is not at hand."""
    source = budget.source
    if isinstance(source, str):
        return source
    if callable(source):
        file = folder / f"{budget.name}.tflite"
        tflite_writer.write(source(), file)
        source = file
    if not source.exists():
        return None
    header = folder / f"{budget.name}.hpp"
    figures.graven("compile", str(source), "-o", str(header), "--name", budget.name)
    return PROGRAM.format(header=header, name=budget.name, policy="")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--flag", action="append", default=[], help="default: -O2")
    parser.add_argument("--slack", type=float, default=1.0, help="factor on limits of seconds")
    options = parser.parse_args()
    chosen = [b for b in budgets() if not options.names or b.name in options.names]
    if unknown := set(options.names) - {b.name for b in chosen}:
        parser.error(f"no such network: {', '.join(sorted(unknown))}.")
    if shutil.which(options.compiler) is None:
        raise BenchError(f"no {options.compiler} found.")
    failed = False
    print("| network          | seconds | limit |   MB | limit |")
    print("|:-----------------|--------:|------:|-----:|------:|")
    for budget in chosen:
        with tempfile.TemporaryDirectory() as name:
            program = program_of(budget, Path(name))
            if program is None:
                print(f"{budget.name} is left out: {budget.source} is not there.", flush=True)
                continue
            file = Path(name, "program.cpp")
            file.write_text(program)
            output = ["-c", str(file), "-o", str(Path(name, "program.o"))]
            flags = ["-std=c++20", *(options.flag or ["-O2"]), f"-I{INCLUDE}"]
            try:
                cost = measure([options.compiler, *flags, *output])
            except subprocess.CalledProcessError:
                raise BenchError(f"{options.compiler} refuses {budget.name}.") from None
        limit = budget.seconds * options.slack
        over = cost.seconds > limit or cost.megabytes > budget.megabytes
        failed = failed or over
        print(
            f"| {budget.name:<16} | {cost.seconds:7.2f} | {limit:5.1f} | {cost.megabytes:4.0f} |"
            f" {budget.megabytes:5.0f} |{' too much' if over else ''}",
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    figures.exit_with(main)
