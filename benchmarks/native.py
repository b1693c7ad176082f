"""`model.native()` beside ONNX Runtime's int8, per sample: one run, interleaved, one thread.

    native.py [MODEL.tflite] [--batch 32] [--rounds 11]

The model (default: ic_resnet8 of the shared ones) goes to ONNX Runtime by tf2onnx, in whichever
form is its fastest; ours is what `graven.compile(file).native()` gives, called from Python with a
batch. In every round each infers for a while; a ratio is ONNX Runtime's time per sample over ours
of that round. Exit codes: 1 native() is slower, 3 a package is missing.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import engines
import figures
import graven
import numpy as np
import peers
from engines import Engine, Task


def native(task: Task, batch: int) -> Engine:
    """An inference of it is of `batch` samples."""
    call = graven.compile(task.model.path).native()
    values = np.repeat(task.values, batch, axis=0)
    return Engine("graven native()", lambda: call(values), lambda: call(values)[:1])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    shared = figures.shared_folder() / "models/ic_resnet8_int8.tflite"
    parser.add_argument("model", nargs="?", type=Path, default=shared)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    (peer,) = (each for each in engines.PEERS if each.title == "ONNX Runtime")
    if sentence := peer.missing():
        raise figures.BenchError(sentence, 3)
    with tempfile.TemporaryDirectory() as folder:
        task = engines.task_of(figures.load_model(options.model), Path(folder))
        found = [native(task, options.batch), engines.fastest(task, peer.forms(task))]
        if engines.distance(task.expected, found[0].output()):
            raise figures.BenchError(f"{task.model.name}: native() is not the exact output.")
        ours, theirs = peers.measure(found, options.rounds)
    ours = [seconds / options.batch for seconds in ours]
    ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
    print(
        f"{task.model.name}, microseconds per sample: native() {1e6 * statistics.median(ours):.1f} "
        f"(batches of {options.batch}), ONNX Runtime {1e6 * statistics.median(theirs):.1f}; ratio "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )
    return int(statistics.median(ratios) < 1)


if __name__ == "__main__":
    figures.exit_with(main)
