"""Gestures of a hand that holds a Wiimote: ten of them, from the acceleration along one axis.

Data: PickupGestureWiimoteZ, which aeon ships; 50 gestures to learn from and 50 that judge, of
different lengths, which are brought to one. A CNN learns from them turned louder, quieter, faster
and slower.
"""

from __future__ import annotations

import numpy as np

from zoo.data import Samples, folder_of
from zoo.learning import compiled, fit, seeded
from zoo.trial import Options, Result, Trial, judged, run

LENGTH = 96
COPIES = 40  # of each gesture, changed a little
EPOCHS = 12
RATE = 1e-2
SET = "PickupGestureWiimoteZ"


def read(part: str) -> tuple[list[np.ndarray], np.ndarray]:
    """TRAIN or TEST: a line is a series and, behind a colon, its class from 1 on."""
    file = folder_of("aeon") / "datasets" / "data" / SET / f"{SET}_{part}.ts"
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line[:1] not in "#@"]
    pairs = [line.split(":") for line in lines if ":" in line]
    series = [np.array(values.split(","), np.float32) for values, _ in pairs]
    return series, np.array([int(label) - 1 for _, label in pairs])


def resampled(series: np.ndarray, first: float = 0, last: float = 1) -> np.ndarray:
    """The part of a series, by shares of its length, in LENGTH points; its ends hold on."""
    places = np.linspace(first, last, LENGTH) * (len(series) - 1)
    return np.interp(places, np.arange(len(series)), series)


def images(series: list[np.ndarray] | np.ndarray) -> np.ndarray:
    """[count, 1, LENGTH, 1]"""
    return np.stack(series)[:, None, :, None].astype(np.float32)


def changed(series: list[np.ndarray], y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Copies that begin and end elsewhere, run unevenly, and are stronger or weaker."""
    rng, found = np.random.default_rng(seed), []
    for each in series:
        for _ in range(COPIES):
            part = resampled(each, rng.uniform(-0.1, 0.1), rng.uniform(0.9, 1.1))
            bend = rng.uniform(0.8, 1.25)
            part = resampled(part[(np.linspace(0, 1, LENGTH) ** bend * (LENGTH - 1)).astype(int)])
            found.append(part * rng.uniform(0.8, 1.25) + rng.normal(0, 0.05, LENGTH))
    return images(found), np.repeat(y, COPIES)


def module():
    from torch import nn

    def block(inputs, outputs, stride):
        return [nn.Conv2d(inputs, outputs, (1, 7), (1, stride), (0, 3)), nn.BatchNorm2d(outputs),
                nn.ReLU()]  # fmt: skip

    return nn.Sequential(
        *block(1, 16, 2), *block(16, 24, 2), *block(24, 32, 2), nn.AvgPool2d((1, 3)), nn.Flatten(),
        nn.Dropout(0.3), nn.Linear(128, 10),
    )  # fmt: skip


def results(options: Options) -> list[Result]:
    (series, labels), (others, answers) = read("TRAIN"), read("TEST")
    x, y = changed(series, labels, options.seed)
    some = options.some(len(x), 400)
    network = seeded(module, options.seed)
    fit(network, x[:some], y[:some], epochs=options.epochs_or(EPOCHS), rate=RATE, decay=1e-2,
        cycle=True, smoothing=0.05)  # fmt: skip
    plain = images([resampled(each) for each in series])
    test = Samples(images([resampled(each) for each in others]), answers, f"aeon's {SET}")
    trial = Trial(compiled(network, plain, "gestures"), test.x, test.y, plain)
    return [judged("gestures", test.source, [trial], options)]


if __name__ == "__main__":
    run(__doc__, EPOCHS, results)
