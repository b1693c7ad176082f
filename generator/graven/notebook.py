"""What the command prints, as text and as HTML: for interpreters and notebooks."""

from __future__ import annotations

import io
from collections.abc import Callable

from rich.console import Console

COLUMNS = 140
CODE = '<pre style="font-size:12px;line-height:1.2;overflow-x:auto">{code}</pre>'

Show = Callable[[Console], None]


def text(show: Show) -> str:
    to = io.StringIO()
    show(Console(file=to, width=COLUMNS))
    return to.getvalue()


def html(show: Show) -> str:
    console = Console(file=io.StringIO(), width=COLUMNS, record=True)
    show(console)
    return console.export_html(inline_styles=True, code_format=CODE)
