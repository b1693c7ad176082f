"""Builds a generated header for a target, once: what was built is kept under a hash of all that
went into it.

The build itself is firmware/apps/run, by CMake with the target's toolchain file; beside it the
target's compiler fills an object file with the model's constants (facts.cpp.j2).
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from graven import __version__, elf, emit, tools
from graven.errors import GravenError, ToolError
from graven.paths import data_root

HOST = "host"
MOST_KEPT = 200  # builds in the cache
INSPECTABLE = "inspectable"  # for `graven verify`: nothing overlapped, nothing fused
PLANS = ("fastest", "smallest", INSPECTABLE)


@dataclass(frozen=True)
class Choice:
    """What a header is built for."""

    target: str = HOST
    isa: str = "native"
    plan: str = "fastest"
    row_input: bool = False
    flash: int = 0  # limit of the weights, in bytes; 0: none
    board: str = ""  # a folder of firmware/boards; the target's own if none is named


class Parts(Enum):
    """What of a model is built."""

    ALL = "all"
    FACTS = "facts"  # its constants and the size of its code
    PROGRAM = "program"  # the harness
    PLAN = "plan"  # only what a search has found for it


@dataclass(frozen=True)
class LayerFacts:
    macs: int
    weight_bytes: int
    expanded_bytes: int  # of these, what faster kernels add


@dataclass(frozen=True)
class Row:
    """What lies in the arena, and when: RowInfo of include/graven/arena_map.hpp."""

    layer: int  # -1 - i: input i of the model
    row: int  # -1: scratch
    offset: int
    bytes: int
    first_step: int
    last_step: int


@dataclass(frozen=True)
class Facts:
    """The constants of a model on a target."""

    isa: str
    arena_bytes: int
    arena_bound_bytes: int  # most bytes alive at one step
    weight_bytes: int
    table_bytes: int
    macs: int
    layers: tuple[LayerFacts, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Build:
    folder: Path

    @functools.cached_property
    def facts(self) -> Facts:
        return _decode((self.folder / "facts.bin").read_bytes())

    @functools.cached_property
    def plan(self) -> emit.Plan:
        """What search.cpp has printed."""
        lines = [
            [int(word) for word in line.split()]
            for line in (self.folder / "plan.txt").read_text().splitlines()
        ]
        (arena, bound, from_top, steps), whole, order = lines
        isa, row_input = (self.folder / "plan.isa").read_text().split()
        return emit.Plan(
            isa,
            row_input == "True",
            bool(from_top),
            steps,
            arena,
            bound,
            tuple(whole),
            tuple(order),
        )

    @functools.cached_property
    def image(self) -> dict[str, int] | None:
        """Bytes of the minimal image: text, rodata, data, bss, flash; None on the host."""
        file = self.folder / "minimal.size"
        if not file.exists():
            return None
        lines = (line.split() for line in file.read_text().splitlines())
        return {name: int(size) for name, size in lines}

    @property
    def code_bytes(self) -> int | None:
        return None if self.image is None else self.image["flash"] - self.facts.weight_bytes

    @functools.cached_property
    def emulator(self) -> dict[str, list[str]]:
        """`command` runs the program; its arguments go behind `arguments` as one, if there are."""
        found = json.loads((self.folder / "run.emulator.json").read_text())
        found["command"][-1] = str(self.folder / "run")
        return found


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


def policy_of(choice: Choice) -> str:
    """The C++ value of a plan."""
    policy = _goal_of(choice.plan)
    if choice.flash:
        policy = f"graven::plan::in_flash({policy}, {choice.flash})"
    return f"graven::plan::fed_by_rows({policy})" if choice.row_input else policy


def _goal_of(plan: str) -> str:
    if plan in PLANS:
        return f"graven::plan::{plan}"
    found = re.fullmatch(r"within:([1-9][0-9]{0,9})", plan)
    if not found or int(found[1]) >= 1 << 31:
        raise GravenError(
            f"--plan '{plan}': is no plan; take fastest, smallest, or within:BYTES, as in "
            "within:16384."
        )
    return f"graven::plan::within<{found[1]}>"


def wants_search(choice: Choice) -> bool:
    """Whoever asks for a small plan gets the best that the search finds."""
    return choice.plan == "smallest" or choice.plan.startswith("within:")


def check(choice: Choice) -> None:
    if choice.target not in targets():
        raise GravenError(
            f"--target '{choice.target}': is unknown; take one of {', '.join(targets())}."
        )
    if choice.isa not in isas():
        raise GravenError(f"--isa '{choice.isa}': is unknown; take one of {', '.join(isas())}.")
    policy_of(choice)


# -- the cache ------------------------------------------------------------------------------------


def build(name: str, header: str, choice: Choice, parts: Parts = Parts.ALL) -> Build:
    """Builds what `parts` says of the header whose namespace is `name`."""
    check(choice)
    key = _key(name, header, choice)
    cache = _cache()
    for kept in {parts} if parts is Parts.PLAN else {Parts.ALL, parts}:  # all but a search
        folder = cache / f"{key}-{kept.value}"
        if folder.is_dir():
            os.utime(folder)
            return Build(folder)
    final = cache / f"{key}-{parts.value}"
    with tempfile.TemporaryDirectory(prefix="graven-", dir=cache, ignore_cleanup_errors=True) as at:
        try:
            made = _make(Path(at), name, header, choice, parts)
        except ToolError as error:
            raise _foreign_isa(choice, str(error)) or error from None
        try:
            made.rename(final)
        except OSError:
            if not final.is_dir():  # otherwise somebody else has built the same meanwhile
                raise
    _prune(cache)
    return Build(final)


def _cache() -> Path:
    chosen = os.environ.get("GRAVEN_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    private = Path(tempfile.gettempdir(), f"graven-{os.getuid()}")
    for folder in (Path(chosen),) if chosen else (Path(home, "graven"), private):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder.resolve()
        except OSError:
            continue
    raise GravenError(f"{folder}: cannot be written; set GRAVEN_CACHE to a folder for builds.")


def _prune(cache: Path) -> None:
    folders = sorted(cache.glob("*-*"), key=lambda folder: folder.stat().st_mtime)
    for folder in folders[:-MOST_KEPT]:
        shutil.rmtree(folder, ignore_errors=True)


def _key(name: str, header: str, choice: Choice) -> str:
    parts = [__version__, name, header, repr(choice), _sources(), *_compilers(choice.target)]
    parts += [os.environ.get(variable, "") for variable in ("CXX", "CXXFLAGS", "LDFLAGS")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@functools.cache
def _sources() -> str:
    """A hash of every file of the C++ side that a build may read."""
    root, found = data_root(), hashlib.sha256()
    for folder in ("include", "firmware/apps/run", "firmware/apps/minimal", "firmware/boards",
                   "firmware/runtime", "toolchains"):  # fmt: skip
        for file in sorted((root / folder).rglob("*")):
            if file.is_file():
                found.update(file.relative_to(root).as_posix().encode() + file.read_bytes())
    templates = [_template(name) for name in ("facts.cpp.j2", "problem.cpp.j2", "search.cpp")]
    for file in [*sorted((root / "firmware").glob("*.cmake")), *templates]:
        found.update(file.read_bytes())
    return found.hexdigest()


def _compilers(target: str) -> Iterable[str]:
    """Which compiler it is: another version, another build."""
    names = [os.environ.get("CXX", "c++")]
    if target != HOST:
        folder = data_root() / "toolchains"
        text = "".join(file.read_text() for file in sorted(folder.glob("*.cmake")))
        names = re.findall(r"set\(CMAKE_CXX_COMPILER (\S+)\)", text)
    for name in names:
        found = shutil.which(name.split()[0]) if name else None
        yield f"{found} {os.stat(os.path.realpath(found)).st_mtime_ns}" if found else f"no {name}"


# -- building -------------------------------------------------------------------------------------


def _template(name: str) -> Path:
    return Path(__file__).parent / "templates" / name


def _foreign_isa(choice: Choice, output: str) -> GravenError | None:
    """What the compiler means that knows nothing of graven::<isa>."""
    unknown = (f"'{choice.isa}' is not a member of 'graven", f"no member named '{choice.isa}'")
    if not any(text in output for text in unknown):
        return None
    hint = ", or its flags in CXXFLAGS (avx2: -mavx2)" if choice.target == HOST else ""
    return GravenError(
        f"--isa '{choice.isa}': is not for target {choice.target} as its compiler is called; take "
        f"native or scalar{hint}."
    )


def _make(folder: Path, name: str, header: str, choice: Choice, parts: Parts) -> Path:
    (folder / "model.hpp").write_text(header)
    root, made, kept = data_root(), folder / "build", folder / "kept"
    policy, isa = policy_of(choice), f"graven::{choice.isa}"
    command = [
        "cmake", "-S", str(root / "firmware/apps/run"), "-B", str(made), "-G", "Ninja",
        "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
        "-DGRAVEN_WARNINGS_AS_ERRORS=OFF",
        f"-DGRAVEN_MODEL_HEADER={folder / 'model.hpp'}", f"-DGRAVEN_MODEL_NAMESPACE={name}",
        f"-DGRAVEN_MODEL_TYPE={name}::ModelFor<{isa}, {policy}>",
    ]  # fmt: skip
    if choice.target != HOST:
        command += ["--toolchain", str(root / f"toolchains/{choice.target}.cmake")]
    if choice.board:
        command += [f"-DGRAVEN_BOARD={choice.board}"]
    tools.require("cmake", "ninja")
    tools.run(command, folder)
    kept.mkdir()
    if parts is Parts.PLAN:
        _search(folder, _constants(folder, "problem", name, isa, policy), choice.row_input)
        return kept
    programs = []
    if parts is not Parts.PROGRAM:
        facts = _constants(folder, "facts", name, isa, policy)
        (kept / "facts.bin").write_bytes(facts)
        programs += ["minimal"] * (choice.target != HOST)
    if parts is not Parts.FACTS:
        programs.append("run")
    if programs:
        tools.run(["cmake", "--build", str(made), "--target", *programs], folder)
    for file in (*programs, "run.emulator.json", "minimal.size"):
        if (made / file).exists():
            shutil.copy2(made / file, kept / file)
    return kept


def _constants(folder: Path, what: str, name: str, isa: str, policy: str) -> bytes:
    """Compiles a template as CMake would compile the harness; its section .graven."""
    source = emit.render(
        f"{what}.cpp.j2", header=str(folder / "model.hpp"), name=name, isa=isa, policy=policy
    )
    (folder / f"{what}.cpp").write_text(source)
    commands = json.loads((folder / "build/compile_commands.json").read_text())
    command = next(entry for entry in commands if entry["file"].endswith("apps/run/main.cpp"))
    words = [
        str(folder / f"{what}.cpp") if word == command["file"] else word
        for word in shlex.split(command["command"])
    ]
    words[words.index("-o") + 1] = str(folder / f"{what}.o")
    tools.run(words, folder)
    return elf.section((folder / f"{what}.o").read_bytes(), ".graven")


def _search(folder: Path, problem: bytes, row_input: bool) -> None:
    """Runs search.cpp, built on this machine for the sizes of the problem."""
    numbers = [int.from_bytes(problem[at : at + 4], "little") for at in range(0, len(problem), 4)]
    end = numbers.index(0)
    names = ("VALUES", "READS", "SPANS", "STEPS", "ROWS", "ITEMS")
    sizes = zip(names, numbers[end + 1 : end + 7], strict=True)
    (folder / "problem.bin").write_bytes(problem[4 * (end + 7) :])
    compiler = shlex.split(os.environ.get("CXX", "c++"))
    tools.require(compiler[0])
    command = [
        *compiler, "-std=c++20", "-O2", f"-I{data_root() / 'include'}",
        *(f"-D{name}={size}" for name, size in sizes),
        str(_template("search.cpp")), "-o", str(folder / "search"),
    ]  # fmt: skip
    tools.run(command, folder)
    found = tools.run([str(folder / "search"), str(folder / "problem.bin")], folder)
    (folder / "kept/plan.txt").write_text(found)
    (folder / "kept/plan.isa").write_text(f"{''.join(map(chr, numbers[:end]))} {row_input}")


def _decode(data: bytes) -> Facts:
    """The order of facts.cpp.j2."""
    if len(data) % 8:
        raise ToolError("graven inspect: the compiled constants are damaged; clear the cache.")
    at_each = range(0, len(data), 8)
    numbers = [int.from_bytes(data[at : at + 8], "little", signed=True) for at in at_each]
    arena, bound, weights, tables, macs, count, *rest = numbers
    layers = tuple(LayerFacts(*rest[at : at + 3]) for at in range(0, 3 * count, 3))
    rest = rest[3 * count :]
    end = rest.index(0)
    isa, rest = "".join(map(chr, rest[:end])), rest[end + 1 :]
    rows = tuple(Row(*rest[at : at + 6]) for at in range(0, len(rest), 6))
    return Facts(isa, arena, bound, weights, tables, macs, layers, rows)
