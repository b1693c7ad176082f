"""Without operators of which nothing is read."""

from __future__ import annotations

import dataclasses

from graven import ir


def without_dead(network: ir.Network) -> ir.Network:
    needed = set(network.outputs)
    live = []
    for operator in reversed(network.operators):
        if not operator.outputs or needed.intersection(operator.outputs):  # or it assigns
            live.append(operator)
            needed.update(operator.inputs)
    if len(live) == len(network.operators):
        return network
    return dataclasses.replace(network, operators=tuple(reversed(live)))
