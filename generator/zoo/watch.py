"""Exercises of the shoulder from a watch: a CNN over two seconds of a wrist's acceleration and
rotation, judged on each of ten people in turn by a network that has learned from the other nine.

Data: what seglearn ships, ten people of the study in https://arxiv.org/abs/1802.01489, each with 14
recordings at 50 Hz of seven exercises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import graven
import numpy as np

from zoo.data import folder_of, require
from zoo.learning import compiled, to_torch
from zoo.trial import Options, Result, Trial, judged, run

if TYPE_CHECKING:
    import torch

WINDOW = 100  # samples: 2 seconds
CHANNELS = 6
CLASSES = 7
FEATURES = 32
EPOCHS = 10
BATCH = 64
LEARNING_RATE = 1e-2
CALIBRATION = 500
PEOPLE = range(1, 11)
SOURCE = "seglearn's watch, each of ten people by a model of the others"

Recording = tuple[np.ndarray, int, int]  # [samples, CHANNELS], exercise, person


def recordings() -> list[Recording]:
    """Read without importing seglearn, which does not work with every scikit-learn."""
    require("seglearn", "torch")
    file = folder_of("seglearn") / "data" / "watch_dataset.npy"
    stored = np.load(file, allow_pickle=True).item()
    columns = stored["X"], stored["y"], stored["subject"]
    return [(data, int(y), int(person)) for data, y, person in zip(*columns, strict=True)]


def windows(data: np.ndarray, step: int) -> np.ndarray:
    """[count, 1, WINDOW, CHANNELS]"""
    starts = range(0, len(data) - WINDOW + 1, step)
    return np.stack([data[start : start + WINDOW] for start in starts])[:, None]


def gathered(parts: list[tuple[np.ndarray, int]]) -> tuple[np.ndarray, np.ndarray]:
    images = np.concatenate([each for each, _ in parts])
    return images, np.concatenate([np.full(len(each), label) for each, label in parts])


def scaled(images: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Acceleration and rotation on one scale, which int8 then has."""
    return np.clip(images / (2 * deviation), -3, 3).astype(np.float32)


def network() -> tuple[torch.nn.Module, torch.nn.Module]:
    """The layers before the last, then the last."""
    from torch import nn

    backbone = nn.Sequential(
        nn.Conv2d(CHANNELS, 16, (1, 5), (1, 2)), nn.ReLU(),
        nn.Conv2d(16, FEATURES, (1, 5), (1, 2)), nn.ReLU(),
        nn.Conv2d(FEATURES, FEATURES, (1, 5), (1, 2)), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    return backbone, nn.Linear(FEATURES, CLASSES)


def trained(
    images: np.ndarray, labels: np.ndarray, seed: int, epochs: int = EPOCHS
) -> tuple[torch.nn.Module, torch.nn.Module]:
    """Both parts, as `network` has them. Batches are whole ones; the last in part is left out."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    backbone, head = network()
    module = torch.nn.Sequential(backbone, head)
    data, expected = to_torch(images), torch.from_numpy(labels)
    batches = len(data) // BATCH
    optimizer = torch.optim.AdamW(module.parameters(), weight_decay=1e-2)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, epochs * batches)
    for _ in range(epochs):
        for batch in torch.randperm(len(data))[: batches * BATCH].view(batches, BATCH):
            scores = module(data[batch])
            loss = torch.nn.functional.cross_entropy(scores, expected[batch], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.step()
    return backbone.eval(), head


def without(wearer: int, data: list[Recording], options: Options) -> Trial:
    """A model that has learned from all others, and the wearer's windows, which do not overlap."""
    from torch import nn

    step = WINDOW * options.some(1, 6) // 2
    others = [(windows(each, step), y) for each, y, person in data if person != wearer]
    own = [(windows(each, WINDOW), y) for each, y, person in data if person == wearer]
    images, labels = gathered(others)
    deviation = images.std(axis=(0, 1, 2))
    images = scaled(images, deviation)
    parts = trained(images, labels, options.seed, options.epochs_or(EPOCHS))
    some = np.random.default_rng(options.seed).permutation(len(images))[:CALIBRATION]
    module = nn.Sequential(*parts).eval()
    model: graven.Model = compiled(module, images[some], "watch")
    seen, answers = gathered(own)
    return Trial(model, scaled(seen, deviation), answers, images[some])


def results(options: Options) -> list[Result]:
    data = recordings()
    people = PEOPLE[: options.some(len(PEOPLE), 1)]
    trials = [without(wearer, data, options) for wearer in people]
    return [judged("watch", SOURCE, trials, options)]


if __name__ == "__main__":
    run(__doc__, EPOCHS, results)
