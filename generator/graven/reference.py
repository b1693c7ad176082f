"""The network computed by numpy: the third opinion beside the C++ and TensorFlow Lite Micro."""

from __future__ import annotations

import numpy as np

from graven import ir, layers
from graven.blas import on_one_thread
from graven.errors import GravenError
from graven.node import node_of, several, shape_text

State = dict[int, np.ndarray]
"""The content of every variable, by tensor index; a run writes the new one into these arrays."""


def reset(network: ir.Network) -> State:
    return {tensor.index: tensor.initial.copy() for tensor in network.variables}


@on_one_thread
def run(
    network: ir.Network, inputs: list[np.ndarray], state: State | None = None
) -> dict[int, np.ndarray]:
    """One inference; the value of every tensor, constants included, by its index. `state` lasts
    from one to the next; without it each is the first after a reset."""
    values = {tensor.index: tensor.data for tensor in network.tensors if tensor.data is not None}
    values.update(reset(network) if state is None else state)
    values.update(_check_inputs(network, inputs))
    for operator in network.operators:
        module = layers.modules()[operator.name]
        node = node_of(network, operator)
        arguments = tuple(values[index] if index >= 0 else None for index in operator.inputs)
        found = several(module.reference(operator.layer, node, arguments))
        values.update(zip(operator.outputs, found, strict=True))
    return values


def _check_inputs(network: ir.Network, inputs: list[np.ndarray]) -> dict[int, np.ndarray]:
    if len(inputs) != len(network.inputs):
        raise GravenError(
            f"{network.name}: got {len(inputs)} inputs, expected {len(network.inputs)}."
        )
    for index, value in zip(network.inputs, inputs, strict=True):
        tensor = network.tensors[index]
        if value.shape != tensor.shape or value.dtype != tensor.element.dtype:
            raise GravenError(
                f"{network.name}: input '{tensor.name}' is {value.dtype} "
                f"{shape_text(value.shape)}, expected {tensor.element.value} "
                f"{shape_text(tensor.shape)}."
            )
    return dict(zip(network.inputs, inputs, strict=True))
