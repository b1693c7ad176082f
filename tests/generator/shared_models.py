"""The models that are not part of the repository, built, and the vectors that they must answer."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from graven import build, emit, inputs, ir
from graven.frontends import tflite
from graven.pruning import exact

MODELS = ("ad_autoencoder", "hello_world", "ic_resnet8", "kws_dscnn", "micro_speech", "nano_u",
          "person_detect")  # fmt: skip
ON_HOST = build.Choice()


def built(
    path: Path,
    choice: build.Choice = ON_HOST,
    parts: build.Parts = build.Parts.PROGRAM,
    pruned: bool = False,
) -> tuple[ir.Network, build.Build]:
    started = time.perf_counter()
    network = tflite.load(path)
    header = emit.header(exact.prune(network).network if pruned else network, "0" * 64)
    found = build.build(network.name, header, choice, parts)
    print(f"{path.stem} {choice}: built in {time.perf_counter() - started:.1f} s")
    return network, found


def golden(shared: Path, name: str, network: ir.Network) -> tuple[inputs.Inputs, list[bytes]]:
    """All inferences of an int8 model, and the outputs they must have."""
    folder = shared / "vectors" / name
    tensor = network.tensors[network.inputs[0]]
    count = len(list(folder.glob("in_*.bin")))
    files = [folder / f"in_{k}.bin" for k in range(count)]
    assert count > 3
    given = np.stack([np.fromfile(file, np.int8).reshape(tensor.shape) for file in files])
    return [given], [(folder / f"out_{k}.bin").read_bytes() for k in range(count)]
