"""The watch fits itself to each of ten wearers on the emulated Cortex-M4: one base model of those
in docs/training.md, trained here. Needs seglearn and torch."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import watch


def test_wearers_gain(tmp_path: Path) -> None:
    for package in ("seglearn", "torch"):
        if find_spec(package) is None:
            pytest.skip(f"no package {package}")
    train = watch.ROOT / "firmware/models/watch/train.py"
    subprocess.run([sys.executable, train, tmp_path / "watches", "--seeds", "0"], check=True)
    fits = watch.measured(tmp_path / "watches", tmp_path / "build")
    gains = [fit.gain for fit in fits.values()]
    assert len(gains) == 10
    assert sum(gains) / len(gains) >= 2.5, fits
    assert sum(gain < -2.5 for gain in gains) <= 1, fits  # of a single base model
