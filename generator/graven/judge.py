"""Another engine's opinion of a model, asked in a process of its own: what makes that engine abort
must not end ours.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import graven
from graven import engines, inputs, ir, layers, ops, tools
from graven.errors import GravenError, ToolError
from graven.frontends import tflite

TIMEOUT = 1800  # seconds
MODEL, GIVEN, FOUND = "model.tflite", "in.npz", "out.npz"

Opinion = dict[int, np.ndarray]
"""The value of every operator's output, by tensor index."""


def opinions(
    engine: str, model: bytes, network: ir.Network, values: inputs.Inputs
) -> list[Opinion]:
    """One per inference."""
    check_known(engine, network)
    with tempfile.TemporaryDirectory(prefix="graven-") as at:
        folder = Path(at)
        (folder / MODEL).write_bytes(model)
        np.savez(folder / GIVEN, *values)
        ours = str(Path(graven.__file__).parents[1])
        paths = os.pathsep.join([ours, *filter(None, [os.environ.get("PYTHONPATH")])])
        code, printed = tools.call(
            [sys.executable, "-m", "graven.judge", engine],
            folder,
            env={**os.environ, "PYTHONPATH": paths},
            timeout=TIMEOUT,
        )
        if code != 0:
            raise _failure(engine, network, code, printed.split("\n"))
        with np.load(folder / FOUND) as found:
            stored = {tuple(map(int, name.split("_"))): found[name] for name in found.files}
    _check_sizes(engine, network, stored)
    return [
        {index: value for (inference, index), value in stored.items() if inference == k}
        for k in range(len(values[0]))
    ]


def check_known(engine: str, network: ir.Network) -> None:
    """No other engine has the operators that are graven's own."""
    names = dict.fromkeys(operator.name for operator in network.operators)
    own = [name for name in names if layers.is_custom(name) and name not in ops.of_tflm()]
    if own:
        raise GravenError(
            f"{network.source}: {engines.TITLES[engine]} has no {', '.join(own)}; take "
            "--against numpy."
        )


def _check_sizes(
    engine: str, network: ir.Network, stored: dict[tuple[int, ...], np.ndarray]
) -> None:
    """An engine that takes for 1 what a file leaves open computes a part of the model."""
    for (_, index), value in stored.items():
        tensor = network.tensors[index]
        expected = math.prod(tensor.shape)
        if value.size != expected:
            raise GravenError(
                f"{network.source}: tensor {index} '{tensor.name}': has {value.size} elements in "
                f"{engines.TITLES[engine]}, expected {expected}, for the file leaves its shape "
                "open; take --against litert, or export the model with a fixed batch (in Keras: "
                "Input(shape, batch_size=1))."
            )


def _failure(engine: str, network: ir.Network, code: int, lines: Sequence[str]) -> ToolError:
    """Its own sentence, or what became of it."""
    said = [line for line in lines if line.strip() and not line.startswith("inference ")]
    if code == ToolError.exit_code and said:
        return ToolError(said[-1])
    reached = sum(line.startswith("inference ") for line in lines) - 2
    how = f"ended with code {code}"
    if code < 0:
        how = f"aborted ({signal.Signals(-code).name})"
    last = f": {said[-1].strip()}" if said else ""
    others = [f"--against {name}" for name in engines.ENGINES if name != engine]
    return ToolError(
        f"{network.source}: {engines.TITLES[engine]} {how} in inference {max(reached, 0)}{last}; "
        f"it cannot judge this model, take {' or '.join(others)}."
    )


def main(engine: str) -> int:
    """The process: asks the engine about all inferences."""
    model = Path(MODEL).read_bytes()
    network = tflite.parse(model, MODEL, "model")
    with np.load(GIVEN) as given:
        values = [given[name] for name in given.files]
    found = {}
    try:
        print("inference", 0, flush=True)
        run = engines.ENGINES[engine](model, network)
        for k in range(len(values[0])):
            print("inference", k, flush=True)
            opinion = run(inputs.one(values, k))
            found.update({f"{k}_{index}": value for index, value in opinion.items()})
    except GravenError as error:
        print(error)
        return error.exit_code
    np.savez(FOUND, **found)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
