"""graven needs fewer instructions than DeepMetal's plain loops, which compute the same."""

from __future__ import annotations

import itertools
from pathlib import Path

import deepmetal as benchmark
import figures
import pytest
from zoo import deepmetal
from zoo.trial import Options


def saved(name: str, folder: Path) -> None:
    train, test = deepmetal.digits()
    trial = deepmetal.trained(name, train[:500], test[:100], Options(folder, quick=True))
    model = trial.model
    own = folder / f"deepmetal_{name}"
    own.mkdir()
    model.save(own / "model.tflite")
    model.exact.save(own / "float.tflite")


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("linear_nano", "cortex-m4"),
        ("conv_nano", "cortex-m4"),
        ("hybrid_nano", "cortex-m4"),
        ("linear_nano", "cortex-m33"),
        ("linear_nano", "cortex-m55"),  # where g++ makes lanes of the loops
        ("hybrid_nano", "riscv32"),  # whose convolutions have one and two outputs
    ],
)
def test_fewer_instructions_than_loops(name: str, target: str, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="no package torch: pip install 'graven[torch]'")
    saved(name, tmp_path)
    found = benchmark.counted(benchmark.subjects(tmp_path, [name]), target, tmp_path / "build")
    assert {each.element for each in found} == {"float32", "int8"}
    for each in found:
        assert each.ours < each.loops, each


def test_the_record_has_all_and_none_needs_more() -> None:
    record = benchmark.read()
    keys = itertools.product(deepmetal.NAMES, benchmark.ELEMENTS, figures.TARGETS)
    assert {each.key for each in record} == set(keys)
    assert not [each for each in record if each.ours >= each.loops]
