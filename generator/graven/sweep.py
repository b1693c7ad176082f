"""`graven sweep`: models x quantizations x targets x plans, each a trial on Dask, one result file.

The file has a line of JSON for each trial that is done, written as it ends; who starts the same
sweep again has only the others computed. Workers read the same files under the same names: those of
another machine need a file system in common.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn as Bar
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from graven import __version__, cache, drawing, evaluation
from graven.api import Model
from graven.api import compile as compiled
from graven.errors import GravenError, ToolError
from graven.frontends.files import digest
from graven.outputs import check_folder
from graven.quantize.budget import MIXED
from graven.quantize.kinds import kind_of

if TYPE_CHECKING:
    from distributed import Client

AS_IT_IS = "none"  # among quantizations
COSTS = {"ram": "RAM, bytes", "flash": "flash, bytes", "instructions": "instructions"}
SMALLER_IS_BETTER = ("RMSE", "MAE")
Result = dict[str, Any]
BEGIN = b'{"key": "'  # of a result's line


@dataclass(frozen=True)
class Trial:
    """One combination; files by their names."""

    model: str
    quantize: str
    target: str
    plan: str
    calibrate: tuple[str, ...] = ()
    data: str | None = None
    layout: str | None = None
    normalize: tuple[tuple[float, ...], ...] | None = None
    keep: float = 1.0  # the share of the weights that structured pruning leaves
    fine_tune: str | None = None  # "module:function"

    @property
    def title(self) -> str:
        how = "" if self.quantize == AS_IT_IS else f" {self.quantize}"
        kept = "" if self.keep == 1.0 else f", {100 * self.keep:g} % of the weights"
        return f"{Path(self.model).stem}{how}{kept}, {self.plan}"

    @property
    def needs_samples(self) -> bool:
        return self.quantize != AS_IT_IS or self.keep != 1.0

    @property
    def key(self) -> str:
        """By what the files have in them, so that a model that was trained again is new."""
        files = [self.model, *self.calibrate, *filter(None, [self.data])]
        nameless = replace(self, model="", calibrate=(), data=None)
        return cache.digest(__version__, repr(nameless), *(_digest(each) for each in files))


@functools.cache
def _digest(file: str) -> str:
    """Of a file, or of all that lie in a folder: a SavedModel, images."""
    try:
        path = Path(file)
        if not path.is_dir():
            return digest(path)
        inside = sorted(each for each in path.rglob("*") if each.is_file())
        return cache.digest(*(f"{each.relative_to(path)} {digest(each)}" for each in inside))
    except OSError as error:
        raise GravenError(f"{file}: cannot be read: {error.strerror}.") from None


def trials(
    models: Sequence[Path],
    quantizations: Sequence[str],
    targets: Sequence[str],
    plans: Sequence[str],
    keep: Sequence[float] = (1.0,),
    **common: Any,
) -> list[Trial]:
    """All combinations; what is pruned at first, last."""
    for each in quantizations:
        check_quantization(each)
    every = itertools.product(keep, map(str, models), quantizations, targets, plans)
    found = [Trial(*each, keep=share, **common) for share, *each in every]
    if any(trial.needs_samples and not trial.calibrate for trial in found):
        raise GravenError(
            "graven sweep: --quantize or --keep needs samples of what the models will see; give "
            "them with --calibrate data.npz."
        )
    return found


def check_quantization(name: str) -> None:
    if name == MIXED:
        raise GravenError(
            "graven sweep: --quantize mixed is for a budget in bytes, of which a sweep has none; "
            "take int8, int4 or int16x8."
        )
    if name != AS_IT_IS:
        kind_of(name)


# -- a trial --------------------------------------------------------------------------------------


def run_trial(trial: Trial) -> Result:
    """What a combination costs and how well it does; what cannot be built says why."""
    found: Result = {"score": None, **dict.fromkeys(COSTS), "error": None}
    try:
        model = _compiled(replace(trial, target="", plan=""))
        found |= costs(model, trial.target, trial.plan)
        found |= _scored(replace(trial, target="", plan=""))
    except GravenError as error:
        found["error"] = error.said
    return found


def costs(model: Model, target: str, plan: str) -> Result:
    """By the target's compiler and its emulator."""
    figures = model.on(target, plan).measure(_values(model))[1]
    code = figures["flash_bytes"]["code"]
    return {
        "arena": figures["arena_bytes"],
        "ram": figures["ram_bytes"],
        "instructions": figures["instructions"],
        "flash": None if code is None else code + figures["flash_bytes"]["weights"],
    }


@functools.lru_cache(maxsize=4)
def _compiled(trial: Trial) -> Model:
    """The same for all targets and plans."""
    return compiled(
        trial.model,
        quantize=None if trial.quantize == AS_IT_IS else trial.quantize,
        calibrate=list(trial.calibrate) if trial.needs_samples else None,
        layout=trial.layout,
        keep=None if trial.keep == 1.0 else trial.keep,
        fine_tune=None if trial.keep == 1.0 else trial.fine_tune,
        normalize=trial.normalize,
    )


def _values(model: Model) -> list:
    from graven import inputs

    return inputs.random(model.network, 1, 0)


@functools.lru_cache(maxsize=64)
def _scored(trial: Trial) -> Result:
    """By numpy, which computes what all targets do."""
    if trial.data is None:
        return {}
    model = _compiled(trial)
    given = evaluation.load(model.network, Path(trial.data))
    name, score = next(iter(model.scores(*given.samples, given.labels).items()))
    return {"measure": name, "score": score}


# -- all of them ----------------------------------------------------------------------------------


def run(
    wanted: Sequence[Trial],
    file: str | os.PathLike,
    address: str | None = None,
    workers: int | None = None,
    work: Callable[[Trial], Result] = run_trial,
    console: Console | None = None,
) -> list[Result]:
    """Runs what the file does not have yet; all results, in the order of the trials. `address` is
    that of a Dask scheduler; else `workers` processes of this machine, as many as it has cores."""
    require()
    file = Path(file)
    check_folder(file.resolve().parent, file)
    done, size = _read(file)
    keys = {trial: trial.key for trial in wanted}
    left = [trial for trial in wanted if keys[trial] not in done]
    columns = (TextColumn("sweep"), Bar(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console or Console(stderr=True)) as progress:
        task = progress.add_task("", total=len(wanted), completed=len(wanted) - len(left))
        if left:
            with _client(address, workers) as client, file.open("a", encoding="utf-8") as to:
                to.truncate(size)
                for trial, result in _completed(client, left, work):
                    found = {"key": keys[trial], **asdict(trial), "title": trial.title, **result}
                    line = json.dumps(found)
                    to.write(f"{line}\n")
                    to.flush()
                    done[keys[trial]] = json.loads(line)  # as whoever resumes reads it
                    progress.advance(task)
    return [done[keys[trial]] for trial in wanted]


def require() -> None:
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise ToolError(
            "graven sweep: the Python package distributed, which runs the trials, is missing; "
            "pip install 'graven[sweep]'."
        ) from None


def _read(file: Path) -> tuple[dict[str, Result], int]:
    """Results by key, and how many bytes they take: a last line without its end is what a killed
    sweep was writing."""
    if not file.exists():
        return {}, 0
    try:
        data = file.read_bytes()
    except OSError as error:
        raise GravenError(f"{file}: cannot be read: {error.strerror}.") from None
    size = data.rfind(b"\n") + 1
    lines, found = data[:size].decode(errors="replace").splitlines(), {}
    for number, line in enumerate(lines, 1):
        try:
            result = json.loads(line)
            found[result["key"]] = result
        except (ValueError, KeyError, TypeError):
            raise _no_result(file, number) from None
    if data[size:][: len(BEGIN)] != BEGIN[: len(data) - size]:
        raise _no_result(file, len(lines) + 1)
    return found, size


def _no_result(file: Path, line: int) -> GravenError:
    return GravenError(f"{file}: line {line} is no result of graven sweep; name another file.")


@contextlib.contextmanager
def _client(address: str | None, workers: int | None) -> Iterator[Client]:
    from distributed import Client, LocalCluster

    if address is not None:
        try:
            found = Client(address, timeout="10s")
        except (OSError, ValueError):  # ValueError: it is no address
            raise ToolError(f"--scheduler {address}: no Dask scheduler answers there.") from None
        with found as client:
            yield client
        return
    processes = LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None,
        silence_logs=logging.CRITICAL,
    )  # fmt: skip
    with processes as cluster, Client(cluster) as client:
        yield client


def _completed(
    client: Client, wanted: Sequence[Trial], work: Callable[[Trial], Result]
) -> Iterator[tuple[Trial, Result]]:
    """As they end. A worker that dies gives its trials back to the others; a trial on which that
    happens again and again is a result that says so."""
    from distributed import as_completed

    futures = {client.submit(work, trial, key=trial.key, pure=False): trial for trial in wanted}
    for future in as_completed(futures):
        error = future.exception()
        found = future.result() if error is None else {"error": f"{type(error).__name__}: {error}"}
        yield futures[future], found


# -- what is found --------------------------------------------------------------------------------


def front(results: Sequence[Result], cost: str) -> list[Result]:
    """Those that no other one beats: at most the cost and at least as good, and one of it better;
    without scores the cheapest."""
    known = [each for each in results if each.get(cost) is not None and not each.get("error")]
    return [
        each
        for each in known
        if not any(
            (other[cost], -_goodness(other)) != (each[cost], -_goodness(each))
            and other[cost] <= each[cost]
            and _goodness(other) >= _goodness(each)
            for other in known
        )
    ]


def _goodness(result: Result) -> float:
    score = result.get("score")
    if score is None:
        return 0.0
    return -score if result["measure"] in SMALLER_IS_BETTER else score


def show(results: Sequence[Result], console: Console) -> None:
    """A table; a star stands at the costs of which a trial is on the front of its target."""
    table = Table()
    for title in ("trial", "target", "score", *COSTS.values()):
        table.add_column(title, justify="left" if title in ("trial", "target") else "right")
    for each in results:
        table.add_row(*cells(each, results))
    console.print(table)
    for each in results:
        if each.get("error"):
            text = f"{each['title']} on {each['target']}: {each['error']}"
            console.print(text, highlight=False, markup=False)


def cells(result: Result, results: Sequence[Result]) -> list[str]:
    mine = [each for each in results if each["target"] == result["target"]]
    score = result.get("score")
    found = [result["title"], result["target"]]
    found.append("" if score is None else f"{result['measure']} {score:.4g}")
    for cost in COSTS:
        value = result.get(cost)
        star = " *" if any(each is result for each in front(mine, cost)) else ""
        found.append("" if value is None else f"{value:,}{star}")
    return found


def section(results: Sequence[Result]) -> dict[str, Any]:
    """What a report says: a table, and for each target the fronts as plots."""
    plots = []
    for target in dict.fromkeys(each["target"] for each in results):
        mine = [each for each in results if each["target"] == target]
        for cost, label in COSTS.items():
            best = front(mine, cost)
            scored = [each for each in mine if each.get("score") is not None and each.get(cost)]
            if len(scored) < 2:
                continue
            points = [
                (each[cost], each["score"], each["title"], any(each is other for other in best))
                for each in scored
            ]
            name = f"pareto-{target}-{cost}"
            plots.append((target, drawing.pareto(points, (label, scored[0]["measure"]), name)))
    rows = [cells(each, results) for each in results]
    titles = ["trial", "target", "score", *COSTS.values()]
    return {"heading": "Sweep", "titles": titles, "rows": rows, "plots": plots}


def load(file: Path) -> list[Result]:
    """The results in a file of graven sweep."""
    if not file.is_file():
        raise GravenError(f"{file}: cannot be read: no such file.")
    return list(_read(file)[0].values())
