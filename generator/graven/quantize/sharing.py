"""Which tensors of a float network have one scale and zero point in int8."""

from __future__ import annotations

from collections.abc import Iterator
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


def stays_real(network: ir.Network, index: int) -> bool:
    """A constant, or what is given to the model and read only where numbers stay float32, both
    perhaps behind what moves it."""
    if network.tensors[index].data is not None:
        return True
    return _is_given(network, index) and _is_for_reals(network, index)


def _moves(network: ir.Network, operator: ir.Operator) -> bool:
    """Its first input, to one output."""
    moves = operator.name == "RESHAPE" or getattr(layers.modules()[operator.name], "MOVES", False)
    computed = [
        each for each in operator.inputs if each >= 0 and network.tensors[each].data is None
    ]
    return moves and computed == [operator.inputs[0]] and len(operator.outputs) == 1


def _is_given(network: ir.Network, index: int) -> bool:
    if index in network.inputs:
        return True
    makers = (operator for operator in network.operators if index in operator.outputs)
    return any(_moves(network, each) and _is_given(network, each.inputs[0]) for each in makers)


def _is_for_reals(network: ir.Network, index: int) -> bool:
    readers = [
        (operator, place)
        for operator in network.operators
        for place, each in enumerate(operator.inputs)
        if each == index
    ]
    real = (
        place in getattr(layers.modules()[operator.name], "REAL", ())
        or (_moves(network, operator) and _is_for_reals(network, operator.output))
        for operator, place in readers
    )
    return readers != [] and index not in network.outputs and all(real)


def real_inputs(network: ir.Network, operator: ir.Operator) -> list[int]:
    """Positions of its float32 inputs that are no weights."""
    module = layers.modules()[operator.name]
    if hasattr(module, "integers"):  # all others are its own affair
        return [0]
    if _moves(network, operator) and stays_real(network, operator.output):
        return []
    weights = weights_of(module, operator, network.tensors)
    own = () if weights is None else (weights.weights, weights.bias)
    own = (*own, *getattr(module, "STACKS", ()))
    for place in getattr(module, "REAL", ()):
        if place < len(operator.inputs) and operator.inputs[place] >= 0:
            own += (place,) if stays_real(network, operator.inputs[place]) else ()
    return [
        place
        for place, index in enumerate(operator.inputs)
        if index >= 0 and place not in own and is_real(network, index)
    ]


def real_outputs(network: ir.Network, operator: ir.Operator) -> list[int]:
    """That integers are made of."""
    outputs = [index for index in operator.outputs if is_real(network, index)]
    stays = _moves(network, operator) and any(stays_real(network, index) for index in outputs)
    return [] if stays else outputs


def _states(network: ir.Network, operator: ir.Operator) -> Iterator[list[int]]:
    """Each input whose scale a variable has, and that one."""
    for place, like in getattr(layers.modules()[operator.name], "STATES", {}).items():
        index = operator.inputs[place] if place < len(operator.inputs) else -1
        if index >= 0 and network.tensors[index].is_variable and is_real(network, index):
            yield [operator.inputs[like], index]


def sharing(network: ir.Network) -> Sharing:
    parent: dict[int, int] = {
        index: index
        for index in network.inputs
        if is_real(network, index) and not stays_real(network, index)
    }
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
        outputs = real_outputs(network, operator)
        for index in (*(operator.inputs[place] for place in places), *outputs):
            find(index)
        for pair in _states(network, operator):
            _join(parent, find, pair)
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
    found = Sharing({index: find(index) for index in parent}, fixed, rescaled)
    for index, name in found.group.items():
        found.sources.setdefault(name, []).extend([index] if index not in moved else [])
    return found


def _join(parent: dict[int, int], find, members: list[int]) -> None:
    first = find(members[0])
    for each in members[1:]:
        parent[find(each)] = first
