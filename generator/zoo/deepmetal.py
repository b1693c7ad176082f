"""DeepMetal's 21 networks for MNIST: linear, conv and hybrid ones, each in seven sizes.

Their trainer's recipe: digits with mean 0.1307 and deviation 0.3081 taken out, Adam of 1e-3,
batches of 64, as many steps as two rounds through MNIST's 60,000 are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from zoo.data import Samples, digits
from zoo.learning import compiled, fit, seeded
from zoo.trial import Options, Result, Trial, exit_with, judged, options_of, parser

if TYPE_CHECKING:
    import torch

MEAN, DEVIATION = 0.1307, 0.3081
CALIBRATION = 500
EPOCHS = 20  # of 6,000
SIZES = ("nano", "pico", "micro", "tiny", "small", "medium", "large")
WIDTHS = {
    "linear": ((4, 2), (6, 3), (8, 4), (12, 6), (16, 8), (24, 12), (32, 16)),
    "conv": ((2, 4, 4, 8), (3, 6, 6, 12), (4, 6, 6, 16), (4, 8, 8, 24), (6, 10, 10, 32),
             (6, 12, 12, 48), (8, 16, 16, 64)),
    "hybrid": ((1, 2, 8, 2), (2, 3, 12, 3), (2, 4, 16, 4), (3, 5, 24, 6), (3, 6, 32, 8),
               (4, 8, 48, 12), (4, 8, 64, 16)),
}  # fmt: skip
NAMES = tuple(f"{family}_{size}" for family in WIDTHS for size in SIZES)


def module(name: str) -> torch.nn.Module:
    """The network of a name such as conv_nano; its input is 1 x 28 x 28."""
    from torch import nn

    family, _, size = name.partition("_")
    widths = WIDTHS[family][SIZES.index(size)]
    if family == "linear":
        first, second = widths
        return nn.Sequential(
            nn.Flatten(), nn.Linear(784, first), nn.ReLU(), nn.Linear(first, second), nn.ReLU(),
            nn.Linear(second, 10),
        )  # fmt: skip
    if family == "conv":
        a, b, c, hidden = widths
        return nn.Sequential(
            nn.Conv2d(1, a, 3), nn.ReLU(), nn.Conv2d(a, b, 3), nn.ReLU(),
            nn.Conv2d(b, c, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(),
            nn.Linear(c * 144, hidden), nn.ReLU(), nn.Linear(hidden, 10),
        )  # fmt: skip
    a, b, first, second = widths
    return nn.Sequential(
        nn.Conv2d(1, a, 3, padding=1), nn.ReLU(), nn.Conv2d(a, b, 3, stride=2, padding=1),
        nn.ReLU(), nn.Flatten(), nn.Linear(b * 196, first), nn.ReLU(),
        nn.Linear(first, second), nn.ReLU(), nn.Linear(second, 10),
    )  # fmt: skip


def normal(x: np.ndarray) -> np.ndarray:
    return ((x - MEAN) / DEVIATION).astype(np.float32)


def trained(name: str, train: Samples, test: Samples, options: Options) -> Trial:
    x = normal(train.x)
    made = seeded(lambda: module(name), options.seed)
    fit(made, x, train.y, epochs=options.epochs_or(EPOCHS))
    model = compiled(made, x[:CALIBRATION], f"deepmetal_{name}")
    return Trial(model, normal(test.x), test.y, x[:CALIBRATION])


def results(options: Options, names: Sequence[str] = NAMES) -> list[Result]:
    train, test = digits()
    train = train[: options.some(len(train), 500)]
    test = test[: options.some(len(test), 200)]
    found = []
    for name in names:
        trial = trained(name, train, test, options)
        found.append(judged(f"deepmetal_{name}", test.source, [trial], options))
    return found


if __name__ == "__main__":
    command = parser(__doc__, EPOCHS)
    command.add_argument("--only", nargs="+", choices=NAMES, metavar="NAME", default=NAMES,
                         help="such as linear_nano, conv_micro, hybrid_large")  # fmt: skip
    given = command.parse_args()
    exit_with(lambda: results(options_of(given), given.only))
