"""must_not_compile.py <source> <precompiled> <compiler> [flags]: one test of a mistake that users
can make. <precompiled> is graven/graven.hpp.gch, or clang's .pch, of what <compiler> reads.

The source's first line is `// EXPECT: <sentence>`. It must compile as it is; with GRAVEN_BROKEN
defined, or with the flags of a second line `// BROKEN: <flags>`, it must not, for exactly one
error, whose text contains the sentence.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def compile_once(command: list[str], source: Path) -> tuple[bool, str]:
    flags = ["-c", "-o", "/dev/null", "-fmessage-length=0", "-fno-diagnostics-color"]
    done = subprocess.run(
        [*command, *flags, str(source)], capture_output=True, text=True, errors="replace"
    )
    return done.returncode == 0, done.stdout + done.stderr


HEADERS = Path(__file__).resolve().parents[1] / "include"


def reading(precompiled: Path) -> list[str]:
    """The flags; g++ takes the first folder that has the header, or what is read of it."""
    if precompiled.suffix == ".gch":
        return [f"-I{precompiled.parents[1]}"]
    return ["-include-pch", str(precompiled)]


def is_stale(precompiled: Path) -> bool:
    """g++ does not look."""
    newest = max(header.stat().st_mtime for header in HEADERS.rglob("*.hpp"))
    return not precompiled.exists() or precompiled.stat().st_mtime < newest


def judge(source: Path, precompiled: Path, compiler: list[str]) -> str | None:
    """What is wrong with the test, in one sentence; None if nothing is."""
    if is_stale(precompiled):
        return f"{precompiled} is older than the headers: build the target `precompiled`"
    text = source.read_text(encoding="utf-8")
    first_line, second_line = text.split("\n", 2)[:2]
    match = re.fullmatch(r"// EXPECT: (.+)", first_line.rstrip())
    flags = re.fullmatch(r"// BROKEN: (.+)", second_line.rstrip())
    command, *rest = compiler
    fast = [command, *reading(precompiled), *rest]
    broken = [*compiler, *flags[1].split()] if flags else [*fast, "-DGRAVEN_BROKEN"]
    if not match:
        return "the first line is not `// EXPECT: <sentence>`"
    good, output = compile_once([*fast, "-H"], source)
    if not good:
        return f"does not compile even without GRAVEN_BROKEN:\n{output}"
    first = re.search(r"#include .*", text)  # g++ takes it for nothing else
    is_first = first and first[0] == "#include <graven/graven.hpp>"
    if is_first and precompiled.suffix == ".gch" and f"! {precompiled}" not in output:
        return f"{command} does not read {precompiled}: were the flags others?\n{output}"
    good, output = compile_once(broken, source)
    if good:
        return f"compiles with {flags[1] if flags else broken[-1]}, and must not"
    errors = [line for line in output.splitlines() if re.search(r"\berror: ", line)]
    if not any(match[1] in line.replace('\\"', '"') for line in errors):
        return f"no error says: {match[1]}\nThe compiler's output:\n{output}"
    if len(errors) != 1:
        return f"one mistake must give one error, and gives {len(errors)}:\n{output}"
    print(f"{source.name}: {errors[0]}")
    return None


def main() -> int:
    source, precompiled, *compiler = sys.argv[1:]
    fault = judge(Path(source), Path(precompiled), compiler)
    if fault:
        print(f"{source}: {fault}")
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main())
