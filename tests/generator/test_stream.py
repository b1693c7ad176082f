"""`graven run --stream`: a push has the bits of a run on the window that ends with it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from graven import cli
from graven.paths import data_root
from test_cli import TWO_INPUTS, refused

MODEL = data_root() / "firmware/models/digits/digits.tflite"
WINDOW, COLUMNS = 8, 8
EXACT = ["--stream", "--time-padding", "recomputed"]
STREAMED = ["model", "source", "target", "isa", "plan", "stream", "arena_bytes", "state_bytes",
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
        ([*EXACT, "--hop", "9"], "--stream: a push must bring a multiple of the rows"),
        ([*EXACT, "--row-input"], "not allowed with"),
        (["--hop", "2"], "--hop and --time-padding: are for --stream"),
        (
            [*EXACT, "--input", "{0}/short.bin"],
            "has 5 rows, expected a multiple of 1 .* 8 .what fills",
        ),
        ([*EXACT, "--input", "{0}/odd.bin"], "is int8 65, but .* takes int8, rows of 8 elements"),
        ([*EXACT, "--input", "{0}/real.npy"], "is float32 20x8x1, but .* takes int8, rows"),
        ([*EXACT, "--input", "{0}/none.npy"], "none.npy: cannot be read"),
        ([*EXACT, "--input", "a", "--input", "b"], "takes one raw file or one .npy"),
    ],
)
def test_refusals(capsys, tmp_path, recording, arguments, expected):
    (tmp_path / "short.bin").write_bytes(bytes(5 * COLUMNS))
    (tmp_path / "odd.bin").write_bytes(bytes(65))
    np.save(tmp_path / "real.npy", recording.astype(np.float32))
    refused(capsys, expected, "run", MODEL, *(text.format(tmp_path) for text in arguments))


def test_a_budget_of_a_stream(capsys):
    arguments = [*EXACT, "--plan", "within:100"]
    refused(capsys, "does not fit --plan within", "run", MODEL, *arguments, code=1)


def test_models_with_several_inputs(capsys):
    refused(capsys, "--stream: floats.tflite has 2 inputs", "run", TWO_INPUTS, "--stream")
