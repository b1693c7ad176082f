"""DeepMetal's 21 networks by graven, beside the same in DeepMetal's plain loops, on emulated cores.

    .venv/bin/python -m zoo.deepmetal --out build/zoo
    .venv/bin/python benchmarks/deepmetal.py build/zoo [--only conv_nano ...] [--target T ...]

Both run the same sample, in float32 and in int8; that the loops compute what graven does is checked
(int8 bit for bit). Prints a table; exit code 1 if graven needs more instructions anywhere. --update
takes the counts into the record, benchmarks/results/deepmetal.json; benchmarks/zoo_tables.py fills
docs/zoo.md from it.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import figures
import graven
import numpy as np
import tables
from figures import BenchError
from graven import arithmetic, ir, tools
from graven.errors import GravenError
from graven.layers.conv2d import Conv2D
from zoo import deepmetal

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "benchmarks/results/deepmetal.json"
ELEMENTS = ("float32", "int8")


@dataclass(frozen=True)
class Count:
    """Instructions of one inference."""

    network: str
    element: str
    target: str
    ours: int
    loops: int

    @property
    def key(self) -> tuple[str, str, str]:
        return self.network, self.element, self.target


# -- the loops ------------------------------------------------------------------------------------


def literal(value: float | int) -> str:
    return f"{float(value).hex()}f" if isinstance(value, float) else str(value)


def constants(kind: str, name: str, values: np.ndarray) -> str:
    words = ", ".join(literal(each) for each in values.reshape(-1).tolist())
    return f"const {kind} {name}[] = {{{words}}};\n"


def channels_first(network: ir.Network, operator: ir.Operator) -> np.ndarray:
    """Weights for images that lie as DeepMetal's do."""
    data, weights = (network.tensors[index] for index in operator.inputs[:2])
    values = weights.data
    if isinstance(operator.layer, Conv2D):
        return values.transpose(0, 3, 1, 2)
    if len(data.shape) == 4:
        return values.reshape(-1, *data.shape[1:]).transpose(0, 3, 1, 2)
    return values


def quantized(network: ir.Network, operator: ir.Operator, place: int) -> str:
    """The requantization of an int8 layer, by name `q<place>`."""
    data, weights, output = (
        network.tensors[index] for index in (*operator.inputs[:2], operator.outputs[0])
    )
    scales = data.quantization.scale[0] * np.asarray(weights.quantization.scale, np.float64)
    real = np.broadcast_to(scales / output.quantization.scale[0], output.shape[-1:])
    pairs = np.array([arithmetic.quantize_multiplier(float(each)) for each in real])
    zero = output.quantization.zero_point[0]
    low = zero if operator.layer.activation == "RELU" else -128
    fields = (data.quantization.zero_point[0], zero, low, 127)
    return (
        constants("std::int32_t", f"multiplier{place}", pairs[:, 0])
        + constants("std::int32_t", f"shift{place}", pairs[:, 1])
        + f"const loops::Quantized q{place}{{{', '.join(map(str, fields))}, "
        f"multiplier{place}, shift{place}}};\n"
    )


def called(network: ir.Network, operator: ir.Operator) -> tuple[str, int]:
    """The layer's loops with their sizes, and how many values they make."""
    data, weights, output = (
        network.tensors[index].shape for index in (*operator.inputs[:2], operator.outputs[0])
    )
    size = int(np.prod(output))
    if not isinstance(operator.layer, Conv2D):
        return f"loops::linear<{weights[1]}, {weights[0]}>", size
    padding = operator.layer.padding
    around = int(padding == "SAME") if isinstance(padding, str) else padding[0]
    sizes = (data[3], data[1], data[2], weights[0], weights[1], operator.layer.stride[0], around)
    return f"loops::conv<{', '.join(map(str, sizes))}>", size


def written(network: ir.Network, sample: np.ndarray, folder: Path) -> None:
    """network.hpp and network.cpp: two buffers in turn, a layer after the other."""
    whole = network.tensors[network.inputs[0]].element is ir.Element.INT8
    kind, sums = ("std::int8_t", "std::int32_t") if whole else ("float", "float")
    text, calls, sizes, now = "", "", [], "input"
    for place, operator in enumerate(network.operators):
        layer, size = called(network, operator)
        text += constants(kind, f"weights{place}", channels_first(network, operator))
        text += constants(sums, f"bias{place}", network.tensors[operator.inputs[2]].data)
        text += quantized(network, operator, place) if whole else ""
        last = f", q{place}" if whole else ""
        into = "second" if now == "first" else "first"
        calls += f"  {layer}({now}, weights{place}, bias{place}, {into}{last});\n"
        sizes, now = [*sizes, size], into
        if not whole and operator.layer.activation == "RELU":
            into = "second" if now == "first" else "first"
            calls += f"  loops::relu<{size}>({now}, {into});\n"
            now = into
    text += f"{kind} first[{max(sizes)}], second[{max(sizes)}];\n"
    count, values = sizes[-1], constants(kind, "sample", sample)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "network.hpp").write_text(
        f"#pragma once\n#include <cstdint>\n#include <span>\nnamespace network {{\n"
        f"extern const {kind} sample[];\nint predict(const {kind}* input);\n"
        f"std::span<const {kind}, {count}> scores();\n}}\n"
    )
    (folder / "network.cpp").write_text(
        f'#include "network.hpp"\n#include "loops.hpp"\nnamespace network {{\nnamespace {{\n{text}'
        f"}}\nextern {values}int predict(const {kind}* input) {{\n{calls}"
        f"  return loops::argmax<{count}>({now});\n}}\n"
        f"std::span<const {kind}, {count}> scores() {{\n"
        f"  return std::span<const {kind}, {count}>({now}, {count});\n}}\n}}\n"
    )


def outcome(name: str, printed: str) -> tuple[np.ndarray, int]:
    """Scores, and instructions."""
    words = [line.split() for line in printed.splitlines()]
    scores = [int(value) for key, value in words if key == "score"]
    scores += [struct.unpack("<f", struct.pack("<I", int(value)))[0]
               for key, value in words if key == "bits"]  # fmt: skip
    counts = [int(value) for key, value in words if key == "instructions"]
    if len(counts) != 1 or not scores:
        raise BenchError(f"{name}: printed what no loops do: {printed[-200:]!r}")
    return np.array(scores), counts[0]


# -- both -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Subject:
    """A network in an element, and a sample."""

    network: str
    element: str
    model: graven.Model
    sample: np.ndarray

    @property
    def name(self) -> str:
        return f"{self.network}_{self.element}"


def subjects(folder: Path, names: Iterable[str]) -> list[Subject]:
    """Of the zoo's folder; the sample is the first digit that judges there."""
    _, test = deepmetal.digits()
    sample, found = deepmetal.normal(test.x[:1]), []
    for name in names:
        for element, file in zip(ELEMENTS, ("float.tflite", "model.tflite"), strict=True):
            path = folder / f"deepmetal_{name}" / file
            if not path.is_file():
                raise BenchError(f"{path}: is not there; python -m zoo.deepmetal makes it.", 2)
            model = graven.compile(path, name=f"deepmetal_{name}")
            found.append(Subject(name, element, model, sample))
    return found


def counted(found: Sequence[Subject], target: str, build: Path) -> list[Count]:
    """All on one target."""
    sources, made = build / "loops", build / target
    for each in found:
        given = np.moveaxis(each.model.inputs(each.sample)[0], -1, 1)
        written(each.model.original, given, sources / each.name)
    command = ["cmake", "-G", "Ninja", "-S", str(ROOT / "benchmarks/loops"), "-B", str(made)]
    if target != "host":
        command += ["--toolchain", str(ROOT / f"toolchains/{target}.cmake")]
    command += ["-DCMAKE_BUILD_TYPE=Release", f"-DGRAVEN_LOOPS={sources}"]
    tools.run(command, ROOT)
    images = [f"loops_{each.name}" for each in found]
    tools.run(["cmake", "--build", str(made), "--target", *images], ROOT)
    return [count(each, target, made) for each in found]


def count(subject: Subject, target: str, made: Path) -> Count:
    start = made / f"loops_{subject.name}.emulator.json"
    printed = tools.run(json.loads(start.read_text())["command"], ROOT)
    scores, loops = outcome(subject.name, printed)
    program = subject.model.on(target)
    ours = program.raw(subject.sample)[0].reshape(-1)
    near = 1e-4 * np.abs(ours).max() if subject.element == "float32" else 0
    if np.abs(ours - scores).max() > near:
        raise BenchError(f"{subject.name}: on {target} graven says {ours}, the loops {scores}")
    return Count(subject.network, subject.element, target, program.instructions, loops)


# -- the record -----------------------------------------------------------------------------------


def read() -> list[Count]:
    if not RECORD.exists():
        return []
    return [Count(**each) for each in json.loads(RECORD.read_text())]


def merge(old: Iterable[Count], new: Iterable[Count]) -> list[Count]:
    found = {each.key: each for each in (*old, *new)}
    order = {name: at for at, name in enumerate(deepmetal.NAMES)}
    places = {target: at for at, target in enumerate(figures.ALL_TARGETS)}

    def key(each: Count) -> tuple[int, str, int]:
        return order[each.network], each.element, places[each.target]

    return sorted(found.values(), key=key)


def write(counts: Iterable[Count]) -> None:
    lines = ",\n ".join(json.dumps(asdict(each)) for each in counts)
    RECORD.write_text(f"[\n {lines}\n]\n")


def table(counts: Sequence[Count]) -> str:
    """A row for each network, graven's instructions of those of the loops on each target."""
    by_key = {each.key: each for each in counts}
    seen = [
        target for target in figures.ALL_TARGETS if any(target == each.target for each in counts)
    ]
    rows = []
    for name in deepmetal.NAMES:
        for element in ELEMENTS:
            each = [by_key.get((name, element, target)) for target in seen]
            if any(each):
                rows.append([name, element, *("" if one is None else f"{one.ours / one.loops:.2f}"
                                              for one in each)])  # fmt: skip
    return tables.markdown(["network", "element", *seen], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("zoo", type=Path, nargs="?", help="what python -m zoo.deepmetal wrote")
    parser.add_argument("--only", nargs="+", default=deepmetal.NAMES, choices=deepmetal.NAMES,
                        metavar="NAME")  # fmt: skip
    parser.add_argument("--target", action="append", choices=figures.ALL_TARGETS)
    parser.add_argument("--build", type=Path, default=ROOT / "build/deepmetal")
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    if options.zoo is None:
        parser.error("name the folder that python -m zoo.deepmetal wrote")
    found = subjects(options.zoo.resolve(), options.only)
    counts: list[Count] = []
    for target in options.target or figures.TARGETS:
        counts += counted(found, target, options.build.resolve())
        if options.update:
            write(merge(read(), counts))
    print(table(counts))
    more = [each for each in counts if each.ours >= each.loops]
    for each in more:
        print(f"{each.network}, {each.element}, {each.target}: {each.ours:,} instructions, in "
              f"loops {each.loops:,}", file=sys.stderr)  # fmt: skip
    return int(bool(more))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BenchError, GravenError) as error:
        print(f"deepmetal.py: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
