"""DYNAMIC_UPDATE_SLICE: a tensor with a box of it replaced, where a third one says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir, moving
from graven.cpp import Cpp, computed, template
from graven.node import Node, Option, Values, shape_text
from graven.quantize.rules import SAME

OPERATORS = ("DYNAMIC_UPDATE_SLICE",)
OPTIONS = None
SCALES = SAME
DATA = (0, 1, 2)
MOST_EXTENT = 32767


@dataclass(frozen=True)
class UpdateSlice(ir.Layer):
    pass


def options(layer: UpdateSlice) -> dict[str, Option]:
    return {}


def read(node: Node) -> UpdateSlice:
    node.expect_inputs(3, 3)
    data, fresh, first = (node.input(place) for place in range(3))
    node.expect_element(first, *moving.INDEX)
    node.expect_shape(first, (len(data.shape),))
    moving.expect_moved(node, data, node.output, data.shape)
    node.expect_same_element(data, fresh)
    node.expect_same_quantization(data, fresh)
    node.expect_rank(fresh, len(data.shape))
    if (
        not data.shape
        or max(data.shape) > MOST_EXTENT
        or any(map(int.__gt__, fresh.shape, data.shape))
    ):
        raise node.error(
            f"has shape {shape_text(fresh.shape)}, no box of {shape_text(data.shape)} (of axes up "
            f"to {MOST_EXTENT}).",
            fresh,
        )
    return UpdateSlice()


def cpp(layer: UpdateSlice, node: Node) -> Cpp:
    pairs = zip(node.input(0).shape, node.input(1).shape, strict=True)
    axes = (f"graven::Renewed{{{extent}, {fresh}}}" for extent, fresh in pairs)
    return Cpp(template("UpdateSlice", *axes), computed(node, 0, 1, 2))


def reference(layer: UpdateSlice, node: Node, values: Values) -> np.ndarray:
    data, fresh, first = values
    most = np.subtract(data.shape, fresh.shape)
    first = np.clip(first.astype(np.int64), 0, most)
    found = data.copy()
    found[tuple(map(slice, first, first + fresh.shape))] = fresh
    return found
