"""Compares what the digits app printed on the host and on the board, and writes a small report.

    report.py --host host.txt --board board.txt --inspect inspect.json -o report.md

inspect.json is what `graven inspect --json` or `graven run --json` prints for the board's target.
Exit code 1: the two disagree, or too few answers are right.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HELD_OUT = Path(__file__).resolve().parents[2] / "models/digits/digits_test.npz"
LEAST_ACCURACY = 0.96


class ReportError(Exception):
    """One sentence for the user."""


@dataclass(frozen=True)
class Run:
    """The machine-readable lines, `<name> <value>...`, at the end of one run of the app."""

    source: Path
    values: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> Run:
        words = (line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines())
        return cls(path, {pair[0]: pair[1].strip() for pair in words if len(pair) == 2})

    def __getitem__(self, name: str) -> str:
        if name not in self.values:
            raise ReportError(f"{self.source}: no line '{name} ...'; did the run end early?")
        return self.values[name]

    @property
    def answers(self) -> np.ndarray:
        return np.array([int(word) for word in self["answers"].split()])

    def accuracy(self, labels: np.ndarray) -> float:
        if self.answers.shape != labels.shape:
            raise ReportError(
                f"{self.source}: {self.answers.size} answers, expected {labels.size}; rebuild the "
                "app, its images may be older than the data."
            )
        return float((self.answers == labels).mean())


def confusion(labels: np.ndarray, answers: np.ndarray) -> str:
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (labels, answers), 1)
    head = ["| digit \\ answer | " + " | ".join(map(str, range(10))) + " |", "|--:" * 11 + "|"]
    rows = [
        f"| **{digit}** | " + " | ".join(str(count) if count else "" for count in row) + " |"
        for digit, row in enumerate(counts)
    ]
    return "\n".join(head + rows)


def markdown(host: Run, board: Run, facts: dict, labels: np.ndarray) -> str:
    flash = facts["flash_bytes"]
    code = flash.get("code")
    same = all(host[name] == board[name] for name in ("answers", "outputs"))
    figures = [
        ("held-out digits", f"{labels.size}"),
        ("right on the host", f"{host.accuracy(labels):.2%}"),
        ("right on the board", f"{board.accuracy(labels):.2%}"),
        ("all output bytes equal", "yes" if same else "**no**"),
        ("arena", f"{facts['arena_bytes']:,} bytes"),
        ("weights in flash", f"{flash['weights']:,} bytes"),
        ("code in flash", "not measured" if code is None else f"{code:,} bytes"),
        ("multiply-accumulates per inference", f"{facts['macs']:,}"),
        ("instructions per inference, board", f"{int(board['instructions']):,}"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in figures)
    return (
        f"# {facts['model']} on {facts['target']}\n\n| figure | value |\n|---|--:|\n{table}\n\n"
        f"Answers of the board, one row per digit:\n\n{confusion(labels, board.answers)}\n"
    )


def check(host: Run, board: Run, labels: np.ndarray) -> None:
    for name in ("answers", "outputs"):
        if host[name] != board[name]:
            raise ReportError(f"host and board differ in '{name}': {host.source}, {board.source}")
    accuracy = board.accuracy(labels)
    if accuracy < LEAST_ACCURACY:
        raise ReportError(
            f"{accuracy:.2%} of the answers are right, expected at least {LEAST_ACCURACY:.0%}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for option in ("--host", "--board", "--inspect", "--output"):
        names = ("-o", option) if option == "--output" else (option,)
        parser.add_argument(*names, type=Path, required=True)
    arguments = parser.parse_args()
    try:
        host, board = Run.read(arguments.host), Run.read(arguments.board)
        facts = json.loads(arguments.inspect.read_text(encoding="utf-8"))
        with np.load(HELD_OUT) as data:
            labels = data["labels"].astype(int)
        text = markdown(host, board, facts, labels)
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(text, encoding="utf-8")
        check(host, board, labels)
    except ReportError as error:
        raise SystemExit(f"report: {error}") from None
    print(f"report: {arguments.output}")


if __name__ == "__main__":
    main()
