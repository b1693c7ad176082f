"""Transfer: a backbone that has learned the digits 0 to 4 stays as it is, and a last layer behind
it learns 5 to 9 from twenty samples of each. Beside it the same network that learns all of its
layers from those hundred samples alone.
"""

from __future__ import annotations

import numpy as np

from zoo.data import Samples, digits
from zoo.learning import compiled, fit, outputs, seeded
from zoo.trial import Options, Result, Trial, judged, run

KNOWN = 5  # the digits below
FEW = 20
EPOCHS = 12  # of the backbone
HEAD_EPOCHS = 60
RATE = 5e-3


def backbone():
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(),
    )  # fmt: skip


FEATURES = 128


def with_head(body):
    from torch import nn

    return nn.Sequential(body, nn.Dropout(0.2), nn.Linear(FEATURES, KNOWN))


def few_of_each(train: Samples, seed: int) -> Samples:
    """Of the digits from KNOWN on, whose labels begin with 0."""
    order = np.random.default_rng(seed).permutation(len(train))
    places = [order[train.y[order] == digit][:FEW] for digit in range(KNOWN, 2 * KNOWN)]
    found = train[np.concatenate(places)]
    return Samples(found.x, found.y - KNOWN, found.source)


def results(options: Options) -> list[Result]:
    train, test = digits()
    old = train[train.y < KNOWN]
    old = old[: options.some(len(old), 300)]
    new = few_of_each(train, options.seed)
    judge = test[test.y >= KNOWN]
    body = seeded(backbone, options.seed)
    fit(with_head(body), old.x, old.y, epochs=options.epochs_or(EPOCHS), rate=RATE, decay=1e-2,
        cycle=True)  # fmt: skip
    body.requires_grad_(False)
    learned, alone = with_head(body), seeded(lambda: with_head(backbone()), options.seed)
    for each in (learned, alone):
        fit(each, new.x, new.y, epochs=options.epochs_or(HEAD_EPOCHS), rate=RATE, decay=1e-2,
            batch=20, cycle=True)  # fmt: skip
    scratch = (outputs(alone, judge.x).argmax(axis=1) == judge.y - KNOWN).mean()
    print(f"transfer: all layers from the same {len(new)} samples alone: {100 * scratch:.2f} %")
    trial = Trial(compiled(learned, new.x, "transfer"), judge.x, judge.y - KNOWN, new.x)
    source = f"{judge.source}: 5 to 9 by {FEW} of each"
    return [judged("transfer", source, [trial], options)]


if __name__ == "__main__":
    run(__doc__, EPOCHS, results)
