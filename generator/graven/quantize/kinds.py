"""What a float32 network can become, by the names of `quantize=`."""

from __future__ import annotations

from dataclasses import dataclass

from graven import ir
from graven.errors import GravenError


@dataclass(frozen=True)
class Kind:
    activations: ir.Element
    bits: int  # of weights, where their layer takes them


KINDS = {
    "int8": Kind(ir.Element.INT8, 8),
    "int16x8": Kind(ir.Element.INT16, 8),
    "int4": Kind(ir.Element.INT8, 4),
}


def kind_of(name: str) -> Kind:
    """GravenError for a name that is none."""
    if not isinstance(name, str) or name not in KINDS:
        raise GravenError(f"quantize '{name}': expected one of {', '.join(KINDS)}, mixed.")
    return KINDS[name]
