"""Gradients of random networks against finite differences and PyTorch, both in float64.

PyTorch is no requirement of the tests: where it is missing, finite differences alone are the judge.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import random_training

WITHIN = 1e-4  # of the tensor's largest gradient
TOGETHER = 8  # networks of a program


def check(seeds: range, folder: Path) -> None:
    networks = [random_training.random_network(seed) for seed in seeds]
    answers = random_training.answers_of(networks, folder)
    for seed, net, (loss, gradients) in zip(seeds, networks, answers, strict=True):
        value, wanted = random_training.by_differences(net)
        text = f"seed {seed}: {random_training.cpp_of(0, net)}"
        assert loss == pytest.approx(value, rel=1e-4, abs=1e-6), text
        assert random_training.worst(net, gradients, wanted) < WITHIN, text


def check_torch(seeds: range, folder: Path) -> None:
    torch = pytest.importorskip("torch", reason="no package torch")
    networks = [random_training.random_network(seed) for seed in seeds]
    answers = random_training.answers_of(networks, folder)
    for seed, net, (_, gradients) in zip(seeds, networks, answers, strict=True):
        wanted = random_training.by_torch(net, torch)[1]
        text = f"seed {seed}: {random_training.cpp_of(0, net)}"
        assert random_training.worst(net, gradients, wanted) < WITHIN, text


def test_finite_differences(tmp_path: Path) -> None:
    check(range(TOGETHER), tmp_path)


def test_torch(tmp_path: Path) -> None:
    check_torch(range(TOGETHER, 2 * TOGETHER), tmp_path)
