"""readme.py <README.md> <compiler> [flags]: the C++ of a page compiles as it is printed.

The blocks of a section are one program, after what the text takes for granted (PRELUDES). The
sentence of the README's by-hand example is what the compiler says.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

# What the reader is supposed to have, by the sections of each page.
README = {
    "# graven": "",
    "## Instruction set, plan, input": """
        #include "digits.hpp"
        std::span<const std::int8_t, 8> next_line();
        namespace wake_word = digits;
        namespace command = digits;
        """,
    "### What lasts from run to run": """
        #include <graven/graven.hpp>
        namespace okay_nabu {
        using namespace graven;
        constexpr Parameters same{.output = {0.1f, 0}};
        constexpr Parameters params[] = {same, same, same, {}};
        using Network =
            Graph<Node<Variable<Shape{1, 1, 4}>>, Node<Add, 0, 1>, Node<Assign, 1, 2>, Outputs<2>>;
        using Model = graven::Model<Network, Shape{1, 1, 4}, params>;
        }
        """,
    "### Learning on the device": """
        #include <graven/graven.hpp>
        using Backbone = graven::Sequential<graven::Conv2D<1, 8, 3, 1, graven::same>,
                                            graven::MaxPool<2>>;
        constexpr std::int8_t filter[72]{};
        constexpr float scale[1]{1.0f}, head[1280]{};
        constexpr graven::Parameters params[] = {
            {.output = {0.1f, 0}}, {.filter = filter, .scale = scale}, {}, {}, {.filter = head}};
        """,
    "## Streams, regions, shared memory": """
        #include <graven/graven.hpp>
        using namespace graven;
        using Network = Sequential<GlobalAvgPool>;
        constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
        std::int8_t rows[40];
        """,
}
PRELUDES = {"README.md": README, "contributing.md": {"## An operator from outside": ""}}


def sections(text: str) -> dict[str, str]:
    """The C++ of each section, by its heading."""
    found: dict[str, str] = {}
    heading, inside = "", False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = line == "```cpp"
        elif inside:
            found[heading] = found.get(heading, "") + line + "\n"
        elif re.match(r"#+ ", line):
            heading = line
    return found


def complaints(program: str, compiler: list[str]) -> str:
    """The compiler's errors; nothing if there are none."""
    command = [*compiler, "-fsyntax-only", "-fmessage-length=0", "-x", "c++", "-"]
    done = subprocess.run(command, input=program, capture_output=True, text=True, errors="replace")
    return done.stderr if done.returncode else ""


def judge(page: Path, compiler: list[str]) -> str | None:
    """What is wrong, in one sentence; None if nothing is."""
    found, preludes = sections(page.read_text(encoding="utf-8")), PRELUDES[page.name]
    if set(found) != set(preludes):
        return f"C++ stands in {sorted(found)}, preludes are there for {sorted(preludes)}"
    for heading, code in found.items():
        if errors := complaints(preludes[heading] + code, compiler):
            return f"`{heading}` does not compile:\n{errors}"
    return judge_mistake(found["# graven"], compiler) if page.name == "README.md" else None


def judge_mistake(example: str, compiler: list[str]) -> str | None:
    """The same of the mistake that the README makes in its example."""
    wrong = example.replace("Dense<1352, 10>", "Dense<1000, 10>")
    errors = complaints(wrong, compiler)
    for part in (
        "Dense: the incoming activation has a different number of elements than In. Check the "
        "layers before it, or set In to their output size.",
        "at_layer<4>",
        "expected<1000>",
        "got<1352>",
    ):
        if part not in errors:
            return f"`Dense<1000, 10>` does not end with `{part}`:\n{errors}"
    return None


def main() -> int:
    page = Path(sys.argv[1])
    fault = judge(page, sys.argv[2:])
    if fault:
        print(f"{page}: {fault}")
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main())
