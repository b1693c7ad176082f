"""Instructions of a folder of models, by kernel: what is spent in scalar ones, and per MAC.

    corpus.py [MODEL.tflite ...] [--target T ...] [--results FILE] [--again WORD ...]
              [--distinct] [--most N] [--at-once N] [--seconds N] [--worst N] [--update]

Without models: all of the shared corpus; --distinct: of those with the same operators in the same
order, the one of fewest multiplications, if they are not more than --most. Each file is compiled
and run in QEMU as `graven run` does it; what it took goes into FILE (JSON, default
build/corpus.json) as soon as it is known, and a second call measures only what is not there, or has
changed, or has a kernel whose name contains a WORD (--again '' : all of them). A file that takes
more than --seconds is left out, and named.
--update takes the sums into benchmarks/results/corpus.json. Exit codes: 2 bad use, 3 a tool failed.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import corpus_record
import figures
from corpus_record import Found, Part
from figures import BenchError
from graven import ir, passes
from graven.errors import GravenError
from graven.frontends import files

TARGETS = ("cortex-m4", "cortex-m55")
MEASURED = figures.ROOT / "build/corpus.json"


def parts_of(layers: Iterable[dict]) -> tuple[Part, ...]:
    """Sums over the layers of one operator and one kernel; what is free has no kernel."""
    sums: dict[tuple[str, str], list[int]] = {}
    for layer in layers:
        if layer["instructions"]:
            found = sums.setdefault((layer["op"], layer["kernel"]), [0, 0, 0])
            for at, number in enumerate((1, layer["macs"], layer["instructions"])):
                found[at] += number
    return tuple(Part(op, kernel, *numbers) for (op, kernel), numbers in sums.items())


def measure(model: figures.Model, target: str, seconds: int) -> Found:
    """Refused models, and those that take too long, have a sentence instead of figures."""
    command = [sys.executable, "-m", "graven", "run", str(model.path), "--target", target]
    command += ["--name", model.name, "--json"]
    empty = Found(model.name, model.sha256, target)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return empty.saying(f"took more than {seconds} seconds")
    if done.returncode != 0:
        return empty.saying((done.stderr.strip() or f"exit code {done.returncode}").splitlines()[0])
    found = json.loads(done.stdout)
    parts = parts_of(found["layers"])
    return Found(
        model.name, model.sha256, target, found["macs"], found["instructions"], parts=parts
    )


def multiplications(network: ir.Network) -> int:
    """Before anything is pruned, of the operators with constant weights."""
    total = 0
    for op in network.operators:
        weights = [network.tensors[index] for index in op.inputs[1:2]]
        if weights and weights[0].data is not None and weights[0].data.ndim > 1:
            taps = weights[0].shape[1:3] if "DEPTHWISE" in op.name else weights[0].shape[1:]
            total += math.prod(network.tensors[op.outputs[0]].shape) * math.prod(taps)
    return total


def distinct(paths: Iterable[Path], most: float = math.inf) -> list[Path]:
    """Small ones first, of at most so many multiplications; what is refused is left out."""
    found: dict[tuple, tuple[int, Path]] = {}
    for path in paths:
        try:
            network = passes.canonical(files.read(path).network)
        except GravenError:
            continue
        key = tuple((op.name, network.tensors[op.outputs[0]].element) for op in network.operators)
        found[key] = min((multiplications(network), path), found.get(key, (math.inf, path)))
    return [path for count, path in sorted(found.values()) if count <= most]


def is_known(found: Found | None, model: figures.Model, again: list[str]) -> bool:
    if found is None or found.sha256 != model.sha256:
        return False
    return not any(word in part.kernel for word in again for part in found.parts)


def measure_all(
    models: list[figures.Model], targets: list[str], options: argparse.Namespace
) -> list[Found]:
    known = {found.key: found for found in corpus_record.read(options.results)}
    wanted = [
        (model, target)
        for model in models
        for target in targets
        if not is_known(known.get((model.name, target)), model, options.again)
    ]
    with ThreadPoolExecutor(options.at_once) as pool:
        jobs = [pool.submit(measure, *pair, options.seconds) for pair in wanted]
        for at, job in enumerate(jobs, 1):
            found = job.result()
            known[found.key] = found
            corpus_record.write(known.values(), options.results)
            print(f"[{at}/{len(jobs)}] {found.name}, {found.target}: "
                  f"{found.said or f'{found.instructions:,}'}", file=sys.stderr)  # fmt: skip
    names = {model.name for model in models}
    return [found for found in known.values() if found.name in names and found.target in targets]


def print_worst(found: list[Found], target: str, count: int) -> None:
    """Kernels by their share of all instructions, and the models of the most per MAC."""
    of_target = [each for each in found if each.target == target and each.instructions]
    total = sum(each.instructions for each in of_target)
    sums: dict[tuple[str, str], list[int]] = {}
    for each in of_target:
        for part in each.parts:
            numbers = sums.setdefault((part.op, part.kernel), [0, 0, 0])
            for at, number in enumerate((part.instructions, part.macs, 1)):
                numbers[at] += number
    for title, words in (("scalar", True), ("others", False)):
        print(f"\n{target}, {title}: share, instructions, per MAC, models, operator, kernel")
        chosen = [item for item in sums.items() if item[0][1].startswith("scalar") == words]
        for (op, kernel), (spent, macs, models) in sorted(chosen, key=lambda i: -i[1][0])[:count]:
            per_mac = f"{spent / macs:6.2f}" if macs else "      "
            print(f"{spent / total:7.2%} {spent:12,} {per_mac} {models:4} {op} {kernel}")
    print(f"\n{target}: instructions per MAC, instructions, model, its largest parts")
    for each in sorted(corpus_record.counted(of_target), key=lambda e: -e.per_mac)[:count]:
        parts = sorted(each.parts, key=lambda part: -part.instructions)[:3]
        largest = ", ".join(
            f"{part.op} {part.kernel} {part.instructions / each.instructions:.0%}" for part in parts
        )
        print(f"{each.per_mac:7.2f} {each.instructions:12,} {each.name} {largest}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL")
    parser.add_argument("--target", action="append", choices=figures.ALL_TARGETS,
                        help="default: " + " and ".join(TARGETS))  # fmt: skip
    parser.add_argument("--results", type=Path, default=MEASURED, help="what has been measured")
    parser.add_argument("--again", action="append", default=[], metavar="WORD",
                        help="measure anew where a kernel's name has it")  # fmt: skip
    parser.add_argument("--distinct", action="store_true", help="one of those with equal operators")
    parser.add_argument("--most", type=int, default=math.inf, metavar="N",
                        help="of these, those of at most N multiplications")  # fmt: skip
    parser.add_argument("--at-once", type=int, default=2, help="models side by side (default: 2)")
    parser.add_argument("--seconds", type=int, default=900, help="most for a model (default: 900)")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="kernels and models")
    parser.add_argument("--update", action="store_true", help="take the table into the record")
    return parser.parse_args()


def main() -> int:
    options = parse_arguments()
    folder = figures.shared_folder() / "corpus"
    paths = options.models or sorted(folder.glob("*.tflite"))
    if not paths:
        raise BenchError(f"no models in {folder}: GRAVEN_SHARED names the folder above it.", 2)
    if options.distinct:
        paths = distinct(paths, options.most)
    targets = options.target or list(TARGETS)
    found = measure_all([figures.load_model(path) for path in paths], targets, options)
    lines = [corpus_record.summary(found, target) for target in targets]
    for target, line in zip(targets, lines, strict=True):
        print("\n".join(f"{name}: {value}" for name, value in asdict(line).items()))
        if options.worst:
            print_worst(found, target, options.worst)
    if options.update:
        compilers = {target: figures.compiler_of(target) for target in targets}
        corpus_record.write_summaries(lines, compilers)
    return 0


if __name__ == "__main__":
    figures.exit_with(main)
