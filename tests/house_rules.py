"""house_rules.py <repository>: the rules of the house that a script can judge.

Prints a table of sizes, and every breach as `file:line: sentence`. Exit code 1 if there is one.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_COLUMNS = 100
MAX_HEADER = 300
MAX_FUNCTION = 40

COMPILED = re.compile(r"def cpp\b|.*\bcpp\b.* = |from .* import .*\bcpp\b")  # graven.layers
SKIPPED_FOLDERS = {".git", ".venv", "build", "__pycache__", ".pytest_cache", ".ruff_cache"}
CODE = {".hpp", ".cpp", ".c", ".h", ".S", ".ld", ".py", ".cmake", ".sh", ".j2"}
TEXT = CODE | {".md", ".toml", ".json", ".txt", ""}

# Who may include whom: a header only names headers of its own stage or of earlier ones. A folder is
# a stage; `words` and `model` are what lies at the door.
ORDER = "words < graph < kernel < plan < run < model < train".split(" < ")
WORDS = {
    "error",
    "shape",
    "quant",
    "fixed_point",
    "floating_point",
    "interpolation",
    "params",
    "policy",
    "text",
}
UMBRELLA, TRAINING = "graven", "train"  # what users include
NETWORKS = ("bidirectional", "transformer")  # blocks and whole networks, said with layers
LEAVES = {"layers": "graph", "isa": "kernel"}  # the last stage that they know
KNOWS_LEAVES = {"train"}  # how a gradient goes back is known of each layer

# Spelled in pieces, so that this file does not break its own rules.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
MACHINE_PATH = re.compile(
    r"(?<![\w.~}*)\]-])/(" + "|".join(("work", "tmp", "root", "home", "Users")) + r")\b(?!:)"
)
INTRINSIC = re.compile(
    r"\basm\b|\b__asm|\b_mm\d*_|__builtin_(arm|ia32|riscv)|<(arm_\w+|\w*intrin|riscv_\w+)\.h>"
)
DIRECTIVE = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif|else|endif|define|undef)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
NOT_A_FUNCTION = re.compile(r"\b(if|for|while|switch|catch|TEST_CASE|SUBCASE|TEST_CASE_TEMPLATE)$")


@dataclass(frozen=True)
class Breach:
    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


@dataclass(frozen=True)
class Source:
    name: str  # relative to the repository, with slashes
    lines: tuple[str, ...]

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix

    @property
    def is_header(self) -> bool:
        return self.name.startswith("include/") and self.suffix == ".hpp"


def read_sources(root: Path) -> Iterator[Source]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name for name in set(folders) - SKIPPED_FOLDERS if not name.startswith(".venv-")
        )
        for file in sorted(files):
            path = Path(folder, file)
            if path.suffix in TEXT and path.name not in ("LICENSE", ".git"):  # .git: a worktree's
                name = path.relative_to(root).as_posix()
                lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
                yield Source(name, tuple(lines[:-1] if lines[-1] == "" else lines))


# ---- what every text obeys ----------------------------------------------------------------------


def check_text(source: Source) -> Iterator[Breach]:
    for number, line in enumerate(source.lines, 1):
        if source.suffix in CODE and len(line) > MAX_COLUMNS:
            yield Breach(source.name, number, f"{len(line)} columns; at most {MAX_COLUMNS}")
        if source.suffix in CODE and line != line.rstrip():
            yield Breach(source.name, number, "blanks at the end of the line")
        if match := UNFINISHED.search(line):
            yield Breach(source.name, number, f"{match[1]}: finish it, or open an issue")
        if match := MACHINE_PATH.search(line):
            yield Breach(source.name, number, f"a path of one machine: /{match[1]}")


# ---- sizes --------------------------------------------------------------------------------------


def check_python_functions(source: Source) -> Iterator[Breach]:
    try:
        tree = ast.parse("\n".join(source.lines))
    except SyntaxError as error:
        yield Breach(source.name, error.lineno or 1, f"not Python: {error.msg}")
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                sentence = f"function {node.name} has {length} lines; at most {MAX_FUNCTION}"
                yield Breach(source.name, node.lineno, sentence)


def blank_out(text: str) -> str:
    """The text without what comments and literals say; every newline stays where it was."""
    pattern = (
        r"//[^\n]*|/\*.*?\*/"
        r'|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
        r"|(?<!\w)'(?:\\.|[^'\\\n])+'"
    )

    def blank(match: re.Match[str]) -> str:
        return "".join(c if c == "\n" else " " for c in match[0])

    return re.sub(pattern, blank, text, flags=re.DOTALL)


def opens_function(before: str) -> bool:
    """Whether a brace after this text starts a function: a parameter list precedes it."""
    head = re.split(r"[;{}]", before)[-1]
    if not re.search(
        r"\)\s*(const|noexcept|override|->[^;{}]*|\s|:[^;{}]*|requires[^;{}]*)*$", head
    ):
        return False
    name = re.split(r"\(", head, maxsplit=1)[0].replace("constexpr", "").rstrip()
    return bool(name) and "=" not in name and not NOT_A_FUNCTION.search(name)


def asm_lines(body: str) -> int:
    """Lines of assembler: a loop of it stands in one block, however long."""
    blocks = re.findall(r"\basm\b[^;]*;", body)
    return sum(block.count("\n") for block in blocks)


def check_cpp_functions(source: Source) -> Iterator[Breach]:
    text = blank_out("\n".join(source.lines))
    opened: list[tuple[int, bool]] = []
    for match in re.finditer(r"[{}]", text):
        if match[0] == "{":
            inside = any(is_function for _, is_function in opened)
            window = text[max(0, match.start() - 600) : match.start()]
            opened.append((match.start(), not inside and opens_function(window)))
        elif opened:
            start, is_function = opened.pop()
            body = text[start : match.start()]
            length = body.count("\n") + 1 - asm_lines(body)
            if is_function and length > MAX_FUNCTION:
                line = text.count("\n", 0, start) + 1
                sentence = f"a function of {length} lines; at most {MAX_FUNCTION}"
                yield Breach(source.name, line, sentence)


def check_sizes(source: Source) -> Iterator[Breach]:
    if source.is_header and len(source.lines) > MAX_HEADER:
        sentence = f"a header of {len(source.lines)} lines; at most {MAX_HEADER}"
        yield Breach(source.name, 1, sentence)
    if source.suffix == ".py":
        yield from check_python_functions(source)
    if source.suffix in {".hpp", ".cpp"}:
        yield from check_cpp_functions(source)


# ---- the library: preprocessor, intrinsics, direction of includes -------------------------------


def stage(header: str) -> str:
    """The stage of a header below include/graven: its folder, or words or model at the door."""
    first, _, rest = header.partition("/")
    return first if rest else "words" if Path(header).stem in WORDS else "model"


def resolve(source: Source, quote: str, target: str) -> str | None:
    """The included header, relative to include/graven; None for somebody else's."""
    if quote == '"' and not target.startswith("graven/"):
        here = Path(source.name).parent.as_posix()
        target = os.path.normpath(os.path.join(here, target)).replace(os.sep, "/")
        return target.removeprefix("include/graven/")
    return target.removeprefix("graven/") if target.startswith("graven/") else None


def forbidden(here: str, there: str) -> str | None:
    """Why `here` may not include `there`; None if it may."""
    if there == f"{UMBRELLA}.hpp":
        return "nothing inside the library includes the umbrella"
    mine, theirs = stage(here), stage(there)
    if mine in LEAVES:
        if theirs in LEAVES:  # layers define operators: other layers and ISAs know them
            return (
                f"a layer never sees an ISA: {there}"
                if (mine, theirs) == ("layers", "isa")
                else None
            )
        late = ORDER.index(theirs) > ORDER.index(LEAVES[mine])
        return (
            f"{'a layer' if mine == 'layers' else 'an ISA'} does not know {there}" if late else None
        )
    if here in (f"{UMBRELLA}.hpp", f"{TRAINING}.hpp", *(f"{each}.hpp" for each in NETWORKS)):
        return None
    if theirs in LEAVES:
        known = there == "isa/native.hpp" or mine in KNOWS_LEAVES
        return None if known else f"the centre never names a leaf: {there}"
    if ORDER.index(mine) < ORDER.index(theirs):
        return f"{mine} comes before {theirs} in the order of the stages: {there}"
    return None


def check_library(source: Source) -> Iterator[Breach]:
    here = source.name.removeprefix("include/graven/")
    for number, line in enumerate(source.lines, 1):
        if stage(here) != "isa":
            code = line.split("//", 1)[0]
            if (match := DIRECTIVE.match(line)) and here != f"{UMBRELLA}.hpp":  # asks for C++20
                sentence = f"#{match[1]} outside of isa/: the instruction set is a type"
                yield Breach(source.name, number, sentence)
            if INTRINSIC.search(code) and not code.lstrip().startswith('"'):
                yield Breach(source.name, number, "an intrinsic or assembler outside of isa/")
        if match := INCLUDE.match(line):
            there = resolve(source, match[1], match[2])
            if there and (why := forbidden(here, there)):
                yield Breach(source.name, number, why)


def check_cycles(headers: list[Source]) -> Iterator[Breach]:
    edges: dict[str, set[str]] = {}
    for source in headers:
        found = (INCLUDE.match(line) for line in source.lines)
        targets = {resolve(source, match[1], match[2]) for match in found if match}
        edges[source.name.removeprefix("include/graven/")] = {t for t in targets if t}
    while free := [name for name, targets in edges.items() if not targets & edges.keys()]:
        for name in free:
            del edges[name]
    for name, targets in edges.items():
        others = ", ".join(sorted(targets & edges.keys()))
        yield Breach(f"include/graven/{name}", 1, f"in or above a cycle of includes: {others}")


# ---- one stem, every room -----------------------------------------------------------------------


def check_stems(sources: list[Source]) -> Iterator[Breach]:
    rooms = {
        "include/graven/layers/": ".hpp",
        "generator/graven/layers/": ".py",
        "tests/layers/": ".cpp",
    }
    names = {source.name for source in sources}
    umbrella = next((s.lines for s in sources if s.name == "include/graven/graven.hpp"), ())
    stems = {
        Path(name).stem
        for name in names
        for folder, suffix in rooms.items()
        if Path(name).parent.as_posix() + "/" == folder and name.endswith(suffix)
    }
    # What the generator folds or rewrites has nothing to compile.
    modules = [s for s in sources if s.name.startswith("generator/graven/layers/")]
    compiled = {Path(s.name).stem for s in modules if any(map(COMPILED.match, s.lines))}
    only_generator = {
        stem
        for stem in stems - compiled
        if not names & {f"include/graven/layers/{stem}.hpp", f"tests/layers/{stem}.cpp"}
    }
    for stem in sorted(stem for stem in stems - only_generator if not stem.startswith("_")):
        for folder, suffix in rooms.items():
            if folder + stem + suffix not in names:
                yield Breach(folder + stem + suffix, 1, f"missing: {stem} is a layer elsewhere")
        if not any(f"layers/{stem}.hpp" in line for line in umbrella):
            yield Breach("include/graven/graven.hpp", 1, f"does not include layers/{stem}.hpp")


def check_all(root: Path) -> tuple[list[Source], list[Breach]]:
    sources = list(read_sources(root))
    headers = [source for source in sources if source.is_header]
    breaches = [*check_cycles(headers), *check_stems(sources)]
    for source in sources:
        breaches += [*check_text(source), *check_sizes(source)]
    for source in headers:
        breaches += check_library(source)
    return sources, breaches


def print_table(sources: list[Source]) -> None:
    print(f"{'folder':<14}{'files':>6}{'lines':>8}   longest")
    for folder in ("include", "generator", "firmware", "toolchains", "tests", "benchmarks", "docs"):
        inside = [s for s in sources if s.name.startswith(folder + "/") and s.suffix in CODE]
        if inside:
            longest = max(inside, key=lambda source: len(source.lines))
            total = sum(len(source.lines) for source in inside)
            print(f"{folder:<14}{len(inside):>6}{total:>8}   {len(longest.lines)} {longest.name}")


def main() -> int:
    sources, breaches = check_all(Path(sys.argv[1]))
    print_table(sources)
    for breach in breaches:
        print(breach)
    print(f"{len(breaches)} breaches of the rules of the house")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
