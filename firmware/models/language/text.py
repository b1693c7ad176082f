"""The text that the language model learns: the King James Bible, of which one book is held out."""

from __future__ import annotations

import re
from pathlib import Path

HELD_OUT = "Rom"


def read_text(path: Path) -> tuple[bytes, bytes]:
    """Verses without their numbers: those to train on, and the book held out."""
    train, held_out = [], []
    for line in path.read_text().splitlines():
        if found := re.match(r"^(\d?[A-Z][A-Za-z]*)\d+:\d+ (.*)$", line):
            (held_out if found[1] == HELD_OUT else train).append(found[2])
    return "\n".join(train).encode("ascii"), "\n".join(held_out).encode("ascii")
