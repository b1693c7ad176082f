"""Runs the notebooks anew and compares what they say with what is stored: words must be the same,
numbers about the same, since another processor rounds otherwise. `--update` stores what comes out.

    python generator/notebooks/run.py 02 10      # those whose names begin so; none: all
    python generator/notebooks/run.py --update
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent
NUMBER = re.compile(r"[-+]?\d[\d,]*\.?\d*(?:e[-+]?\d+)?")
RELATIVE, ABSOLUTE = 0.25, 0.06  # of counts and errors; of shares
SECONDS = 1800  # for a cell


def notebooks(names: list[str]) -> list[Path]:
    every = sorted(FOLDER.glob("*.ipynb"))
    return [each for each in every if not names or each.name.startswith(tuple(names))]


def executed(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """With the interpreter that runs this, and what Python finds from here."""
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(FOLDER.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # sums of several threads differ
    found = nbformat.from_dict(notebook)
    NotebookClient(found, timeout=SECONDS, resources={"metadata": {"path": FOLDER}}).execute()
    for cell in found.cells:
        cell.metadata = {}
    found.metadata = {"kernelspec": found.metadata.kernelspec, "language_info": {"name": "python"}}
    return found


def texts(notebook: nbformat.NotebookNode) -> list[str]:
    """What each cell of code has said."""
    return ["".join(map(text, cell.outputs)) for cell in notebook.cells if cell.cell_type == "code"]


def text(output: nbformat.NotebookNode) -> str:
    return output.text if "text" in output else output.get("data", {}).get("text/plain", "")


def difference(stored: str, found: str) -> str:
    """The first line that says something else; empty if none does."""
    lines = stored.splitlines(), found.splitlines()
    if len(lines[0]) != len(lines[1]):
        return f"{len(lines[1])} lines, stored are {len(lines[0])}:\n{found}"
    for old, new in zip(*lines, strict=True):
        words = [re.sub(r"\s+", " ", NUMBER.sub("#", each)) for each in (old, new)]
        pairs = zip(*(map(number, NUMBER.findall(each)) for each in (old, new)), strict=False)
        if words[0] != words[1] or not all(near(a, b) for a, b in pairs):
            return f"- {old}\n+ {new}"
    return ""


def number(word: str) -> float:
    return float(word.replace(",", ""))


def near(stored: float, found: float) -> bool:
    return abs(found - stored) <= max(RELATIVE * abs(stored) if abs(stored) > 1 else 0.0, ABSOLUTE)


def main() -> int:
    command = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    command.add_argument("names", nargs="*", help="02 10: those whose names begin so")
    command.add_argument("--update", action="store_true", help="store what comes out")
    options, wrong = command.parse_args(), 0
    for path in notebooks(options.names):
        stored = nbformat.read(path, as_version=4)
        found = executed(stored)
        if options.update:
            nbformat.write(found, path)
            print(f"{path.name}: stored", flush=True)
            continue
        differences = list(filter(None, map(difference, texts(stored), texts(found))))
        wrong += bool(differences)
        print("\n".join([f"{path.name}: {'differs' if differences else 'the same'}", *differences]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
