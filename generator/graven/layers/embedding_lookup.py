"""EMBEDDING_LOOKUP: rows of a table, by computed numbers; a table of int8 may give reals."""

from __future__ import annotations

import typing
from dataclasses import dataclass, replace

import numpy as np

from graven import ir
from graven.layers.dequantize import Dequantize
from graven.layers.lookup import Lookup
from graven.node import Node, Option, Values, per_tensor
from graven.quantize.rules import SAME

if typing.TYPE_CHECKING:
    from graven.passes.grown import Grown

OPERATORS = ("EMBEDDING_LOOKUP",)
OPTIONS = None
SCALES = SAME


@dataclass(frozen=True)
class EmbeddingLookup(ir.Layer):
    pass


def options(layer: EmbeddingLookup) -> dict[str, Option]:
    return {}


def read(node: Node) -> EmbeddingLookup:
    node.expect_inputs(2, 2)
    rows, table, output = node.input(0), node.input(1), node.output
    node.expect_element(rows, ir.Element.INT32)
    node.expect_rank(rows, 1)
    node.expect_element(table, ir.Element.INT8, ir.Element.FLOAT32)
    if len(table.shape) < 2:
        raise node.error("has one axis, expected rows of a table.", table)
    node.expect_element(output, table.element, ir.Element.FLOAT32)
    node.expect_shape(output, (*rows.shape, *table.shape[1:]))
    if table.element is not output.element and per_tensor(node, table)[1] != 0:
        raise node.error("has a zero point other than 0, expected a symmetric table.", table)
    if table.element is output.element:
        node.expect_same_quantization(table, output)
    return EmbeddingLookup()


def lookup(node: Node) -> Lookup:
    return Lookup(1, 1, node.input(1).shape[:1])


def reference(layer: EmbeddingLookup, node: Node, values: Values) -> np.ndarray:
    found = lookup(node).find(values[1], values[0], node.output.shape)
    if found.dtype == node.output.element.dtype:
        return found
    return found.astype(np.float32) * np.float32(per_tensor(node, node.input(1))[0])


def expand(layer: EmbeddingLookup, node: Node, grown: Grown) -> bool:
    table, output = node.input(1), node.output.index
    inputs = (table.index, node.input(0).index)
    if table.element is node.output.element:
        grown.add("LOOKUP", lookup(node), inputs, output, node.index)
        return True
    found = grown.tensor(replace(table, data=None), node.output.shape)
    grown.add("LOOKUP", lookup(node), inputs, found)
    grown.add("DEQUANTIZE", Dequantize(), (found,), output, node.index)
    return True
