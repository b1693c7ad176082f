"""Operators that are several in one become several: a module's `steps` or `expand` says which."""

from __future__ import annotations

from graven import ir, layers
from graven.node import node_of
from graven.passes.grown import Grown


def steps(network: ir.Network) -> ir.Network:
    """steps(layer, node) gives names, records and output shapes, all but the last one's of new
    tensors; nothing where the operator is one step. expand(layer, node, grown) adds them itself,
    and says whether it has."""
    grown = Grown(network)
    for operator in network.operators:
        module = layers.modules()[operator.name]
        expand = getattr(module, "expand", None)
        if expand and expand(operator.layer, node_of(network, operator), grown):
            continue
        find = getattr(module, "steps", None)
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
