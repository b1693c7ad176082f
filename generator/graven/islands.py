"""Float operators inside the integer part of a model: mostly a converter's failure, and always
dear, so that they compile when asked for only (`--allow-float`)."""

from __future__ import annotations

from graven import ir
from graven.errors import GravenError
from graven.node import QUANTIZED


def check(network: ir.Network) -> None:
    """A float operator may stand before or behind the integer part, not inside it."""
    found = islands(network)
    if not found:
        return
    first, tensor = found[0], network.tensors[found[0].known_by]
    others = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    raise GravenError(
        f"{network.source}: operator {first.index} ({first.name}), tensor {tensor.index} "
        f"'{tensor.name}': is float32 between int8 operators{others}; quantize the whole model, "
        "this operator included, or take it as it is with --allow-float."
    )


def islands(network: ir.Network) -> list[ir.Operator]:
    def quantized(indices: tuple[int, ...]) -> bool:
        computed = (network.tensors[index] for index in indices if index >= 0)
        return any(each.element in QUANTIZED and each.data is None for each in computed)

    after: set[int] = set()  # tensors that depend on integers
    for operator in network.operators:
        if quantized(operator.inputs) or any(index in after for index in operator.inputs):
            after.update(operator.outputs)
    before: set[int] = set()  # tensors that integers depend on
    for operator in reversed(network.operators):
        if quantized(operator.outputs) or any(index in before for index in operator.outputs):
            before.update(index for index in operator.inputs if index >= 0)
    return [
        operator
        for operator in network.operators
        if operator.name != "DEQUANTIZE"
        and any(
            network.tensors[index].element is ir.Element.FLOAT32
            and index in after
            and index in before
            for index in operator.outputs
        )
    ]
