"""Speed on this machine beside other engines: one run, interleaved, one thread.

    peers.py [MODEL.tflite ...] [--rounds 11] [--compiler C++] [--update]

Ours is the model's header compiled with -O3 -march=native and called through ctypes; LiteRT (with
XNNPACK), ONNX Runtime (models through tf2onnx) and tflite-micro are called from Python as well,
each if its packages are installed. In every round each engine infers for a while on the same input;
a ratio is a peer's time over ours of the same round. Printed: medians, the ratio's extremes, and by
how many quantization steps outputs differ from the exact ones at most. --update makes the run of
all models the record, which `make bench-pages` takes into docs/benchmarks.md. Exit codes as
qemu.py's.
"""

from __future__ import annotations

import argparse
import gc
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import engines
import figures
import peer_record
from engines import Engine, Peer, Task, seconds_of
from figures import BenchError
from peer_record import Measured, Run
from rich.console import Console
from rich.table import Table

SLICE = 0.03  # seconds of one engine in one round


def measure(engines: Sequence[Engine], rounds: int) -> list[list[float]]:
    """Seconds per inference, by engine and round; the first round only warms up."""
    counts = [max(1, int(SLICE / seconds_of(engine.infer, 3))) for engine in engines]
    gc.disable()
    measured = [
        [seconds_of(engine.infer, count) for engine, count in zip(engines, counts, strict=True)]
        for _ in range(rounds + 1)
    ]
    gc.enable()
    return [list(times) for times in zip(*measured[1:], strict=True)]


def compared(task: Task, found: Sequence[Engine], rounds: int) -> list[Measured]:
    """`found`: ours, and the peers."""
    times = measure(found, rounds)
    distances = [engines.distance(task.expected, engine.output()) for engine in found]
    if distances[0] != 0:
        raise BenchError(f"{task.model.name}: our output is not the exact one.")
    return [
        peer_record.row_of(task.model, engine.title, times[at], times[0], distances[at])
        for at, engine in enumerate(found)
    ]


def installed_peers(needs_all: bool) -> list[Peer]:
    """Says which are not installed."""
    missing = [sentence for peer in engines.PEERS if (sentence := peer.missing())]
    if missing and needs_all:
        raise BenchError(f"the record needs every peer; {missing[0]}")
    for sentence in missing:
        print(f"benchmarks: {sentence}", file=sys.stderr)
    return [peer for peer in engines.PEERS if not peer.missing()]


def processor() -> str:
    file = Path("/proc/cpuinfo")
    name = re.search(r"model name\s*: (.+)", file.read_text()) if file.exists() else None
    return name[1] if name else platform.processor() or platform.machine()


def machine_of(rows: Sequence[Measured], compiler: str, rounds: int) -> dict[str, str]:
    return {
        "processor": processor(),
        "ours": ", ".join(sorted({row.engine for row in rows if row.ours})),
        "compiler": figures.call(compiler, "--version").splitlines()[0],
        **{peer.title: peer.versions() for peer in engines.PEERS if not peer.missing()},
        "rounds": str(rounds),
    }


def show(run: Run, console: Console) -> None:
    table = Table(title="one inference, one thread", title_justify="left")
    for title in ("model", "engine"):
        table.add_column(title, no_wrap=True)
    for title in ("microseconds", "times ours", "from", "to", "differs by"):
        table.add_column(title, justify="right", no_wrap=True)
    for model in dict.fromkeys(row.model for row in run.rows):
        for row in (row for row in run.rows if row.model == model):
            ratios = ("", "", "", "") if row.ours else (
                f"{row.ratio:.2f}", f"{row.lowest:.2f}", f"{row.highest:.2f}", str(row.differs)
            )  # fmt: skip
            table.add_row(model if row.ours else "", row.engine, f"{row.microseconds:,.2f}",
                          *ratios)  # fmt: skip
        table.add_section()
    console.print(table)
    best = [row.ratio for row in map(run.best, run.models()) if row]
    if best:
        ahead = sum(ratio > 1 for ratio in best)
        console.print(f"The best peer takes {peer_record.mean(best):.2f} times our time (geometric "
                      f"mean); ours is ahead of every peer on {ahead} of {len(best)} models.",
                      highlight=False)  # fmt: skip


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--compiler", default="clang++" if shutil.which("clang++") else "g++")
    parser.add_argument("--update", action="store_true", help="make this run the record")
    options = parser.parse_args()
    if options.update and options.models:
        parser.error("--update takes no models: the record is one run of all of them")
    return options


def main() -> int:
    options = parse_arguments()
    models = [figures.load_model(path) for path in options.models] or figures.default_models()
    if options.update and len(models) < 2:
        raise BenchError(
            "the record needs the shared models too; GRAVEN_SHARED names the folder.", 2
        )
    peers = installed_peers(needs_all=options.update)
    rows: list[Measured] = []
    with tempfile.TemporaryDirectory() as folder:
        for model in models:
            task = engines.task_of(model, Path(folder))
            found = [engines.ours(task, options.compiler)]
            found += [engines.fastest(task, peer.forms(task)) for peer in peers]
            rows += compared(task, found, options.rounds)
    run = Run(machine_of(rows, options.compiler, options.rounds), tuple(rows))
    show(run, Console(width=None if sys.stdout.isatty() else 100))
    if options.update:
        peer_record.write(run)
    return 0


if __name__ == "__main__":
    figures.exit_with(main)
