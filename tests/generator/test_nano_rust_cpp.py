"""The C++ of all 400 models of nano-rust's compiled core, 40 to a program."""

import pytest
from test_nano_rust import cases, check_cpp, models  # noqa: F401

BATCH = 40


@pytest.mark.parametrize("batch", range(10))
def test_models_in_cpp(models, batch, tmp_path):  # noqa: F811
    chosen = models[batch * BATCH :][:BATCH]
    assert len(chosen) == BATCH
    check_cpp(chosen, tmp_path)
