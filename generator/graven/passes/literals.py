"""Constants where computed tensors are needed: as what an operator works on, and as outputs of the
model. An output that is an input as well, or another output, becomes a copy.
"""

from __future__ import annotations

import dataclasses

from graven import ir, layers
from graven.layers.literal import Literal
from graven.passes.grown import Grown


def literals(network: ir.Network) -> ir.Network:
    grown = Grown(network)
    made: dict[int, int] = {}  # by constant

    def literal(index: int) -> int:
        if index not in made:
            constant = grown.tensors[index]
            made[index] = grown.tensor(constant, constant.shape)
            grown.add("LITERAL", Literal(), (index,), made[index])
        return made[index]

    for operator in network.operators:
        inputs = list(operator.inputs)
        for place in _worked_on(operator):
            if inputs[place] >= 0 and network.tensors[inputs[place]].data is not None:
                inputs[place] = literal(inputs[place])
        grown.keep(dataclasses.replace(operator, inputs=tuple(inputs)))
    outputs: list[int] = []
    for index in network.outputs:
        if network.tensors[index].data is not None:
            index = literal(index)
        if index in network.inputs or index in outputs:
            tensor = grown.tensors[index]
            index = grown.reshape(index, grown.tensor(tensor, tensor.shape))
        outputs.append(index)
    if len(grown.operators) == len(network.operators):
        return network
    return dataclasses.replace(grown.network(), outputs=tuple(outputs))


def _worked_on(operator: ir.Operator) -> list[int]:
    """The places of its activations, of an operator that takes no constants there."""
    module = layers.modules()[operator.name]
    takes = any(getattr(module, name, False) for name in ("BROADCASTS", "CONSTANTS"))
    if takes or isinstance(operator.layer, Literal):
        return []
    return [place for place in getattr(module, "DATA", (0,)) if place < len(operator.inputs)]
