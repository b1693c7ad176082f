"""Finds the programs of benchmarks/, the package and other tests without an installation."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in ("benchmarks", "generator", "tests/benchmarks"):
    sys.path.insert(0, str(ROOT / folder))
