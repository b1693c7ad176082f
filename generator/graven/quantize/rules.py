"""What a layer module says about the scales of its int8 form, as attributes:

SCALES      SAME: inputs and outputs share scale and zero point, since values are moved or
            chosen; FREE (without it): each has its own; Fixed: the output's are always these;
            or one of them by the operator's name, where a module reads several
STATES      by position of an input that is a variable, the input whose scale it has
REAL        positions of constants that stay float32, and of inputs of the model
STACKS      positions of constants that are matrices of several layers, one scale each
WEIGHTS     Weights: which inputs are weights and bias, and the axis of one scale each
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from graven import ir
from graven.quantize.scales import Scale

SAME, FREE = "same", "free"
PER_OUTPUT, ONE, NONE = "per output", "one", "none"
"""What scales weights of 4 bits have; NONE: their layer does not take them."""


@dataclass(frozen=True)
class Fixed:
    """Of int8, and of int16."""

    scale: float
    zero_point: int
    of_words: float = 2.0**-15

    def of(self, element: ir.Element) -> Scale:
        if element is ir.Element.INT16:
            return Scale(self.of_words, 0, element)
        return Scale(self.scale, self.zero_point, element)


Rule = str | Fixed


@dataclass(frozen=True)
class Weights:
    """Positions among the inputs; integer weights are symmetric, the bias is int32, or int64 under
    int16 activations."""

    axis: int = 0  # of the outputs
    weights: int = 1
    bias: int = 2
    int4: str = PER_OUTPUT

    def has_one_scale(self, bits: int) -> bool:
        """For all outputs."""
        return bits == 4 and self.int4 == ONE


def rule_of(module: ModuleType, operator: str) -> Rule:
    found = getattr(module, "SCALES", FREE)
    return found.get(operator, FREE) if isinstance(found, dict) else found


def weights_of(
    module: ModuleType, operator: ir.Operator, tensors: Sequence[ir.Tensor]
) -> Weights | None:
    """None where they are computed, as activations are."""
    found = getattr(module, "WEIGHTS", None)
    if found is None or tensors[operator.inputs[found.weights]].data is None:
        return None
    return found
