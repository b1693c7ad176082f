"""AVERAGE_POOL_2D: the mean of what lies under a window; padding is not counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir, window
from graven.bounds import monotone
from graven.channels import one_to_one
from graven.node import Node, Values, scale_of, zero_point_of
from graven.quantize.rules import SAME
from graven.window import pool_spans, taps

OPERATORS = ("AVERAGE_POOL_2D",)
OPTIONS = "Pool2DOptions"
SCALES = SAME


@dataclass(frozen=True)
class AvgPool(window.Pool):
    pass


options, cpp = window.pool_options, window.pool_cpp


def read(node: Node) -> AvgPool:
    return window.read_pool(node, AvgPool)


def reference(layer: AvgPool, node: Node, values: Values) -> np.ndarray:
    output = node.output
    total, count = sums(node, layer, values[0].astype(np.float64))
    if output.element is ir.Element.FLOAT32:
        return arithmetic.clamp_float(total / count, layer.activation)
    dtype = output.element.dtype
    limits = arithmetic.limits(layer.activation, scale_of(output), zero_point_of(output), dtype)
    return arithmetic.clamp(divide(total.astype(np.int64), count), limits, dtype)


def sums(node: Node, layer: window.Pool, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of what lies under each window, and how many elements that are."""
    rows, columns = pool_spans(layer, node)
    total = np.zeros(node.output.shape)
    count = np.zeros((1, rows.output, columns.output, 1), dtype=np.int64)
    inside = np.ones((1, *data.shape[1:3], 1))
    for _, _, patch in taps(data, rows, columns, 0.0):
        total += patch
    for _, _, patch in taps(inside, rows, columns, 0.0):
        count += patch.astype(np.int64)
    return total, count


def divide(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """total / count, halves away from zero."""
    return np.sign(total) * ((np.abs(total) + count // 2) // count)


bounds, links = monotone(reference), one_to_one
is_identity = window.is_pixelwise
