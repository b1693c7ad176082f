"""The tables of docs/zoo.md, from what the members of the zoo have written.

    .venv/bin/python -m zoo.mnist --out build/zoo        # and the others
    .venv/bin/python benchmarks/zoo_tables.py build/zoo  # takes the results there into the record
    .venv/bin/python benchmarks/zoo_tables.py build/zoo --costs  # counts what its models cost today
    .venv/bin/python benchmarks/zoo_tables.py --check    # are the tables up to date?

The record is benchmarks/results/zoo.json; that of DeepMetal's loops is benchmarks/deepmetal.py's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import deepmetal
import graven
import numpy as np
import tables
from figures import BenchError, exit_with
from zoo.deepmetal import NAMES
from zoo.trial import TARGETS, Result, cost

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "benchmarks/results/zoo.json"
PAGE = ROOT / "docs/zoo.md"
DEEPMETAL = tuple(f"deepmetal_{name}" for name in NAMES)


def read() -> list[Result]:
    if not RECORD.exists():
        return []
    return [Result.of(each) for each in json.loads(RECORD.read_text())]


def found_in(folder: Path) -> list[Result]:
    files = sorted(folder.glob("*/result.json"))
    if not files:
        raise BenchError(f"{folder}: has no */result.json; python -m zoo.mnist writes one.", 2)
    results = [Result.of(json.loads(file.read_text())) for file in files]
    quick = [each.name for each in results if set(each.costs) != set(TARGETS)]
    if quick:
        raise BenchError(f"{folder}: {', '.join(quick)} came of --quick, which is no record.", 2)
    return results


def counted(folder: Path, old: Sequence[Result]) -> Iterator[Result]:
    """The record's results whose models are there, with what those cost now."""
    found = False
    for each in old:
        files = [folder / each.name / name for name in ("model.tflite", "samples.npz")]
        if all(file.is_file() for file in files):
            model = graven.compile(files[0], name=each.name)
            sample = np.load(files[1])["x"][:1]
            costs = {target: cost(model, target, sample) for target in TARGETS}
            print(each.name, *(f"{one.instructions:,}" for one in costs.values()), flush=True)
            found = True
            yield replace(each, costs=costs)
    if not found:
        raise BenchError(f"{folder}: has no model of the record; python -m zoo.mnist makes one.", 2)
    return found


def merged(old: Sequence[Result], new: Sequence[Result]) -> list[Result]:
    places = {name: place for place, name in enumerate(DEEPMETAL)}
    both = {each.name: each for each in (*old, *new)}
    return sorted(both.values(), key=lambda each: (places.get(each.name, -1), each.name))


def write(results: Iterable[Result]) -> None:
    lines = ",\n ".join(json.dumps(asdict(each), ensure_ascii=False) for each in results)
    RECORD.write_text(f"[\n {lines}\n]\n")


def score_table(results: Sequence[Result]) -> str:
    rows = [
        [each.name, each.data, each.measure, f"{each.samples:,}", f"{100 * each.exact:.2f}",
         f"{100 * each.score:.2f}", f"{each.parameters:,}", f"{each.macs:,}"]
        for each in results
    ]  # fmt: skip
    titles = ["model", "data", "measure", "samples", "float32, %", "int8, %", "parameters", "MACs"]
    return tables.markdown(titles, rows)


def cost_table(results: Sequence[Result]) -> str:
    rows = []
    for each in results:
        costs = [each.costs[target] for target in TARGETS]
        rows.append(
            [each.name, *(f"{cost.instructions:,}" for cost in costs),
             *(f"{cost.ram:,}" for cost in costs), *(f"{cost.flash:,}" for cost in costs)]
        )  # fmt: skip
    cores = [target.removeprefix("cortex-").upper() for target in TARGETS]
    titles = [f"{what} {core}" for what in ("instructions", "RAM", "flash") for core in cores]
    return tables.markdown(["model", *titles], rows)


def rendered() -> dict[str, str]:
    results = read()
    own = [each for each in results if each.name not in DEEPMETAL]
    theirs = [each for each in results if each.name in DEEPMETAL]
    return {
        "zoo": score_table(own),
        "zoo-costs": cost_table(own),
        "deepmetal": score_table(theirs),
        "deepmetal-costs": cost_table(theirs),
        "deepmetal-loops": deepmetal.table(deepmetal.read()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", help="where results are to be taken from")
    parser.add_argument(
        "--costs", action="store_true", help="count instructions, RAM and flash anew"
    )
    parser.add_argument("--check", action="store_true", help="change nothing; 1 if it is needed")
    options = parser.parse_args()
    if options.costs and options.folder is None:
        parser.error("--costs counts the models of a folder; name it, as in build/zoo --costs")
    if options.folder is not None:
        take = counted(options.folder, read()) if options.costs else found_in(options.folder)
        for each in take:  # one after the other: to count them all takes an hour
            write(merged(read(), [each]))
    before = PAGE.read_text()
    after = tables.filled(before, rendered(), str(PAGE))
    if not options.check:
        PAGE.write_text(after)
    elif before != after:
        print("zoo_tables.py: docs/zoo.md: its tables are not the record's", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    exit_with(main)
