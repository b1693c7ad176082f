"""Variables in the order of a run: each is read once, as the run before has left it, and assigned
once.

Whoever reads a variable behind an operator that assigns it reads what that one has assigned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from graven.checked import Stated


@dataclass(frozen=True)
class Settled:
    operators: list[Stated]
    outputs: tuple[int, ...]


def settled(operators: Sequence[Stated], outputs: Sequence[int]) -> Settled:
    content: dict[int, int] = {}  # by variable, the tensor that has it now
    same: dict[int, int] = {}  # tensors that are others
    last: dict[int, int] = {}  # by variable, the operator that assigns it at last
    kept: list[Stated] = []
    for each in operators:
        each = replace(each, inputs=tuple(same.get(index, index) for index in each.inputs))
        variable = each.inputs[0] if each.inputs else -1
        if each.name == "READ_VARIABLE" and variable in content:
            same[each.outputs[0]] = content[variable]
            continue
        if each.name == "READ_VARIABLE":
            content[variable] = each.outputs[0]
        if each.name == "ASSIGN_VARIABLE":
            content[variable] = each.inputs[1]
            last[variable] = each.index
        kept.append(each)
    read = {each.inputs[0] for each in kept if each.name == "READ_VARIABLE"}

    def matters(each: Stated) -> bool:
        variable = each.inputs[0] if each.inputs else -1
        return each.name != "ASSIGN_VARIABLE" or (variable in read and last[variable] == each.index)

    return Settled(
        [each for each in kept if matters(each)],
        tuple(same.get(index, index) for index in outputs),
    )
