"""TABLE: any function of one element, as TOSA's; what the passes and the quantizer make of
elementwise operators that stand one behind the other on one tensor.

Inputs: the data and the table. int8: 256 entries, from -128 on. int16: 513 entries, from -32768 in
steps of 128, between which lines run. float32 has no table yet: there the layer is the curve, which
becomes one when scales are known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import interpolation, ir
from graven.bounds import EVERYTHING, by_table, keeps_table
from graven.channels import one_to_one
from graven.cpp import Constant, Cpp, computed
from graven.node import Node, Option, Values
from graven.pointwise import Curve
from graven.quantize.scales import Scale, dequantized, quantized

OPERATORS = ("TABLE",)
OPTIONS = "FlexBuffer"  # layers.FLEX_BUFFER
DATA = (0,)
ENTRIES = {ir.Element.INT8: 256, ir.Element.INT16: 513}


@dataclass(frozen=True)
class Table(ir.Layer):
    curve: Curve | None = None  # of float32


def options(layer: Table) -> dict[str, Option]:
    return {}


def read(node: Node) -> Table:
    node.expect_inputs(2, 2)
    data, output = node.input(0), node.output
    node.expect_element(data, *ENTRIES)
    node.expect_element(output, data.element)
    node.expect_shape(output, data.shape)
    node.expect_shape(node.constant(1, (data.element,)), (ENTRIES[data.element],))
    return Table()


def cpp(layer: Table, node: Node) -> Cpp:
    table = Constant("table", node.input(1).data)
    return Cpp("graven::MapTable", computed(node, 0), (table,), output=True)


def reference(layer: Table, node: Node, values: Values) -> np.ndarray:
    data = values[0]
    if layer.curve is not None:
        return layer.curve(data)
    table = node.input(1).data.astype(np.int64)
    whole = data.astype(np.int64)
    if data.dtype == np.int16:
        return interpolation.look_up(whole, table).astype(np.int16)
    return table[whole + 128].astype(np.int8)


bounds, links = by_table(reference), one_to_one
is_identity = keeps_table(reference)


def integers(layer: Table, node: Node, data: Scale, output: Scale) -> dict[int, ir.Tensor]:
    """The table between two scales; 0 where the curve has no number."""
    assert layer.curve is not None
    curve = layer.curve

    def function(values: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            made = curve(values)
        return np.where(np.isnan(made), np.float32(0), made)

    if data.element is ir.Element.INT16:
        found = interpolation.word_table(function, data.scale, output.scale).astype(np.int16)
    else:
        found = quantized(function(dequantized(EVERYTHING, data)), output)
    name = f"{node.output.name}_table"
    return {1: ir.Tensor(-1, name, found.shape, data.element, output.quantization, found)}
