"""Calls of other programs, and what their failures mean to the user."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from graven.errors import BudgetError, GravenError, ToolError

PACKAGES = {
    "cmake": "cmake",
    "ninja": "ninja-build",
    "c++": "g++",
    "g++": "g++",
    "clang++": "clang",
    "arm-none-eabi": "gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib",
    "riscv64-unknown-elf": "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
    "qemu-system-arm": "qemu-system-arm",
    "qemu-system-riscv32": "qemu-system-misc",
    "llvm-": "llvm-19",
}
"""Debian's packages, by the start of a program's name."""

ASSERTION = re.compile(
    r'error: static_assert failed.*"(?P<clang>.+)"$|'
    r"error: static assertion failed(?: due to requirement '.*')?: (?P<gcc>.+)$",
    re.M,
)
NO_COMPILER = re.compile(r"CMAKE_CXX_COMPILER:\s+(\S+)\s+is not a full path and was not found")
NO_HEADERS = re.compile(r"\n\s*(\w+: no C\+\+ headers; .+)")
OVERFLOW = re.compile(r"region `(\w+)' overflowed by (\d+) bytes")
LAST_LINES = 6


def install_hint(program: str) -> str:
    for start, packages in PACKAGES.items():
        if program.startswith(start):
            version = re.search(r"-\d+$", program)  # clang++-19 is in clang-19
            end = version[0] if version and not start.endswith("-") else ""
            return f"on Debian or Ubuntu: apt-get install {packages}{end}"
    return "see README for what graven needs"


def missing(program: str) -> ToolError:
    asked = "GRAVEN_CLANG: " if program == os.environ.get("GRAVEN_CLANG") else ""
    return ToolError(f"{asked}{program}: is not installed or not in PATH; {install_hint(program)}.")


def require(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            raise missing(program)


def run(command: Sequence[str], folder: Path) -> str:
    """What a program of the build prints; its failure becomes an error with a sentence."""
    code, printed = call(command, folder, env={**os.environ, "LC_ALL": "C"})
    if code != 0:
        raise explain(os.path.basename(command[0]), printed)
    return printed


def call(
    command: Sequence[str],
    folder: Path,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> tuple[int, str]:
    """A program's exit code, and what it prints."""
    name = os.path.basename(command[0])
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=env,
            timeout=timeout,
        )
    except FileNotFoundError:
        raise missing(name) from None
    except OSError as error:
        raise ToolError(f"{name}: cannot be run: {error.strerror}.") from None
    except subprocess.TimeoutExpired:
        raise ToolError(f"{name}: had not ended after {timeout} seconds.") from None
    return done.returncode, done.stdout


def explain(program: str, output: str) -> GravenError:
    """What a compiler's or CMake's output says to the user."""
    if found := NO_COMPILER.search(output):
        return missing(found[1])
    if found := NO_HEADERS.search(output):
        return ToolError(found[1].strip())
    if found := ASSERTION.search(output):
        return _assertion((found["clang"] or found["gcc"]).strip(), output)
    if found := OVERFLOW.search(output):
        return ToolError(
            f"the program does not fit the emulated board: {found[1]} is {found[2]} bytes too "
            "small; choose a smaller plan or another target."
        )
    errors = [line for line in output.splitlines() if re.search(r"\b(fatal )?error\b", line, re.I)]
    lines = errors[:LAST_LINES] or output.strip().splitlines()[-LAST_LINES:]
    text = "\n".join(line if len(line) <= 300 else f"{line[:297]}..." for line in lines)
    return ToolError(f"{program} failed:\n{text}")


LIMITS = {
    "plan::within": (
        "--plan within:{limit}: the arena needs {got} bytes at least; raise the limit or shrink "
        "the network."
    ),
    "plan::in_flash": (
        "--flash {limit}: the network needs {got} bytes at least; raise the limit, or prune or "
        "shrink the network."
    ),
}
"""Budgets, by what names them in the sentence of a static_assert; the numbers are its types."""

HOP = "--hop {got}: must be a multiple of {expected}, at most {limit}."


def _assertion(sentence: str, output: str) -> GravenError:
    """A static_assert in the words of the command line."""
    for name, said in LIMITS.items():
        if name in sentence and (numbers := _numbers(output, "limit", "got")):
            return BudgetError(said.format(**numbers))
    if sentence.startswith("Streaming: a push must bring"):
        if numbers := _numbers(output, "expected", "got", "limit"):
            return GravenError(HOP.format(**numbers))
    if sentence.startswith("Streaming: "):
        text = sentence.removeprefix("Streaming: ")
        return GravenError(f"--stream: {text} Here: --hop ROWS and --time-padding.")
    return ToolError(f"the model does not compile: {sentence}")


def _numbers(output: str, *names: str) -> dict[str, str] | None:
    """What graven::error's types say: expected<4>, got<2>, limit<49>, one behind the other."""
    found = re.search(r">?,[^,]*?".join(rf"\b{name}<(\d+)L*>" for name in names), output)
    return dict(zip(names, found.groups(), strict=True)) if found else None
