"""PAD before convolutions becomes their padding.

Exact: what a convolution reads outside of its input is the input's zero, which is what PAD writes.
A border as wide as a window's reach stays a PAD, as would windows that see nothing but border.
"""

from __future__ import annotations

import dataclasses

from graven import ir
from graven.layers.pad import Pad, border_value, zero
from graven.node import node_of
from graven.window import Convolution, Padding, convolution_spans


def into_windows(network: ir.Network) -> ir.Network:
    """Of all PADs that no other operator needs."""
    operators = {operator.index: operator for operator in network.operators}
    for pad in network.operators:
        if not isinstance(pad.layer, Pad) or pad.output in network.outputs:
            continue
        readers = [each for each in operators.values() if pad.output in each.inputs]
        paddings = [_padding(network, pad, reader) for reader in readers]
        if not readers or None in paddings:
            continue
        for reader, padding in zip(readers, paddings, strict=True):
            layer = dataclasses.replace(reader.layer, padding=padding)
            inputs = (pad.inputs[0], *reader.inputs[1:])
            operators[reader.index] = dataclasses.replace(reader, layer=layer, inputs=inputs)
        del operators[pad.index]
    if len(operators) == len(network.operators):
        return network
    return dataclasses.replace(network, operators=tuple(operators.values()))


def _padding(network: ir.Network, pad: ir.Operator, reader: ir.Operator) -> Padding | None:
    """Of the reader, were there no PAD; None where that says something else."""
    node = node_of(network, pad)
    border = pad.layer.border
    if not isinstance(reader.layer, Convolution) or pad.output in reader.inputs[1:]:
        return None
    if (
        len(border) != 4
        or any(map(any, (border[0], border[3])))
        or border_value(node) != zero(node)
    ):
        return None
    data, weights = (network.tensors[index] for index in reader.inputs[:2])
    spans = convolution_spans(
        reader.layer, node_of(network, reader), data.shape, weights.shape[1:3]
    )
    found: list[int] = []
    for span, (before, after) in zip(spans, border[1:3], strict=True):
        before, after = before + span.before, after + span.after
        reach = (span.filter - 1) * span.dilation + 1
        if max(before, after) >= reach:
            return None
        found += before, after
    return tuple(found)
