"""Trains the autoencoder of firmware/apps/machine on eight machines of sounds.py; a ninth is where
it is put to work.

    .venv/bin/pip install torch
    .venv/bin/python firmware/models/machine/train.py firmware/models/machine

    machine.tflite  int8 layers that stay as they are, then DEQUANTIZE and a FULLY_CONNECTED of
                    float32, which makes the features again and learns on the device
    running.npz     the ninth machine as it runs in: sound, all normal
    tested.npz      the ninth machine later: labels 0 normal, 1 with a fault
"""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import sounds

sys.path.append(str(Path(__file__).parents[1]))
from heads import in_folder, with_head

MACHINES, CLIPS, RUNNING, TESTED = 8, 150, 200, 120
HIDDEN, CODE = 48, 12
EPOCHS, BATCH, LIMIT = 30, 64, 4.0


def layers():
    from torch import nn

    encoder = nn.Sequential(
        nn.Linear(sounds.FEATURES, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CODE), nn.ReLU(),
        nn.Linear(CODE, HIDDEN), nn.ReLU(),
    )  # fmt: skip
    return encoder, nn.Linear(HIDDEN, sounds.FEATURES)


def fit(module, data: np.ndarray, seed: int) -> None:
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    x = torch.from_numpy(data)
    batches = len(x) // BATCH
    optimizer = torch.optim.AdamW(module.parameters(), weight_decay=1e-3)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, EPOCHS * batches)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x))[: batches * BATCH].view(batches, BATCH):
            loss = torch.nn.functional.mse_loss(module(x[batch]), x[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.step()
    module.eval()


def area(normal: np.ndarray, faulty: np.ndarray) -> float:
    """Under the ROC curve."""
    return float((faulty[:, None] > normal).mean() + (faulty[:, None] == normal).mean() / 2)


def write(seed: int, folder: Path) -> None:
    import graven
    import torch
    from graven.frontends import tflite_writer
    from graven.quantize.post_training import quantize_input

    rng = np.random.default_rng(seed)
    base = np.concatenate([sounds.heard(sounds.machine(rng), CLIPS, rng) for _ in range(MACHINES)])
    ninth = sounds.machine(rng)
    running = sounds.heard(ninth, RUNNING, rng)
    normal, faulty = sounds.heard(ninth, TESTED, rng), sounds.heard(ninth, TESTED, rng, True)
    mean, deviation = base.mean(0), base.std(0)
    base, running, normal, faulty = (
        np.clip((each - mean) / deviation, -LIMIT, LIMIT).astype(np.float32)
        for each in (base, running, normal, faulty)
    )
    encoder, head = layers()
    fit(torch.nn.Sequential(encoder, head), base, seed)
    model = graven.compile(encoder.eval(), example=torch.from_numpy(base[:1]), calibrate=base[::3],
                           quantize="int8", prune=False)  # fmt: skip
    weights, bias = (each.detach().numpy() for each in (head.weight, head.bias))
    errors = [
        ((np.asarray(model(x)).reshape(len(x), HIDDEN) @ weights.T + bias - x) ** 2).mean(1)
        for x in (normal, faulty)
    ]
    print(f"seed {seed}: as it came, AUC {area(*errors):.3f}", flush=True)
    text = f"Sounds of machines, trained by {in_folder(__file__)}"
    folder.mkdir(parents=True, exist_ok=True)
    network = with_head(model.network, weights, bias, "machine", text)
    tflite_writer.write(network, folder / "machine.tflite")
    for name, parts in (("running", [running]), ("tested", [normal, faulty])):
        stored = quantize_input(model.network, 0, np.concatenate(parts))[:, None, None]
        labels = np.concatenate([np.full(len(part), k, np.uint8) for k, part in enumerate(parts)])
        np.savez_compressed(folder / f"{name}.npz", images=stored, labels=labels)


def main() -> None:
    if find_spec("torch") is None:
        raise SystemExit("train.py: torch not found; this script alone needs it: pip install torch")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="more than one: folders")
    options = parser.parse_args()
    for seed in options.seeds:
        alone = len(options.seeds) == 1
        write(seed, options.output if alone else options.output / f"s{seed}")


if __name__ == "__main__":
    sys.exit(main())
