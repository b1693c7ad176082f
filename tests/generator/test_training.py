"""Gradients of random networks against finite differences and PyTorch, both in float64.

PyTorch is no requirement of the tests: where it is missing, finite differences alone are the judge.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import random_training

WITHIN = 1e-4  # of the tensor's largest gradient
TOGETHER = 8  # networks of a program

Judge = Callable[[random_training.Network], tuple[float, list[np.ndarray]]]
"""Loss and gradients."""


def check(seeds: range, folder: Path, *judges: Judge) -> None:
    networks = [random_training.random_network(seed) for seed in seeds]
    answers = random_training.answers_of(networks, folder)
    by_torch = any(judge is not random_training.by_differences for judge in judges)
    for seed, net, (loss, gradients) in zip(seeds, networks, answers, strict=True):
        text = f"seed {seed}: {random_training.cpp_of(0, net)}"
        for judge in judges:
            value, wanted = judge(net)
            assert loss == pytest.approx(value, rel=1e-4, abs=1e-6), text
            found = random_training.worst(net, gradients, wanted)
            if max(found, default=0.0) >= WITHIN and by_torch:
                rounding = of_single_precision(net)
                found = [a for a, b in zip(found, rounding, strict=True) if a >= b]
            assert max(found, default=0.0) < WITHIN, text


def of_single_precision(net: random_training.Network) -> list[float]:
    """How far each of PyTorch's gradients is off in float32: terms that cancel to little leave
    their own rounding."""
    torch = pytest.importorskip("torch", reason="no package torch")
    exact = random_training.by_torch(net, torch)[1]
    return random_training.worst(net, random_training.by_torch(net, torch, np.float32)[1], exact)


def torch_judge() -> Judge:
    torch = pytest.importorskip("torch", reason="no package torch")
    return lambda net: random_training.by_torch(net, torch)


def test_finite_differences(tmp_path: Path) -> None:
    check(range(TOGETHER), tmp_path, random_training.by_differences)


def test_torch(tmp_path: Path) -> None:
    check(range(TOGETHER, 2 * TOGETHER), tmp_path, torch_judge())


def test_where_float32_itself_is_farther_off(tmp_path: Path) -> None:
    """The one network of the thousand whose gradient cancels to 2.7e-5 among 0.1."""
    check(range(598, 599), tmp_path, torch_judge())
