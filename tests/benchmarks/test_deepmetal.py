"""graven needs fewer instructions than DeepMetal's plain loops, which compute the same."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="no package torch: pip install 'graven[torch]'")
import deepmetal as benchmark
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
        ("linear_nano", "cortex-m55"),  # where g++ makes lanes of the loops
        ("hybrid_nano", "riscv32"),  # whose convolutions have one and two outputs
    ],
)
def test_fewer_instructions_than_loops(name: str, target: str, tmp_path: Path) -> None:
    saved(name, tmp_path)
    found = benchmark.counted(benchmark.subjects(tmp_path, [name]), target, tmp_path / "build")
    assert {each.element for each in found} == {"float32", "int8"}
    for each in found:
        assert each.ours < each.loops, each
