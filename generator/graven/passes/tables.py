"""Elementwise operators of int8 that stand one behind the other on one tensor: a table of what they
make of each of its 256 values, which has their bits.
"""

from __future__ import annotations

from graven import ir
from graven.bounds import EVERYTHING
from graven.curve import curves
from graven.layers.table import Table
from graven.passes.grown import Grown


def tables(network: ir.Network) -> ir.Network:
    """Where there are several; one alone has a kernel, and needs no table."""
    found = curves(network, ir.Element.INT8, lambda operators: len(operators) > 1)
    if not found:
        return network
    by_last = {curve.operators[-1].index: curve for curve in found}
    gone = {each.index for curve in found for each in curve.operators}
    grown = Grown(network)
    for operator in network.operators:
        if operator.index in by_last:
            curve = by_last[operator.index]
            table = grown.constant(curve.output, curve(EVERYTHING))
            grown.add("TABLE", Table(), (curve.root, table), curve.output, operator.index)
        elif operator.index not in gone:
            grown.keep(operator)
    return grown.network()
