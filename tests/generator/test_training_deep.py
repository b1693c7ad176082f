"""A thousand random networks that learn, by the rules of test_training.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_training import TOGETHER, check, check_torch

NETWORKS = 1000
programs = pytest.mark.parametrize("first", range(0, NETWORKS, TOGETHER))


@programs
def test_finite_differences(first: int, tmp_path: Path) -> None:
    check(range(first, first + TOGETHER), tmp_path)


@programs
def test_torch(first: int, tmp_path: Path) -> None:
    check_torch(range(first, first + TOGETHER), tmp_path)
