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
from pathlib import Path

import numpy as np
from graven.errors import GravenError
from zoo.watch import (
    CALIBRATION,
    WINDOW,
    Recording,
    gathered,
    recordings,
    scaled,
    trained,
    windows,
)

sys.path.append(str(Path(__file__).parents[1]))
from heads import in_folder, with_head

FIRST = 5  # windows of each recording that the device learns from


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
    text = f"Exercises of the shoulder, trained by {in_folder(__file__)}"
    network = with_head(model.network, weights, bias, "watch", text)
    tflite_writer.write(network, folder / "watch.tflite")
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
    try:
        data = recordings()
    except GravenError as error:
        raise SystemExit(f"{Path(__file__).name}: {error}") from None
    for seed in options.seeds:
        for wearer in options.people:
            write(wearer, seed, data, options.output / f"p{wearer}s{seed}")
            print(f"p{wearer}s{seed}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
