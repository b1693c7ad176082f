"""graven's int8 beside that of TensorFlow's own post-training quantizer.

    quantizers.py [--only NAME] [--seeds 5] [--mean 0]
    quantizers.py build/zoo        # networks that the scripts of the zoo have left there
    quantizers.py build/zoo build/zoo-[1-4]        # of several seeds, which count together

Both get the same float32 network and the same samples to calibrate by, and are judged on samples
that neither training nor calibration has seen, each int8 network by its exact bits in numpy.
TensorFlow's is what its TFLiteConverter does with representative data: the calibrator, then the
quantizer of MLIR, per channel, int8 throughout. dB is how far the float32 network's outputs are
above what each int8 network's are off from them: few samples are right or wrong by luck, where two
classes are alike. Exit codes: 1 graven is worse on the mean by more
than --mean points, or on a model by more than both 0.3 points and two samples; 3 a package is
missing.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import figures
import floats
import numpy as np
from figures import BenchError, exit_with
from graven import Model, build, ir
from graven.errors import GravenError
from graven.frontends import files, tflite, tflite_writer
from graven.quantize.post_training import quantize
from rich.console import Console
from rich.table import Table

FIELDS = ("samples", "real", "ours", "theirs", "signal", "off", "theirs_off")
POINTS, SAMPLES = 0.3, 2  # what a single model may lose more than TensorFlow's


@dataclass(frozen=True)
class Case:
    """A trained float32 network; `x` and `y` are samples that it has not seen, with labels."""

    name: str
    network: ir.Network
    calibration: np.ndarray
    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Found:
    """How many of the samples each gets right; of masks the mean IoU times their number."""

    name: str
    samples: int
    real: float
    ours: float
    theirs: float
    signal: float  # energy of the float32 network's outputs
    off: float  # of what graven's are off from them
    theirs_off: float

    @property
    def decibels(self) -> tuple[float, float]:
        """graven's, TensorFlow's."""
        ours, theirs = (10 * np.log10(self.signal / max(each, np.finfo(float).tiny))
                        for each in (self.off, self.theirs_off))  # fmt: skip
        return float(ours), float(theirs)

    @property
    def points(self) -> float:
        """What graven has more than TensorFlow, in percent of the samples."""
        return 100 * (self.ours - self.theirs) / self.samples

    @property
    def is_worse(self) -> bool:
        return self.points < -POINTS and self.ours - self.theirs < -SAMPLES


# -- the two quantizers ---------------------------------------------------------------------------


def tensorflow_int8(network: ir.Network, calibration: np.ndarray) -> ir.Network:
    from tensorflow import int8
    from tensorflow.lite.python.convert import mlir_quantize
    from tensorflow.lite.python.optimize.calibrator import Calibrator

    shape = network.tensors[network.inputs[0]].shape
    data = tflite_writer.to_bytes(network)
    given = ([sample.reshape(shape)] for sample in calibration)
    calibrated = Calibrator(data).calibrate(lambda: given)
    whole = mlir_quantize(calibrated, input_data_type=int8, output_data_type=int8)
    return tflite.parse(whole, "tensorflow.tflite", network.name)


def right(model: Model, case: Case) -> float:
    share = model.evaluate(case.x, case.y)
    return round(share * len(case.y)) if case.y.ndim == 1 else share * len(case.y)


def judged(case: Case) -> Found:
    ours = quantize(case.network, [case.calibration]).network
    theirs = tensorflow_int8(case.network, case.calibration)
    models = [Model(files.Source(network, b"", "0" * 64), build.Choice())
              for network in (case.network, ours, theirs)]  # fmt: skip
    counts = [right(model, case) for model in models]
    real, *others = (np.asarray(model(case.x), np.float64) for model in models)
    energies = (float((each**2).sum()) for each in (real, *(other - real for other in others)))
    return Found(case.name, len(case.y), *counts, *energies)


def together(found: Iterable[Found]) -> list[Found]:
    """Those of one name as one: parts of a cross-validation, seeds."""
    parts: dict[str, list[Found]] = {}
    for each in found:
        parts.setdefault(each.name, []).append(each)
    return [
        Found(name, *(sum(getattr(each, field) for each in every) for field in FIELDS))
        for name, every in parts.items()
    ]


# -- the networks ---------------------------------------------------------------------------------


def perceptron(name: str, x: np.ndarray, y: np.ndarray, sizes: Sequence[int], seed: int) -> Case:
    """Trained on the first two thirds, calibrated on 300 of them."""
    from graven.frontends.sklearn import from_estimator
    from sklearn.neural_network import MLPClassifier

    x, split = x.astype(np.float32), 2 * len(x) // 3
    fitted = MLPClassifier(sizes, random_state=seed, max_iter=60).fit(x[:split], y[:split])
    return Case(name, from_estimator(fitted), x[:300], x[split:], y[split:])


def shuffled(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(0).permutation(len(x))
    return x[order], y[order]


def small_digits(seed: int) -> Case:
    from sklearn.datasets import load_digits

    x, y = shuffled(*load_digits(return_X_y=True))
    return perceptron(f"digits of 8x8, 64-32-10, seed {seed}", x / 16, y, (32,), seed)


def sensor(seed: int) -> Case:
    """Six numbers of a sensor, four states of what it watches, overlapping."""
    from sklearn.datasets import make_classification

    x, y = make_classification(3000, 6, n_informative=5, n_redundant=1, n_classes=4,
                               n_clusters_per_class=1, class_sep=1.5, random_state=7)  # fmt: skip
    return perceptron(f"sensor, 6-32-16-4, seed {seed}", x, y, (32, 16), seed)


def mnist(seed: int) -> Case:
    """Trained as tests/generator/test_accuracy.py has it."""
    from zoo import mnist_cnn

    file = figures.shared_folder() / "data/mnist_8000.npz"
    if not file.is_file():
        raise GravenError(f"no {file}")
    data = mnist_cnn.digits(file)
    train, test = data[:6000], data[6000:]
    network = mnist_cnn.trained(train, seed)
    return Case(f"MNIST CNN, seed {seed}", network, train.x[:1000], test.x, test.y)


def keywords() -> Case:
    """The weights of the int8 network as real numbers."""
    shared = figures.shared_folder()
    model, file = shared / "models/kws_dscnn_int8.tflite", shared / "data/kws01_first500.npz"
    if not (model.is_file() and file.is_file()):
        raise GravenError(f"no {model} or no {file}")
    network = tflite.load(model)
    with np.load(file) as found:
        x, y = found["x"], found["y"]
    scale = network.tensors[network.inputs[0]].quantization
    x = ((x.astype(np.float64) - scale.zero_point[0]) * scale.scale[0]).astype(np.float32)
    return Case("kws_dscnn", floats.dequantized(network), x[:250], x[250:], y[250:])


def cases(seeds: int, only: str) -> Iterator[Case]:
    makers: list[tuple[str, Callable[[], Case]]] = [("keywords", keywords)]
    for name, maker in (("digits", small_digits), ("sensor", sensor), ("mnist", mnist)):
        makers += [(name, lambda maker=maker, seed=seed: maker(seed)) for seed in range(seeds)]
    for name, make in makers:
        if only in ("", name):
            try:
                yield make()
            except GravenError as error:
                print(f"quantizers.py: {name} is left out: {error}", file=sys.stderr)


def of_zoo(folder: Path) -> Iterator[Case]:
    """What zoo.trial has written: of each trial its float network and its samples."""
    results = sorted(folder.glob("*/result.json"))
    if not results:
        raise BenchError(f"{folder}: has no */result.json; python -m zoo.mnist writes one.", 2)
    for result in results:
        name, own = result.parent.name, result.parent
        for trial in (own, *sorted(own.glob("trial_*"))):
            network = tflite.load(trial / "float.tflite")
            with np.load(trial / "samples.npz") as data, np.load(trial / "calibration.npz") as some:
                yield Case(name, network, some["x"], data["x"], data["y"])


def show(found: Sequence[Found]) -> None:
    table = Table(title="right, of unseen samples", title_justify="left")
    table.add_column("model", no_wrap=True)
    for title in ("samples", "float32", "graven", "TensorFlow", "points", "dB", "its dB"):
        table.add_column(title, justify="right")
    for each in found:
        counts = (each.samples, each.real, each.ours, each.theirs)
        near = (f"{each:.1f}" for each in each.decibels)
        table.add_row(each.name, *(f"{count:,g}" for count in counts), f"{each.points:+.2f}", *near)
    Console(width=None if sys.stdout.isatty() else 100).print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("zoo", type=Path, nargs="*", metavar="FOLDER",
                        help="judge the networks there instead")  # fmt: skip
    parser.add_argument("--only", default="", choices=("keywords", "digits", "sensor", "mnist"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--mean", type=float, default=0.0, help="points that chance may take")
    options = parser.parse_args()
    for package in ("tensorflow", "sklearn"):
        if importlib.util.find_spec(package) is None:
            print(f"quantizers.py: no package {package}: toolchains/judges.sh judges-tensorflow",
                  file=sys.stderr)  # fmt: skip
            return 3
    zoos = itertools.chain.from_iterable(map(of_zoo, options.zoo))
    wanted = zoos if options.zoo else cases(options.seeds, options.only)
    found = together(judged(case) for case in wanted)
    show(found)
    mean = float(np.mean([each.points for each in found]))
    print(f"graven is {mean:+.3f} points from TensorFlow on the mean of {len(found)} networks.")
    return int(mean < -options.mean or any(each.is_worse for each in found))


if __name__ == "__main__":
    exit_with(main)
