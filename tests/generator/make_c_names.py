"""make_c_names.py: writes the C library's global names and macros into graven/c_names.txt.

Those of glibc and newlib, as g++ and clang see them: a model's namespace can have none of them.
Run it anew where a later library has more; names are added, never lost.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

HEADERS = (
    "assert ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdarg stdbool "
    "stddef stdint stdio stdlib string time wchar wctype arpa/inet dirent fcntl malloc netdb "
    "netinet/in poll pthread sched semaphore strings sys/ioctl sys/mman sys/select sys/socket "
    "sys/stat sys/time sys/times sys/types sys/wait termios unistd"
).split()
COMPILERS = {
    "g++": ["clang++"],
    "arm-none-eabi-g++": [
        "clang++", "--target=arm-none-eabi", "-isystem", "/usr/include/newlib",
    ],
}  # fmt: skip
"""What says the macros of a library, and what its declarations."""
FILE = Path(__file__).parents[2] / "generator/graven/c_names.txt"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def main() -> None:
    found = set(FILE.read_text().split()) if FILE.exists() else set()
    for preprocessor, compiler in COMPILERS.items():
        found |= names_of(preprocessor, compiler, HEADERS)
    names = sorted(found)
    lines, line = [], ""
    for name in names:
        if len(line) + len(name) >= 100:
            lines.append(line.rstrip())
            line = ""
        line += f"{name} "
    FILE.write_text("\n".join([*lines, line.rstrip(), ""]))
    print(f"{len(names)} names in {FILE.name}")


def names_of(preprocessor: str, compiler: list[str], headers: Iterable[str]) -> set[str]:
    """Macros as the first knows them, declarations as the second does."""
    found = set()
    for header in headers:
        source = f"#include <{header}.h>\n"
        macros = output([preprocessor, "-E", "-dM"], source).splitlines()
        found.update(line.split()[1].partition("(")[0] for line in macros)
        tree = output([*compiler, "-fsyntax-only", "-Xclang", "-ast-dump=json"], source)
        found.update(declared(json.loads(tree or "{}")))
    return {name for name in found if NAME.fullmatch(name) and "__" not in name}


def declared(scope: dict) -> set[str]:
    """Names at global scope, also those in the blocks of extern "C"."""
    found = set()
    for node in scope.get("inner", []):
        if node["kind"] == "LinkageSpecDecl":
            found |= declared(node)
        elif node["kind"] == "EnumDecl":
            found |= {node.get("name", "")} | declared(node)
        else:
            found.add(node.get("name", ""))
    return found


def output(command: list[str], source: str) -> str:
    """What a compiler prints; nothing where its library lacks the header."""
    command = [*command, "-x", "c++", "-std=gnu++20", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


if __name__ == "__main__":
    main()
