"""The command `graven`. Exit codes: 0 done; 1 the comparison or the budget failed; 2 bad use or
bad input; 3 a tool failed or is missing; 130 interrupted. An error is a sentence on stderr.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from graven import __version__
from graven.errors import GravenError, GravenWarning, ToolError
from graven.outputs import (
    check_inputs,
    check_output,
    check_output_folder,
    write_arrays,
    write_file,
)

if TYPE_CHECKING:  # numpy and what needs it: inside main, where an interruption is no traceback
    from rich.console import Console

    from graven import ir
    from graven.api import Model
    from graven.build import Choice
    from graven.evaluation import Evaluation
    from graven.inputs import Inputs
    from graven.runner import Run

MODELS = (
    "a .tflite, .onnx, .keras, .h5, .rnn, .json or .pt2 file, a SavedModel's folder, or a .pth "
    "with --class"
)
PIPED = 500  # columns where nobody looks: no name is broken
MOST_RANDOM = 100_000
INTERRUPTED = 130  # what a shell has for SIGINT
VERIFIED = 4  # inferences of `graven verify` without inputs
ON_TARGET = 100  # samples: an emulator takes its time


def main(arguments: Sequence[str] | None = None) -> int:
    with contextlib.suppress(
        AttributeError
    ):  # file names that are no text are printed all the same
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        options = parser().parse_args(arguments)
        return options.verb(options)
    except GravenError as error:
        print(f"graven: {error.said}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # whoever read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a full disk, a file that somebody else has removed meanwhile
        what = error.filename or "the system"
        print(f"graven: {what}: {error.strerror or error}; try again.", file=sys.stderr)
        return ToolError.exit_code
    except KeyboardInterrupt:
        print("graven: interrupted.", file=sys.stderr)
        return INTERRUPTED


# -- the verbs ------------------------------------------------------------------------------------


def compile_model(options: argparse.Namespace) -> int:
    from graven import build, report

    check_output(options.output, options.model)
    if options.quantize != "mixed" and (options.flash or options.target != "host"):
        raise GravenError(
            "--target and --flash: are for --quantize mixed; a header serves all targets, and its "
            "user chooses plan::in_flash."
        )
    model = load(options)
    if model.quantization is not None:
        report.show_quantization(model.quantization, console())
    one_input = len(model.network.inputs) == 1
    choices = [
        build.Choice(target, "native", "smallest", by_rows)
        for target in options.search or ()
        for by_rows in ((False, True) if one_input else (False,))
    ]
    header = model.header([model.search(choice) for choice in choices])
    write_file(options.output, header.encode())
    return 0


def inspect_model(options: argparse.Namespace) -> int:
    model = load(options, chosen(options))
    tell(options, model.network, model.inspect())
    return 0


def plan_model(options: argparse.Namespace) -> int:
    from graven import memory, picture, report

    kind = picture.format_of(options.output)
    check_output(options.output, options.model)
    picture.require("plan")
    usage = memory.Usage(load(options, chosen(options)).inspect())
    write_file(options.output, picture.draw(usage, kind))
    report.show_peak(usage, console())
    print(f"wrote {options.output}")
    return 0


def run_model(options: argparse.Namespace) -> int:
    from graven import inputs

    if options.output_dir:
        check_output_folder(options.output_dir)
    if options.output:
        check_output(options.output, options.model, *options.input or ())
    if options.stream and options.output:
        raise GravenError("--output: is not for --stream; take --output-dir.")
    inputs.check(options.input or ())
    if options.stream:
        return run_stream(options)
    model = load(options, chosen(options))
    tell(options, model.network, measured(options, model))
    return 0


def run_stream(options: argparse.Namespace) -> int:
    """Pushes a recording; writes the outputs of whole windows."""
    from graven import build, inputs, report, runner

    choice = chosen(options)
    model = load(options, choice)
    network = model.network
    progress(options, f"building {network.name} as a stream for {choice.target}")
    built = model.build(choice, build.Parts.ALL)
    facts = built.stream_facts
    values = inputs.recording(network, options.input or [], facts, options.seed)
    progress(options, f"running {len(values[0])} pushes")
    result = runner.run(network, built, values, profile=False)
    whole = [output[facts.pushes_to_fill - 1 :] for output in result.outputs]
    result = replace(result, outputs=whole)
    files = write_outputs(options.output_dir, result) if options.output_dir else []
    tell(options, network, report.streamed(network, built, choice, result, files, model.removed))
    return 0


def verify_model(options: argparse.Namespace) -> int:
    """With `--data` outputs and accuracy on all its samples, then the layers on its first ones."""
    from graven import engines, inputs

    alone = options.against not in engines.ENGINES  # the numpy reference
    if not alone:
        engines.require(options.against)
    check_evaluation(options)
    inputs.check(options.inputs or ())
    choice = chosen(options)
    model = load(options, choice)
    network, exact = model.original, True
    if options.data:
        found, values = evaluation_of(options, model, [choice.target])
        tell_evaluation(options, found)
        exact = found.is_exact
    elif options.inputs:
        values = inputs.load(network, options.inputs)
    else:
        values = inputs.random(network, options.random, options.seed)
    found = model.verify(values, options.against)
    if found.difference is not None:
        print(f"graven: {network.source}: {found.difference}", file=sys.stderr)
        return 1
    title = "" if alone else f"{engines.TITLES[options.against]} and "
    said = (
        f"{network.source}: {found.layers} layers and the outputs under plan {choice.plan} equal "
        f"{title}the numpy reference on {found.inferences} inferences ({choice.target})"
    )
    print(said, file=sys.stderr if options.json else sys.stdout)
    return 0 if exact else 1


def evaluate_model(options: argparse.Namespace) -> int:
    """Exit code 1: some C++ says otherwise than numpy."""
    check_evaluation(options)
    every = choices(options)
    model = load(options, every[0])
    found, _ = evaluation_of(options, model, [each.target for each in every])
    tell_evaluation(options, found)
    return 0 if found.is_exact else 1


def report_model(options: argparse.Namespace) -> int:
    from graven import evaluation, page, picture, sweep

    check_output(options.output, options.model, options.data, options.sweep)
    picture.require("report")
    check_inputs(options.data, options.float)
    results = sweep.section(sweep.load(options.sweep)) if options.sweep else None
    targets = choices(options)
    model = load(options, targets[0])
    data = evaluation.load(model.network, options.data) if options.data else None
    names = [each.target for each in targets]
    text = page.html(model, data, names, float_model(options), options.on_target, results)
    write_file(options.output, text.encode())
    print(f"wrote {options.output}")
    return 0


def sweep_models(options: argparse.Namespace) -> int:
    """Exit code 1: some trial could not be built or run."""
    from graven import build, sweep

    check_output(options.output, *options.models, *options.calibrate or (), options.data)
    check_fine_tune(options, any(share < 1.0 for share in options.keep))
    targets, plans = options.target.split(","), options.plan.split(",")
    for target in targets:
        for plan in plans:
            build.check(build.Choice(target, plan=plan))
    wanted = sweep.trials(
        options.models,
        options.quantize.split(","),
        targets,
        plans,
        calibrate=tuple(map(str, options.calibrate or ())),
        data=str(options.data) if options.data else None,
        layout=options.layout,
        normalize=options.normalize,
        keep=options.keep,
        fine_tune=options.fine_tune,
    )
    results = sweep.run(wanted, options.output, options.scheduler, options.workers)
    sweep.show(results, console())
    return 1 if any(result.get("error") for result in results) else 0


def prune_model(options: argparse.Namespace) -> int:
    """Exit code 1: some share could not be made."""
    from graven import api, curves, evaluation

    if options.output:
        check_output(options.output, options.model, options.data, *options.calibrate)
    check_fine_tune(options, any(share < 1.0 for share in options.keep))
    quantize = None if options.quantize == "none" else options.quantize
    curves.check(options.keep, quantize)
    check_inputs(options.data, *options.calibrate)
    whole = api.compile(
        options.model, layout=options.layout, of=options.of, shape=options.shape,
        name=options.name, normalize=options.normalize, target=options.target, plan=options.plan,
    )  # fmt: skip
    data = evaluation.load(whole.network, options.data)
    found = curves.curve(
        whole,
        *data.samples,
        data.labels,
        calibrate=options.calibrate,
        keep=options.keep,
        quantize=quantize,
        target=options.target,
        plan=options.plan,
        criterion=options.criterion,
        fine_tune=options.fine_tune,
        progress=partial(progress, options),
    )
    if options.output:
        found.save(options.output)
    if options.json:
        print(json.dumps(found.results))
    else:
        found.show(console())
        if options.output:
            print(f"wrote {options.output}")
    return 1 if any(result.get("error") for result in found.results) else 0


def float_model(options: argparse.Namespace) -> Model | None:
    from graven import api

    if not options.float:
        return None
    return api.compile(options.float, layout=options.layout, normalize=options.normalize)


def check_evaluation(options: argparse.Namespace) -> None:
    """What would else be found wrong when the model is read, quantized and built."""
    check_inputs(options.data, options.float)
    if options.output:
        check_output(options.output, options.model, options.data)


def evaluation_of(
    options: argparse.Namespace, model: Model, targets: Sequence[str]
) -> tuple[Evaluation, Inputs]:
    """And the first samples as the model takes them; the host is a side anyway."""
    from graven import build, evaluation

    data = evaluation.load(model.network, options.data)
    emulated = [target for target in targets if target != build.HOST]
    found = evaluation.evaluate(model, data, emulated, float_model(options), options.on_target)
    return found, model.inputs(*data.first(VERIFIED).samples)


def tell_evaluation(options: argparse.Namespace, found: Evaluation) -> None:
    from graven import evaluation

    if options.output:
        found.save(options.output)
    if options.json:
        print(json.dumps(found.as_json()))
        return
    evaluation.show(found, console())
    if options.output:
        print(f"wrote {options.output}")


def compare_models(options: argparse.Namespace) -> int:
    from graven import compare, evaluation

    sides = sides_of(options)
    check_inputs(options.data)
    wanted = [chosen(side) for side in sides]
    first, second = models = [load(*each) for each in zip(sides, wanted, strict=True)]
    samples = evaluation.samples(first.network, options.data) if options.data else None
    found = compare.compared(
        *(
            measured(side, model) if options.run else model.inspect()
            for side, model in zip(sides, models, strict=True)
        )
    )
    agreement = None
    if samples is not None:
        agreement = first.agreement(second, *samples)
    if options.json:
        print(json.dumps(found if agreement is None else {**found, "agreement": agreement}))
    else:
        compare.show(found, console(), agreement)
    return 0


def sides_of(options: argparse.Namespace) -> list[argparse.Namespace]:
    """Two of a model, a target, an instruction set or a plan; what is given once is for both."""
    given = {
        "model": options.models,
        **{name: getattr(options, name).split(",") for name in ("target", "isa", "plan")},
    }
    for name, values in given.items():
        if len(values) > 2:
            what = "MODEL" if name == "model" else f"--{name}"
            raise GravenError(f"graven compare: {what} is given {len(values)} times, at most two.")
    if all(len(values) == 1 for values in given.values()):
        raise GravenError(
            "graven compare: nothing to compare; give two models, or two of --target, --isa or "
            "--plan, as in --target cortex-m4,cortex-m55."
        )
    sides = []
    for side in range(2):
        own = {name: values[side % len(values)] for name, values in given.items()}
        sides.append(argparse.Namespace(**{**vars(options), **own}))
    return sides


def list_operators(options: argparse.Namespace) -> int:
    """Exit code 1 where `--against` finds some missing."""
    from graven import ops

    if options.against:
        missing = ops.missing()
        print(json.dumps(missing) if options.json else "\n".join(missing), end="\n" * bool(missing))
        return 1 if missing else 0
    if options.json:
        print(json.dumps(ops.as_json()))
    elif options.markdown:
        print(ops.markdown(), end="")
    else:
        ops.show(console())
    return 0


def examine(options: argparse.Namespace) -> int:
    """Exit code 3 where a verb cannot work on this machine."""
    from graven import doctor

    findings = doctor.examine()
    if options.json:
        print(json.dumps(doctor.as_json(findings)))
    else:
        doctor.show(findings, console())
    return 0 if doctor.is_fit(findings) else ToolError.exit_code


# -- what they share ------------------------------------------------------------------------------


def load(options: argparse.Namespace, choice: Choice | None = None) -> Model:
    """The model that the options describe, built for a choice."""
    check_quantization(options)
    with warnings_on_stderr():
        model = compiled(options)
    check_feeding(options, model.network)
    return model if choice is None else model.built_for(choice)


@contextlib.contextmanager
def warnings_on_stderr() -> Iterator[None]:
    """Ours as sentences; those of other packages as Python shows them."""
    with warnings.catch_warnings():
        others = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any) -> None:
            if issubclass(category, GravenWarning):
                print(f"graven: {message}", file=sys.stderr)
            else:
                others(message, category, *where)

        warnings.showwarning = show
        warnings.simplefilter("always", GravenWarning)
        yield


def compiled(options: argparse.Namespace) -> Model:
    from graven import api

    return api.compile(
        options.model,
        calibrate=options.calibrate,
        quantize=options.quantize,
        method=options.calibrate_method,
        layout=options.layout,
        of=options.of,
        shape=options.shape,
        name=options.name,
        prune=options.prune == "exact",
        allow_float=options.allow_float,
        normalize=options.normalize,
        keep=options.keep,
        fine_tune=options.fine_tune,
        progress=partial(progress, options),
        **budget(options),
    )


def check_fine_tune(options: argparse.Namespace, pruned: bool) -> None:
    if options.fine_tune is not None and not pruned:
        raise GravenError("--fine-tune: is for --keep, as in --keep 0.5; add it.")


def check_quantization(options: argparse.Namespace) -> None:
    check_fine_tune(options, options.keep is not None)
    if options.quantize is None and options.calibrate_method != "best":
        raise GravenError("--calibrate-method: is for --quantize, as in --quantize int8; add it.")
    if options.quantize is None and options.keep is None and options.calibrate:
        raise GravenError("--calibrate: is for --quantize, as in --quantize int8; add it.")
    if options.keep is not None and not options.calibrate:
        raise GravenError(
            f"--keep {options.keep:g}: needs samples of what the model will see; give them with "
            "--calibrate data.npz."
        )
    if options.quantize is not None and not options.calibrate:
        raise GravenError(
            f"--quantize {options.quantize}: needs samples of what the model will see; give them "
            "with --calibrate data.npz."
        )


def budget(options: argparse.Namespace) -> dict[str, object]:
    """Of a mixed choice, and the target that it is for."""
    ram = getattr(options, "ram", 0)
    if options.quantize != "mixed":
        if ram:
            raise GravenError("--ram: is for --quantize mixed; add it.")
        return {}
    flash = getattr(options, "flash", 0)
    return {
        "target": getattr(options, "target", "host"),
        "flash": flash or None,
        "ram": ram or None,
    }


def check_feeding(options: argparse.Namespace, network: ir.Network) -> None:
    """Rows and streams are for models with one input."""
    for option in ("row_input", "stream"):
        if getattr(options, option, False) and len(network.inputs) != 1:
            raise GravenError(
                f"--{option.replace('_', '-')}: {network.source} has {len(network.inputs)} inputs, "
                "expected one; take it with resident inputs."
            )
    if getattr(options, "stream", False):
        check_time(network)


def check_time(network: ir.Network) -> None:
    """A stream keeps nothing itself, and its input has rows: time along the height."""
    from graven.node import shape_text

    if network.variables:
        raise GravenError(
            f"--stream: {network.source} keeps variables from run to run, so it is a stream by "
            "itself; take `graven run` without --stream, an inference per step."
        )
    tensor = network.tensors[network.inputs[0]]
    if len(tensor.shape) < 3 or tensor.shape[-3] == 1:
        raise GravenError(
            f"--stream: time runs along the height, but {network.source}'s input '{tensor.name}' "
            f"has shape {shape_text(tensor.shape)}, one row (batch x height x width x channels); "
            "export it with time there: batch x time x 1 x channels."
        )


def measured(options: argparse.Namespace, model: Model) -> dict:
    """What `run --json` prints of a model; writes its outputs where that is asked for."""
    from graven import inputs

    network = model.network
    values = (
        inputs.load(network, options.input)
        if getattr(options, "input", None)
        else inputs.random(network, 1, options.seed)
    )
    result, found = model.on().measure(values)
    folder = getattr(options, "output_dir", None)
    if getattr(options, "output", None):
        write_archive(options.output, network, result)
    return {**found, "outputs": write_outputs(folder, result) if folder else []}


def write_archive(file: Path, network: ir.Network, result: Run) -> None:
    """All inferences in one .npz, an array for each output by its name."""

    arrays = {
        network.tensors[index].name or f"output_{place}": value
        for place, (index, value) in enumerate(zip(network.outputs, result.outputs, strict=True))
    }
    if len(arrays) < len(result.outputs):  # names that are not unique
        arrays = {f"output_{place}": value for place, value in enumerate(result.outputs)}
    write_arrays(file, arrays)


def choices(options: argparse.Namespace) -> list[Choice]:
    """One for each of `--target`, as A,B."""
    return [
        chosen(argparse.Namespace(**{**vars(options), "target": target}))
        for target in options.target.split(",")
    ]


def chosen(options: argparse.Namespace) -> Choice:
    from graven import build

    by_rows = getattr(options, "row_input", False)
    stream = None
    if getattr(options, "stream", False):
        padding = options.time_padding or build.Stream.padding
        stream = build.Stream(options.hop or 0, padding.replace("-", "_"))
    elif getattr(options, "hop", None) or getattr(options, "time_padding", None):
        raise GravenError("--hop and --time-padding: are for --stream; add it.")
    choice = build.Choice(options.target, options.isa, options.plan, by_rows, options.flash, stream)
    build.check(choice)
    if choice.plan == build.INSPECTABLE:
        raise GravenError("--plan 'inspectable': is no plan; graven verify takes it by itself.")
    return choice


def progress(options: argparse.Namespace, text: str, done: int = 0, of: int = 0) -> None:
    """A line for what begins, a bar for what is counted."""
    if not sys.stderr.isatty() or getattr(options, "json", False):
        return
    from graven import bar

    if of:
        bar.show(f"graven: {text}", done, of)
    else:
        print(f"graven: {text} ...", file=sys.stderr)


def tell(options: argparse.Namespace, network: ir.Network, report_of: dict) -> None:
    if options.json:
        print(json.dumps(report_of))
        return
    from graven import report

    if "stream" in report_of:
        report.show_stream(report_of, console())
    else:
        report.show(network, report_of, console())
    for file in report_of.get("outputs", []):
        print(f"wrote {options.output_dir / file}")
    if getattr(options, "output", None):
        print(f"wrote {options.output}")


def console() -> Console:
    from rich.console import Console

    class Ours(Console):
        def on_broken_pipe(self) -> None:  # rich would exit with the code of a comparison
            raise BrokenPipeError

    return Ours(width=None if sys.stdout.isatty() else PIPED)


def write_outputs(folder: Path, result: Run) -> list[str]:
    """y_<inference>.bin, or y_<inference>_<output>.bin where the model has several."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GravenError(f"{folder}: cannot be made: {error.strerror}.") from None
    files = []
    several = len(result.outputs) > 1
    for inference in range(len(result.outputs[0])):
        for position, values in enumerate(result.outputs):
            name = f"y_{inference}_{position}.bin" if several else f"y_{inference}.bin"
            write_file(folder / name, values[inference].tobytes())
            files.append(name)
    return files


# -- arguments ------------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise GravenError(f"{message.rstrip('.')}; see {self.prog} --help.")


def integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number") from None


def count(text: str) -> int:
    value = integer(text)
    if not 0 < value <= MOST_RANDOM:
        raise argparse.ArgumentTypeError(f"{value} is not between 1 and {MOST_RANDOM}")
    return value


def seed(text: str) -> int:
    value = integer(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is below 0")
    return value


def flash_limit(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1 << 31:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of bytes, as in 98304")
    return int(text)


def extents(text: str) -> tuple[int, ...]:
    words = text.split(",")
    if not all(word.strip().isdecimal() and int(word) > 0 for word in words):
        raise argparse.ArgumentTypeError(f"'{text}' is no shape, as in 1,3,32,32")
    return tuple(int(word) for word in words)


def share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no share, as in 0.5") from None
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(f"{value:g} is no share above 0, at most 1")
    return value


def shares(text: str) -> list[float]:
    return [share(word) for word in text.split(",")]


def normalization(text: str) -> tuple[tuple[float, ...], ...]:
    """MEAN:STD, each a number or one for each channel."""
    try:
        mean, std = (tuple(float(each) for each in part.split(",")) for part in text.split(":"))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no mean and deviation, as in 0.13:0.31 or 0.5,0.4,0.4:0.2,0.2,0.2"
        ) from None
    return mean, std


def target_list(text: str) -> list[str]:
    from graven import build

    found = [word.strip() for word in text.split(",")]
    for target in found:
        if target not in build.targets():
            raise argparse.ArgumentTypeError(
                f"'{target}' is no target; take one of {', '.join(build.targets())}"
            )
    return found


def parser() -> argparse.ArgumentParser:
    top = Parser(prog="graven", description="Compiles, runs and verifies models.")
    top.add_argument("--version", action="version", version=f"graven {__version__}")
    verbs = top.add_subparsers(metavar="VERB", required=True, parser_class=Parser)

    verb = _verb(verbs, "compile", compile_model, "write a model as a C++ header")
    verb.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="header")
    _add_budget(verb)
    _add_search(verb)

    verb = _verb(verbs, "inspect", inspect_model, "layers, arena and flash of a model")
    _add_fed_choice(verb)
    verb.add_argument("--json", action="store_true", help="print one JSON object")

    verb = _verb(verbs, "plan", plan_model, "a picture of the arena, and what decides its size")
    _add_fed_choice(verb)
    verb.add_argument("-o", "--output", type=Path, required=True, metavar="FILE",
                      help="the picture: .svg, .html or .png")  # fmt: skip

    _add_run(_verb(verbs, "run", run_model, "run a model on this machine or an emulated target"))

    _add_proof(verbs)
    _add_compare(verbs)
    _add_questions(verbs)
    return top


def _add_proof(verbs: argparse._SubParsersAction[Parser]) -> None:
    """The verbs that judge a model."""
    verb = _verb(verbs, "verify", verify_model, "compare every layer with TensorFlow Lite Micro")
    _add_choice(verb)
    group = verb.add_mutually_exclusive_group()
    group.add_argument("--inputs", type=Path, action="append", metavar="F", help="as run --input")
    group.add_argument("--data", type=Path, metavar="NPZ",
                       help="samples and labels: also as evaluate")  # fmt: skip
    group.add_argument("--random", type=count, default=VERIFIED, metavar="N",
                       help=f"N random inferences (default {VERIFIED})")  # fmt: skip
    verb.add_argument("--seed", type=seed, default=0, help="of the random inferences")
    verb.add_argument("--against", choices=("tflm", "litert", "numpy"), default="tflm",
                      help="the engine to compare with (default tflm)")  # fmt: skip
    _add_evaluation(verb)
    _add_results(verb)

    about = "accuracy of float, int8 and the C++ here and on targets, side by side"
    verb = _verb(verbs, "evaluate", evaluate_model, about)
    verb.add_argument("data", type=Path, metavar="NPZ",
                      help="samples by the inputs' names or x, labels as y")  # fmt: skip
    _add_choice(verb)
    _add_evaluation(verb)
    _add_results(verb)

    about = "one HTML page: graph, costs by layer and target, accuracy, noise, chips"
    verb = _verb(verbs, "report", report_model, about)
    _add_choice(verb)
    _add_evaluation(verb)
    verb.add_argument("--data", type=Path, metavar="NPZ", help="samples and labels")
    verb.add_argument("--sweep", type=Path, metavar="FILE", help="what graven sweep has written")
    verb.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the page")
    _add_sweep(verbs)
    _add_prune(verbs)


def _add_sweep(verbs: argparse._SubParsersAction[Parser]) -> None:
    about = "models x quantizations x targets x plans, on Dask, into one file that can be resumed"
    verb = _bare_verb(verbs, "sweep", sweep_models, about)
    verb.add_argument("models", type=Path, nargs="+", metavar="MODEL", help=MODELS)
    verb.add_argument(
        "--quantize", default="none", metavar="Q,...", help="none, int8, int4, int16x8"
    )
    verb.add_argument("--calibrate", type=Path, action="append", metavar="F",
                      help="samples in float32, for all that are quantized")  # fmt: skip
    verb.add_argument("--keep", type=shares, default=[1.0], metavar="SHARE,...",
                      help="of the weights, by structured pruning (default 1)")  # fmt: skip
    _add_fine_tune(verb)
    verb.add_argument("--data", type=Path, metavar="NPZ", help="samples and labels, for the score")
    _add_layout(verb)
    _add_normalization(verb)
    verb.add_argument("--target", default="cortex-m4", metavar="T,...", help="default cortex-m4")
    verb.add_argument("--plan", default="fastest", metavar="P,...", help="default fastest")
    verb.add_argument("--scheduler", metavar="ADDRESS",
                      help="of a Dask scheduler, tcp://host:8786")  # fmt: skip
    verb.add_argument("--workers", type=count, metavar="N",
                      help="processes on this machine (default: its cores)")  # fmt: skip
    verb.add_argument("-o", "--output", type=Path, required=True, metavar="FILE",
                      help="results, a line of JSON each; those that are there stay")  # fmt: skip


def _add_prune(verbs: argparse._SubParsersAction[Parser]) -> None:
    about = "structured pruning: accuracy against bytes of a float32 model, at several sizes"
    verb = _bare_verb(verbs, "prune", prune_model, about)
    verb.add_argument("model", type=Path, metavar="MODEL", help=MODELS)
    _add_module(verb)
    _add_normalization(verb)
    verb.add_argument("--keep", type=shares, default=[1.0, 0.75, 0.5, 0.35, 0.25],
                      metavar="SHARE,...",
                      help="of the weights (default 1,0.75,0.5,0.35,0.25)")  # fmt: skip
    _add_calibration(verb, required=True)
    verb.add_argument("--data", type=Path, required=True, metavar="NPZ",
                      help="samples and labels that judge, in nothing else")  # fmt: skip
    verb.add_argument("--quantize", default="int8", metavar="KIND",
                      help="of what is left: int8 (default), int4, int16x8, none")  # fmt: skip
    verb.add_argument("--criterion", default="reconstruction", choices=("reconstruction", "l1"),
                      help="which channels go: those that others make up for, or those of the "
                      "least weights")  # fmt: skip
    _add_fine_tune(verb)
    verb.add_argument("--target", default="cortex-m4", metavar="T", help="default cortex-m4")
    verb.add_argument("--plan", default="fastest", metavar="P", help="default fastest")
    verb.add_argument("-o", "--output", type=Path, metavar="FILE",
                      help="a line of JSON each, for graven report --sweep")  # fmt: skip
    verb.add_argument("--json", action="store_true", help="print one JSON array")


def _add_evaluation(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--float", type=Path, metavar="MODEL",
                      help="the float model, if it was quantized elsewhere")  # fmt: skip
    verb.add_argument("--on-target", type=count, default=ON_TARGET, metavar="N",
                      help=f"samples that a target computes (default {ON_TARGET})")  # fmt: skip


def _add_results(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("-o", "--output", type=Path, metavar="NPZ",
                      help="outputs, answers and labels of all samples")  # fmt: skip
    verb.add_argument("--json", action="store_true", help="print one JSON object")


def _add_compare(verbs: argparse._SubParsersAction[Parser]) -> None:
    about = "two models side by side, or one on two targets: layers, MACs, arena, flash"
    verb = _bare_verb(verbs, "compare", compare_models, about)
    verb.add_argument(
        "models", type=Path, nargs="+", metavar="MODEL",
        help="one or two files; one with two of --target, --isa or --plan, as A,B",
    )  # fmt: skip
    _add_reading(verb)
    _add_choice(verb)
    verb.add_argument("--data", type=Path, metavar="NPZ",
                      help="samples: how often both say the same class")  # fmt: skip
    verb.add_argument("--run", action="store_true",
                      help="also run both: instructions, RAM, stack")  # fmt: skip
    verb.add_argument("--seed", type=seed, default=0, help="--run: of the random input")
    verb.add_argument("--json", action="store_true", help="print one JSON object")


def _add_questions(verbs: argparse._SubParsersAction[Parser]) -> None:
    """The verbs that take no model."""
    about = "the operators that are supported, by element type and instruction set"
    verb = _bare_verb(verbs, "ops", list_operators, about)
    group = verb.add_mutually_exclusive_group()
    group.add_argument("--json", action="store_true", help="print one JSON value")
    group.add_argument("--markdown", action="store_true", help="as docs/operators.md has it")
    verb.add_argument("--against", choices=("tflm",),
                      help="list what that engine has and graven lacks")  # fmt: skip
    about = "what is installed, what is missing for which verb, and how to get it"
    verb = _bare_verb(verbs, "doctor", examine, about)
    verb.add_argument("--json", action="store_true", help="print one JSON array")


def _bare_verb(
    verbs: argparse._SubParsersAction[Parser],
    name: str,
    function: Callable[[argparse.Namespace], int],
    about: str,
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=about, description=f"graven {name}: {about}.")
    verb.set_defaults(verb=function)
    return verb


def _verb(
    verbs: argparse._SubParsersAction[Parser],
    name: str,
    function: Callable[[argparse.Namespace], int],
    about: str,
) -> argparse.ArgumentParser:
    verb = _bare_verb(verbs, name, function, about)
    verb.add_argument("model", type=Path, metavar="MODEL", help=MODELS)
    _add_reading(verb)
    return verb


def _add_reading(verb: argparse.ArgumentParser) -> None:
    """How a model's file is read."""
    _add_module(verb)
    verb.add_argument("--quantize", metavar="KIND",
                      help="quantize a float32 model, by the samples of --calibrate: int8; int4 "
                      "(of the weights), int16x8 (of the activations), mixed (what --flash and "
                      "--ram leave room for on --target)")  # fmt: skip
    verb.add_argument("--keep", type=share, metavar="SHARE",
                      help="of a float32 model's weights: the channels that its outputs lose least "
                      "by go first, by the samples of --calibrate")  # fmt: skip
    _add_fine_tune(verb)
    _add_calibration(verb)
    verb.add_argument("--calibrate-method", default="best", metavar="M",
                      help="min-max, percentile 99.9, 99.99 or 99.999, mse, entropy; best: what "
                      "loses least, for each tensor")  # fmt: skip
    verb.add_argument("--allow-float", action="store_true",
                      help="take float32 operators between int8 ones as they are")  # fmt: skip
    _add_normalization(verb)
    verb.add_argument("--prune", choices=("exact", "off"), default="exact",
                      help="remove channels that cannot matter (default exact)")  # fmt: skip


def _add_fine_tune(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--fine-tune", metavar="M:NAME",
                      help="--keep: a function that trains the smaller model, a torch.nn.Module; "
                      "runs its code")  # fmt: skip


def _add_calibration(verb: argparse.ArgumentParser, required: bool = False) -> None:
    verb.add_argument("--calibrate", type=Path, action="append", metavar="F", required=required,
                      help="samples in float32: one .npz, or one .npy per model input; or a folder "
                      "of images (with --normalize) or of WAVs")  # fmt: skip


def _add_module(verb: argparse.ArgumentParser) -> None:
    """What kind of file it is."""
    verb.add_argument("--name", help="the C++ namespace (default: from the file's name)")
    _add_layout(verb)
    verb.add_argument("--class", dest="of", metavar="M:NAME",
                      help="of a pickled PyTorch module or state dict; runs its code")  # fmt: skip
    verb.add_argument("--shape", type=extents, metavar="N,...",
                      help="of that module's input, its batch included: 1,3,32,32")  # fmt: skip


def _add_layout(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--layout", choices=("nhwc", "nchw"),
                      help="of an ONNX or PyTorch model's inputs that have height and width "
                      "(default: what costs nothing, mostly nhwc)")  # fmt: skip


def _add_normalization(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--normalize", type=normalization, metavar="MEAN:STD",
                      help="of bytes over 255, by channel, as in 0.13:0.31: samples may be bytes "
                      "of images, and the header converts them")  # fmt: skip


def _add_run(verb: argparse.ArgumentParser) -> None:
    _add_choice(verb)
    group = verb.add_mutually_exclusive_group()
    _add_row_input(group)
    group.add_argument("--stream", action="store_true",
                       help="time runs along the height: push a recording, some rows at a time, "
                       "and measure a push; --input is the recording")  # fmt: skip
    verb.add_argument("--hop", type=count, metavar="ROWS",
                      help="--stream: rows per push (default: the fewest possible)")  # fmt: skip
    verb.add_argument(
        "--time-padding", choices=("refused", "recomputed", "at-reset"),
        help="--stream: what becomes of padding along time (default refused; README, Streams)",
    )  # fmt: skip
    verb.add_argument(
        "--input", type=Path, action="append", metavar="F",
        help="one model input (F.bin), or many inferences (F.npy, F.npz); may be repeated",
    )  # fmt: skip
    verb.add_argument("--seed", type=seed, default=0, help="of the random input without --input")
    verb.add_argument("-o", "--output", type=Path, metavar="NPZ", help="write all outputs into one")
    verb.add_argument("--output-dir", type=Path, metavar="D", help="write outputs as y_<i>.bin")
    verb.add_argument("--json", action="store_true", help="print one JSON object")


def _add_choice(verb: argparse.ArgumentParser) -> None:
    _add_budget(verb)
    verb.add_argument("--isa", default="native", metavar="NAME", help="scalar, ...")
    verb.add_argument(
        "--plan",
        default="fastest",
        metavar="P",
        help="fastest, smallest (RAM), lean (code) or within:BYTES",
    )


def _add_budget(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--target",
        default="host",
        metavar="T",
        help="host, cortex-m0, -m3, -m4, -m7, -m33, -m55 or riscv32; -clang: by clang",
    )
    verb.add_argument(
        "--flash", type=flash_limit, default=0, metavar="BYTES",
        help="limit of weights, tables and code: what faster kernels may take; --quantize mixed: "
        "by the image",
    )  # fmt: skip
    verb.add_argument("--ram", type=flash_limit, default=0, metavar="BYTES",
                      help="--quantize mixed: limit of the arena")  # fmt: skip


def _add_search(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--search", type=target_list, metavar="T,...",
                      help="search small plans for these targets, write them into it")  # fmt: skip


def _add_fed_choice(verb: argparse.ArgumentParser) -> None:
    _add_choice(verb)
    _add_row_input(verb)


def _add_row_input(verb: argparse._ActionsContainer) -> None:
    verb.add_argument(
        "--row-input", action="store_true",
        help="feed the input row by row: it never resides in the arena",
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
