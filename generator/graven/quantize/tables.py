"""Functions of one number, before scales are looked for: what a network computes of a tensor by
elementwise operators becomes one, which in integers is a table (layers/table.py). Nothing is
rounded on the way, and what no integer operator computes is a table as well.

A table of int16 has 512 lines, so that operators which are exact there stay what they are; where
mixed widths give a table of int8 sixteen bits, it has lines as well.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from graven import ir, layers
from graven.layers.table import Table
from graven.pointwise import Curve, curves, replaced

BOOLEAN = ir.Element.BOOLEAN


def as_tables(network: ir.Network, element: ir.Element) -> ir.Network:
    """For activations of this element: of int8 several operators, or one that it lacks; of int16
    those with one among them that it lacks, or with truth values on the way."""

    def is_wanted(operators: Sequence[ir.Operator]) -> bool:
        several = element is ir.Element.INT8 and len(operators) > 1
        asks = any(network.tensors[each.output].element is BOOLEAN for each in operators)
        return several or asks or any(_lacks(element, each) for each in operators)

    return replaced(network, curves(network, ir.Element.FLOAT32, is_wanted), _table)


def in_words(network: ir.Network, wide: Set[int]) -> ir.Network:
    """Operators of which there is int8 alone, where their output becomes int16."""
    found = [
        Curve(network, (each,), each.inputs[0])
        for each in network.operators
        if wide.intersection(each.outputs) and _lacks(ir.Element.INT16, each)
    ]
    return replaced(network, found, _table)


def _lacks(element: ir.Element, operator: ir.Operator) -> bool:
    module = layers.modules()[operator.name]
    lacking = getattr(module, "WITHOUT_INTEGERS", ())
    if element is ir.Element.INT16:
        lacking = (*lacking, *getattr(module, "WITHOUT_INT16", ()))
    return operator.name in lacking


def _table(curve: Curve) -> ir.Operator:
    last = curve.operators[-1]
    return ir.Operator(last.index, "TABLE", Table(curve), (curve.root,), (curve.output,))
