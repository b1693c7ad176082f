"""MAX_POOL_2D: the largest value under a window; padding never wins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir, window
from graven.bounds import monotone
from graven.channels import one_to_one
from graven.node import Node, Values, scale_of, zero_point_of
from graven.quantize.rules import SAME
from graven.window import pool_spans, taps

OPERATORS = ("MAX_POOL_2D",)
OPTIONS = "Pool2DOptions"
SCALES = SAME


@dataclass(frozen=True)
class MaxPool(window.Pool):
    pass


options, cpp = window.pool_options, window.pool_cpp


def read(node: Node) -> MaxPool:
    return window.read_pool(node, MaxPool)


def reference(layer: MaxPool, node: Node, values: Values) -> np.ndarray:
    data, output = values[0], node.output
    rows, columns = pool_spans(layer, node)
    largest = np.full(output.shape, -np.inf)
    for _, _, patch in taps(data.astype(np.float64), rows, columns, -np.inf):
        largest = np.maximum(largest, patch)
    if output.element is ir.Element.FLOAT32:
        return arithmetic.clamp_float(largest, layer.activation)
    dtype = output.element.dtype
    limits = arithmetic.limits(layer.activation, scale_of(output), zero_point_of(output), dtype)
    return arithmetic.clamp(largest, limits, dtype)


bounds, links = monotone(reference), one_to_one
is_identity = window.is_pixelwise
