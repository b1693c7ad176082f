"""Trains the watch that fits itself to its wearer: seven exercises of the shoulder from two seconds
of a wrist's acceleration and rotation, learned from nine people; the tenth is the wearer.

    .venv/bin/pip install seglearn torch
    .venv/bin/python firmware/models/watch/train.py --people 1 --seeds 0 firmware/models/watch

Data: what seglearn ships, ten people of the study in https://arxiv.org/abs/1802.01489, each with 14
recordings at 50 Hz. For each wearer and seed one folder, p<wearer>s<seed>:

    watch.tflite   int8, then DEQUANTIZE and a FULLY_CONNECTED of float32, which is to learn
    first.npz      the first five windows of each recording of the wearer: images, labels
    rest.npz       all others

Windows of the wearer do not overlap, and the network was calibrated without them.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

WINDOW = 100  # samples: 2 seconds
CHANNELS = 6
CLASSES = 7
FIRST = 5  # windows of each recording that the device learns from
FEATURES = 32
EPOCHS = 10
BATCH = 64
LEARNING_RATE = 1e-2
CALIBRATION = 500

Recording = tuple[np.ndarray, int, int]  # [samples, CHANNELS], exercise, person


def recordings() -> list[Recording]:
    """Read without importing seglearn, which does not work with every scikit-learn."""
    missing = [name for name in ("seglearn", "torch") if find_spec(name) is None]
    if missing:
        raise SystemExit(
            f"{Path(__file__).name}: {' and '.join(missing)} not found; this script alone needs "
            f"{'it' if len(missing) == 1 else 'them'}: pip install {' '.join(missing)}"
        )
    (folder,) = find_spec("seglearn").submodule_search_locations
    stored = np.load(Path(folder) / "data" / "watch_dataset.npy", allow_pickle=True).item()
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


def network():
    """The layers before the last, then the last."""
    from torch import nn

    backbone = nn.Sequential(
        nn.Conv2d(CHANNELS, 16, (1, 5), (1, 2)), nn.ReLU(),
        nn.Conv2d(16, FEATURES, (1, 5), (1, 2)), nn.ReLU(),
        nn.Conv2d(FEATURES, FEATURES, (1, 5), (1, 2)), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    return backbone, nn.Linear(FEATURES, CLASSES)


def trained(images: np.ndarray, labels: np.ndarray, seed: int):
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    backbone, head = network()
    module = torch.nn.Sequential(backbone, head)
    data, expected = torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels)
    batches = len(data) // BATCH
    optimizer = torch.optim.AdamW(module.parameters(), weight_decay=1e-2)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, EPOCHS * batches)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(data))[: batches * BATCH].view(batches, BATCH):
            scores = module(data[batch])
            loss = torch.nn.functional.cross_entropy(scores, expected[batch], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.step()
    return backbone.eval(), head


def with_head(backbone, weights: np.ndarray, bias: np.ndarray):
    """The int8 network, and behind it the last layer in float32."""
    from graven import ir
    from graven.layers.dense import Dense
    from graven.layers.dequantize import Dequantize

    tensors = list(backbone.tensors)

    def tensor(name: str, shape: tuple[int, ...], data: np.ndarray | None = None) -> int:
        tensors.append(ir.Tensor(len(tensors), name, shape, ir.Element.FLOAT32, None, data))
        return len(tensors) - 1

    (features,) = backbone.outputs
    real = tensor("features", tensors[features].shape)
    constants = (
        tensor("head/weights", weights.shape, weights),
        tensor("head/bias", bias.shape, bias),
    )
    scores = tensor("scores", (1, CLASSES))
    last = len(backbone.operators)
    return replace(
        backbone,
        name="watch",
        source="watch.tflite",
        description="Exercises of the shoulder, trained by firmware/models/watch/train.py",
        tensors=tuple(tensors),
        operators=(
            *backbone.operators,
            ir.Operator(last, "DEQUANTIZE", Dequantize(), (features,), (real,)),
            ir.Operator(last + 1, "FULLY_CONNECTED", Dense(), (real, *constants), (scores,)),
        ),
        outputs=(scores,),
    )


def write(wearer: int, seed: int, data: list[Recording], folder: Path) -> None:
    import graven
    from graven.frontends import tflite_writer
    from graven.quantize.post_training import quantize_input

    others = [(windows(each, WINDOW // 2), y) for each, y, person in data if person != wearer]
    own = [(windows(each, WINDOW), y) for each, y, person in data if person == wearer]
    images, labels = gathered(others)
    deviation = images.std(axis=(0, 1, 2))
    images = scaled(images, deviation)
    backbone, head = trained(images, labels, seed)
    some = images[np.random.default_rng(seed).choice(len(images), CALIBRATION, replace=False)]
    import torch

    example = torch.from_numpy(some[:1]).permute(0, 3, 1, 2)
    model = graven.compile(backbone, example=example, calibrate=some, quantize="int8",
                           layout="nhwc", prune=False)  # fmt: skip
    weights, bias = (each.detach().numpy() for each in (head.weight, head.bias))
    folder.mkdir(parents=True, exist_ok=True)
    tflite_writer.write(with_head(model.network, weights, bias), folder / "watch.tflite")
    for name, part in (("first", slice(FIRST)), ("rest", slice(FIRST, None))):
        seen, answers = gathered([(each[part], y) for each, y in own])
        stored = quantize_input(model.network, 0, scaled(seen, deviation))
        np.savez_compressed(folder / f"{name}.npz", images=stored, labels=answers.astype(np.uint8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--people", type=int, nargs="+", default=range(1, 11))
    parser.add_argument("--seeds", type=int, nargs="+", default=range(5))
    options = parser.parse_args()
    data = recordings()
    for seed in options.seeds:
        for wearer in options.people:
            write(wearer, seed, data, options.output / f"p{wearer}s{seed}")
            print(f"p{wearer}s{seed}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
