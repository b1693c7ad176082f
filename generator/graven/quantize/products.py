"""Operators that have no integers, or none of 16 bits, as those that have."""

from __future__ import annotations

import numpy as np

from graven import ir
from graven.layers.add import Add
from graven.layers.mul import Mul
from graven.passes.grown import Grown
from graven.quantize.sharing import is_real


def as_products(network: ir.Network) -> ir.Network:
    """NEG and SQUARE of real numbers."""
    grown = Grown(network)
    for operator in network.operators:
        if operator.name not in ("NEG", "SQUARE") or not is_real(network, operator.inputs[0]):
            grown.keep(operator)
            continue
        (data,), (output,) = operator.inputs, operator.outputs
        factor = data
        if operator.name == "NEG":
            factor = grown.constant(output, np.array([-1], dtype=np.float32))
        grown.add("MUL", Mul(), (data, factor), output, operator.index)
    return grown.network()


def as_sums(network: ir.Network) -> ir.Network:
    """ADD_N of real numbers, whose terms would share a scale in integers, as sums of two, whose
    terms have their own."""
    if not any(each.name == "ADD_N" for each in network.operators):
        return network
    grown = Grown(network)
    for operator in network.operators:
        if operator.name != "ADD_N" or not is_real(network, operator.inputs[0]):
            grown.keep(operator)
            continue
        found, *terms = operator.inputs
        (output,) = operator.outputs
        for term in terms[:-1]:
            found = grown.add("ADD", Add(), (found, term), grown.like(output))
        grown.add("ADD", Add(), (found, terms[-1]), output, operator.index)
    return grown.network()
