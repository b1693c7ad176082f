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
            return f"on Debian or Ubuntu: apt-get install {packages}"
    return "see README for what graven needs"


def missing(program: str) -> ToolError:
    return ToolError(f"{program}: is not installed or not in PATH; {install_hint(program)}.")


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


def _assertion(sentence: str, output: str) -> GravenError:
    limits = {"plan::within": "the arena does not fit --plan within",
              "plan::in_flash": "the weights do not fit --flash"}  # fmt: skip
    broken = next((said for name, said in limits.items() if name in sentence), None)
    if broken is None and sentence.startswith("Streaming: "):
        text = sentence.removeprefix("Streaming: ")
        return GravenError(f"--stream: {text} Here: --hop ROWS and --time-padding.")
    if broken is None:
        return ToolError(f"the model does not compile: {sentence}")
    numbers = re.search(r"limit<(\d+)L*>.*?got<(\d+)L*>", output)
    what = f" (limit {numbers[1]} bytes, needed {numbers[2]})" if numbers else ""
    return BudgetError(f"{broken}{what}: {sentence}")
