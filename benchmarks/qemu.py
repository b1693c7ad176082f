"""Instructions, memory and code of models on all emulated targets, against the committed record.

    qemu.py [MODEL.tflite ...] [--target T ...] [--layers] [--update] [--markdown FILE]

Counts are deterministic for a compiler: a change of instructions, or a growth of arena or code,
over 2 % exits with 1 where the compiler is the recorded one, and is only reported elsewhere.
--update takes the new figures into the record. Other exit codes: 2 bad use, 3 a tool failed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import figures
import tables
from figures import TOLERANCE, BenchError, Record, Row
from rich.console import Console


@dataclass(frozen=True)
class Finding:
    sentence: str
    fails: bool


def compare(old: Record, rows: Iterable[Row], compilers: dict[str, str]) -> Iterator[Finding]:
    recorded = old.by_key()
    own = {figures.load_model(path).sha256 for path in figures.OWN}
    for row in rows:
        before = recorded.get(row.key)
        same_compiler = old.compilers.get(row.target) == compilers[row.target]
        if before is None:
            yield Finding(f"{row.title}: is not in the record", row.sha256 in own)
            continue
        for sentence in changes(before, row):
            yield Finding(f"{row.title}: {sentence}", same_compiler)


def changes(before: Row, row: Row) -> Iterator[str]:
    if row.input != before.input:
        yield f"ran on {row.input}, the recorded run on {before.input}; GRAVEN_SHARED is amiss"
    elif (said := drift(before, row.instructions)) is not None:
        yield said
    if row.arena_bytes > (1 + TOLERANCE) * before.arena_bytes:
        yield change("arena bytes", before.arena_bytes, row.arena_bytes)
    if row.code_bytes > (1 + TOLERANCE) * before.code_bytes:
        yield change("code bytes", before.code_bytes, row.code_bytes)


def drift(before: Row, instructions: int) -> str | None:
    if abs(instructions - before.instructions) <= TOLERANCE * before.instructions:
        return None
    return change("instructions", before.instructions, instructions)


def change(what: str, before: int, now: int) -> str:
    return f"{now:,} {what}, recorded {before:,} ({now / before - 1:+.1%})"


def measure_all(cases: list[figures.Case]) -> list[Row]:
    rows = []
    for at, case in enumerate(cases, 1):
        if sys.stderr.isatty():
            text = f"[{at}/{len(cases)}] {case.model.name}, {case.target}, {case.isa}, {case.plan}"
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        rows.append(figures.measure(case))
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    return rows


def write_markdown(file: Path, record: Record, check: bool) -> bool:
    """Writes the record's tables; with `check` only says whether they were up to date."""
    try:
        before = file.read_text()
    except OSError as error:
        raise BenchError(f"{file}: cannot be read: {error.strerror}.", 2) from None
    after = tables.filled(before, tables.rendered(record), str(file))
    if after == before:
        return True
    if not check:
        file.write_text(after)
    return not check


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL",
                        help="default: digits, shapes, and the shared *_int8.tflite")  # fmt: skip
    parser.add_argument(
        "--target", action="append", choices=figures.ALL_TARGETS, help="default: all"
    )
    parser.add_argument("--plan", action="append", help="default: those of the record")
    parser.add_argument("--layers", action="store_true", help="print a table per layer as well")
    parser.add_argument("--results", type=Path, default=figures.RESULTS, help="the record")
    parser.add_argument("--update", action="store_true", help="take the figures into the record")
    parser.add_argument("--recorded", action="store_true", help="measure nothing, take the record")
    parser.add_argument("--markdown", type=Path, action="append", default=[], metavar="FILE",
                        help="write the record's tables into this file")  # fmt: skip
    parser.add_argument("--check", action="store_true", help="only compare the file's tables")
    return parser.parse_args()


def chosen(options: argparse.Namespace) -> list[figures.Case]:
    models = [figures.load_model(path) for path in options.models] or figures.default_models()
    return figures.cases_of(
        models, options.target or figures.ALL_TARGETS, options.plan or ()
    )  # fmt: skip


def report(rows: list[Row], old: Record, compilers: dict[str, str], layers: bool) -> bool:
    """Prints tables and findings; whether all is well."""
    console = Console(width=None if sys.stdout.isatty() else 170)
    tables.show(rows, old, console)
    for row in rows if layers else ():
        tables.show_layers(row, console)
    findings = list(compare(old, rows, compilers))
    for target in sorted({row.target for row in rows}):
        if target in old.compilers and old.compilers[target] != compilers[target]:
            print(f"{target}: {compilers[target]}; the record is of {old.compilers[target]}")
    for finding in findings:
        print(("changed: " if finding.fails else "note: ") + finding.sentence)
    return not any(finding.fails for finding in findings)


def main() -> int:
    options = parse_arguments()
    old = record = figures.read_record(options.results)
    if options.recorded and not record.rows:
        raise BenchError(f"{options.results}: holds no figures; run without --recorded.", 2)
    well = True
    if not options.recorded:
        cases = chosen(options)
        compilers = {case.target: figures.compiler_of(case.target) for case in cases}
        rows = measure_all(cases)
        well = report(rows, old, compilers, options.layers)
        if options.update:
            record = figures.merged(old, rows, compilers)
            figures.write_record(options.results, record)
            well = True
        elif not well:
            print(f"over {TOLERANCE:.0%}: if that is meant, run `make bench-update` and commit it")
    for file in options.markdown:
        if not write_markdown(file, record, options.check):
            print(f"{file}: its tables are not those of {options.results.name}; run "
                  f"`benchmarks/qemu.py --recorded --markdown {file}`")  # fmt: skip
            well = False
    return 0 if well else 1


if __name__ == "__main__":
    figures.exit_with(main)
