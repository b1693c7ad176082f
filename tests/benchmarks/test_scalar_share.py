"""What models of the shared corpus spend in layers whose kernel is scalar's: three different ones
here, all of different operators in test_scalar_share_deep.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import corpus
import corpus_record
import figures
import pytest

LIMITS = {"cortex-m4": 0.05, "cortex-m55": 0.10}
QUICK = ("m003", "m041", "m093")
"""int16 with gates, a stream (SVDF), Dense with SOFTMAX."""


def models_of(names: Sequence[str] = ()) -> list[Path]:
    folder = figures.shared_folder() / "corpus"
    paths = sorted(folder.glob("*.tflite"))
    if not paths:
        pytest.skip(f"no corpus at {folder}")
    return [path for path in paths if not names or path.stem in names]


def expect_few_scalar(paths: Sequence[Path], target: str, seconds: int) -> None:
    """Over all models together; each must have run."""
    found = [corpus.measure(figures.load_model(path), target, seconds) for path in paths]
    assert not [f"{each.name}: {each.said}" for each in found if each.said]
    line = corpus_record.summary(found, target)
    share = line.scalar / line.instructions
    assert share < LIMITS[target], f"{share:.1%} of all instructions on {target} are scalar's"


@pytest.mark.parametrize("target", LIMITS)
def test_few_instructions_are_scalar(target: str):
    expect_few_scalar(models_of(QUICK), target, 600)
