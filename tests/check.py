"""check.py TEST [--preset gcc]: builds and runs what ctest calls TEST, or all below TEST.

    check.py layers/max_pool    check.py parity/pool --preset cortex-m4    check.py generator

Exit code 1 if a test fails, 2 bad use (no such test), 3 if a build fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def configure(preset: str) -> Path:
    command = ["cmake", "--log-level=WARNING", "--preset", preset, "-DGRAVEN_TEST_DEEP=ON"]
    if preset == "gcc":  # the suites in Python and the consumers belong to no preset
        command.append("-DGRAVEN_TEST_EVERYTHING=ON")
    if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit(3)
    return ROOT / "build" / preset


def tests_of(folder: Path) -> list[dict]:
    command = ["ctest", "--test-dir", str(folder), "--show-only=json-v1"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["tests"]


def programs_of(tests: list[dict], folder: Path) -> list[str]:
    """Files of the build folder that the tests start. Of a program that is not built yet, ctest
    gives no command, but what it reads does.
    """
    inside = f"{folder}{os.sep}"
    names = {test["name"] for test in tests}
    files = [path.read_text() for path in folder.rglob("CTestTestfile.cmake")]
    lines = re.findall(r"^add_test\((.*)\)$", "\n".join(files), re.MULTILINE)
    stated = (re.findall(r'"((?:[^"\\]|\\.)*)"|\[=\[(.*?)\]=\]', line) for line in lines)
    commands = ([quoted or bracketed for quoted, bracketed in words] for words in stated)
    words = (word for name, *command in commands if name in names for word in command)
    named = {word.removeprefix(inside) for word in words if word.startswith(inside)}
    query = ["ninja", "-C", str(folder), "-t", "targets", "all"]
    known = subprocess.run(query, capture_output=True, text=True, check=True).stdout
    made = {line.partition(": ")[0] for line in known.splitlines()}
    return sorted(named & made)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("test", help="as ctest names it, or the start of its name up to a slash")
    parser.add_argument("--preset", default="gcc", help="default: gcc")
    arguments = parser.parse_args()
    folder = configure(arguments.preset)
    chosen = re.compile(rf"{re.escape(arguments.test)}(/|$)")
    tests = tests_of(folder)
    wanted = [test for test in tests if chosen.match(test["name"])]
    if not wanted:
        families = sorted({test["name"].partition("/")[0] for test in tests})
        print(f"{arguments.test}: no test of preset {arguments.preset} is called so, or starts so; "
              f"there are {', '.join(families)}.", file=sys.stderr)  # fmt: skip
        return 2
    programs = programs_of(wanted, folder)
    if programs:
        build = ["cmake", "--build", str(folder), "--target", *programs]
        if subprocess.run(build, cwd=ROOT).returncode != 0:
            return 3
    names = f"^({'|'.join(re.escape(test['name']) for test in wanted)})$"
    run = ["ctest", "--test-dir", str(folder), "--output-on-failure", "-R", names]
    return 1 if subprocess.run(run, cwd=ROOT).returncode != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
