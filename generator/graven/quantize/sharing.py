"""Which tensors of a float network have one scale and zero point in int8."""

from __future__ import annotations

from dataclasses import dataclass, field

from graven import ir, layers
from graven.quantize.rules import SAME, Fixed, rule_of, weights_of


@dataclass
class Sharing:
    """Groups of tensors, each named by one of them; constants that are no weights are members."""

    group: dict[int, int]  # by tensor: the group's name
    fixed: dict[int, Fixed]  # by group
    rescaled: set[tuple[int, int]]  # operator and position: an input that must change its scale
    sources: dict[int, list[int]] = field(default_factory=dict)  # by group: who sets its range

    @property
    def free(self) -> list[int]:
        """The groups whose scale is to be found, in the order of the network."""
        return [name for name in self.sources if name not in self.fixed]


def is_real(network: ir.Network, index: int) -> bool:
    return network.tensors[index].element is ir.Element.FLOAT32


def real_inputs(network: ir.Network, operator: ir.Operator) -> list[int]:
    """Positions of its float32 inputs that are no weights."""
    module = layers.modules()[operator.name]
    if hasattr(module, "integers"):  # all others are its own affair
        return [0]
    weights = weights_of(module, operator, network.tensors)
    own = getattr(module, "REAL", ()) if weights is None else (weights.weights, weights.bias)
    own = (*own, *getattr(module, "STACKS", ()))
    return [
        place
        for place, index in enumerate(operator.inputs)
        if index >= 0 and place not in own and is_real(network, index)
    ]


def sharing(network: ir.Network) -> Sharing:
    parent: dict[int, int] = {index: index for index in network.inputs if is_real(network, index)}
    fixed: dict[int, Fixed] = {}
    rescaled: set[tuple[int, int]] = set()
    moved: set[int] = set()  # outputs whose values are among their inputs'

    def find(index: int) -> int:
        while parent.setdefault(index, index) != index:
            index = parent[index]
        return index

    for operator in network.operators:
        module = layers.modules()[operator.name]
        rule = rule_of(module, operator.name)
        places = real_inputs(network, operator)
        outputs = [index for index in operator.outputs if is_real(network, index)]
        for index in (*(operator.inputs[place] for place in places), *outputs):
            find(index)
        for state, like in getattr(module, "STATES", {}).items():
            if state < len(operator.inputs) and is_real(network, operator.inputs[state]):
                _join(parent, find, [operator.inputs[like], operator.inputs[state]])
        if isinstance(rule, Fixed):
            fixed[operator.output] = rule
        elif rule == SAME and places:
            names = {place: find(operator.inputs[place]) for place in places}
            alike = len({fixed.get(name) for name in names.values()}) == 1
            for place, name in names.items():
                if not alike and name in fixed:
                    rescaled.add((operator.index, place))
            joined = [name for place, name in names.items()
                      if (operator.index, place) not in rescaled]  # fmt: skip
            _join(parent, find, [*joined, *outputs])
            moved.update(outputs)
    group = {index: find(index) for index in parent}
    found = Sharing(group, fixed, rescaled)
    for index, name in group.items():
        found.sources.setdefault(name, [])
        if index not in moved:
            found.sources[name].append(index)
    return found


def _join(parent: dict[int, int], find, members: list[int]) -> None:
    first = find(members[0])
    for each in members[1:]:
        parent[find(each)] = first
