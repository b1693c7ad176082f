"""What a generated header costs the compiler: seconds and peak memory, against limits.

    compile_cost.py [FILE[=SECONDS] ...] [--megabytes 500] [--slack 1]

FILE is a header (its namespace is the file's stem) or a .tflite, from which `graven compile` makes
one; without any: digits, shapes and the shared models, with the limits of LIMITS. Compiles a
program that runs the model, with g++ and, if it is there, clang++. Seconds are processor time, so
that other work on the machine counts little; --slack multiplies their limits for slower machines.
--limited leaves out the models without a limit of seconds. --growth also compiles the model with
the simple plan (value after value), and prints the difference, and the least of some template
depths that is enough.
Exit code 1 if a limit is exceeded, 77 if nothing was left to compile, 2 bad use, 3 if a compiler
failed or is missing.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import figures
from figures import BenchError

INCLUDE = figures.ROOT / "include"
DEPTHS = (32, 64, 128, 256, 512, 900)  # g++ allows 900 unless told otherwise
LIMITS = {"kws_dscnn": 3.0, "person_detect": 8.0}  # seconds
PROGRAM = """#include <graven/graven.hpp>
#include "{header}"
constexpr graven::plan::Policy simple{{.order = graven::plan::Order::layers}};
static {name}::ModelFor<graven::native{policy}> model;
int main() {{ model.run(); }}
"""


@dataclass(frozen=True)
class Subject:
    file: Path
    name: str  # the namespace
    seconds: float  # limit


@dataclass(frozen=True)
class Cost:
    seconds: float
    megabytes: float


def measure(command: list[str], quiet: bool = False) -> Cost:
    """Time of all the command's processes; the peak is of the largest, i.e. the compiler proper."""
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL if quiet else None)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compile_cost(
    compiler: str,
    name: str,
    header: Path,
    flags: list[str],
    repeat: int,
    policy: str = "",
    quiet: bool = False,
) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "program.cpp")
        source.write_text(PROGRAM.format(header=header.resolve(), name=name, policy=policy))
        output = ["-c", str(source), "-o", str(Path(folder, "program.o"))]
        command = [compiler, "-std=c++20", *flags, f"-I{INCLUDE}", *output]
        costs = [measure(command, quiet) for _ in range(repeat)]
    return Cost(min(c.seconds for c in costs), max(c.megabytes for c in costs))


def growth(compiler: str, name: str, header: Path, flags: list[str], cost: Cost) -> str:
    """Seconds more than with the simple plan, and a template depth that suffices."""
    simple = compile_cost(compiler, name, header, flags, 1, ", simple")
    for depth in DEPTHS:
        try:
            check = [*flags, "-fsyntax-only", "-w", "-fmax-errors=1", f"-ftemplate-depth={depth}"]
            compile_cost(compiler, name, header, check, 1, quiet=True)
        except subprocess.CalledProcessError:
            continue
        return f" {cost.seconds - simple.seconds:+.2f} s over the simple plan, depth {depth}"
    return f" {cost.seconds - simple.seconds:+.2f} s over the simple plan, depth over {DEPTHS[-1]}"


def subjects(arguments: list[str]) -> Iterator[Subject]:
    for argument in arguments:
        name, _, limit = argument.partition("=")
        file = Path(name)
        if file.suffix == ".tflite":
            name = figures.load_model(file).name
            yield Subject(file, name, float(limit or LIMITS.get(name, math.inf)))
        else:
            yield Subject(file, file.stem, float(limit or math.inf))
    for model in figures.default_models() if not arguments else ():
        yield Subject(model.path, model.name, LIMITS.get(model.name, math.inf))


def measure_all(
    options: argparse.Namespace, compilers: list[str]
) -> Iterator[tuple[Subject, str, Cost, str]]:
    with tempfile.TemporaryDirectory() as folder:
        for subject in subjects(options.files):
            if options.limited and math.isinf(subject.seconds):
                continue
            header = subject.file
            if header.suffix == ".tflite":
                header = Path(folder, f"{subject.name}.hpp")
                arguments = ["-o", str(header), "--name", subject.name]
                figures.graven("compile", str(subject.file), *arguments)
            for compiler in compilers:
                flags = options.flag or ["-O2"]
                try:
                    cost = compile_cost(compiler, subject.name, header, flags, options.repeat)
                    more = ""
                    if options.growth:
                        more = growth(compiler, subject.name, header, flags, cost)
                except subprocess.CalledProcessError:
                    raise BenchError(f"{compiler} cannot compile {header.name}.") from None
                yield subject, Path(compiler).name, cost, more


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("files", nargs="*", metavar="FILE[=SECONDS]")
    parser.add_argument("--megabytes", type=float, default=500.0, help="limit for all files")
    parser.add_argument("--slack", type=float, default=1.0, help="factor on limits of seconds")
    parser.add_argument("--limited", action="store_true", help="only what has a limit of seconds")
    parser.add_argument("--growth", action="store_true", help="beside the simple plan")
    parser.add_argument("--repeat", type=int, default=1, help="the fastest of so many runs counts")
    parser.add_argument("--compiler", action="append", help="default: g++ and clang++")
    parser.add_argument("--flag", action="append", default=[], help="default: -O2")
    return parser.parse_args()


def main() -> int:
    options = parse_arguments()
    compilers = [c for c in options.compiler or ("g++", "clang++") if shutil.which(c)]
    if not compilers:
        raise BenchError("no compiler found; apt-get install g++.")
    exceeded, compiled = False, False
    print(f"| {'model':<20} | {'compiler':<12} | seconds | limit |  MB | limit |")
    print("|:---------------------|:-------------|--------:|------:|----:|------:|")
    for subject, compiler, cost, more in measure_all(options, compilers):
        limit = subject.seconds * options.slack
        over = cost.seconds > limit or cost.megabytes > options.megabytes
        exceeded, compiled = exceeded or over, True
        print(
            f"| {subject.name:<20} | {compiler:<12} | {cost.seconds:7.2f} |"
            f" {'' if math.isinf(limit) else f'{limit:.1f}':>5} | {cost.megabytes:3.0f} |"
            f" {options.megabytes:5.0f} |{' too much' if over else ''}{more}",
            flush=True,
        )
    return 1 if exceeded else 0 if compiled else 77


if __name__ == "__main__":
    figures.exit_with(main)
