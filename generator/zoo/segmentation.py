"""Masks: a small U-shaped student learns from a larger teacher which pixels belong to a thing.

Data: handwritten digits in a colour of their own over coloured ground with a gradient and noise,
32 x 32 x 3; the mask is where the ink is. The student's loss is that of Nano-U's distillation: a
share of the squared distance between the teacher's and its own probabilities at a temperature, the
rest cross-entropy and Tversky's index, in which a false pixel weighs more than a missed one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zoo.data import Samples, digits
from zoo.learning import Loss, compiled, fit, outputs, seeded
from zoo.trial import Options, Result, Trial, judged, run

if TYPE_CHECKING:
    import torch

SIDE = 32
TRAINED, TESTED = 1500, 500
EPOCHS = 12
RATE = 1e-2
TEMPERATURE, DISTILLED, TVERSKY = 2.0, 0.5, 0.5
FALSE, MISSED = 0.7, 0.3  # their weights in Tversky's index
CALIBRATION = 300


def scenes(data: Samples, seed: int) -> Samples:
    """A digit somewhere on a ground."""
    rng, count = np.random.default_rng(seed), len(data)
    ink = np.zeros((count, SIDE, SIDE, 1), np.float32)
    for k, (top, left) in enumerate(rng.integers(0, SIDE - 27, (count, 2))):
        ink[k, top : top + 28, left : left + 28] = data.x[k]
    ground, colour = rng.uniform(0, 1, (2, count, 1, 1, 3))
    colour = (ground + np.where(colour < 0.5, -1, 1) * rng.uniform(0.3, 0.6, ground.shape)) % 1
    slope = rng.uniform(-0.3, 0.3, (count, 1, 1, 3)) * np.linspace(-1, 1, SIDE)[:, None, None]
    image = ground * (1 - ink) + colour * ink + slope
    image += rng.normal(0, 0.08, image.shape)
    masks = (ink[..., 0] > 0.5).astype(np.int64)
    return Samples(np.clip(image, 0, 1).astype(np.float32), masks, data.source)


def u_net(widths: tuple[int, int, int], separable: bool) -> torch.nn.Module:
    """Two steps down and up again, in logits of one channel."""
    from torch import nn

    def block(inputs: int, outputs: int) -> list[nn.Module]:
        if not separable:
            return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
        return [
            nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs), nn.BatchNorm2d(inputs),
            nn.ReLU(), nn.Conv2d(inputs, outputs, 1), nn.BatchNorm2d(outputs), nn.ReLU(),
        ]  # fmt: skip

    a, b, c = widths
    return nn.Sequential(
        *block(3, a), *block(a, a), nn.MaxPool2d(2), *block(a, b), nn.MaxPool2d(2), *block(b, c),
        *block(c, c), nn.Upsample(scale_factor=2), *block(c, b), nn.Upsample(scale_factor=2),
        *block(b, a), nn.Conv2d(a, 1, 1),
    )  # fmt: skip


def tversky(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """1 - index, of all pixels of a batch."""
    found = logits.sigmoid()
    both = (found * masks).sum()
    wrong = FALSE * (found * (1 - masks)).sum() + MISSED * ((1 - found) * masks).sum()
    return 1 - (both + 1) / (both + wrong + 1)


def of_masks(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    from torch.nn.functional import binary_cross_entropy_with_logits

    plain = binary_cross_entropy_with_logits(logits, masks)
    return (1 - TVERSKY) * plain + TVERSKY * tversky(logits, masks)


def distillation() -> Loss:
    """Of wanted values that have the mask and, behind it, the teacher's logits."""

    def loss(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        masks, taught = wanted[:, :1], wanted[:, 1:]
        soft = (taught / TEMPERATURE).sigmoid() - (logits / TEMPERATURE).sigmoid()
        distance = TEMPERATURE**2 * (soft**2).mean()
        return DISTILLED * distance + (1 - DISTILLED) * of_masks(logits, masks)

    return loss


def results(options: Options) -> list[Result]:
    train, test = digits()
    seen = scenes(train[: options.some(TRAINED, 100)], options.seed)
    judge = scenes(test[: options.some(TESTED, 40)], options.seed + 1)
    epochs = options.epochs_or(EPOCHS)
    masks = seen.y[:, None].astype(np.float32)
    teacher = seeded(lambda: u_net((12, 24, 32), separable=False), options.seed)
    fit(teacher, seen.x, masks, epochs=epochs, rate=RATE, batch=32, cycle=True, loss=of_masks)
    wanted = np.concatenate([masks, outputs(teacher, seen.x)], axis=1)
    student = seeded(lambda: u_net((4, 8, 16), separable=True), options.seed)
    fit(student, seen.x, wanted, epochs=2 * epochs, rate=RATE, batch=32, cycle=True,
        loss=distillation())  # fmt: skip
    teaches = compiled(teacher, seen.x[:8], "teacher").exact
    print(f"segmentation: the teacher's mIoU {100 * teaches.evaluate(judge.x, judge.y):.2f} %, of "
          f"{sum(each.parameters for each in teaches.layers):,} parameters")  # fmt: skip
    some = seen.x[:CALIBRATION]
    trial = Trial(compiled(student, some, "segmentation"), judge.x, judge.y, some)
    return [judged("segmentation", f"masks of {judge.source}", [trial], options)]


if __name__ == "__main__":
    run(__doc__, EPOCHS, results)
