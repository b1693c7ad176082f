"""The table of what a watch gains, and what is said where it cannot be made. (What is measured:
test_watch_deep.py.)"""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
import watch
from graven.errors import GravenError
from zoo import data

TRAIN = Path(__file__).parents[2] / "firmware/models/watch/train.py"
PRINTED = "as_it_came 50 of 80\nfitted 60 of 80\nstate_bytes 960\nweights 0x0badcafe\nend\n"


def test_table_takes_means_of_models_and_of_people() -> None:
    fit = watch.parsed("p2s0", PRINTED)
    assert fit == watch.Fit(50, 60, 80, "0x0badcafe")
    fits = {"p10s0": watch.Fit(8, 6, 10, ""), "p10s1": watch.Fit(7, 10, 10, ""), "p2s0": fit}
    assert list(watch.table(fits))[2:] == [
        "| 2 | 62.5 | 75.0 | +12.5 | +12.5 | +12.5 |",
        "| 10 | 75.0 | 80.0 | +5.0 | -20.0 | +30.0 |",
        "| mean | 70.8 | 78.3 | +7.5 | -20.0 | +30.0 |",
    ]


def test_programs_that_failed_and_folders_without_watches_are_named(tmp_path: Path) -> None:
    with pytest.raises(GravenError, match="p2s0: printed what no watch does: 'fault'"):
        watch.parsed("p2s0", "fault\n")
    with pytest.raises(GravenError, match=r"has no p<wearer>s<seed>/watch\.tflite; run train\.py"):
        watch.measured(tmp_path, tmp_path)


def test_windows_of_a_wearer_do_not_overlap() -> None:
    train = runpy.run_path(str(TRAIN))
    moments = np.arange(6 * 350).reshape(350, 6)
    made = train["windows"](moments, train["WINDOW"])
    assert made.shape == (3, 1, 100, 6)
    assert np.array_equal(made.reshape(300, 6), moments[:300])


def test_training_names_the_packages_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "find_spec", lambda name: None)
    with pytest.raises(
        data.Missing,
        match=r"seglearn and torch: not installed.* install seglearn 'graven\[torch\]'",
    ):
        runpy.run_path(str(TRAIN))["recordings"]()
