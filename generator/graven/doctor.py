"""`graven doctor`: what is installed, what is missing for which verb, and how to get it."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from graven import build, cache, engines, tools
from graven.errors import GravenError

HERE = "inspect, plan, run and verify on this machine"
PROBE = "#include <array>\n#include <concepts>\nstatic_assert(std::array<int, 2>{}.size() == 2);\n"


@dataclass(frozen=True)
class Finding:
    what: str
    found: str  # a version or a place; empty: it is missing
    needed_for: str
    advice: str = ""  # how to get it, or what is wrong with what was found
    needed: bool = False  # without it graven does little

    @property
    def ok(self) -> bool:
        return not self.advice


def examine() -> list[Finding]:
    """What this machine has, the indispensable first."""
    found = [
        _program("cmake", HERE, needed=True, least=(3, 25)),
        _program("ninja", HERE, needed=True),
        _compiler(build.host_compiler(), HERE, needed=True),
        _cache(),
    ]
    for compiler, emulator, targets in _toolchains():
        for_targets = f"--target {', '.join(targets)}"
        found.append(_compiler([compiler], for_targets))
        found.append(_program(emulator, f"run and verify, {for_targets}"))
    clang = os.environ.get("GRAVEN_CLANG") or "clang++"
    found.append(_compiler([clang], "--target with -clang", least=(14,)))
    found.append(_program("llvm-mca-19", "estimated cycles in reports"))
    for engine, (package, _) in engines.PACKAGES.items():
        found.append(_package(package, f"verify --against {engine}", f"pip install {package}"))
    found.append(_package("matplotlib", "plan and report", "pip install 'matplotlib>=3.8'"))
    found.append(_package("distributed", "sweep", "pip install 'graven[sweep]'"))
    found.append(_package("onnx", "models in ONNX", "pip install 'graven[onnx]'"))
    found.append(_package("h5py", "models of Keras", "pip install 'graven[keras]'"))
    found.append(_package("tensorflow", "SavedModels (folders)", "pip install tensorflow"))
    found.append(_package("torch", "models in PyTorch", "pip install 'graven[torch]'"))
    return found


def _toolchains() -> list[tuple[str, str, list[str]]]:
    """Compiler, emulator and targets, of every family of cores."""
    names = [name for name in build.targets() if name != build.HOST and "-clang" not in name]
    arm = [name for name in names if name.startswith("cortex")]
    riscv = [name for name in names if name.startswith("riscv")]
    return [
        ("arm-none-eabi-g++", "qemu-system-arm", arm),
        ("riscv64-unknown-elf-g++", "qemu-system-riscv32", riscv),
    ]


def _program(
    name: str, needed_for: str, needed: bool = False, least: tuple[int, ...] = ()
) -> Finding:
    if shutil.which(name) is None:
        return Finding(name, "", needed_for, tools.install_hint(name), needed)
    code, printed = tools.call([name, "--version"], Path.cwd())
    numbers = re.search(r"\d+(\.\d+)+", printed)
    if code != 0 or numbers is None:
        text = f"{name} --version fails: {printed.strip()[:80]}"
        return Finding(name, shutil.which(name) or "", needed_for, text, needed)
    if tuple(map(int, numbers[0].split("."))) < least:
        text = f"too old, expected {'.'.join(map(str, least))}; {tools.install_hint(name)}"
        return Finding(name, numbers[0], needed_for, text, needed)
    return Finding(name, numbers[0], needed_for, "", needed)


def _compiler(
    command: Sequence[str],
    needed_for: str,
    needed: bool = False,
    least: tuple[int, ...] | None = None,
) -> Finding:
    """A compiler, that knows C++20 and finds its library."""
    name = command[0]
    if least is None:
        least = (14,) if "clang" in name else (12,)
    found = _program(name, needed_for, needed, least)
    if not found.ok or name.startswith("riscv64"):  # which borrows the library of the Arm one
        return found
    arguments = [*command, "-std=c++20", "-fsyntax-only", "-x", "c++", os.devnull, "-include"]
    with tempfile.TemporaryDirectory(prefix="graven-") as folder:
        probe = Path(folder, "probe.hpp")
        probe.write_text(PROBE)
        code, printed = tools.call([*arguments, str(probe)], Path(folder))
    if code == 0:
        return found
    first = next((line for line in printed.splitlines() if "error" in line), "no error is printed")
    text = f"cannot compile C++20 with <array>: {first[:120]}; {tools.install_hint(name)}"
    return Finding(name, found.found, needed_for, text, needed)


def _cache() -> Finding:
    what = "folder of builds"
    try:
        return Finding(what, str(cache.folder_of_builds()), HERE, "", True)
    except GravenError as error:
        return Finding(what, "", HERE, error.said, True)


def _package(name: str, needed_for: str, advice: str) -> Finding:
    try:
        return Finding(name, importlib.metadata.version(name), needed_for)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "", needed_for, advice)


# -- what is said ---------------------------------------------------------------------------------


def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "what": each.what,
            "found": each.found or None,
            "ok": each.ok,
            "for": each.needed_for,
            "advice": each.advice or None,
        }
        for each in findings
    ]


def show(findings: Sequence[Finding], console: Console) -> None:
    table = Table()
    for title in ("", "found", "for", "what to do"):
        table.add_column(title, overflow="fold")
    for each in findings:
        found = each.found or "missing"
        table.add_row(*map(escape, (each.what, found, each.needed_for, each.advice)))
    console.print(table)
    console.print(verdict(findings), highlight=False, markup=False)


def verdict(findings: Sequence[Finding]) -> str:
    if lacking := [each.what for each in findings if not each.ok and each.needed]:
        return f"graven compile works; the other verbs need {', '.join(lacking)}."
    if some := [f"{each.what} ({each.needed_for})" for each in findings if not each.ok]:
        return f"Models run on this machine; not there: {', '.join(some)}."
    return "Everything works."


def is_fit(findings: Sequence[Finding]) -> bool:
    return all(each.ok for each in findings if each.needed)
