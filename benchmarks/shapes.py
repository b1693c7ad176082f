"""Instructions of single layers of many shapes, against a line per family.

    shapes.py [FAMILY ...] [--count N] [--update] [--check]

A family's line is base * rows + a * outputs + b * operations (multiplications, or elements that a
pool reads), fitted by least squares of the relative error over shapes drawn from a fixed seed. The
worst ratio of a shape to its family's line is what tells a cliff. --update takes the figures into
the record; --check measures the first N shapes of each family (default: an image of them) and
compares them with the record. Exit codes: 1 a count differs from the record, 2 bad use, 3 a tool
failed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import figures
import numpy as np
from shape_families import FAMILIES, Layers, Shape

TARGET = "cortex-m4"
RESULTS = figures.ROOT / "benchmarks/results/shapes.json"
SEED = 11
COUNT = 24  # shapes of a family
TOGETHER = 12  # in one image
MOST = 300_000  # operations of a shape


@dataclass(frozen=True)
class Case:
    shape: Shape
    instructions: int


@dataclass(frozen=True)
class Line:
    """Instructions per row step, output and operation."""

    base: float
    output: float
    operation: float

    def of(self, shape: Shape) -> float:
        return (
            self.base * shape.rows
            + self.output * shape.outputs
            + self.operation * shape.operations
        )  # fmt: skip


def images(family: str, count: int) -> Iterable[tuple[Layers, list[Shape]]]:
    """The first `count` shapes of a family, TOGETHER to an image: always the same ones."""
    for first in range(0, count, TOGETHER):
        layers, shapes = Layers(np.random.default_rng([SEED, first, *family.encode()])), []
        while len(shapes) < TOGETHER:
            before = [len(part) for part in layers.parts()]
            shape = FAMILIES[family](layers)
            if max(shape.operations, shape.outputs) <= MOST and shape.rows > 0:
                shapes.append(shape)
                continue
            for part, length in zip(layers.parts(), before, strict=True):
                del part[length:]
        yield layers, shapes


def measure(family: str, count: int = COUNT) -> list[Case]:
    cases: list[Case] = []
    for layers, shapes in images(family, count):
        found = figures.run_json(layers.network(), TARGET)
        counts = [found["layers"][index]["instructions"] for index in layers.measured]
        cases += [Case(*pair) for pair in zip(shapes, counts, strict=True)]
    return cases[:count]


def fit(cases: list[Case]) -> Line:
    """Least squares of the relative error; a term that would be negative is left out."""
    terms = np.array([[c.shape.rows, c.shape.outputs, c.shape.operations] for c in cases], float)
    counts = np.array([c.instructions for c in cases], float)
    used = [k for k in range(3) if terms[:, k].any()]
    while True:
        found = np.linalg.lstsq(terms[:, used] / counts[:, None], np.ones(len(cases)), rcond=None)
        if (found[0] >= 0).all():
            break
        used.pop(int(found[0].argmin()))
    values = [0.0, 0.0, 0.0]
    for k, value in zip(used, found[0], strict=True):
        values[k] = round(float(value), 3)
    return Line(*values)


def worst(cases: list[Case], line: Line) -> tuple[float, Case]:
    return max(((c.instructions / line.of(c.shape), c) for c in cases), key=lambda pair: pair[0])


# -- the record -----------------------------------------------------------------------------------


def read_record(file: Path = RESULTS) -> dict[str, list[Case]]:
    if not file.exists():
        return {}
    found = json.loads(file.read_text())["families"]
    return {
        family: [Case(Shape(*row[:-1]), row[-1]) for row in entry["shapes"]]
        for family, entry in found.items()
    }


def write_record(families: dict[str, list[Case]], file: Path = RESULTS) -> None:
    entries = []
    for family in sorted(families):
        cases = families[family]
        line = fit(cases)
        ratio, case = worst(cases, line)
        head = {"line": asdict(line), "worst": round(ratio, 3), "at": case.shape.text}
        rows = ",\n    ".join(
            json.dumps([*asdict(c.shape).values(), c.instructions]) for c in cases
        )
        entries.append(f'  "{family}": {json.dumps(head)[:-1]}, "shapes": [\n    {rows}]}}')
    compiler = json.dumps({TARGET: figures.compiler_of(TARGET)})
    text = ",\n".join(entries)
    file.write_text(f'{{\n "compilers": {compiler},\n "families": {{\n{text}\n }}\n}}\n')


def show(family: str, cases: list[Case]) -> None:
    line = fit(cases)
    ratio, case = worst(cases, line)
    print(f"{family:15} {line.base:7.1f} per row {line.output:7.2f} per output "
          f"{line.operation:6.3f} per operation, "
          f"worst {ratio:.2f} at {case.shape.text}")  # fmt: skip


def check(families: Iterable[str], count: int) -> bool:
    """Measures the first shapes again."""
    recorded, well = read_record(), True
    for family in families:
        for now, before in zip(measure(family, count), recorded[family], strict=False):
            same = abs(now.instructions - before.instructions) <= (
                figures.TOLERANCE * before.instructions
            )
            if now.shape == before.shape and same:
                continue
            well = False
            print(f"changed: {family}, {now.shape.text}: {now.instructions:,} instructions, "
                  f"recorded {before.instructions:,} for {before.shape.text}")  # fmt: skip
    return well


def chosen_of(families: list[str]) -> list[str]:
    for family in families:
        if family not in FAMILIES:
            raise figures.BenchError(f"{family} is no family; there are {', '.join(FAMILIES)}.", 2)
    return families or list(FAMILIES)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("families", nargs="*", metavar="FAMILY", help="default: all")
    parser.add_argument("--count", type=int, help=f"shapes of each family (default: {COUNT})")
    parser.add_argument("--update", action="store_true", help="take the figures into the record")
    parser.add_argument("--check", action="store_true", help="compare some with the record")
    options = parser.parse_args()
    chosen = chosen_of(options.families)
    if options.check:
        return 0 if check(chosen, options.count or TOGETHER) else 1
    record = read_record()
    for family in chosen:
        record[family] = measure(family, options.count or COUNT)
        show(family, record[family])
        if options.update:
            write_record(record)
    return 0


if __name__ == "__main__":
    figures.exit_with(main)
