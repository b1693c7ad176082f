"""What every member of the zoo does with a trained model: judge it, ask what it costs on the
emulated cores, print that, and write it down.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from graven import Model
from graven.errors import GravenError, ToolError
from graven.outputs import write_file

TARGETS = ("cortex-m0", "cortex-m4", "cortex-m7")
QUICK_TARGETS = ("cortex-m4",)


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    out: Path
    seed: int = 0
    epochs: int | None = None  # None: as many as the member is made for
    quick: bool = False  # one epoch of few samples
    targets: tuple[str, ...] = TARGETS
    page: bool = True  # a report

    def epochs_or(self, usual: int) -> int:
        if self.epochs is not None:
            return self.epochs
        return 1 if self.quick else usual

    def some(self, usual: int, quick: int) -> int:
        """A number of samples or the like that --quick makes small."""
        return quick if self.quick else usual


@dataclass(frozen=True)
class Trial:
    """A quantized model, samples with labels that neither training nor calibration saw, and those
    that it was calibrated by."""

    model: Model
    x: np.ndarray
    y: np.ndarray
    calibration: np.ndarray


@dataclass(frozen=True)
class Cost:
    """Of an inference on a target: RAM is the arena, the state and the stack, in bytes; flash is
    weights and code."""

    instructions: int
    ram: int
    flash: int


@dataclass(frozen=True)
class Result:
    """The record of a model; scores are shares of 1, over the samples of all trials."""

    name: str
    data: str
    measure: str  # accuracy, mIoU
    exact: float  # of the float32 network
    score: float  # of the int8 one
    samples: int
    parameters: int
    macs: int
    costs: dict[str, Cost]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @staticmethod
    def of(fields: dict) -> Result:
        costs = {target: Cost(**cost) for target, cost in fields["costs"].items()}
        return Result(**{**fields, "costs": costs})


def judged(name: str, data: str, trials: Sequence[Trial], options: Options) -> Result:
    """Scores over all trials, of which each has samples of its own; costs and report are those of
    the first, whose siblings differ in nothing but weights."""
    count = sum(len(each.y) for each in trials)
    exact, score = 0.0, 0.0
    for each in trials:
        if each.model.exact is None:
            raise GravenError(f"{name}: is not quantized, so there is nothing to compare.")
        share = len(each.y) / count
        exact += share * each.model.exact.evaluate(each.x, each.y)
        score += share * each.model.evaluate(each.x, each.y)
    first = trials[0]
    model = first.model
    result = Result(
        name=name,
        data=data,
        measure=next(iter(model.scores(first.x[:1], first.y[:1]))),
        exact=exact,
        score=score,
        samples=count,
        parameters=sum(layer.parameters for layer in model.exact.layers),
        macs=sum(layer.macs for layer in model.layers),
        costs={target: cost(model, target, first.x[:1]) for target in options.targets},
    )
    show(result)
    keep(result, trials, options)
    return result


def cost(model: Model, target: str, sample: np.ndarray) -> Cost:
    """As `graven run --json` counts it."""
    figures = model.on(target).measure(model.inputs(sample))[1]
    flash = figures["flash_bytes"]
    return Cost(figures["instructions"], figures["ram_bytes"], flash["code"] + flash["weights"])


def show(result: Result) -> None:
    print(
        f"{result.name}: {result.measure} {100 * result.exact:.2f} % in float32, "
        f"{100 * result.score:.2f} % in int8, of {result.samples:,} unseen samples "
        f"({result.data}); {result.parameters:,} parameters, {result.macs:,} MACs"
    )
    for target, each in result.costs.items():
        print(
            f"  {target:10} {each.instructions:>11,} instructions {each.ram:>8,} bytes of RAM "
            f"{each.flash:>8,} bytes of flash",
            flush=True,
        )


def keep(result: Result, trials: Sequence[Trial], options: Options) -> None:
    """The first trial's files, and in folders trial_2 and so on those of its siblings."""
    folder, first = options.out / result.name, trials[0]
    for place, each in enumerate(trials, 1):
        written(each, folder if place == 1 else folder / f"trial_{place}")
    if options.page:
        first.model.report(folder / "report.html", first.x, first.y, targets=options.targets)
    write_file(folder / "result.json", result.to_json().encode())


def written(trial: Trial, folder: Path) -> None:
    """Models and samples, as `graven evaluate` and benchmarks/quantizers.py read them."""
    folder.mkdir(parents=True, exist_ok=True)
    trial.model.save(folder / "model.tflite")
    trial.model.save(folder / "model.hpp")
    if trial.model.exact is not None:
        trial.model.exact.save(folder / "float.tflite")
    np.savez_compressed(folder / "samples.npz", x=trial.x, y=trial.y)
    np.savez_compressed(folder / "calibration.npz", x=trial.calibration)


# -- the command line -----------------------------------------------------------------------------


def parser(doc: str | None, epochs: int | None) -> argparse.ArgumentParser:
    """What the commands of all members have in common; `epochs` are the usual ones."""
    found = argparse.ArgumentParser(
        description=(doc or "").partition("\n\n")[0], allow_abbrev=False
    )
    found.add_argument("--out", type=Path, default=Path("build/zoo"), metavar="FOLDER",
                       help="where each model gets a folder (build/zoo)")  # fmt: skip
    found.add_argument("--seed", type=int, default=0)
    if epochs is not None:
        found.add_argument("--epochs", type=int, help=f"rounds through the data ({epochs})")
    found.add_argument("--quick", action="store_true",
                       help="an epoch of few samples, costs on the Cortex-M4 only, no report: to "
                       "see that it runs")  # fmt: skip
    return found


def options_of(given: argparse.Namespace) -> Options:
    epochs = getattr(given, "epochs", None)
    if epochs is not None and epochs < 1:
        raise GravenError(f"--epochs {epochs}: is no number of rounds; take 1 or more.")
    if not 0 <= given.seed < 1 << 32:
        raise GravenError(f"--seed {given.seed}: is no seed; take 0 or more, below 2^32.")
    targets = QUICK_TARGETS if given.quick else TARGETS
    return Options(given.out, given.seed, epochs, given.quick, targets, not given.quick)


def run(doc: str | None, epochs: int | None, main: Callable[[Options], object]) -> NoReturn:
    """The command of a member that has no options of its own."""
    given = parser(doc, epochs).parse_args()
    exit_with(lambda: main(options_of(given)))


def exit_with(main: Callable[[], object]) -> NoReturn:
    """Runs a command; what is wrong ends it with a sentence, and exit code 2, 3 as of graven."""
    try:
        main()
    except GravenError as error:
        print(f"zoo: {error.said}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:  # a folder that cannot be made, a full disk
        print(f"zoo: {error.filename}: {error.strerror}; name another --out.", file=sys.stderr)
        sys.exit(ToolError.exit_code)
    sys.exit(0)
