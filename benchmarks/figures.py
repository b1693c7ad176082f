"""The figures of models on emulated targets, as `graven run --json` gives them, one row each.

A row belongs to a file (its name and hash), a target, the instruction set and the plan asked for.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from graven import ir
from graven.frontends import tflite_writer

ROOT = Path(__file__).resolve().parents[1]
DIGITS = ROOT / "firmware/models/digits/digits.tflite"
SHAPES = ROOT / "firmware/models/shapes/shapes.tflite"
OWN = (DIGITS, SHAPES)
RESULTS = ROOT / "benchmarks/results/qemu.json"
TARGETS = (
    "cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "riscv32",
)  # fmt: skip
CLANG_TARGETS = ("cortex-m4-clang", "cortex-m55-clang")  # by another compiler than TARGETS
ALL_TARGETS = (*TARGETS, *CLANG_TARGETS)
SCALAR_TARGETS = ("cortex-m4",)  # where the scalar kernels are counted as well
SMALL_TARGETS = ("cortex-m4", "cortex-m7")  # and the plan `smallest`
LEAN_TARGETS = ("cortex-m4",)  # and the plan `lean`
TOLERANCE = 0.02  # of a count, against the record

Key = tuple[str, str, str, str, str]


class BenchError(Exception):
    """What went wrong, in a sentence, and the exit code that says it."""

    def __init__(self, sentence: str, exit_code: int = 3) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def exit_with(main: Callable[[], int]) -> NoReturn:
    """Ends the program with what main returns, or with an error's sentence and code."""
    try:
        sys.exit(main())
    except BenchError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


@dataclass(frozen=True)
class Model:
    path: Path
    name: str
    sha256: str
    vector: Path | None  # a golden input; otherwise `graven run` takes random bytes of seed 0


@dataclass(frozen=True)
class Case:
    model: Model
    target: str
    isa: str
    plan: str = "fastest"


@dataclass(frozen=True)
class Layer:
    op: str
    name: str
    macs: int
    instructions: int


@dataclass(frozen=True)
class Row:
    model: str
    sha256: str
    target: str
    asked: str  # `native` or an instruction set's name
    plan: str
    isa: str  # what was used
    input: str
    macs: int
    instructions: int
    arena_bytes: int
    ram_bytes: int
    stack_bytes: int
    code_bytes: int
    weight_bytes: int
    layers: tuple[Layer, ...]

    @property
    def key(self) -> Key:
        return self.model, self.sha256, self.target, self.asked, self.plan

    @property
    def title(self) -> str:
        isa = self.isa if self.isa == self.asked else f"{self.asked} ({self.isa})"
        return f"{self.model}, {self.target}, {isa}, plan {self.plan}"

    @property
    def per_mac(self) -> float:
        return self.instructions / self.macs if self.macs else float("nan")


@dataclass(frozen=True)
class Record:
    """Rows, and the compilers (by target) that they were measured with."""

    compilers: dict[str, str]
    rows: tuple[Row, ...]

    def by_key(self) -> dict[Key, Row]:
        return {row.key: row for row in self.rows}

    def find(self, model: Model, target: str, asked: str, plan: str) -> Row | None:
        return self.by_key().get((model.name, model.sha256, target, asked, plan))


# -- models ---------------------------------------------------------------------------------------


def shared_folder() -> Path:
    return Path(os.environ.get("GRAVEN_SHARED") or ROOT.parent / "shared")


def load_model(path: Path) -> Model:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BenchError(f"{path}: cannot be read: {error.strerror}.", 2) from None
    name = re.sub(r"\W", "_", path.stem.removesuffix("_int8"))
    vector = path.resolve().parents[1] / "vectors" / name / "in_0.bin"
    return Model(path, name, hashlib.sha256(data).hexdigest(), vector if vector.exists() else None)


def default_models() -> list[Model]:
    """The product's own models, and the shared int8 ones where they are."""
    found = sorted((shared_folder() / "models").glob("*_int8.tflite"))
    if not found:
        print(
            f"benchmarks: no *_int8.tflite in {shared_folder() / 'models'}: only "
            f"{' and '.join(path.stem for path in OWN)} are measured (GRAVEN_SHARED names the "
            "folder)",
            file=sys.stderr,
        )
    return [load_model(path) for path in (*OWN, *found)]


def cases_of(
    models: Iterable[Model], targets: Iterable[str], plans: Iterable[str] = ()
) -> list[Case]:
    """Without `plans`, what the record has."""
    targets, plans = list(targets), list(plans)
    found = []
    for model in models:
        for target in targets:
            small, lean = target in SMALL_TARGETS, target in LEAN_TARGETS
            recorded = ["fastest", *["smallest"] * small, *["lean"] * lean]
            found += [Case(model, target, "native", plan) for plan in plans or recorded]
            if target in SCALAR_TARGETS and "fastest" in (plans or recorded):
                found.append(Case(model, target, "scalar"))  # it has no other kernels for others
    return found


# -- measuring ------------------------------------------------------------------------------------


def call(*command: str, folder: Path | None = None) -> str:
    """What another program prints."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise BenchError(f"{command[0]}: cannot be run: {error.strerror}.") from None
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise BenchError(f"{command[0]} failed: {' '.join(last)}")
    return done.stdout


def graven(*arguments: str) -> str:
    """Calls the command of the Python that runs this, so that both are of one installation."""
    command = [sys.executable, "-m", "graven", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        sentence = done.stderr.strip() or f"exit code {done.returncode}"
        raise BenchError(f"graven {' '.join(arguments)}: {sentence}", done.returncode)
    return done.stdout


def run_json(network: ir.Network, target: str) -> dict[str, Any]:
    """What `graven run --json` says of a network that lies in no file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{network.name}.tflite"
        tflite_writer.write(network, file)
        return json.loads(graven("run", str(file), "--target", target, "--json"))


def measure(case: Case) -> Row:
    model = case.model
    arguments = ["run", str(model.path), "--target", case.target, "--isa", case.isa]
    arguments += ["--plan", case.plan, "--name", model.name, "--json"]
    arguments += ["--input", str(model.vector)] if model.vector else []
    found = json.loads(graven(*arguments))
    return Row(
        model=model.name,
        sha256=model.sha256,
        target=case.target,
        asked=case.isa,
        plan=case.plan,
        isa=found["isa"],
        input="golden vector 0" if model.vector else "random, seed 0",
        macs=found["macs"],
        instructions=found["instructions"],
        arena_bytes=found["arena_bytes"],
        ram_bytes=found["ram_bytes"],
        stack_bytes=found["stack_bytes"],
        code_bytes=found["flash_bytes"]["code"],
        weight_bytes=found["flash_bytes"]["weights"],
        layers=tuple(
            Layer(layer["op"], layer["name"], layer["macs"], layer["instructions"])
            for layer in found["layers"]
        ),
    )


def compiler_of(target: str) -> str:
    """The first line of the compiler's --version; its name is in the toolchain file."""
    folder = ROOT / "toolchains"
    text = (folder / f"{target}.cmake").read_text()
    for included in re.findall(r"include\(\S*?/([\w-]+\.cmake)\)", text):
        text += (folder / included).read_text()
    name = re.search(r"set\(CMAKE_CXX_COMPILER (\S+)\)", text)
    if name is None:
        raise BenchError(f"toolchains/{target}.cmake names no compiler.")
    compiler = os.environ.get("GRAVEN_CLANG", name[1]) if name[1] == "clang++" else name[1]
    try:
        done = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise BenchError(f"{compiler}: is not installed; make setup installs it.") from None
    return done.stdout.splitlines()[0]


# -- the record -----------------------------------------------------------------------------------


def read_record(file: Path) -> Record:
    if not file.exists():
        return Record({}, ())
    found = json.loads(file.read_text())
    rows = (
        Row(**{**row, "layers": tuple(Layer(*layer) for layer in row["layers"])})
        for row in found["rows"]
    )
    return Record(found["compilers"], tuple(rows))


def write_record(file: Path, record: Record) -> None:
    """A line per row and layer, so that a difference between two records can be read."""
    rows = []
    for row in record.rows:
        fields = {name: value for name, value in asdict(row).items() if name != "layers"}
        head = json.dumps(fields, ensure_ascii=False)[:-1]
        layers = (
            json.dumps([layer.op, layer.name, layer.macs, layer.instructions], ensure_ascii=False)
            for layer in row.layers
        )
        rows.append(f'  {head}, "layers": [\n    ' + ",\n    ".join(layers) + "]}")
    compilers = json.dumps(dict(sorted(record.compilers.items())), indent=2).replace("\n", "\n ")
    text = f'{{\n "compilers": {compilers},\n "rows": [\n' + ",\n".join(rows) + "\n ]\n}\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def merged(old: Record, rows: Iterable[Row], compilers: dict[str, str]) -> Record:
    """The new rows in place of the old ones; a file that has changed replaces its namesake."""
    rows = list(rows)
    fresh = {(row.model, row.target, row.asked, row.plan) for row in rows}
    kept = [
        row for row in old.rows if (row.model, row.target, row.asked, row.plan) not in fresh
    ]  # fmt: skip
    order = {target: at for at, target in enumerate(ALL_TARGETS)}
    both = sorted(
        [*kept, *rows],
        key=lambda row: (row.model, order.get(row.target, 99), row.asked, row.plan),
    )
    return Record({**old.compilers, **compilers}, tuple(both))
