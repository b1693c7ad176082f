"""INDEX_MAP: output element i is input element base + the sum of digit * stride over i's digits, or
one value where a digit lies outside of its range. INDEX_TABLE: it is the one that a table names,
for what no INDEX_MAP says.

No file has these operators: a pass makes them of those that move elements (passes/movement.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.bounds import monotone
from graven.cpp import Cpp, computed, constants, hwc, shape, template
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("INDEX_MAP", "INDEX_TABLE")
OPTIONS = None
SCALES = SAME


@dataclass(frozen=True)
class Digit:
    """Counts from 0 to count - 1; the first `before` and the last `after` of it are outside."""

    count: int
    stride: int  # in elements of the input
    before: int = 0
    after: int = 0


@dataclass(frozen=True)
class IndexMap(ir.Layer):
    base: int  # of the first element that is not outside
    digits: tuple[Digit, ...]  # of the output's index, the last counts fastest
    fill: int | float = 0  # in the output's numbers


@dataclass(frozen=True)
class IndexTable(ir.Layer):
    fill: int | float = 0  # where the table, the second input, has -1


def options(layer: IndexMap | IndexTable) -> dict[str, Option]:
    return {}


def read(node: Node) -> IndexMap | IndexTable:
    raise node.error("is graven's own and cannot stand in a file.")


def cpp(layer: IndexMap | IndexTable, node: Node) -> Cpp:
    fill = layer.fill
    if node.output.element is ir.Element.FLOAT32:
        fill = int(np.float32(fill).view(np.int32))
    extents = shape(hwc(node, node.output))
    if isinstance(layer, IndexTable):
        type = template("IndexTable", extents, str(fill), defaults=("0",))
        return Cpp(type, computed(node, 0), constants(indices=node.input(1).data))
    digits = (_digit(each) for each in layer.digits)
    type = template("IndexMap", extents, str(layer.base), str(fill), *digits)
    return Cpp(type, computed(node, 0))


def _digit(digit: Digit) -> str:
    numbers = [digit.count, digit.stride]
    if digit.before or digit.after:
        numbers += [digit.before, digit.after]
    return f"graven::Digit{{{', '.join(map(str, numbers))}}}"


def index(layer: IndexMap) -> np.ndarray:
    """The input's element of each of the output's; -1 outside."""
    found, inside = np.array([layer.base]), np.array([True])
    for digit in layer.digits:
        steps = np.arange(digit.count) - digit.before
        reached = (steps >= 0) & (steps < digit.count - digit.before - digit.after)
        found = (found[:, None] + steps * digit.stride).reshape(-1)
        inside = (inside[:, None] & reached).reshape(-1)
    return np.where(inside, found, -1)


def reference(layer: IndexMap | IndexTable, node: Node, values: Values) -> np.ndarray:
    places = index(layer) if isinstance(layer, IndexMap) else node.input(1).data
    data = values[0].reshape(-1)
    fill = np.asarray(layer.fill, dtype=data.dtype)
    return np.where(places < 0, fill, data[places]).reshape(node.output.shape)


bounds = monotone(reference)
