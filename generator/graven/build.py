"""Builds a generated header for a target, once: what was built is kept (cache.py).

The build itself is firmware/apps/run, by CMake with the target's toolchain file; beside it the
target's compiler fills an object file with the model's constants (facts.cpp.j2).
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

from graven import __version__, cache, elf, emit, tools
from graven.errors import GravenError, ToolError
from graven.facts import (
    CONSTANTS,
    ROW_FIELDS,
    SIZES,
    STREAM_CONSTANTS,
    Facts,
    Problem,
    StreamFacts,
    parse_facts,
    parse_problem,
    parse_stream,
)
from graven.paths import data_root

HOST = "host"
ISA_FLAGS = {
    "avx2": "-mavx2",
    "avxvnni": "-mavxvnni",
    "avx512vnni": "-mavx512vnni -mavx512bw -mavx512vl",
}
"""What the host's compiler wants to hear of its instruction sets."""
INSPECTABLE = "inspectable"  # for `graven verify`: nothing overlapped, nothing fused
MOST_BYTES = (1 << 31) - 1  # of a limit
PLANS = ("fastest", "smallest", "lean", INSPECTABLE)
Read = TypeVar("Read")


@dataclass(frozen=True)
class Stream:
    """How a model over a window that slides along time is fed: graven::StreamPolicy."""

    hop: int = 0  # rows per push; 0: as few as its strides allow
    padding: str = "refused"  # graven::TimePadding


@dataclass(frozen=True)
class Choice:
    """What a header is built for."""

    target: str = HOST
    isa: str = "native"
    plan: str = "fastest"
    row_input: bool = False
    flash: int = 0  # limit of weights, tables and code, in bytes; 0: none
    stream: Stream | None = None
    board: str = ""  # a folder of firmware/boards; the target's own if none is named


class Parts(Enum):
    """What of a model is built."""

    ALL = "all"
    FACTS = "facts"  # its constants and the size of its code
    PROGRAM = "program"  # the harness
    SEARCH = "search"  # only what a search finds for it
    LIBRARY = "library"  # a C function in a shared library for this very machine


@dataclass(frozen=True)
class Build:
    folder: Path

    @functools.cached_property
    def facts(self) -> Facts:
        return self._read("facts.bin", parse_facts)

    @functools.cached_property
    def stream_facts(self) -> StreamFacts:
        return self._read("stream_facts.bin", parse_stream)

    @functools.cached_property
    def found(self) -> emit.FoundPlan:
        """What a search has found."""
        fields = self._read("found.json", json.loads)
        lists = {name: tuple(fields[name]) for name in ("whole", "order")}
        return emit.FoundPlan(**{**fields, **lists})

    @functools.cached_property
    def image(self) -> dict[str, int] | None:
        """Bytes of the minimal image: text, rodata, data, bss, flash; None on the host."""
        if not (self.folder / "minimal.size").exists():
            return None
        words = self._read("minimal.size", lambda data: data.decode().split())
        return {name: int(size) for name, size in zip(words[::2], words[1::2], strict=True)}

    @property
    def code_bytes(self) -> int | None:
        if self.image is None:
            return None
        streams = (self.folder / "stream_facts.bin").exists()
        return self.image["flash"] - (self.stream_facts if streams else self.facts).weight_bytes

    @functools.cached_property
    def emulator(self) -> dict[str, list[str]]:
        """`command` runs the program; its arguments go behind `arguments` as one, if there are."""
        found = self._read("run.emulator.json", json.loads)
        found["command"][-1] = str(self.folder / "run")
        return found

    @property
    def library(self) -> Path:
        return self.folder / "library.so"

    def _read(self, name: str, parse: Callable[[bytes], Read]) -> Read:
        file = self.folder / name
        data = file.read_bytes()
        try:
            return parse(data)
        except (ValueError, TypeError, LookupError):
            raise ToolError(
                f"{file}: its {len(data)} bytes are not what a build writes there; remove "
                f"{self.folder} and try again."
            ) from None


# -- choices --------------------------------------------------------------------------------------


def targets() -> tuple[str, ...]:
    folder = data_root() / "toolchains"
    found = [
        file.stem for file in folder.glob("*.cmake") if "set(GRAVEN_TARGET" in file.read_text()
    ]
    return (HOST, *sorted(found, key=lambda name: (len(name), name)))


def isas() -> tuple[str, ...]:
    folder = data_root() / "include" / "graven" / "isa"
    found = [
        file.stem for file in sorted(folder.glob("*.hpp"))
        if re.search(rf"\bstruct {file.stem}\b", file.read_text())
    ]  # fmt: skip
    return ("native", *found)


def targets_of(isa: str) -> tuple[str, ...]:
    """The targets of which an instruction set is the native one."""
    folder = data_root() / "toolchains"
    line = f"set(GRAVEN_ISA {isa})"
    return tuple(
        target for target in targets()
        if target != HOST and line in (folder / f"{target}.cmake").read_text()
    )  # fmt: skip


def policy_of(choice: Choice) -> str:
    """The C++ value of a plan."""
    policy = _goal_of(choice.plan)
    if choice.flash:
        policy = f"graven::plan::in_flash({policy}, {choice.flash})"
    return f"graven::plan::fed_by_rows({policy})" if choice.row_input else policy


def _goal_of(plan: str) -> str:
    if plan in PLANS:
        return f"graven::plan::{plan}"
    found = re.fullmatch(r"within:([1-9][0-9]*)", plan)
    if found and int(found[1]) > MOST_BYTES:
        raise GravenError(f"--plan {plan}: takes at most {MOST_BYTES} bytes.")
    if not found:
        raise GravenError(
            f"--plan '{plan}': is no plan; take fastest, smallest, lean, or within:BYTES, as in "
            "within:16384."
        )
    return f"graven::plan::within<{found[1]}>"


def wants_search(choice: Choice) -> bool:
    """Whoever asks for a small plan gets the best that the search finds, but for streams."""
    if choice.stream:
        return False
    return choice.plan == "smallest" or choice.plan.startswith("within:")


def check(choice: Choice) -> None:
    if choice.target not in targets():
        raise GravenError(
            f"--target '{choice.target}': is unknown; take one of {', '.join(targets())}."
        )
    if choice.isa not in isas():
        raise GravenError(f"--isa '{choice.isa}': is unknown; take one of {', '.join(isas())}.")
    policy_of(choice)


# -- kept builds ----------------------------------------------------------------------------------


def build(name: str, header: str, choice: Choice, parts: Parts = Parts.ALL) -> Build:
    """Builds what `parts` says of the header whose namespace is `name`."""
    check(choice)
    asked = _asked(name, header, choice)
    alone = parts in (Parts.SEARCH, Parts.LIBRARY)  # what ALL does not have
    kept = cache.folder_of_builds()
    cache.prune(kept)
    for found in {parts} if alone else {Parts.ALL, parts}:
        if folder := cache.find(kept, f"{asked}-{found.value}"):
            return Build(folder)
    with cache.workplace(kept) as folder:
        try:
            made = _make(folder, name, header, choice, parts)
        except ToolError as error:
            raise _foreign_isa(choice, error.said) or error from None
        return Build(cache.keep(made, kept, f"{asked}-{parts.value}", _read_files(folder)))


def _asked(name: str, header: str, choice: Choice) -> str:
    parts = [__version__, name, header, repr(choice), cache.recipe(), *_compilers(choice.target)]
    parts += [
        os.environ.get(variable, "") for variable in ("CXX", "CXXFLAGS", "LDFLAGS", "GRAVEN_CLANG")
    ]
    return cache.digest(*parts)


def _read_files(folder: Path) -> Iterable[Path]:
    """What the compilers of a build have read."""
    for depfile in folder.glob("*.d"):
        yield from (folder / file for file in cache.listed(depfile.read_text()))
    made = folder / "build"
    if (made / ".ninja_deps").exists():
        printed = tools.run(["ninja", "-C", str(made), "-t", "deps"], folder)
        yield from (made / line.strip() for line in printed.splitlines() if line.startswith("  "))


def _compilers(target: str) -> Iterable[str]:
    """Which compiler it is: another version, another build."""
    names = [host_compiler()[0]]
    if target != HOST:
        folder = data_root() / "toolchains"
        text = "".join(file.read_text() for file in sorted(folder.glob("*.cmake")))
        names = re.findall(r"set\(CMAKE_CXX_COMPILER ([\w+-]+)\)", text)
        names += filter(None, [os.environ.get("GRAVEN_CLANG")])
    for name in names:
        found = shutil.which(name)
        yield f"{found} {os.stat(os.path.realpath(found)).st_mtime_ns}" if found else f"no {name}"


# -- building -------------------------------------------------------------------------------------


def host_compiler() -> list[str]:
    """The command, with the user's options."""
    return shlex.split(os.environ.get("CXX", "")) or ["c++"]


def _template(name: str) -> Path:
    return Path(__file__).parent / "templates" / name


def _foreign_isa(choice: Choice, output: str) -> GravenError | None:
    """What the compiler means that knows nothing of graven::<isa>."""
    unknown = (f"'{choice.isa}' is not a member of 'graven", f"no member named '{choice.isa}'")
    if not any(text in output for text in unknown):
        return None
    if choice.isa in ISA_FLAGS and choice.target == HOST:
        hint = f"say CXXFLAGS='{ISA_FLAGS[choice.isa]}' in the environment"
    elif choice.isa in ISA_FLAGS:
        hint = f"take --target {HOST}"
    else:
        hint = f"take --target {' or '.join(targets_of(choice.isa))}"
    return GravenError(
        f"--isa '{choice.isa}': is not for target {choice.target} as its compiler is called; "
        f"{hint}, or --isa native or scalar."
    )


def _make(folder: Path, name: str, header: str, choice: Choice, parts: Parts) -> Path:
    made, kept = folder / "build", folder / "kept"
    source = _source(folder, name, header, choice)
    _configure(made, source, choice, parts)
    kept.mkdir()
    if parts is Parts.SEARCH:
        found = _search(folder, parse_problem(_words(folder, "problem", source)), choice.row_input)
        (kept / "found.json").write_text(json.dumps(dataclasses.asdict(found)))
        return kept
    programs = []
    if parts is Parts.LIBRARY:
        tools.run(["cmake", "--build", str(made), "--target", "library"], folder)
        shutil.copy2(made / "library.so", kept / "library.so")
        return kept
    if parts is not Parts.PROGRAM:
        what = "stream_facts" if choice.stream else "facts"
        (kept / f"{what}.bin").write_bytes(_words(folder, what, source))
        programs += ["minimal"] * (choice.target != HOST)
    if parts is not Parts.FACTS:
        programs.append("run")
    if programs:
        tools.run(["cmake", "--build", str(made), "--target", *programs], folder)
    for file in (*programs, "run.emulator.json", "minimal.size"):
        if (made / file).exists():
            shutil.copy2(made / file, kept / file)
    return kept


@dataclass(frozen=True)
class Source:
    """The C++ side of a choice."""

    file: Path
    model: str  # the type that the harness runs
    name: str  # the namespace
    isa: str
    policy: str


def _source(folder: Path, name: str, header: str, choice: Choice) -> Source:
    """Writes the header and, around it, what makes a stream of the model."""
    policy, isa = policy_of(choice), f"graven::{choice.isa}"
    file = folder / "model.hpp"
    file.write_text(f"{header}#include <graven/isa/{choice.isa}.hpp>\n")
    if choice.stream is None:
        return Source(file, f"{name}::ModelFor<{isa}, {policy}>", name, isa, policy)
    fields = dataclasses.asdict(choice.stream)
    text = emit.render(
        "stream.hpp.j2", header=file.name, name=name, isa=isa, policy=policy, **fields
    )
    (folder / "stream.hpp").write_text(text)
    return Source(folder / "stream.hpp", f"{name}::StreamModel", name, isa, policy)


def _configure(made: Path, source: Source, choice: Choice, parts: Parts) -> None:
    """CMake's part, and whether all programs are there that come later."""
    root = data_root()
    command = [
        "cmake", "-S", str(root / "firmware/apps/run"), "-B", str(made), "-G", "Ninja",
        "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
        "-DGRAVEN_WARNINGS_AS_ERRORS=OFF", f"-DGRAVEN_MODEL_HEADER={source.file}",
        f"-DGRAVEN_MODEL_NAMESPACE={source.name}", f"-DGRAVEN_MODEL_TYPE={source.model}",
    ]  # fmt: skip
    if choice.target != HOST:
        command += ["--toolchain", str(root / f"toolchains/{choice.target}.cmake")]
    if choice.board:
        command += [f"-DGRAVEN_BOARD={choice.board}"]
    on_host = choice.target == HOST or parts is Parts.SEARCH
    tools.require("cmake", "ninja", *host_compiler()[: int(on_host)])
    tools.run(command, made.parent)
    if choice.target != HOST and parts in (Parts.ALL, Parts.PROGRAM):
        tools.require(json.loads((made / "run.emulator.json").read_text())["command"][0])


def _words(folder: Path, what: str, source: Source) -> bytes:
    """Compiles a template as CMake would compile the harness; its section .graven."""
    text = emit.render(
        f"{what}.cpp.j2",
        header=str(source.file),
        words=str(_template("words.hpp")),
        name=source.name,
        isa=source.isa,
        policy=source.policy,
        constants=CONSTANTS.values(),
        stream_constants=STREAM_CONSTANTS.values(),
        row_fields=ROW_FIELDS,
        sizes=SIZES.values(),
    )
    (folder / f"{what}.cpp").write_text(text)
    commands = json.loads((folder / "build/compile_commands.json").read_text())
    command = next(entry for entry in commands if entry["file"].endswith("apps/run/main.cpp"))
    words = [
        str(folder / f"{what}.cpp") if word == command["file"] else word
        for word in shlex.split(command["command"])
    ]
    words[words.index("-o") + 1] = str(folder / f"{what}.o")
    tools.run([*words, "-MD", "-MF", str(folder / f"{what}.d")], folder)
    return elf.section((folder / f"{what}.o").read_bytes(), ".graven")


def _search(folder: Path, problem: Problem, row_input: bool) -> emit.FoundPlan:
    """Runs search.cpp, built on this machine for the sizes of the problem."""
    (folder / "problem.bin").write_bytes(problem.words)
    command = [
        *host_compiler(), "-std=c++20", "-O2", f"-I{data_root() / 'include'}",
        *(f"-D{name}={size}" for name, size in problem.sizes.items()),
        str(_template("search.cpp")), "-o", str(folder / "search"), "-MD", "-MF",
        str(folder / "search.d"),
    ]  # fmt: skip
    tools.run(command, folder)
    printed = tools.run([str(folder / "search"), str(folder / "problem.bin")], folder)
    first, whole, order = (tuple(map(int, line.split())) for line in printed.splitlines())
    arena, bound, from_top, steps = first
    return emit.FoundPlan(problem.isa, row_input, bool(from_top), steps, arena, bound, whole, order)
