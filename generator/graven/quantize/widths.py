"""Activations of 16 bits at some operators of a network of 8: where the width changes, an operator
QUANTIZE is put into the float network, which computes nothing there, and parts the scales.

An operator with weights is wide if it is chosen; another one where all that it reads is. Inputs of
the network are wide where nothing but chosen operators reads them.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field, replace

from graven import ir
from graven.layers.quantize import Quantize
from graven.quantize.sharing import is_real, real_inputs


@dataclass
class Split:
    """The network so far."""

    network: ir.Network
    tensors: list[ir.Tensor]
    operators: list[ir.Operator] = field(default_factory=list)
    wide: set[int] = field(default_factory=set)  # tensors that become int16
    origin: dict[int, int] = field(default_factory=dict)  # of added tensors, whose values they have
    known: dict[tuple[int, bool], int] = field(default_factory=dict)  # tensors in another width

    def in_width(self, index: int, wide: bool) -> int:
        """The tensor in the other width, behind a QUANTIZE, or a constant of its own."""
        if (index, wide) in self.known:
            return self.known[index, wide]
        tensor, added = self.tensors[index], len(self.tensors)
        ending = "in_16_bits" if wide else "in_8_bits"
        self.tensors.append(replace(tensor, index=added, name=f"{tensor.name}_{ending}"))
        self.origin[added] = self.origin.get(index, index)
        if wide:
            self.wide.add(added)
        if tensor.data is None:
            place = 1 + max(each.index for each in (*self.network.operators, *self.operators))
            self.operators.append(ir.Operator(place, "QUANTIZE", Quantize(), (index,), (added,)))
        self.known[index, wide] = added
        return added

    def add(self, operator: ir.Operator, chosen: bool | None) -> None:
        """`chosen`: None for an operator without weights."""
        places = real_inputs(self.network, operator)
        read = [operator.inputs[place] for place in places]
        computed = [index for index in read if self.tensors[index].data is None]
        if chosen is None:
            chosen = bool(computed) and all(index in self.wide for index in computed)
        inputs = list(operator.inputs)
        for place, index in zip(places, read, strict=True):
            if (index in self.wide) != chosen:
                inputs[place] = self.in_width(index, chosen)
        if chosen:
            self.wide.update(index for index in operator.outputs if is_real(self.network, index))
        self.operators.append(replace(operator, inputs=tuple(inputs)))


def split(network: ir.Network, weighted: Set[int], chosen: Set[int]) -> Split:
    """Operators by their index, which they keep."""
    found = Split(network, list(network.tensors))
    for index in network.inputs:
        readers = [each for each in network.operators if index in each.inputs]
        if readers and all(each.index in chosen for each in readers):
            found.wide.add(index)
    for operator in network.operators:
        is_chosen = operator.index in chosen if operator.index in weighted else None
        found.add(operator, is_chosen)
    tensors, operators = tuple(found.tensors), tuple(found.operators)
    found.network = replace(network, tensors=tensors, operators=operators)
    return found
