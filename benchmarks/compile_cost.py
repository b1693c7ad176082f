"""What a generated header costs the compiler: seconds and peak memory, against limits.

    compile_cost.py kws_dscnn.hpp=3 person_detect.hpp=8 --megabytes 500

compiles a program that runs each header's model (the namespace is the file's stem), with g++ and,
if it is there, clang++. Exit code 1 if a limit is exceeded, 3 if nothing could be compiled.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

INCLUDE = Path(__file__).resolve().parents[1] / "include"
PROGRAM = """#include <graven/graven.hpp>
#include "{header}"
static {name}::Model model;
int main() {{ model.run(); }}
"""


@dataclass(frozen=True)
class Cost:
    seconds: float
    megabytes: float


def measure(command: list[str]) -> Cost:
    """Runs the command; the peak is of the largest of its processes, i.e. the compiler proper."""
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(time.perf_counter() - start, usage.ru_maxrss / 1024)


def compile_cost(compiler: str, header: Path, flags: list[str], repeat: int) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "program.cpp")
        source.write_text(PROGRAM.format(header=header.resolve(), name=header.stem))
        output = ["-c", str(source), "-o", str(Path(folder, "program.o"))]
        command = [compiler, "-std=c++20", *flags, f"-I{INCLUDE}", *output]
        costs = [measure(command) for _ in range(repeat)]
    return Cost(min(c.seconds for c in costs), max(c.megabytes for c in costs))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("headers", nargs="+", metavar="HEADER[=SECONDS]")
    parser.add_argument("--megabytes", type=float, default=500.0, help="limit for all headers")
    parser.add_argument("--repeat", type=int, default=1, help="the fastest of so many runs counts")
    parser.add_argument("--compiler", action="append", help="default: g++ and clang++")
    parser.add_argument("--flag", action="append", default=[], help="default: -O2")
    return parser.parse_args()


def main() -> int:
    options = parse_arguments()
    compilers = [c for c in options.compiler or ("g++", "clang++") if shutil.which(c)]
    if not compilers:
        print("compile_cost: no compiler found; apt-get install g++", file=sys.stderr)
        return 3
    exceeded = False
    print(f"| {'header':<24} | {'compiler':<20} | seconds | limit |  MB | limit |")
    print(f"|{'-' * 26}|{'-' * 22}|--------:|------:|----:|------:|")
    for argument in options.headers:
        name, _, limit = argument.partition("=")
        header, seconds = Path(name), float(limit or "inf")
        for compiler in compilers:
            try:
                cost = compile_cost(compiler, header, options.flag or ["-O2"], options.repeat)
            except subprocess.CalledProcessError:
                print(f"compile_cost: {compiler} cannot compile {header}", file=sys.stderr)
                return 3
            over = cost.seconds > seconds or cost.megabytes > options.megabytes
            exceeded = exceeded or over
            print(
                f"| {header.name:<24} | {Path(compiler).name:<20} | {cost.seconds:7.2f} |"
                f" {seconds:5.1f} | {cost.megabytes:3.0f} | {options.megabytes:5.0f} |"
                f"{' too much' if over else ''}"
            )
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
