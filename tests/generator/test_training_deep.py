"""A thousand random networks that learn, by the rules of test_training.py."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import random_training
from test_training import TOGETHER, check, torch_judge

NETWORKS = 1000


@pytest.mark.parametrize("first", range(0, NETWORKS, TOGETHER))
def test_gradients(first: int, tmp_path: Path) -> None:
    judges = [random_training.by_differences]
    if find_spec("torch"):
        judges.append(torch_judge())
    check(range(first, first + TOGETHER), tmp_path, *judges)
