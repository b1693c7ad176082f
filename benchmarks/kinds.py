"""Instructions of layers by the kind of their weights and activations, against int8's.

    kinds.py [--target T ...] [--check]

int4: weights of 4 bits; int16: activations of 16; of the same shapes. --check exits with 1 where a
layer of 64 products per output and more takes more than it may (LIMITS): of int8's instructions on
a Cortex-M4, of depthwise ones DEPTHWISE; on a Cortex-M55 a third of that, of depthwise ones as much
of int8's there, of int16 no more than OWN; or where ADD, SUB (of operands of one scale and of two)
or MUL takes more than PER_ELEMENT, on a Cortex-M55 than a third of it. Other exit codes: 2 bad use,
3 a tool failed.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
from collections.abc import Callable

import figures
import numpy as np
from graven import ir
from graven.layers.add import Add
from graven.layers.binary import Binary
from graven.layers.conv2d import Conv2D
from graven.layers.dense import Dense
from graven.layers.depthwise_conv2d import DepthwiseConv2D
from graven.layers.mul import Mul
from graven.layers.reshape import Reshape
from shape_families import Layers

TARGETS = ("cortex-m4", "cortex-m55")
KINDS = ("int8", "int4", "int16")
LIMITS = {"int4": 1.25, "int16": 1.6}
DEPTHWISE = {"int4": 1.6, "int16": 2.0}
"""Times int8's instructions that depthwise convolutions may take on a Cortex-M4, where 3x3 of int8
has a kernel of its own."""
OWN = {"conv": 1.7, "dense": 1.85}
"""Times int8's instructions that int16 may take on a Cortex-M55: VMLADAV makes half as much."""
ELEMENTS = (1, 4, 32, 32)
PER_ELEMENT = {"ADD": 11.0, "SUB": 11.0, "MUL": 9.0}
"""Instructions per element that a Cortex-M4 may take, a Cortex-M55 a third of them."""
OPERANDS = {"": (1, 1), ", the first one finer": (0.3, 1), ", the second one finer": (1, 0.3)}
"""Scales of the operands of a sum, in those of its result."""


class Kinds(Layers):
    """Layers whose inputs and weights are of one kind."""

    def __init__(self, kind: str) -> None:
        super().__init__(np.random.default_rng(11))
        self.kind = kind
        self.element = ir.Element.INT16 if kind == "int16" else ir.Element.INT8

    def activation(self, shape: tuple[int, ...], given: bool, finer: float = 1) -> int:
        zero = 0 if self.kind == "int16" else -3
        scale = 0.001 if self.kind == "int16" else 0.1
        index = self.tensor(shape, self.element, scale * finer, zero)
        self.inputs += [index] if given else []
        return index

    def weighted(self, shape: tuple[int, ...], axis: int) -> list[int]:
        channels = shape[axis]
        top = 7 if self.kind == "int4" else 127
        values = np.clip(np.rint(self.rng.normal(0, top / 3, shape)), -top, top).astype(np.int8)
        scales = tuple(map(float, self.rng.uniform(0.5, 1.5, channels).astype(np.float32) / top))
        quantization = ir.Quantization(scales, (0,) * channels, axis)
        filters = self.tensor(shape, data=values)
        element = ir.Element.INT4 if self.kind == "int4" else ir.Element.INT8
        self.tensors[filters] = dataclasses.replace(
            self.tensors[filters], element=element, quantization=quantization
        )
        bias = np.rint(self.rng.normal(0, 50, channels))
        kind = ir.Element.INT64 if self.kind == "int16" else ir.Element.INT32
        bias = bias.astype(np.int64 if self.kind == "int16" else np.int32)
        return [filters, self.tensor((channels,), kind, None, data=bias)]

    def layer(self, name: str, layer: ir.Layer, shapes: tuple[tuple[int, ...], ...]) -> None:
        image, weights, made = shapes
        constants = self.weighted(weights, 3 if name == "DEPTHWISE_CONV_2D" else 0)
        self.measure(
            name, layer, [self.activation(image, True), *constants], self.activation(made, False)
        )

    def elementwise(self, name: str, layer: ir.Layer, finer: tuple[float, ...]) -> None:
        data = [self.activation(ELEMENTS, True, each) for each in finer]
        self.measure(name, layer, data, self.activation(ELEMENTS, False))

    def dense(self, image: tuple[int, ...], units: int) -> None:
        """Behind a Flatten, if the image has several rows."""
        length = int(np.prod(image))
        flat = self.activation((1, length), False)
        self.add("RESHAPE", Reshape((1, length)), [self.activation(image, True)], flat)
        constants = self.weighted((units, length), 0)
        self.measure(
            "FULLY_CONNECTED", Dense("NONE"), [flat, *constants], self.activation((1, units), False)
        )


def build(kind: str) -> tuple[Kinds, list[str]]:
    layers, titles = Kinds(kind), []
    for inputs, outputs, side in ((64, 64, 1), (96, 32, 1), (16, 32, 3), (3, 16, 5)):
        titles.append(f"conv {side}x{side}, {inputs} to {outputs}")
        image = (1, 8, 9, inputs)
        shapes = (image, (outputs, side, side, inputs), (1, 8, 9, outputs))
        layers.layer("CONV_2D", Conv2D((1, 1), (1, 1), "SAME", "NONE"), shapes)
    for channels, side in ((32, 3), (16, 5)):
        titles.append(f"depthwise {side}x{side}, {channels}")
        image = (1, 12, 12, channels)
        shapes = (image, (1, side, side, channels), image)
        layers.layer(
            "DEPTHWISE_CONV_2D", DepthwiseConv2D((1, 1), (1, 1), "SAME", "NONE", 1), shapes
        )
    for image, units in (((1, 1, 1, 128), 64), ((1, 1, 1, 640), 16), ((1, 6, 6, 16), 32)):
        titles.append(f"dense {'x'.join(map(str, image[1:]))} to {units}")
        layers.dense(image, units)
    return layers, titles


def build_elementwise(kind: str) -> tuple[Kinds, list[str]]:
    layers, titles = Kinds(kind), []
    for name in PER_ELEMENT:
        for title, finer in OPERANDS.items():
            if title and name == "MUL":
                continue
            layers.elementwise(name, {"ADD": Add(), "MUL": Mul()}.get(name, Binary()), finer)
            titles.append(name + title)
    return layers, titles


def measure(
    kind: str, target: str, builder: Callable[[str], tuple[Kinds, list[str]]] = build
) -> dict[str, tuple[int, str]]:
    """Instructions and kernel by title."""
    layers, titles = builder(kind)
    found = figures.run_json(layers.network(), target)
    rows = [found["layers"][index] for index in layers.measured]
    return {
        title: (row["instructions"], row["kernel"]) for title, row in zip(titles, rows, strict=True)
    }


def limit(title: str, kind: str, own: int, base: int, target: str) -> float:
    """Instructions that a layer may take: `own` are int8's on the target, `base` a Cortex-M4's."""
    depthwise, is_base = title.startswith("depthwise"), target == TARGETS[0]
    if depthwise:
        return (DEPTHWISE if is_base else LIMITS)[kind] * own
    most = LIMITS[kind] * (base if is_base else base / 3)
    return most if is_base or kind != "int16" else min(most, OWN[title.split()[0]] * own)


def compare(target: str, bases: dict[str, int]) -> bool:
    """Prints a target's table; whether all is within the limits."""
    found = {kind: measure(kind, target) for kind in KINDS}
    well = True
    print(f"| {target} | int8 | int4 | int16 |\n| --- | ---: | ---: | ---: |")
    for title, (own, _) in found["int8"].items():
        cells = [f"{own:,}"]
        for kind in KINDS[1:]:
            count, kernel = found[kind][title]
            well = well and count <= limit(title, kind, own, bases[title], target)
            scalar = ", scalar" if kernel.startswith("scalar") else ""
            cells.append(f"{count:,} ({count / own:.2f}{scalar})")
        print(f"| {title} | " + " | ".join(cells) + " |", flush=True)
    return well


def compare_elementwise(target: str) -> bool:
    """Prints a target's table of instructions per element; whether all is within the limits."""
    kinds = ("int8", "int16")
    found = {kind: measure(kind, target, build_elementwise) for kind in kinds}
    well, share = True, 1 if target == TARGETS[0] else 3
    print(f"\n| {target}, per element | int8 | int16 |\n| --- | ---: | ---: |")
    for title in found["int8"]:
        costs = [found[kind][title][0] / math.prod(ELEMENTS) for kind in kinds]
        well = well and max(costs) <= PER_ELEMENT[title.partition(",")[0]] / share
        print(f"| {title} | " + " | ".join(f"{cost:.2f}" for cost in costs) + " |", flush=True)
    return well


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--target", action="append", choices=TARGETS, help="default: both")
    parser.add_argument("--check", action="store_true", help="do all keep the limits?")
    options = parser.parse_args()
    bases = {title: count for title, (count, _) in measure("int8", TARGETS[0]).items()}
    targets = options.target or TARGETS
    well = [compare(target, bases) for target in targets]
    well += [compare_elementwise(target) for target in targets]
    return 0 if all(well) or not options.check else 1


if __name__ == "__main__":
    figures.exit_with(main)
