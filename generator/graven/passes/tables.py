"""Elementwise operators of int8 that stand one behind the other on one tensor: a table of what they
make of each of its 256 values, which has their bits.
"""

from __future__ import annotations

import dataclasses

from graven import ir
from graven.bounds import EVERYTHING
from graven.layers.table import Table
from graven.passes.grown import Grown
from graven.pointwise import Curve, curves, replaced


def tables(network: ir.Network) -> ir.Network:
    """Where there are several; one alone has a kernel, and needs no table."""
    grown = Grown(network)

    def table(curve: Curve) -> ir.Operator:
        entries = grown.constant(curve.output, curve(EVERYTHING))
        inputs, index = (curve.root, entries), curve.operators[-1].index
        return ir.Operator(index, "TABLE", Table(), inputs, (curve.output,))

    found = curves(network, ir.Element.INT8, lambda operators: len(operators) > 1)
    short = replaced(network, found, table)
    return dataclasses.replace(short, tensors=tuple(grown.tensors)) if found else network
