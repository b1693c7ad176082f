"""How far LiteRT is from what graven computes (TensorFlow Lite Micro's bits), operator by operator.

    disagreements.py [--update]

Random networks of one integer operator each, as the tests take them, run by LiteRT's reference
kernels and by LiteRT as it is shipped (optimized kernels and XNNPACK). The table is compared with
docs/disagreements.md, or written there (--update). Exit codes: 1 it differs from the page, 3 the
package ai-edge-litert is missing.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import figures
import numpy as np
from graven import engines, ir, reference
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer

sys.path.insert(0, str(figures.ROOT / "tests/generator"))
import random_models

PAGE = figures.ROOT / "docs/disagreements.md"
BEGIN, END = "<!-- table: litert -->\n", "<!-- end -->"
SEEDS = 40
KINDS = (
    "conv2d", "depthwise_conv2d", "dense", "transpose_conv2d", "batch_matmul", "avg_pool", "mean",
    "total", "add", "sub", "mul", "div", "squared_difference", "prelu", "relu", "leaky_relu",
    "hard_swish", "sigmoid", "tanh", "elementary", "softmax", "log_softmax", "l2_normalization",
    "resize_bilinear", "quantize", "concat",
)  # fmt: skip
ENGINES = {"reference": engines.litert, "shipped": engines.litert_shipped}

Key = tuple[str, str]
"""An operator, and the element of its output."""


@dataclass
class Tally:
    elements: int = 0
    differ: int = 0
    most: int = 0
    ended: int = 0  # runs that end in an error or abort

    def add(self, ours: np.ndarray, theirs: np.ndarray) -> None:
        distance = np.abs(ours.astype(np.int64) - theirs.reshape(ours.shape).astype(np.int64))
        self.elements += distance.size
        self.differ += int((distance > 0).sum())
        self.most = max(self.most, int(distance.max(initial=0)))

    def __str__(self) -> str:
        note = f"; ends {self.ended} of {SEEDS} runs" if self.ended else ""
        if not self.differ:
            return ("equal" if self.elements else "none") + note
        share = 100 * self.differ / self.elements
        return f"{'below 0.1' if share < 0.1 else f'{share:.1f}'} %, by {self.most}{note}"


def measure(engine: Callable[[bytes, ir.Network], engines.Run]) -> dict[Key, Tally]:
    found: dict[Key, Tally] = {}
    for kind in KINDS:
        for element in (ir.Element.INT8, ir.Element.INT16):
            if (kind, element) in random_models.ELEMENTS:
                for seed in range(SEEDS):
                    compare(engine, kind, element, seed, found)
    return found


def compare(
    engine: Callable[[bytes, ir.Network], engines.Run],
    kind: str,
    element: ir.Element,
    seed: int,
    found: dict[Key, Tally],
) -> None:
    rng = np.random.default_rng(seed)
    network = random_models.random_case(rng, kind, element)
    model = tflite_writer.to_bytes(network)
    network = tflite.parse(model, "random.tflite", "random")
    inputs = random_models.random_inputs(rng, network)
    ours, last = reference.run(network, inputs), network.operators[-1]
    output = network.tensors[last.output]
    if output.element not in (ir.Element.INT8, ir.Element.INT16):
        return
    tally = found.setdefault((last.name, output.element.value), Tally())
    theirs = apart(lambda: engine(model, network)(inputs)[output.index].tobytes())
    if theirs:
        tally.add(ours[output.index], np.frombuffer(theirs, output.element.dtype))
    else:
        tally.ended += 1


def apart(work: Callable[[], bytes]) -> bytes:
    """In a process of its own, which may abort; nothing if it does, or has an error."""
    end, start = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with contextlib.suppress(GravenError), os.fdopen(start, "wb") as pipe:
                pipe.write(work())
        finally:
            os._exit(0)
    os.close(start)
    with os.fdopen(end, "rb") as pipe:
        found = pipe.read()
    os.waitpid(child, 0)
    return found


def table() -> str:
    measured = {name: measure(engine) for name, engine in ENGINES.items()}
    lines = ["| operator | element | reference kernels | as shipped |", "|---|---|---|---|"]
    for key in sorted(measured["reference"]):
        texts = [str(each[key]) for each in measured.values()]
        if texts != ["equal"] * len(texts):
            lines.append(f"| {' | '.join((*key, *texts))} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--update", action="store_true", help="write docs/disagreements.md")
    options = parser.parse_args(arguments)
    try:
        engines.require("litert")
    except GravenError as error:
        print(f"disagreements.py: {error}", file=sys.stderr)
        return 3
    found, text = table(), PAGE.read_text()
    before, rest = text.split(BEGIN)
    new = f"{before}{BEGIN}{found}{END}{rest.split(END)[1]}"
    if options.update:
        PAGE.write_text(new)
        return 0
    if new != text:
        print(f"{found}\nTo write it: benchmarks/disagreements.py --update")
    return int(new != text)


if __name__ == "__main__":
    sys.exit(main())
