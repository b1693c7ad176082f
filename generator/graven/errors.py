"""The ways a command fails, each with the sentence its user reads.

A message says what was found, what was expected and the likely fix; nothing prints a traceback.
It names the command's options; who calls from Python reads of arguments instead.
"""

from __future__ import annotations

import re
from functools import partial

ARGUMENTS = {
    "calibrate": ("calibrate", r"\S+\.np[yz]"),
    "calibrate-method": ("method", ""),
    "quantize": ("quantize", r"int8|int4|int16x8|mixed"),
    "layout": ("layout", r"nhwc|nchw"),
    "plan": ("plan", r"fastest|smallest|lean|within:[-\w]+"),
    "target": ("target", r"host|cortex-m\d+(?:-clang)?|riscv32"),
    "isa": ("isa", r"native|scalar"),
    "class": ("of", r"\w+:\w+"),
    "shape": ("shape", r"\d+(?:,\d+)*"),
    "name": ("name", ""),
    "normalize": ("normalize", ""),
    "flash": ("flash", r"\d+"),
    "ram": ("ram", r"\d+"),
    "fine-tune": ("fine_tune", ""),
    "keep": ("keep", r"\d+(?:\.\d+)?"),
    "against": ("against", r"numpy|tflm|litert"),
}
"""What Python calls the options of the command that it has, and values of these in messages."""
MOST_SAID = 200  # characters


def in_python(message: str) -> str:
    """The message with arguments for options: `calibrate=` for `--calibrate data.npz`."""
    message = re.sub(r"(--quantize \w+) (?=--)", r"\1, ", message)
    for option, (name, values) in ARGUMENTS.items():
        value = rf"'[^']*'|(?:{values})\b(?!-)" if values else "'[^']*'"
        message = re.sub(
            rf"--{option}\b(?!-)(?: (?P<value>{value}))?(?P<colon>(?=:))?",
            partial(_argument, name),
            message,
        )
    return message.replace("--allow-float", "allow_float=True")


def _argument(name: str, found: re.Match[str]) -> str:
    value, colon = found["value"], found["colon"] is not None
    if value is None:
        return name if colon else f"{name}="
    if name == "calibrate":  # what is given there is no file's name only
        return f"{name}="
    if name == "shape":
        return f"{name}=({value.replace(',', ', ')})"
    number = value.replace(".", "", 1).isdecimal()
    return f"{name}={value}" if number else f"{name}={value.strip(chr(39))!r}"


def printable(text: str) -> str:
    """On one line, without control characters and halves of surrogate pairs."""
    return "".join(char if char.isprintable() else "?" for char in text)


def first_line(error: BaseException) -> str:
    """Of what a library says, for a sentence of ours; it may hold whole files, so it is cut."""
    line = printable(str(error).strip().split("\n")[0])
    return line if len(line) <= MOST_SAID else f"{line[: MOST_SAID - 3]}..."


def described(error: BaseException) -> str:
    """With its type, of what nobody has foreseen."""
    return f"{type(error).__name__}: {first_line(error)}"


class GravenError(Exception):
    """Bad use or bad input."""

    exit_code = 2

    @property
    def said(self) -> str:
        """In the words of the command."""
        return super().__str__()

    def __str__(self) -> str:
        return in_python(self.said)


class GravenWarning(UserWarning):
    """What was made is sound, and hardly what is wanted: a sentence that says why."""


class BudgetError(GravenError):
    """The model does not fit what the user allows it."""

    exit_code = 1


class ToolError(GravenError):
    """A compiler, an emulator or another tool failed or is missing."""

    exit_code = 3
