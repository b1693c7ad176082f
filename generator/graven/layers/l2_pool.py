"""L2_POOL_2D: the root of the mean of squares under a window; padding is not counted. float32."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir, window
from graven.layers import avg_pool
from graven.node import Node, Values

OPERATORS = ("L2_POOL_2D",)
OPTIONS = "Pool2DOptions"


@dataclass(frozen=True)
class L2Pool(window.Pool):
    pass


options, cpp = window.pool_options, window.pool_cpp


def read(node: Node) -> L2Pool:
    node.expect_element(node.input(0), ir.Element.FLOAT32)
    return window.read_pool(node, L2Pool)


def reference(layer: L2Pool, node: Node, values: Values) -> np.ndarray:
    total, count = avg_pool.sums(node, layer, np.square(values[0].astype(np.float64)))
    return arithmetic.clamp_float(np.sqrt(total / count), layer.activation)
