"""What every element of an int8 network can be, whatever the model's inputs are: exact bounds.

A tensor's bounds are kept for each of its elements, not for each channel: so padding, borders and
constant operands need no rule of their own. What an operator makes of the bounds of its inputs
stands in its layer module; where that says nothing, the output can be anything.
"""

from __future__ import annotations

from graven import ir, layers
from graven.bounds import Bounds, full
from graven.layers import activations
from graven.node import Node, node_of, per_tensor, several


def bounds(network: ir.Network) -> dict[int, Bounds]:
    """Of every int8 tensor that is an input, a constant or computed; by its index."""
    found = {
        tensor.index: Bounds(tensor.data, tensor.data)
        for tensor in network.tensors
        if tensor.data is not None and tensor.element is ir.Element.INT8
    }
    for index in network.inputs:
        if network.tensors[index].element is ir.Element.INT8:
            found[index] = full(network.tensors[index].shape)
    for operator in network.operators:
        of_outputs = _through(operator, node_of(network, operator), found)
        for index, value in zip(operator.outputs, of_outputs, strict=True):
            if network.tensors[index].element is ir.Element.INT8:
                found[index] = value
    return found


def _through(operator: ir.Operator, node: Node, found: dict[int, Bounds]) -> tuple[Bounds, ...]:
    module = layers.modules()[operator.name]
    data = activations(operator)
    integer = all(tensor.element is ir.Element.INT8 for tensor in node.outputs)
    if hasattr(module, "bounds") and integer and all(index in found for index in data):
        inputs = tuple(found[index] if index in data else None for index in operator.inputs)
        return several(module.bounds(operator.layer, node, inputs))
    return tuple(full(tensor.shape) for tensor in node.outputs)


def is_identity(operator: ir.Operator, node: Node, found: dict[int, Bounds]) -> bool:
    """Whether the output has all that the input is: shape, scale, zero point and every value."""
    module = layers.modules()[operator.name]
    data = activations(operator)
    if not hasattr(module, "is_identity") or len(data) != 1 or len(node.outputs) != 1:
        return False
    source, output = node.input(operator.inputs.index(data[0])), node.output
    if source.index not in found or output.index not in found or source.shape != output.shape:
        return False
    if per_tensor(node, source) != per_tensor(node, output):
        return False
    return module.is_identity(operator.layer, node, found[source.index])
