"""Instructions per byte of layers that only move elements.

    copies.py [--target T ...] [--element E ...] [--form F ...]

Forms that models for microcontrollers have, each of a few thousand bytes, those of a FORM in
one image. Exit codes: 2 bad use, 3 a tool failed.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable

import figures
import numpy as np
from graven import ir
from graven.layers.concat import Concat
from graven.layers.depth_to_space import DepthToSpace
from graven.layers.gather import Gather
from graven.layers.pad import Pad
from graven.layers.resize_nearest import ResizeNearest
from graven.layers.reverse_v2 import ReverseV2
from graven.layers.slice import Slice
from graven.layers.space_to_depth import SpaceToDepth
from graven.layers.strided_slice import StridedSlice
from graven.layers.tile import Tile
from graven.layers.transpose import Transpose

sys.path.insert(0, str(figures.ROOT / "tests/generator"))
from random_models import INT8
from random_transformers import Kit

TARGETS = ("cortex-m4", "cortex-m55")
ELEMENTS = {element.value: element for element in (INT8, ir.Element.INT16, ir.Element.FLOAT32)}
HEIGHT, WIDTH = 8, 32

Case = tuple[str, int]
"""What it is, and the tensor that it makes."""


class Copies(Kit):
    def __init__(self, element: ir.Element) -> None:
        super().__init__(np.random.default_rng(1))
        self.kind = element
        self.cases: list[Case] = []

    def quantization(self, scale: float, element: ir.Element = INT8) -> ir.Quantization:
        return ir.Quantization((0.05,), (0,))

    def image(self, channels: int) -> int:
        return self.data((1, HEIGHT, WIDTH, channels), self.kind)

    def case(
        self,
        title: str,
        operator: str,
        layer: ir.Layer,
        data: list[int],
        shape: tuple[int, ...],
        *constants: tuple,
    ) -> None:
        inputs = [*data, *(self.constant(values) for values in constants)]
        output = self.like(data[0], shape)
        self.cases.append((title, self.add(operator, layer, inputs, output)))

    def constant(self, values: tuple) -> int:
        data = np.array(values, dtype=np.int32)
        return self.tensor(data.shape, ir.Element.INT32, None, data)

    def moved(
        self, title: str, operator: str, layer: ir.Layer, channels: int, *constants: tuple
    ) -> None:
        """Of one image; `made` says the shape of what comes out."""
        index = self.image(channels)
        shape = made(layer, self.shape(index))
        self.case(f"{title}, {channels} channels", operator, layer, [index], shape, *constants)


def made(layer: ir.Layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The output's shape of a layer that has a rule of its own for it."""
    _, height, width, channels = shape
    match layer:
        case Transpose(axes):
            return tuple(shape[axis] for axis in axes)
        case Pad(border):
            return tuple(n + sum(pair) for n, pair in zip(shape, border, strict=True))
        case Tile(times):
            return tuple(n * time for n, time in zip(shape, times, strict=True))
        case SpaceToDepth(block):
            return 1, height // block, width // block, channels * block * block
        case DepthToSpace(block):
            return 1, height * block, width * block, channels // (block * block)
    return shape


def transposes(b: Copies) -> None:
    for axes in ((0, 3, 1, 2), (0, 1, 3, 2), (0, 2, 1, 3)):
        for channels in (1, 3, 8, 16, 32) if axes != (0, 1, 3, 2) else (3, 8, 32):
            if channels > 1 or axes[3] == 3:
                title = "transpose " + "".join("nhwc"[axis] for axis in axes)
                b.moved(title, "TRANSPOSE", Transpose(axes), channels, axes)


def borders(b: Copies) -> None:
    for channels in (1, 3, 8):
        border = ((0, 0), (1, 1), (1, 1), (0, 0))
        b.moved("pad 1", "PAD", Pad(border), channels, border)
    for channels, more in ((1, 2), (8, 8), (16, 16)):
        border = ((0, 0), (0, 0), (0, 0), (0, more))
        b.moved(f"pad channels by {more}", "PAD", Pad(border), channels, border)


def slices(b: Copies) -> None:
    for channels in (1, 3, 8):
        steps = ((0, 0, 0, 0), (1, HEIGHT, WIDTH, channels), (1, 2, 2, 1))
        shape = (1, HEIGHT // 2, WIDTH // 2, channels)
        title = f"every second pixel, {channels} channels"
        b.case(title, "STRIDED_SLICE", StridedSlice(), [b.image(channels)], shape, *steps)
    for begin, count, channels in ((0, 1, 3), (1, 3, 4), (8, 8, 16), (16, 16, 32)):
        start, size = (0, 0, 0, begin), (1, HEIGHT, WIDTH, count)
        title = f"slice of {count} of {channels} channels"
        layer, data = Slice(start, size), [b.image(channels)]
        b.case(title, "SLICE", layer, data, size, start, size)
    for axis, channels in ((3, 3), (2, 1), (2, 3), (2, 16)):
        title = "reverse " + "nhwc"[axis]
        b.moved(title, "REVERSE_V2", ReverseV2((axis,)), channels, (axis,))


def joints(b: Copies) -> None:
    for parts in ((1, 1, 1), (3, 5), (8, 8), (16, 16), (32, 32)):
        shape = (1, HEIGHT, WIDTH, sum(parts))
        title = f"concatenation of {'+'.join(map(str, parts))} channels"
        b.case(title, "CONCATENATION", Concat(3), [b.image(part) for part in parts], shape)


def blocks(b: Copies) -> None:
    for channels in (1, 3, 8):
        b.moved("space to depth", "SPACE_TO_DEPTH", SpaceToDepth(2), channels)
    for channels in (4, 12, 32):
        b.moved("depth to space", "DEPTH_TO_SPACE", DepthToSpace(2), channels)


def tiles(b: Copies) -> None:
    for channels in (1, 3, 8):
        times = (1, 1, 2, 1)
        b.moved("tile w", "TILE", Tile(times), channels, times)
    for channels in (1, 3):
        times = (1, 1, 1, 4)
        b.moved("tile c", "TILE", Tile(times), channels, times)
    for channels in (1, 3, 8, 16):
        shape = (1, 2 * HEIGHT, 2 * WIDTH, channels)
        title = f"nearest by 2, {channels} channels"
        data, size = [b.image(channels)], (2 * HEIGHT, 2 * WIDTH)
        b.case(title, "RESIZE_NEAREST_NEIGHBOR", ResizeNearest(), data, shape, size)


def shuffles(b: Copies) -> None:
    for channels in (8, 32):
        order = tuple(range(0, channels, 2)) + tuple(range(1, channels, 2))
        shape = (1, HEIGHT, WIDTH, channels)
        title = f"even channels, then odd ones, of {channels}"
        b.case(title, "GATHER", Gather(3), [b.image(channels)], shape, order)
    picks = tuple(int(pick) for pick in np.random.default_rng(3).permutation(32))
    b.case("32 channels anyhow", "GATHER", Gather(3), [b.image(32)], shape, picks)


FORMS: tuple[Callable[[Copies], None], ...] = (
    transposes, borders, slices, joints, blocks, tiles, shuffles,
)  # fmt: skip


def measure(
    form: Callable[[Copies], None], element: ir.Element, target: str
) -> dict[str, tuple[float, bool]]:
    """Instructions per byte of the output by title, and whether a kernel is scalar's."""
    b = Copies(element)
    form(b)
    network = b.network([tensor for _, tensor in b.cases])
    found = figures.run_json(network, target)
    rows = {row["name"]: row for row in found["layers"]}
    costs = {}
    for title, tensor in b.cases:
        row = rows[f"tensor_{tensor}"]
        bytes_made = math.prod(b.shape(tensor)) * element.dtype.itemsize
        costs[title] = (row["instructions"] / bytes_made, row["kernel"].startswith("scalar"))
    return costs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--target", action="append", choices=TARGETS, help="default: both")
    parser.add_argument("--element", action="append", choices=ELEMENTS, help="default: all")
    parser.add_argument("--form", action="append", choices=[form.__name__ for form in FORMS])
    options = parser.parse_args()
    names = options.element or list(ELEMENTS)
    forms = [form for form in FORMS if form.__name__ in (options.form or [form.__name__])]
    for target in options.target or TARGETS:
        print(f"| {target} | {' | '.join(names)} |\n| --- |{' ---: |' * len(names)}")
        for form in forms:
            found = [measure(form, ELEMENTS[name], target) for name in names]
            for title in found[0]:
                cells = []
                for costs in found:
                    cost, scalar = costs[title]
                    cells.append(f"{cost:.2f}{', scalar' if scalar else ''}")
                print(f"| {title} | {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    figures.exit_with(main)
