"""Trees: the sum of the leaves that decision trees lead an input to; what forests and boosted trees
are, scikit-learn's, XGBoost's and LightGBM's (graven.trees makes its arrays).

Inputs: the features; per node the feature (with MISSING_LEFT where NaN goes left), the threshold
that it is compared with (to the left if not above it), and the two children, as how many nodes
further or -1 - leaf; per tree its root; per leaf its numbers, and what each output starts with, the
last two as float32 or as the 64 bits of doubles.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.cpp import Constant, Cpp, computed, template
from graven.node import Node, Option, Values, shape_text

OPERATORS = ("Trees",)
OPTIONS = "FlexBuffer"  # layers.FLEX_BUFFER
MISSING_LEFT = 1 << 14
INT16, INT32, INT64, FLOAT32 = (
    ir.Element.INT16, ir.Element.INT32, ir.Element.INT64, ir.Element.FLOAT32,
)  # fmt: skip
ARRAYS = {
    "features": (INT16,), "thresholds": (), "children": (INT16,), "roots": (INT32,),
    "leaves": (FLOAT32, INT64), "base": (INT64,),
}  # fmt: skip
"""The inputs behind the first one, and their elements; thresholds have that of the first."""


class Sum(enum.IntEnum):
    """TreeSum in layers/trees.hpp."""

    float32 = 0
    float64 = 1
    mean = 2


@dataclass(frozen=True)
class Trees(ir.Layer):
    sum: Sum


def options(layer: Trees) -> dict[str, Option]:
    return {"sum": int(layer.sum)}


def read(node: Node) -> Trees:
    node.expect_inputs(7, 7)
    data, output = node.input(0), node.output
    node.expect_element(data, FLOAT32, ir.Element.INT8, INT16)
    node.expect_element(output, FLOAT32)
    features, thresholds, children, roots, leaves, base = (
        node.constant(place, allowed or (data.element,))
        for place, allowed in enumerate(ARRAYS.values(), 1)
    )
    sum = int(node.option("sum"))
    nodes, outputs = features.shape[0], base.shape[0]
    node.expect_shape(thresholds, (nodes,))
    node.expect_shape(children, (nodes, 2))
    node.expect_rank(leaves, 2)
    node.expect_shape(output, (1, outputs))
    width = leaves.shape[1]
    shared = width == outputs or (width == 1 and roots.shape[0] % outputs == 0)
    if not 0 <= sum < len(Sum) or not shared:
        raise node.error(
            f"has sum {sum} and leaves of {shape_text(leaves.shape)} for {roots.shape[0]} "
            f"trees and {outputs} outputs, which do not go together; make it again."
        )
    check_walk(node, features.data, children.data.astype(int), roots.data, leaves.shape[0])
    return Trees(Sum(sum))


def check_walk(
    node: Node, features: np.ndarray, children: np.ndarray, roots: np.ndarray, leaves: int
) -> None:
    """Does every walk end at a leaf that there is?"""
    count = len(features)
    reached = np.where(children > 0, np.arange(count)[:, None] + children, 0)
    inside = reached.max() < count and (-1 - children.min()) < leaves and children.all()
    known = (features & (MISSING_LEFT - 1)).max() < math.prod(node.input(0).shape)
    if not (inside and known and features.min() >= 0 and 0 <= roots.min() <= roots.max() < count):
        raise node.error("has nodes, leaves or features that are none; make it again.")


def cpp(layer: Trees, node: Node) -> Cpp:
    _, features, _, _, roots, leaves, base = node.inputs
    counts = (base.shape[0], roots.shape[0], features.shape[0], *leaves.shape)
    type = template(
        "Trees",
        *map(str, counts),
        f"graven::TreeSum::{layer.sum.name}",
        f"graven::Element::{leaves.element.value}",
        defaults=("1", "graven::TreeSum::float32", "graven::Element::float32"),
    )
    named = enumerate(ARRAYS, 1)
    return Cpp(
        type,
        computed(node, 0),
        tuple(Constant(name, node.input(place).data) for place, name in named),
    )


def as_reals(data: np.ndarray) -> np.ndarray:
    return data.view(np.float64) if data.dtype == np.int64 else data


def reference(layer: Trees, node: Node, values: Values) -> np.ndarray:
    data, features, thresholds, children, roots, leaves, base = values
    x = data.reshape(len(data), -1)
    wide = np.float32 if layer.sum is Sum.float32 else np.float64
    sums = np.repeat(as_reals(base).astype(wide)[None], len(x), axis=0)
    numbers, width = as_reals(leaves), leaves.shape[1]
    for k, root in enumerate(roots):
        found = leaves_of(x, features, thresholds, children, root)
        group = k * width % sums.shape[1]
        sums[:, group : group + width] += numbers[found].astype(wide)
    if layer.sum is Sum.mean:
        sums /= len(roots) * width // sums.shape[1]
    return rounded(sums).reshape(node.output.shape)


def leaves_of(
    x: np.ndarray,
    features: np.ndarray,
    thresholds: np.ndarray,
    children: np.ndarray,
    root: np.ndarray,
) -> np.ndarray:
    """Of every sample, by one tree."""
    at, found = np.full(len(x), root), np.full(len(x), -1)
    walking = np.arange(len(x))
    while walking.size:
        nodes = at[walking]
        asked = features[nodes]
        value = x[walking, asked & (MISSING_LEFT - 1)]
        left = (value <= thresholds[nodes]) | ((value != value) & (asked >= MISSING_LEFT))
        step = children[nodes, np.where(left, 0, 1)].astype(np.int64)
        done = step < 0
        found[walking[done]] = -1 - step[done]
        at[walking] += np.where(done, 0, step)
        walking = walking[~done]
    return found


def rounded(sums: np.ndarray) -> np.ndarray:
    """To float32, where the first of the largest stays so: else it is the next number up."""
    found = sums.astype(np.float32)
    rows, most = np.arange(len(sums)), sums.argmax(axis=1)
    ties = found.argmax(axis=1) != most
    up = np.nextafter(found[rows, most], np.float32(np.inf))
    found[rows, most] = np.where(ties, up, found[rows, most])
    return found
