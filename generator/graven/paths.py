"""Where the C++ side lies: include/, firmware/ and toolchains/."""

from __future__ import annotations

from pathlib import Path

from graven.errors import ToolError

PARTS = ("include/graven", "firmware", "toolchains")


def data_root() -> Path:
    """The folder that holds include/, firmware/ and toolchains/.

    A wheel carries them inside the package, in data/; an editable install uses the repository.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "data", package.parents[1]):
        if all((root / part).is_dir() for part in PARTS):
            return root
    raise ToolError(
        f"{package}: has no {', '.join(PARTS)} beside it, which belong to the package; install "
        "graven again."
    )
