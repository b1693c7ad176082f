"""Handwritten digits: a CNN of 9,098 parameters, and a perceptron 784-128-64-10.

The CNN is trained by numpy alone (zoo/mnist_cnn.py), the perceptron by PyTorch. Three quarters of
the digits train and calibrate, the last quarter judges.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import graven
import numpy as np
from graven.frontends import tflite_writer

from zoo import mnist_cnn
from zoo.data import Samples, digits
from zoo.learning import compiled, fit, seeded
from zoo.trial import Options, Result, Trial, exit_with, judged, options_of, parser

CALIBRATION = 1000
MLP_EPOCHS, MLP_RATE = 20, 2e-3


def cnn(train: Samples, options: Options) -> graven.Model:
    epochs = options.epochs_or(mnist_cnn.EPOCHS)
    network = mnist_cnn.trained(mnist_cnn.Digits(train.x, train.y), options.seed, epochs)
    with tempfile.TemporaryDirectory(prefix="graven-") as folder:
        file = Path(folder) / "mnist_cnn.tflite"
        tflite_writer.write(network, file)
        return graven.compile(file, calibrate=train.x, quantize="int8", name="mnist_cnn")


def mlp(train: Samples, test: Samples, options: Options) -> Trial:
    def make():
        from torch import nn

        return nn.Sequential(
            nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)
        )

    x = flat(train.x)
    module = fit(seeded(make, options.seed), x, train.y, epochs=options.epochs_or(MLP_EPOCHS),
                 rate=MLP_RATE, decay=0.05, cycle=True)  # fmt: skip
    model = compiled(module, x[:CALIBRATION], "mnist_mlp")
    return Trial(model, flat(test.x), test.y, x[:CALIBRATION])


def flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def results(options: Options, members: tuple[str, ...] = ("cnn", "mlp")) -> list[Result]:
    train, test = digits()
    train = train[: options.some(len(train), 500)]
    test = test[: options.some(len(test), 200)]
    found = []
    if "cnn" in members:
        trial = Trial(cnn(train, options), test.x, test.y, train.x)
        found.append(judged("mnist_cnn", test.source, [trial], options))
    if "mlp" in members:
        found.append(judged("mnist_mlp", test.source, [mlp(train, test, options)], options))
    return found


if __name__ == "__main__":
    command = parser(__doc__, mnist_cnn.EPOCHS)
    command.add_argument("--only", choices=("cnn", "mlp"), help="one of the two")
    given = command.parse_args()
    only = (given.only,) if given.only else ("cnn", "mlp")
    exit_with(lambda: results(options_of(given), only))
