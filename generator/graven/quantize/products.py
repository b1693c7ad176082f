"""Operators that have no int16, as products, of which there are."""

from __future__ import annotations

import numpy as np

from graven import ir
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
