"""Digits that firmware/apps/learn has learned from eight seeds are answered as well as those that
PyTorch learns with the same recipe, within half a point."""

from __future__ import annotations

import pytest
import training


def test_digits_are_learned_as_well_as_by_pytorch() -> None:
    pytest.importorskip("torch")
    ours, theirs = training.digits()
    assert ours >= theirs - 0.5
