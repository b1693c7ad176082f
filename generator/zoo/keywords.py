"""Keywords: twelve classes from 49 frames of ten coefficients, a CNN of separable convolutions.

Data: 500 samples of MLPerf Tiny's features, kws01_first500.npz in the folder that GRAVEN_SHARED
names. Each of four parts judges a network that has learned from the other three, moved in time
and with noise.
"""

from __future__ import annotations

import numpy as np

from zoo.data import Missing, Samples, folds, shared
from zoo.learning import compiled, fit, seeded
from zoo.trial import Options, Result, Trial, judged, run

FILE = "kws01_first500.npz"
PARTS = 4
COPIES = 6
EPOCHS = 12
RATE = 1e-2


def samples() -> Samples:
    """49 x 10 x 1; the bytes of the features, as numbers of about one."""
    if (file := shared(FILE)) is None:
        raise Missing(f"{FILE}: is not here; GRAVEN_SHARED names the folder that has data/{FILE}.")
    with np.load(file) as stored:
        x = stored["x"].astype(np.float32) / 64
        return Samples(x, stored["y"].astype(np.int64), "MLPerf Tiny's features, four folds")


def changed(x: np.ndarray, y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Copies moved by up to five frames, louder or quieter, with noise."""
    rng = np.random.default_rng(seed)
    found = [x]
    for _ in range(COPIES - 1):
        moved = np.stack([np.roll(each, rng.integers(-5, 6), axis=0) for each in x])
        moved[:, :, :1] += rng.normal(0, 0.1, (len(x), 1, 1, 1))  # the first is the loudness
        found.append(moved + rng.normal(0, 0.05, x.shape))
    return np.concatenate(found).astype(np.float32), np.tile(y, COPIES)


def module():
    from torch import nn

    def separable(channels):
        return [nn.Conv2d(channels, channels, 3, padding=1, groups=channels),
                nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, channels, 1),
                nn.BatchNorm2d(channels), nn.ReLU()]  # fmt: skip

    return nn.Sequential(
        nn.Conv2d(1, 32, (10, 4), 2, (5, 1)), nn.BatchNorm2d(32), nn.ReLU(),
        *separable(32), *separable(32), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2),
        nn.Linear(32, 12),
    )  # fmt: skip


def fold(data: Samples, train: np.ndarray, judge: np.ndarray, options: Options) -> Trial:
    x, y = changed(data.x[train], data.y[train], options.seed)
    some = options.some(len(x), 200)
    network = seeded(module, options.seed)
    fit(network, x[:some], y[:some], epochs=options.epochs_or(EPOCHS), rate=RATE, decay=1e-2,
        cycle=True, smoothing=0.05)  # fmt: skip
    model = compiled(network, data.x[train], "keywords")
    return Trial(model, data.x[judge], data.y[judge], data.x[train])


def results(options: Options) -> list[Result]:
    data = samples()
    parts = list(folds(np.arange(len(data)), PARTS, options.seed))
    trials = [fold(data, *each, options) for each in parts[: options.some(PARTS, 1)]]
    return [judged("keywords", data.source, trials, options)]


if __name__ == "__main__":
    run(__doc__, EPOCHS, results)
