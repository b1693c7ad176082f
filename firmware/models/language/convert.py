"""From what train.py has trained to the int8 network that runs token by token.

    python convert.py bible.txt language.npz language.tflite

Prints how many bits a character of the book held out takes, in float32,
with weights of int8 and of int4. The file states
graven's own operators (ATTENTION, ROPE, RMS_NORM, SILU) as custom ones: `graven generate` reads it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from graven import language
from graven.frontends import tflite_writer

sys.path.insert(0, str(Path(__file__).parent))
from text import read_text

SAMPLES, WINDOWS = 24, 24


def load(path: Path) -> language.Checkpoint:
    stored = np.load(path)
    numbers = {name.removeprefix("config."): stored[name].item()
               for name in stored if name.startswith("config.")}  # fmt: skip
    numbers.pop("head_dim")
    return language.Checkpoint(language.Config(**numbers), {name: stored[name] for name in stored})


def windows(text: bytes, count: int, length: int) -> list[np.ndarray]:
    """Evenly over all of it."""
    starts = np.linspace(0, len(text) - length, count).astype(int)
    return [np.frombuffer(text, np.uint8)[start : start + length] for start in starts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("text", "checkpoint", "output"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    checkpoint = load(arguments.checkpoint)
    train, held_out = read_text(arguments.text)
    context = checkpoint.config.context
    scales = language.calibrated(checkpoint, windows(train, SAMPLES, context))
    judged = windows(held_out, WINDOWS, context + 1)
    for name, each, width in (("float32", None, 8), ("int8", scales, 8), ("int4", scales, 4)):
        network = language.decoder(checkpoint, context, scales=each, bits=width)
        bits = language.bits_per_token(network, judged, context // 2)
        print(f"{name}: {bits:.3f} bits per character")
    network = language.decoder(checkpoint, 1, "sliding", scales)
    tflite_writer.write(network, arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
