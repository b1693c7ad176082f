"""RELU, RELU_N1_TO_1, RELU_0_TO_1: a clamp, and a change of scale where the output has another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, elementwise, ir
from graven.bounds import by_table, keeps_table
from graven.channels import one_to_one
from graven.cpp import Cpp, computed
from graven.node import Node, Values, scale_of, zero_point_of

NAMES = {"RELU": "ReLU", "RELU_N1_TO_1": "ReLUN1To1", "RELU_0_TO_1": "ReLU0To1"}
OPERATORS = tuple(NAMES)
OPTIONS = None
POINTWISE = True


@dataclass(frozen=True)
class ReLU(ir.Layer):
    pass


options = elementwise.no_options


def read(node: Node) -> ReLU:
    elementwise.expect_rescaled(node, wide=True)
    return ReLU()


def cpp(layer: ReLU, node: Node) -> Cpp:
    return Cpp(f"graven::{NAMES[node.name]}", computed(node, 0), output=True)


def reference(layer: ReLU, node: Node, values: Values) -> np.ndarray:
    data, output = node.input(0), node.output
    if output.element is ir.Element.FLOAT32:
        return arithmetic.clamp_float(values[0], node.name)
    scale, zero_point, dtype = scale_of(output), zero_point_of(output), output.element.dtype
    return arithmetic.requantize(
        values[0].astype(np.int64) - zero_point_of(data),
        scale_of(data) / scale,
        zero_point,
        arithmetic.limits(node.name, scale, zero_point, dtype),
        dtype,
    )


bounds, links = by_table(reference), one_to_one
is_identity = keeps_table(reference)
