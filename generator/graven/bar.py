"""A progress bar on stderr, for callbacks: each says how far it is."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_shown: dict[str, Progress] = {}  # by what is counted


def show(text: str, done: int, of: int) -> None:
    """`done` of `of`; the bar ends where they are equal."""
    if text not in _shown:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                   TimeRemainingColumn())  # fmt: skip
        _shown[text] = Progress(*columns, console=Console(stderr=True))
        _shown[text].add_task(text, total=of)
        _shown[text].start()
    progress = _shown[text]
    progress.update(progress.tasks[0].id, completed=done)
    if done == of:
        progress.stop()
        del _shown[text]
