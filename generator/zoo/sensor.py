"""Anomalies of a machine from one reading of six sensors: a perceptron 6-32-16-4 of scikit-learn.

There is no data set: readings are drawn from what follows, with noise of 0.05 g and 2 degrees per
second beside it. They go in as shares of the sensors' ranges, 4 g and 250 degrees per second: an
input of int8 has one scale for all of them.

    normal      gravity along z, nothing turns
    tilted      gravity 20 to 60 degrees off z
    vibrating   0.4 g and 40 degrees per second of noise
    struck      1 to 3 g in any direction, 60 to 250 degrees per second about any axis
"""

from __future__ import annotations

import warnings

import graven
import numpy as np

from zoo.data import Samples, require
from zoo.trial import Options, Result, Trial, judged, run

CLASSES = ("normal", "tilted", "vibrating", "struck")
RANGES = np.array([4.0] * 3 + [250.0] * 3)
TRAINED, TESTED = 4000, 2000
EPOCHS = 40
CALIBRATION = 1000
SOURCE = "readings drawn from four distributions"


def readings(count: int, seed: int) -> Samples:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, len(CLASSES), count)
    x = np.zeros((count, 6))
    x[:, 2] = 1
    angle = np.radians(rng.uniform(20, 60, count)) * (y == 1)
    around = rng.uniform(0, 2 * np.pi, count)
    x[:, 0] = np.sin(angle) * np.cos(around)
    x[:, 1] = np.sin(angle) * np.sin(around)
    x[:, 2] = np.cos(angle)
    noise = np.array([0.05] * 3 + [2.0] * 3)
    x += rng.standard_normal(x.shape) * noise
    x += rng.standard_normal(x.shape) * ([0.4] * 3 + [40.0] * 3) * (y == 2)[:, None]
    for part, low, high in ((slice(0, 3), 1, 3), (slice(3, 6), 60, 250)):
        way = rng.standard_normal((count, 3))
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        x[:, part] += way * rng.uniform(low, high, (count, 1)) * (y == 3)[:, None]
    return Samples(np.clip(x / RANGES, -1, 1).astype(np.float32), y, SOURCE)


def trained(train: Samples, options: Options) -> graven.Model:
    """The scaler becomes part of the first layer."""
    require("sklearn")
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    perceptron = MLPClassifier((32, 16), max_iter=options.epochs_or(EPOCHS), batch_size=64,
                               random_state=options.seed)  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it ends where it is told to
        found = make_pipeline(StandardScaler(), perceptron).fit(train.x, train.y)
    return graven.compile(found, calibrate=train.x[:CALIBRATION], quantize="int8", name="sensor")


def results(options: Options) -> list[Result]:
    train = readings(options.some(TRAINED, 400), options.seed)
    test = readings(options.some(TESTED, 200), options.seed + 1_000_003)
    trial = Trial(trained(train, options), test.x, test.y, train.x[:CALIBRATION])
    return [judged("sensor", test.source, [trial], options)]


if __name__ == "__main__":
    run(__doc__, EPOCHS, results)
