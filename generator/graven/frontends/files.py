"""Which front end reads a file, by its name's ending; and what all of them hand on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from graven import hybrid, inputs, ir, trees
from graven.errors import GravenError
from graven.frontends import (
    boosters,
    content,
    keras,
    onnx,
    rmd1,
    saved_model,
    tflite,
    tflite_writer,
    torch,
)
from graven.pruning import structured
from graven.quantize.budget import MIXED, Bytes, Measure, mixed
from graven.quantize.decisions import Report
from graven.quantize.post_training import quantize
from graven.quantize.search import Progress, quiet


@dataclass(frozen=True)
class Source:
    """A network, and the .tflite file that says the same: what other engines are asked about."""

    network: ir.Network
    tflite: bytes
    sha256: str  # of the file as it was given


TORCH = (".pt", ".pt2", ".pth")
PLAIN = {
    ".h5": keras.load, ".hdf5": keras.load, ".keras": keras.load, ".onnx": onnx.load,
    ".json": boosters.load, ".rnn": rmd1.load,
}  # fmt: skip
"""What needs nothing but its layout."""


def read(
    path: Path,
    layout: str | None = None,
    of: str | None = None,
    shape: Sequence[int] | None = None,
) -> Source:
    """The network in a file; `layout` is that of the inputs: nhwc, nchw, or what costs nothing. A
    pickled PyTorch module needs its class, module:Name, and the shape of its input."""
    suffix = path.suffix.lower()
    if saved_model.is_saved_model(path):
        return parsed_tflite(path, saved_model.converted(path), layout)
    content.check(path)
    if tflite.is_tflite(path) or suffix not in (*PLAIN, *TORCH):
        return parsed_tflite(path, tflite.read(path), layout)
    if not path.is_file():
        raise GravenError(f"{path}: cannot be read: no such file.")
    if suffix in TORCH:
        network = torch.load(path, layout, of, shape)
    else:
        network = PLAIN[suffix](path, layout)
    network = replace(network, name=default_name(path))
    file = hybrid.judged(network, tflite_writer.to_bytes(network))
    return Source(network, file, digest(path))


def parsed_tflite(path: Path, data: bytes, layout: str | None) -> Source:
    if layout is not None:
        raise GravenError(
            f"--layout {layout}: {path.name} is of TensorFlow, whose layout is NHWC; leave it out."
        )
    network = tflite.parse(data, tflite.printable(path.name), default_name(path))
    return Source(network, hybrid.judged(network, data), digest_of(data))


def quantized(
    source: Source,
    samples: inputs.Samples,
    kind: str = "int8",
    method: str = "best",
    progress: Progress = quiet,
    budget: Bytes | None = None,
    measure: Measure | None = None,
) -> tuple[Source, Report]:
    """A float32 network in integers, by samples; its .tflite file is what the judges get. `budget`
    and `measure` are for the kind "mixed", see quantize/budget.py. Of trees the inputs alone become
    integers."""
    trees.expect_forest_or_none(source.network)
    if trees.is_forest(source.network):
        found = trees.quantized(source.network, samples[0], kind)
    elif kind == MIXED:
        assert budget is not None and measure is not None
        found = mixed(source.network, samples, method, budget, measure, progress)
    else:
        found = quantize(source.network, samples, method, progress=progress, kind=kind)
    file = tflite_writer.to_bytes(found.network)
    return Source(found.network, file, source.sha256), found.report


def pruned(source: Source, found: structured.Pruned) -> Source:
    """A float32 network that has lost channels, and its file."""
    return Source(found.network, tflite_writer.to_bytes(found.network), source.sha256)


def digest(path: Path) -> str:
    return digest_of(path.read_bytes())


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def default_name(path: Path) -> str:
    """The file's name, without the customary ending that says int8."""
    return tflite.identifier(path.stem.removesuffix("_int8"))
