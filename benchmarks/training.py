"""Training on this machine, beside PyTorch on one thread in the same run.

    training.py [speed] [digits]

speed: steps per second of dense networks, batch 1, SGD and mean squared error, by processor time:
benchmarks/training.cpp with and without vectors of eight, then PyTorch.
digits: of the recipe of firmware/apps/learn (five epochs of 1,437 images of 8 x 8 pixels, momentum,
batches of 8, a cosine) from eight seeds, the held-out images that are answered rightly.
Needs g++ and PyTorch. Exit codes: 2 bad use, 3 a tool failed.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import tempfile
import time
from pathlib import Path

import figures
import numpy as np
from graven import tools

DIGITS = figures.ROOT / "firmware/models/digits"
SIZES = ((128, 256, 128, 64), (256, 384, 256, 128), (384, 512, 384, 192))
FLAGS = (["-mavx2"], [])
SEEDS = range(1, 9)
EPOCHS, BATCH, RATE, LEAST = 5, 8, 0.02, 0.0002
SEED = """#include <cstdlib>
#define LEARN_SEED std::strtoull(std::getenv("SEED"), nullptr, 10)
"""


def compiled(source: Path, folder: Path, *more: str) -> Path:
    program = folder / "program"
    command = ["g++", "-std=c++20", "-O2", "-ffp-contract=off", f"-I{figures.ROOT / 'include'}"]
    tools.run([*command, *more, str(source), "-o", str(program)], folder)
    return program


def in_cpp(flags: list[str]) -> list[tuple[int, int]]:
    """Of each network the steps per second of a Trainer, and of naive loops."""
    with tempfile.TemporaryDirectory() as at:
        program = compiled(figures.ROOT / "benchmarks/training.cpp", Path(at), *flags)
        text = tools.run([str(program)], Path(at))
    found = re.findall(r": (\d+) steps per second, naive loops (\d+)", text)
    return [(int(ours), int(loops)) for ours, loops in found]


def in_torch(sizes: tuple[int, ...]) -> int:
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(1)
    a, b, c, d = sizes
    network = nn.Sequential(nn.Linear(a, b), nn.ReLU(), nn.Linear(b, c), nn.ReLU(), nn.Linear(c, d))
    sgd = torch.optim.SGD(network.parameters(), 0.001)
    x, wanted = torch.randn(1, a), torch.randn(1, d)
    count, start = 0, time.process_time()
    while (seconds := time.process_time() - start) < 1:
        for _ in range(20):
            sgd.zero_grad()
            nn.functional.mse_loss(network(x), wanted).backward()
            sgd.step()
        count += 20
    return round(count / seconds)


def speed() -> None:
    print("network, then steps per second: g++ -O2 -mavx2, its naive loops, g++ -O2, its naive")
    print("loops, PyTorch on one thread")
    columns = [in_cpp(flags) for flags in FLAGS]
    for place, sizes in enumerate(SIZES):
        numbers = [number for column in columns for number in column[place]]
        print("-".join(map(str, sizes)), *numbers, in_torch(sizes), flush=True)


def images(name: str) -> tuple[np.ndarray, np.ndarray]:
    with np.load(DIGITS / f"digits_{name}.npz") as file:
        return (file["images"].astype(np.float32) + 128) / 255, file["labels"].astype(np.int64)


def learned() -> list[int]:
    """By firmware/apps/learn, from each seed."""
    apps, runtime = figures.ROOT / "firmware/apps", figures.ROOT / "firmware/runtime"
    with tempfile.TemporaryDirectory() as at:
        for name, short in (("training", "train"), ("held_out", "test")):
            source = DIGITS / f"digits_{short}.npz"
            command = [sys.executable, apps / "digits/images.py", source, f"{at}/{name}.hpp", name]
            tools.run([str(each) for each in command], Path(at))
        (Path(at) / "seed.hpp").write_text(SEED, encoding="utf-8")
        more = ["-include", f"{at}/seed.hpp", f"-I{at}", f"-I{runtime}", str(runtime / "host.cpp")]
        program = compiled(apps / "learn/main.cpp", Path(at), *more)
        texts = [tools.run(["env", f"SEED={seed}", str(program)], Path(at)) for seed in SEEDS]
    return [int(re.findall(r"correct (\d+) of 360", text)[0]) for text in texts]


def learned_by_torch(seed: int) -> int:
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip
    for layer in network:
        if hasattr(layer, "weight"):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    sgd = torch.optim.SGD(network.parameters(), RATE, momentum=0.9)
    x, labels = (torch.from_numpy(each) for each in images("train"))
    x, steps, seen = x.permute(0, 3, 1, 2), EPOCHS * len(labels), 0
    order = torch.cat([torch.randperm(len(labels)) for _ in range(EPOCHS)])
    for first in range(0, steps - BATCH + 1, BATCH):
        part = order[first : first + BATCH]
        cosine = (1 + math.cos(math.pi * seen / steps)) / 2
        sgd.param_groups[0]["lr"] = LEAST + (RATE - LEAST) * cosine
        sgd.zero_grad()
        nn.functional.cross_entropy(network(x[part]), labels[part]).backward()
        sgd.step()
        seen += BATCH
    x, labels = (torch.from_numpy(each) for each in images("test"))
    with torch.no_grad():
        return int((network(x.permute(0, 3, 1, 2)).argmax(1) == labels).sum())


def digits() -> tuple[float, float]:
    """The means of both, in percent."""
    ours, theirs = learned(), [learned_by_torch(seed) for seed in SEEDS]
    means = tuple(100 * sum(each) / len(each) / 360 for each in (ours, theirs))
    print(f"of 360 held-out digits, firmware/apps/learn {ours}: {means[0]:.2f} %")
    print(f"PyTorch with the same recipe                {theirs}: {means[1]:.2f} %", flush=True)
    return means[0], means[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help="speed, digits; default: both")
    options = parser.parse_args()
    parts = {"speed": speed, "digits": digits}
    for part in options.parts or parts:
        if part not in parts:
            raise figures.BenchError(f"{part} is no part; there are {', '.join(parts)}.", 2)
        parts[part]()
    return 0


if __name__ == "__main__":
    figures.exit_with(main)
