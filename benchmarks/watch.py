"""What a watch gains that fits itself to its wearer (docs/training.md): people and base models of
firmware/models/watch/train.py, each a program that learns in the emulated Cortex-M4.

    .venv/bin/pip install seglearn torch
    .venv/bin/python firmware/models/watch/train.py build/watches
    .venv/bin/python benchmarks/watch.py build/watches

Prints a line per wearer: the mean over the base models, and the worst and best change of one. An
error if the host has learned other weights than the Cortex-M4.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from graven import tools
from graven.errors import GravenError

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {"host": [], "cortex-m4": ["--toolchain", str(ROOT / "toolchains/cortex-m4.cmake")]}
PRINTED = re.compile(
    r"as_it_came (\d+) of (\d+)\nfitted (\d+) of \2\n.*weights (0x[0-9a-f]+)\nend\n", re.DOTALL
)


@dataclass(frozen=True)
class Fit:
    """One wearer and one base model: windows answered rightly as it came, and fitted."""

    before: int
    after: int
    count: int
    weights: str  # a hash of what was learned

    @property
    def gain(self) -> float:
        return 100 * (self.after - self.before) / self.count


def parsed(name: str, text: str) -> Fit:
    if not (found := PRINTED.search(text)):
        raise GravenError(f"{name}: printed what no watch does: {text.strip()[-200:]!r}")
    before, count, after, weights = found.groups()
    return Fit(int(before), int(after), int(count), weights)


def built(watches: Path, target: str, build: Path) -> None:
    command = ["cmake", "-G", "Ninja", "-S", str(ROOT), "-B", str(build), *TARGETS[target]]
    tools.run([*command, "-DCMAKE_BUILD_TYPE=Release", f"-DGRAVEN_WATCHES={watches}"], ROOT)
    tools.run(["cmake", "--build", str(build), "--target", "watches"], ROOT)


def measured(watches: Path, build: Path) -> dict[str, Fit]:
    """By the names of the folders, such as p3s0: what the Cortex-M4 does, and the host as well."""
    names = sorted(each.parent.name for each in watches.glob("p*s*/watch.tflite"))
    if not names:
        raise GravenError(f"{watches}: has no p<wearer>s<seed>/watch.tflite; run train.py first.")
    fits: dict[str, dict[str, Fit]] = {}
    for target in TARGETS:
        built(watches, target, build / target)
        for name in names:
            program = build / target / "firmware/apps/watch" / f"watch_{name}"
            command = json.loads(Path(f"{program}.emulator.json").read_text())["command"]
            fits.setdefault(name, {})[target] = parsed(name, tools.run(command, ROOT))
    for name, found in fits.items():
        if found["host"] != found["cortex-m4"]:
            raise GravenError(f"{name}: the targets differ: {found}")
    return {name: found["cortex-m4"] for name, found in fits.items()}


def row(name: str, fits: Iterable[Fit]) -> str:
    fits = list(fits)
    before = sum(100 * fit.before / fit.count for fit in fits) / len(fits)
    gains = [fit.gain for fit in fits]
    mean = sum(gains) / len(gains)
    return (
        f"| {name} | {before:.1f} | {before + mean:.1f} | {mean:+.1f} "
        f"| {min(gains):+.1f} | {max(gains):+.1f} |"
    )


def table(fits: dict[str, Fit]) -> Iterator[str]:
    """People count alike, however many windows they have."""
    by_person: dict[int, list[Fit]] = {}
    for name, fit in fits.items():
        by_person.setdefault(int(name[1:].partition("s")[0]), []).append(fit)
    yield "| wearer | as it came, % | fitted, % | points | worst model | best model |"
    yield "|--:|--:|--:|--:|--:|--:|"
    for person in sorted(by_person):
        yield row(str(person), by_person[person])
    yield row("mean", fits.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("watches", type=Path, help="what train.py wrote")
    parser.add_argument("--build", type=Path, default=ROOT / "build/watch")
    options = parser.parse_args()
    try:
        fits = measured(options.watches.resolve(), options.build.resolve())
    except GravenError as error:
        print(f"watch.py: {error}", file=sys.stderr)
        return 1
    print("\n".join(table(fits)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
