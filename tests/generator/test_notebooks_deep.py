"""The notebooks run anew say what is stored in them. Skipped without what they need."""

import subprocess
import sys
from pathlib import Path

import pytest

for package in ("torch", "sklearn", "nbclient", "ipykernel"):
    pytest.importorskip(package, reason=f"no package {package}")

FOLDER = Path(__file__).resolve().parents[2] / "generator" / "notebooks"


@pytest.mark.parametrize("name", [each.name[:2] for each in sorted(FOLDER.glob("*.ipynb"))])
def test_says_the_same(name, shared):
    """Of the digits of MNIST, which are among the shared data."""
    command = [sys.executable, FOLDER / "run.py", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


def test_what_differs_is_found(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import run

    assert run.difference("a 0.91 of 1,000", "a 0.93 of 1,100") == ""
    assert run.difference("a 0.91", "a 0.80") and run.difference("a 1,000", "a 2,000")
    assert run.difference("equal: True", "equal: False") and run.difference("a", "a\nb")
