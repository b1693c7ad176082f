"""test_scalar_share.py over the whole corpus: of models with the same operators the smallest."""

from __future__ import annotations

import corpus
import pytest
from test_scalar_share import LIMITS, expect_few_scalar, models_of

MOST = 3_000_000  # multiplications: larger models take the compiler and QEMU minutes


@pytest.mark.parametrize("target", LIMITS)
def test_few_instructions_are_scalar(target: str):
    expect_few_scalar(corpus.distinct(models_of(), MOST), target, 3600)
