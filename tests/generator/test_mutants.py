"""No crash, no wrong acceptance: of files that somebody has changed, each ends in one sentence or
in a network, never in a traceback, in endless work or in gigabytes of memory.
"""

from __future__ import annotations

from pathlib import Path

import mutants
import numpy as np
import pytest
import random_models
from graven.frontends import tflite_writer

HERE = Path(__file__).parent
SEED = 20261129
COUNT = 60  # of a file; many more in test_mutants_deep.py


def write(folder: Path, suffix: str) -> Path:
    """A small model of this kind."""
    path = folder / f"whole{suffix}"
    path.write_bytes(MAKERS[suffix](folder))
    return path


def of_tflite(folder: Path) -> bytes:
    return tflite_writer.to_bytes(random_models.random_graph(np.random.default_rng(5)))


def of_onnx(folder: Path) -> bytes:
    pytest.importorskip("onnx", reason="no package onnx")
    from test_onnx import cnn

    model = cnn().model()
    model.graph.output[0].type.tensor_type.shape.dim.add().dim_param = "n"  # as the checker wants
    return model.SerializeToString()


def of_keras(folder: Path) -> bytes:
    pytest.importorskip("h5py", reason="no package h5py")
    return (HERE / "keras_files/small.keras").read_bytes()


def of_h5(folder: Path) -> bytes:
    pytest.importorskip("h5py", reason="no package h5py")
    return (HERE / "keras_files/small.h5").read_bytes()


def of_rnn(folder: Path) -> bytes:
    from graven.frontends import rmd1
    from test_rmd1 import layers

    return rmd1.to_bytes(layers())


def of_json(folder: Path) -> bytes:
    return (HERE / "trees/xgboost.json").read_bytes()


def of_torch(folder: Path) -> bytes:
    torch = pytest.importorskip("torch", reason="no package torch")
    module = torch.nn.Sequential(
        torch.nn.Conv2d(2, 3, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(27, 4),
    ).eval()  # fmt: skip
    path = folder / "made.pt2"
    torch.export.save(torch.export.export(module, (torch.zeros(1, 2, 6, 6),)), path)
    return path.read_bytes()


MAKERS = {
    ".tflite": of_tflite, ".onnx": of_onnx, ".keras": of_keras, ".h5": of_h5, ".rnn": of_rnn,
    ".json": of_json, ".pt2": of_torch,
}  # fmt: skip


@pytest.mark.parametrize("suffix", MAKERS)
def test_changed_files_end_in_a_sentence_or_a_network(suffix, tmp_path):
    path = write(tmp_path, suffix)
    data = path.read_bytes()
    assert not isinstance(mutants.outcome(path), str)
    count = COUNT // 4 if suffix == ".pt2" else COUNT  # torch.export is slow
    refused = survey(data, suffix, range(count), tmp_path)
    assert count // 10 < refused < count


def survey(data: bytes, suffix: str, seeds: range, folder: Path) -> int:
    """How many of these mutants are refused; a failure names the seed and keeps the file."""
    path, refused = folder / f"mutant{suffix}", 0
    for seed in seeds:
        path.write_bytes(mutants.mutant(np.random.default_rng([SEED, seed]), data, suffix))
        try:
            refused += isinstance(mutants.outcome(path), str)
        except Exception as error:
            raise AssertionError(f"{suffix}, seed {seed}, {path}: {error!r}") from error
    return refused
