"""Operators that are two in one become two: a module's `steps` says which."""

from __future__ import annotations

from graven import ir, layers
from graven.node import node_of
from graven.passes.grown import Grown


def steps(network: ir.Network) -> ir.Network:
    """steps(layer, node) gives names, records and output shapes, all but the last one's of new
    tensors; nothing where the operator is one step."""
    grown = Grown(network)
    for operator in network.operators:
        find = getattr(layers.modules()[operator.name], "steps", None)
        found = find(operator.layer, node_of(network, operator)) if find else ()
        if not found:
            grown.keep(operator)
            continue
        data = operator.inputs[0]
        for name, layer, shape in found[:-1]:
            made = grown.tensor(grown.tensors[data], shape)
            data = grown.add(name, layer, (data,), made)
        name, layer, _ = found[-1]
        grown.add(name, layer, (data,), operator.output, operator.index)
    return grown.network()
