"""Every rule of the house catches its breach, and a tidy tree has none."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from house_rules import check_all

TIDY = {
    "include/graven/shape.hpp": "#pragma once\n#include <cstdint>\n",
    "include/graven/graph/value.hpp": '#pragma once\n#include "../shape.hpp"\n',
    "include/graven/isa/scalar.hpp": "#pragma once\n#include <graven/graph/value.hpp>\n",
    "include/graven/isa/native.hpp": '#pragma once\n#ifdef __x\n#include "scalar.hpp"\n#endif\n',
    "include/graven/model.hpp": "#pragma once\n#include <graven/isa/native.hpp>\n",
    "include/graven/layers/relu.hpp": '#pragma once\n#include "../graph/value.hpp"\n',
    "include/graven/graven.hpp": "#include <graven/layers/relu.hpp>\n",
    "generator/graven/layers/relu.py": "x = 1\n",
    "tests/layers/relu.cpp": "int x;\n",
}
LONG_BODY = "  x = x + 1;\n" * 41

BREACHES = {  # a file that breaks a rule, and a part of the sentence that must come
    "columns": ("include/graven/a.hpp", "// " + "a" * 98 + "\n", "101 columns"),
    "blanks": ("firmware/a.cpp", "int x; \n", "blanks"),
    "unfinished": ("docs/a.md", "TO" + "DO: write\n", "finish it"),
    "path": ("docs/a.md", "see /" + "root/notes\n", "path of one machine"),
    "long header": ("include/graven/a.hpp", "int x;\n" * 301, "301 lines"),
    "long function": ("firmware/a.cpp", f"int f(int x) {{\n{LONG_BODY}}}\n", "a function of 43"),
    "long python": ("generator/graven/a.py", "def f():\n" + "    x = 1\n" * 41, "42 lines"),
    "conditional": ("include/graven/a.hpp", "#if 1\n#endif\n", "outside of isa/"),
    "intrinsic": ("include/graven/a.hpp", "#include <arm_acle.h>\n", "intrinsic"),
    "assembler": ("include/graven/layers/relu.hpp", '  asm("nop");\n', "assembler"),
    "layer to ISA": (
        "include/graven/layers/relu.hpp",
        "#include <graven/isa/scalar.hpp>\n",
        "never sees an ISA",
    ),
    "layer to model": ("include/graven/layers/relu.hpp", '#include "../model.hpp"\n', "not know"),
    "ISA to model": ("include/graven/isa/a.hpp", '#include "../model.hpp"\n', "not know"),
    "centre to leaf": (
        "include/graven/run/a.hpp",
        '#include "../layers/relu.hpp"\n',
        "names a leaf",
    ),
    "centre to ISA": ("include/graven/run/a.hpp", '#include "../isa/scalar.hpp"\n', "names a leaf"),
    "upwards": (
        "include/graven/graph/value.hpp",
        '#include "../kernel/task.hpp"\n',
        "comes before",
    ),
    "words upwards": ("include/graven/shape.hpp", '#include "graph/value.hpp"\n', "comes before"),
    "cycle": ("include/graven/a.hpp", '#include "a.hpp"\n', "cycle"),
    "umbrella": ("include/graven/a.hpp", "#include <graven/graven.hpp>\n", "the umbrella"),
    "missing room": ("include/graven/layers/tanh.hpp", "#pragma once\n", "missing"),
    "not in umbrella": ("include/graven/graven.hpp", "#pragma once\n", "does not include"),
}


def sentences(files: dict[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return [str(breach) for breach in check_all(Path(folder))[1]]


def main() -> int:
    faults = [f"a tidy tree: {sentence}" for sentence in sentences(TIDY)]
    for rule, (name, text, expected) in BREACHES.items():
        got = sentences(TIDY | {name: text})
        where = "" if rule == "missing room" else name
        if not any(expected in sentence and where in sentence for sentence in got):
            faults.append(f"{rule}: expected '{expected}', got {got}")
    print("\n".join(faults) or f"{len(BREACHES)} rules catch their breach")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
