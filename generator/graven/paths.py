"""Where the C++ side lies: include/, firmware/ and toolchains/."""

from __future__ import annotations

from pathlib import Path


def data_root() -> Path:
    """The folder that holds include/, firmware/ and toolchains/.

    A wheel carries them inside the package, in data/; an editable install uses the repository.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "data", package.parents[1]):
        if (root / "include" / "graven").is_dir():
            return root
    raise FileNotFoundError(
        f"graven: no include/graven beside the package in {package}; reinstall the package graven"
    )
