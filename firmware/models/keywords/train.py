"""Trains the keyword networks of firmware/apps/keywords, from words that espeak-ng's voices say.

    apt-get install espeak-ng
    .venv/bin/pip install torch
    .venv/bin/python firmware/models/keywords/train.py firmware/models/keywords

    keywords.tflite  eight words: int8 convolutions that stay as they are, then DEQUANTIZE and a
                     FULLY_CONNECTED of float32 with two more rows, zeros, of words to come
    gru.hpp          ten words: an int8 GRU over a second, frame by frame or all at once
    factory.npz      words of the training: what the device remembers of its youth
    taught.npz       ten times each new word, by one speaker whom the networks never heard
    same.npz         the new words by the same speaker, other times
    heard.npz        all words by speakers whom the networks never heard

All .npz have images, int8, and labels, places in speech.WORDS. Both networks take the same images.
"""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import speech

sys.path.append(str(Path(__file__).parents[1]))
from heads import in_folder, with_head

LIMIT, FEATURES, UNITS = 3.0, 64, 48
EPOCHS, BATCH, LEARNING_RATE = 20, 64, 4e-3
UNSEEN = 24  # speakers
CALIBRATION = 400


def convolutions():
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(speech.BANDS, 32, (5, 1), (2, 1)), nn.ReLU(),
        nn.Conv2d(32, 48, (3, 1), (2, 1)), nn.ReLU(),
        nn.Conv2d(48, FEATURES, (3, 1)), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip


def recurrent():
    from torch import nn

    class Spotter(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru = nn.GRU(speech.BANDS, UNITS, batch_first=True)
            self.head = nn.Linear(UNITS, len(speech.WORDS))

        def forward(self, x):
            return self.head(self.gru(x)[0][:, -1])

    return Spotter()


def fit(module, data: np.ndarray, labels: np.ndarray, seed: int) -> None:
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    x, y = torch.from_numpy(data), torch.from_numpy(labels)
    batches = len(x) // BATCH
    optimizer = torch.optim.AdamW(module.parameters(), weight_decay=1e-2)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, EPOCHS * batches)
    time = 1 if x.ndim == 3 else 2
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x))[: batches * BATCH].view(batches, BATCH):
            moved = torch.roll(x[batch], int(torch.randint(-2, 3, (1,))), time)
            scores = module(moved + 0.15 * torch.randn_like(moved))
            loss = torch.nn.functional.cross_entropy(scores, y[batch], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.step()
    module.eval()


def share(answers: np.ndarray, labels: np.ndarray) -> str:
    return f"{100 * (answers == labels).mean():.1f} %"


def write_keywords(train, unseen, folder: Path):
    """The network; returns what quantizes its input."""
    import graven
    import torch
    from graven.frontends import tflite_writer
    from graven.quantize.post_training import quantize_input

    (x, y), (other, wanted) = train, unseen
    backbone, head = convolutions(), torch.nn.Linear(FEATURES, len(speech.KNOWN))
    known, tested = y < len(speech.KNOWN), wanted < len(speech.KNOWN)
    channels_first = [np.ascontiguousarray(a.transpose(0, 3, 1, 2)) for a in (x, other)]
    fit(torch.nn.Sequential(backbone, head), channels_first[0][known], y[known], 0)
    some = x[known][np.random.default_rng(0).choice(known.sum(), CALIBRATION, replace=False)]
    example = torch.from_numpy(some[:1].transpose(0, 3, 1, 2).copy())
    model = graven.compile(backbone.eval(), example=example, calibrate=some, quantize="int8",
                           layout="nhwc", prune=False)  # fmt: skip
    weights, bias = (each.detach().numpy() for each in (head.weight, head.bias))
    features = np.asarray(model(other[tested])).reshape(tested.sum(), FEATURES)
    scores = features @ weights.T + bias
    print(
        "int8 convolutions, unseen speakers:", share(scores.argmax(1), wanted[tested]), flush=True
    )
    more = len(speech.NEW)
    weights = np.concatenate([weights, np.zeros((more, FEATURES), np.float32)])
    bias = np.concatenate([bias, np.zeros(more, np.float32)])
    text = f"Keywords, trained by {in_folder(__file__)}"
    network = with_head(model.network, weights, bias, "keywords", text)
    tflite_writer.write(network, folder / "keywords.tflite")
    return lambda samples: quantize_input(model.network, 0, samples)


def write_gru(train, unseen, folder: Path):
    import graven
    import torch

    (x, y), (other, wanted) = train, unseen
    module = recurrent()
    fit(module, x[:, :, 0], y, 1)
    some = x[np.random.default_rng(1).choice(len(x), CALIBRATION, replace=False)][:, :, 0]
    model = graven.compile(module, example=torch.from_numpy(some[:1]), calibrate=some,
                           quantize="int8", prune=False)  # fmt: skip
    answers = np.asarray(model(other[:, :, 0])).reshape(len(other), -1).argmax(1)
    print("int8 GRU, unseen speakers:", share(answers, wanted), flush=True)
    model.save(folder / "gru.hpp")
    return model


def main() -> None:
    missing = [name for name in ("torch",) if find_spec(name) is None]
    if missing:
        raise SystemExit("train.py: torch not found; this script alone needs it: pip install torch")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--cache", type=Path, help="an .npz that keeps the recordings")
    options = parser.parse_args()
    voices = speech.speakers()
    order = np.random.default_rng(0).permutation(len(voices))
    voices = [voices[i] for i in order]
    if options.cache and options.cache.exists():
        stored = np.load(options.cache)
        parts = [tuple(stored[f"{k}{n}"] for k in "xyp") for n in range(3)]
    else:
        parts = [
            speech.recordings(voices[UNSEEN:], 3, 1),
            speech.recordings(voices[:UNSEEN], 4, 2),
            speech.recordings(voices[:1], 30, 3),
        ]
        if options.cache:
            np.savez(options.cache, **{f"{k}{n}": a for n, part in enumerate(parts)
                                       for k, a in zip("xyp", part, strict=True)})  # fmt: skip
    deviation = parts[0][0].std()
    scaled = [np.clip(x / deviation, -LIMIT, LIMIT).astype(np.float32) for x, _, _ in parts]
    train, unseen, speaker = ((x, y) for x, (_, y, _) in zip(scaled, parts, strict=True))
    quantized = write_keywords(train, unseen, options.output)

    def store(name: str, x: np.ndarray, y: np.ndarray, each: slice, words: list[int]) -> None:
        picked = np.concatenate([np.flatnonzero(y == w)[each] for w in words])
        np.savez_compressed(options.output / f"{name}.npz", images=quantized(x[picked]),
                            labels=y[picked].astype(np.uint8))  # fmt: skip

    known = list(range(len(speech.KNOWN)))
    new = [len(known) + k for k in range(len(speech.NEW))]
    store("factory", *train, slice(0, None, 70), known)
    store("taught", *speaker, slice(0, 10), new)
    store("same", *speaker, slice(10, 30), new)
    store("heard", *unseen, slice(1, None, 4), [*known, *new])
    write_gru(train, unseen, options.output)


if __name__ == "__main__":
    sys.exit(main())
