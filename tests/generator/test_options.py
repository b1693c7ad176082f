"""What --prune and --row-input change, and what they must not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from graven import cli

DIGITS = Path(__file__).parents[2] / "firmware/models/digits/digits.tflite"
GOLDEN = Path(__file__).parent / "golden"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert cli.main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def outputs(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted(folder.iterdir())]


def test_row_input_gives_the_same_outputs_in_less_memory(capsys, tmp_path):
    images = np.random.default_rng(3).integers(-128, 128, (5, 1, 8, 8, 1)).astype(np.int8)
    np.save(tmp_path / "x.npy", images.reshape(5, 8, 8, 1))
    common = ["run", str(DIGITS), "--input", str(tmp_path / "x.npy"), "--output-dir"]
    resident = run(capsys, *common, str(tmp_path / "a"))
    by_rows = run(capsys, *common, str(tmp_path / "b"), "--row-input")
    assert outputs(tmp_path / "a") == outputs(tmp_path / "b")
    assert by_rows["row_input"] and not resident["row_input"]
    assert by_rows["arena_bytes"] < resident["arena_bytes"]


def test_pruning_is_reported_and_changes_no_output(capsys, tmp_path):
    rng = np.random.default_rng(4)
    np.save(tmp_path / "x.npy", rng.integers(-128, 128, (5, 8, 8, 1)).astype(np.int8))
    common = ["run", str(DIGITS), "--input", str(tmp_path / "x.npy"), "--output-dir"]
    plain = run(capsys, *common, str(tmp_path / "a"), "--prune", "off")
    pruned = run(capsys, *common, str(tmp_path / "b"))
    assert outputs(tmp_path / "a") == outputs(tmp_path / "b")
    assert plain["pruned"] is None
    assert pruned["pruned"]["weights"][1] <= pruned["pruned"]["weights"][0]
    removed = set(pruned["pruned"]["operators_removed"])
    assert [layer["index"] for layer in pruned["layers"]] == [
        layer["index"] for layer in plain["layers"] if layer["index"] not in removed
    ]
