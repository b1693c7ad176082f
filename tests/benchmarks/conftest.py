"""Finds the programs of benchmarks/ and the package without an installation."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in ("benchmarks", "generator"):
    sys.path.insert(0, str(ROOT / folder))
