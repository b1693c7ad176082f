"""`graven run --stream`: a push has the bits of a run on the window that ends with it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import random_models
from graven import cli
from graven.frontends import tflite_writer
from graven.layers.max_pool import MaxPool
from graven.layers.relu import ReLU
from graven.paths import data_root
from test_cli import TWO_INPUTS, refused

MODEL = data_root() / "firmware/models/digits/digits.tflite"
WINDOW, COLUMNS = 8, 8
EXACT = ["--stream", "--time-padding", "recomputed"]
STREAMED = ["model", "source", "description", "target", "isa", "plan", "stream", "arena_bytes",
            "state_bytes",
            "ram_bytes", "flash_bytes", "stack_bytes", "macs", "instructions", "pruned",
            "outputs"]  # fmt: skip


def run(capsys, *arguments):
    assert cli.main(["run", str(MODEL), "--json", *map(str, arguments)]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def recording(tmp_path):
    rows = np.random.default_rng(7).integers(-128, 128, (20, COLUMNS, 1)).astype(np.int8)
    np.save(tmp_path / "rows.npy", rows)
    (tmp_path / "rows.bin").write_bytes(rows.tobytes())
    return rows


def outputs(folder, found):
    assert sorted(file.name for file in folder.iterdir()) == sorted(found["outputs"])
    return [(folder / name).read_bytes() for name in found["outputs"]]


@pytest.mark.parametrize(
    ("machine", "hop", "plan", "file"),
    [
        ("host", 1, "fastest", "rows.npy"),
        ("host", 4, "smallest", "rows.bin"),
        ("cortex-m4", 2, "fastest", "rows.bin"),
    ],
)
def test_pushes_equal_windows(capsys, tmp_path, recording, machine, hop, plan, file):
    arguments = ["--target", machine, "--hop", hop, "--plan", plan, "--input", tmp_path / file]
    found = run(capsys, *EXACT, *arguments, "--output-dir", tmp_path / "stream")
    ends = [end for end in range(hop, len(recording) + 1, hop) if end >= WINDOW]
    np.save(tmp_path / "x.npy", np.stack([recording[end - WINDOW : end] for end in ends]))
    whole = run(capsys, "--input", tmp_path / "x.npy", "--output-dir", tmp_path / "whole")
    assert outputs(tmp_path / "stream", found) == outputs(tmp_path / "whole", whole)
    assert list(found) == STREAMED
    assert found["stream"] == {
        "window_rows": WINDOW, "rows_per_push": hop, "pushes_to_fill": -(-WINDOW // hop),
        "padding": "recomputed",
    }  # fmt: skip
    assert found["state_bytes"] >= (WINDOW - hop) * COLUMNS
    assert (found["instructions"] is None) == (machine == "host")
    assert (found["flash_bytes"]["code"] is None) == (machine == "host")


def test_in_words(capsys):
    assert cli.main(["run", str(MODEL), *EXACT]) == 0
    out = capsys.readouterr().out
    assert "digits (digits.tflite) as a stream: a window of 8 rows, 1 new in each push" in out
    assert "MACs per push" in out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--stream"], "--stream: every row of this layer depends on where the window begins"),
        ([*EXACT, "--hop", "9"], r"--hop 9: must be a multiple of 1, at most 8\.$"),
        ([*EXACT, "--row-input"], "not allowed with"),
        (["--hop", "2"], "--hop and --time-padding: are for --stream"),
        (
            [*EXACT, "--input", "{0}/short.bin"],
            "has 5 rows, expected a multiple of 1 .* 8 .what fills",
        ),
        ([*EXACT, "--input", "{0}/one.bin"], "one.bin: has 1 row, expected"),
        ([*EXACT, "--input", "{0}/odd.bin"], "is int8 65, but .* takes int8, rows of 8 elements"),
        ([*EXACT, "--input", "{0}/real.npy"], "is float32 20x8x1, but .* takes int8, rows"),
        ([*EXACT, "--input", "{0}/none.npy"], "none.npy: cannot be read"),
        (
            [*EXACT, "--input", "{0}/one.bin", "--input", "{0}/odd.bin"],
            "takes one raw file or one .npy",
        ),
    ],
)
def test_refusals(capsys, tmp_path, recording, arguments, expected):
    (tmp_path / "short.bin").write_bytes(bytes(5 * COLUMNS))
    (tmp_path / "one.bin").write_bytes(bytes(COLUMNS))
    (tmp_path / "odd.bin").write_bytes(bytes(65))
    np.save(tmp_path / "real.npy", recording.astype(np.float32))
    refused(capsys, expected, "run", MODEL, *(text.format(tmp_path) for text in arguments))


def test_a_budget_of_a_stream(capsys):
    arguments = [*EXACT, "--plan", "within:100"]
    expected = r"--plan within:100: the arena needs \d+ bytes at least"
    refused(capsys, expected, "run", MODEL, *arguments, code=1)


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_a_hop_between_the_strides(capsys, tmp_path, monkeypatch, compiler):
    """The numbers are read off what either compiler prints."""
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    monkeypatch.setenv("CXX", compiler)
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 49, 4, 2))
    layer = MaxPool((4, 1), (4, 1), "VALID")
    network = b.network([b.add("MAX_POOL_2D", layer, [data], b.like(data, (1, 12, 4, 2)))])
    (tmp_path / "m.tflite").write_bytes(tflite_writer.to_bytes(network))
    expected = r"^graven: --hop 2: must be a multiple of 4, at most 49\.$"
    refused(capsys, expected, "run", tmp_path / "m.tflite", "--stream", "--hop", "2")


def test_models_with_several_inputs(capsys):
    refused(capsys, "--stream: floats.tflite has 2 inputs", "run", TWO_INPUTS, "--stream")


@pytest.mark.parametrize("shape", [(1, 8, 4), (1, 1, 8, 4), (1, 8)])
def test_a_model_whose_time_is_no_height(capsys, tmp_path, shape):
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input(shape)
    network = b.network([b.add("RELU", ReLU(), [data], b.like(data, shape))])
    (tmp_path / "m.tflite").write_bytes(tflite_writer.to_bytes(network))
    text = "x".join(map(str, shape))
    expected = (
        f"--stream: time runs along the height, but m.tflite's input 'tensor_0' has shape {text}"
    )
    refused(capsys, expected, "run", tmp_path / "m.tflite", "--stream")
