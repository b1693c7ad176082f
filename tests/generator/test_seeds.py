"""docs/seeds.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def named() -> list[str]:
    text = (ROOT / "docs/seeds.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")]
    cells = [row[3] for row in rows if "---" not in row[3] and row[3].strip() != "test"]
    assert len(cells) > 20
    assert all("`" in cell for cell in cells), "a row without a test"
    return [name for cell in cells for name in re.findall(r"`([\w/]+)`", cell)]


def test_every_row_names_tests_that_exist():
    places = (ROOT / "tests", ROOT / "firmware/apps")
    for name in named():
        files = [place / f"{name}{end}" for place in places for end in (".cpp", ".py")]
        assert any(file.is_file() for file in files), f"docs/seeds.md: no test {name}"


def test_cases_that_rows_name_are_in_their_files():
    text = (ROOT / "docs/seeds.md").read_text(encoding="utf-8")
    cases = re.findall(r'`([\w/]+)` \("([^"]+)"\)', text)
    assert len(cases) > 5
    for name, case in cases:
        source = (ROOT / "tests" / f"{name}.cpp").read_text(encoding="utf-8")
        assert f'TEST_CASE("{case}' in source, f"docs/seeds.md: {name} has no case '{case}'"
